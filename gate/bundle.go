package gate

import (
	"context"
	"fmt"
	"sort"
	"strconv"
	"strings"

	"sluis/conformance"
	"sluis/fhir"
	"sluis/fhir/query"
	"sluis/storage"
)

// maxEntries bounds a Bundle.
const maxEntries = 25_000

// Bundle is a batch or transaction as asked (R4 http.html#transaction).
type Bundle struct {
	Atomic  bool
	Entries []BundleEntry
}

// BundleEntry is one request of a Bundle.
type BundleEntry struct {
	FullURL     string
	Interaction fhir.Interaction
	Body        []byte
	Raw         string // method and URL as received, for the record of a search
}

// EntryResult answers one entry, in the order asked: a write's Result, a read's
// Resource or Page, or, in a batch, the entry's own error.
type EntryResult struct {
	Interaction fhir.Interaction
	Result      storage.Result
	Resource    fhir.Resource
	Query       query.Query
	Page        storage.Page
	Err         error

	history storage.HistoryQuery
}

// ParseBundle reads a Bundle of type batch or transaction. The error names
// every entry that cannot be understood.
func ParseBundle(body []byte) (Bundle, error) {
	doc, err := fhir.ParseDocument(body)
	if err != nil {
		return Bundle{}, err
	}
	root := doc.Root()
	kind := root.Get("type").Text()
	if doc.Type() != "Bundle" || kind != "batch" && kind != "transaction" {
		return Bundle{}, fhir.NewError(fhir.Invalid, "invalid", "a Bundle of type batch or transaction was expected", "Bundle.type")
	}
	b := Bundle{Atomic: kind == "transaction"}
	bad := &fhir.Error{Kind: fhir.Invalid}
	for e := range root.Get("entry").All() {
		at := "Bundle.entry[" + strconv.Itoa(len(b.Entries)) + "]"
		entry, err := parseEntry(e)
		if err != nil {
			bad.Issues = append(bad.Issues, placed(at, err)...)
		}
		if b.Entries = append(b.Entries, entry); len(b.Entries) > maxEntries {
			return Bundle{}, fhir.NewError(fhir.TooLarge, "too-costly", fmt.Sprintf("a Bundle has at most %d entries", maxEntries))
		}
	}
	if len(bad.Issues) > 0 {
		return Bundle{}, bad
	}
	return b, nil
}

func parseEntry(e fhir.Node) (BundleEntry, error) {
	req := e.Get("request")
	method, url := req.Get("method").Text(), strings.TrimPrefix(req.Get("url").Text(), "/")
	path, rawQuery, _ := strings.Cut(url, "?")
	ix, err := fhir.ParseInteraction(method, "/"+path, rawQuery, conformance.IsType)
	if err != nil {
		return BundleEntry{}, err
	}
	if ix.Kind == fhir.Transaction || ix.Kind == fhir.Capabilities {
		return BundleEntry{}, fhir.NewError(fhir.Invalid, "not-supported", string(ix.Kind)+" cannot stand in a Bundle")
	}
	ix.IfNoneExist = req.Get("ifNoneExist").Text()
	if m := req.Get("ifMatch").Text(); m != "" {
		if ix.IfMatch, err = fhir.ParseETag(m); err != nil {
			return BundleEntry{}, err
		}
	}
	return BundleEntry{FullURL: e.Get("fullUrl").Text(), Interaction: ix, Body: e.Get("resource").Raw(), Raw: method + " /" + url}, nil
}

// entryPath is where an entry stands, in FHIRPath.
func entryPath(i int) string { return "Bundle.entry[" + strconv.Itoa(i) + "]" }

// placed puts an error's issues at an entry.
func placed(at string, err error) []fhir.Issue {
	issues := fhir.IssuesOf(err)
	for i := range issues {
		if len(issues[i].Expression) == 0 {
			issues[i].Expression = []string{at}
			continue
		}
		for j, x := range issues[i].Expression {
			issues[i].Expression[j] = at + ".resource/" + x
		}
	}
	return issues
}

// Bundle carries out a batch, each entry on its own, or a transaction, whose
// writes commit together or not at all. Reads of a transaction see its writes,
// so they come after the commit: one that is not understood refuses the whole
// beforehand, and one that finds nothing has its own error and undoes nothing.
func (g *Gate) Bundle(ctx context.Context, c Caller, b Bundle) ([]EntryResult, error) {
	out := make([]EntryResult, len(b.Entries))
	for i, e := range b.Entries {
		out[i].Interaction = e.Interaction
		if out[i].Err = out[i].understand(); b.Atomic && out[i].Err != nil {
			return nil, &fhir.Error{Kind: fhir.KindOf(out[i].Err), Issues: placed(entryPath(i), out[i].Err)}
		}
	}
	if b.Atomic {
		if err := g.transact(ctx, c, b, out); err != nil {
			return nil, err
		}
	}
	left := maxAnswer
	for _, i := range inOrder(b.Entries) {
		e := b.Entries[i]
		switch {
		case out[i].Err != nil:
		case !isWrite(e.Interaction.Kind):
			g.entryRead(ctx, c, e, &out[i], &left)
		case !b.Atomic:
			out[i].Result, out[i].Err = g.Write(ctx, c, e.Interaction, e.Body)
		}
	}
	return out, nil
}

// understand reads the parameters of a search or history.
func (out *EntryResult) understand() (err error) {
	ix := out.Interaction
	switch ix.Kind {
	case fhir.SearchType, fhir.SearchSystem:
		if ix.Type == "AuditEvent" {
			return fhir.NewError(fhir.NotImplemented, "not-supported", "AuditEvent is searched outside a Bundle")
		}
		for _, p := range ix.Params {
			if query.IsSurface(p.Name) {
				return fhir.NewError(fhir.Invalid, "not-supported", "not supported in a Bundle", p.Name)
			}
		}
		out.Query, err = query.Parse(ix.Type, ix.Params)
	case fhir.HistoryInstance, fhir.HistoryType, fhir.HistorySystem:
		out.history, err = ParseHistory(ix.Params)
	}
	return err
}

// entryRead answers one read, vread, history or search of a Bundle. left is how
// many bytes the answer may still hold: all of it is in memory before the first
// byte is sent.
func (g *Gate) entryRead(ctx context.Context, c Caller, e BundleEntry, out *EntryResult, left *int) {
	if *left < 0 {
		out.Err = fhir.NewError(fhir.TooLarge, "too-costly", "the answer is too large; ask for fewer entries at a time")
		return
	}
	c.Raw = e.Raw
	switch ix := e.Interaction; ix.Kind {
	case fhir.Read, fhir.VRead:
		out.Resource, out.Err = g.Read(ctx, c, ix)
	case fhir.SearchType, fhir.SearchSystem:
		out.Page, out.Err = g.Search(ctx, c, out.Query)
	default:
		out.Page, out.Err = g.History(ctx, c, ix, out.history)
	}
	*left -= len(out.Resource.Body)
	for _, entry := range out.Page.Entries {
		*left -= len(entry.Resource.Body)
	}
}

func isWrite(k fhir.InteractionKind) bool {
	return k == fhir.Create || k == fhir.Update || k == fhir.Delete
}

// inOrder is the order of R4 http.html#trules: DELETE, POST, PUT, then reads.
func inOrder(entries []BundleEntry) []int {
	rank := map[fhir.InteractionKind]int{fhir.Delete: 0, fhir.Create: 1, fhir.Update: 2}
	order := make([]int, len(entries))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(a, b int) bool {
		ra, oka := rank[entries[order[a]].Interaction.Kind]
		rb, okb := rank[entries[order[b]].Interaction.Kind]
		if !oka {
			ra = 3
		}
		if !okb {
			rb = 3
		}
		return ra < rb
	})
	return order
}
