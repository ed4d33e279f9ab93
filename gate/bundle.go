package gate

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"

	"sluis/fhir"
	"sluis/fhir/patch"
	"sluis/fhir/query"
	"sluis/fhir/subset"
	"sluis/storage"
)

// maxEntries bounds a Bundle.
const maxEntries = 25_000

// Bundle is a batch or transaction as asked (R4 http.html#transaction).
type Bundle struct {
	Atomic  bool
	Entries []BundleEntry // those of a transaction lose their bodies when it is planned
	// Bare says that the bodies of what a transaction writes are not wanted.
	Bare bool
	// Call answers the entries of a batch that the surface serves: operations, and
	// the CapabilityStatement. Without it there are none.
	Call func(BundleEntry) ([]byte, error)
}

// BundleEntry is one request of a Bundle.
type BundleEntry struct {
	FullURL     string
	Interaction fhir.Interaction
	Body        []byte
	Patch       patch.Patch // of a patch, in place of Body
	Raw         string      // method and URL as received, for the record of a search
	Head        bool        // of a read or search: nothing is answered but what it would be

	err error // of a batch: why the entry cannot be understood
}

// EntryResult answers one entry, in the order asked: a write's Result, a read's
// Resource or Page, or, in a batch, the entry's own error.
type EntryResult struct {
	Interaction fhir.Interaction
	Result      storage.Result
	Resource    fhir.Resource
	Page        storage.Page
	Body        []byte // of what Bundle.Call answered
	Err         error

	Head        bool        // of a HEAD: Resource and Page are not to be shown
	NotModified bool        // of a conditional read: Resource is not to be shown
	Subset      subset.Spec // how much of each resource is to be shown

	search  *query.Query // of a search; most entries are none
	history *storage.HistoryQuery
}

// ParseBundle reads a Bundle of type batch or transaction. The error names
// every entry of a transaction that cannot be understood; one of a batch has its
// own, which is answered in its place.
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
		switch {
		case err != nil && b.Atomic:
			bad.Issues = append(bad.Issues, placed(at, err)...)
		case err != nil:
			entry.err = err
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

// Reads reports whether an entry is answered with resources.
func (b Bundle) Reads() bool {
	return slices.ContainsFunc(b.Entries, func(e BundleEntry) bool { return !isWrite(e.Interaction.Kind) })
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
	language, heard := g.Language(), false
	for i, e := range b.Entries {
		out[i].Interaction, out[i].Head = e.Interaction, e.Head
		if out[i].Err = e.err; out[i].Err == nil {
			out[i].Err = out[i].understand(language)
		}
		if out[i].Err != nil && e.err == nil && !heard { // another process may have added a parameter
			language, heard = g.languageNow(ctx), true
			out[i].Err = out[i].understand(language)
		}
		if calls(e) && (b.Atomic || b.Call == nil) {
			out[i].Err = fhir.NewError(fhir.Invalid, "not-supported", string(e.Interaction.Kind)+" cannot stand in a transaction")
		}
		if b.Atomic && out[i].Err != nil {
			return nil, &fhir.Error{Kind: fhir.KindOf(out[i].Err), Issues: placed(entryPath(i), out[i].Err)}
		}
	}
	if b.Atomic {
		if err := g.transact(ctx, c, b, out); err != nil {
			return nil, err
		}
	} else {
		independent(b.Entries, out)
	}
	left := maxAnswer
	for _, i := range inOrder(b.Entries) {
		e := b.Entries[i]
		switch write := isWrite(e.Interaction.Kind); {
		case out[i].Err != nil || write && b.Atomic:
		case ctx.Err() != nil: // not every entry asks the store, which would say so
			out[i].Err = fhir.Wrap(ctx.Err(), fhir.Unavailable, "timeout", "the request was given up")
		case write:
			g.entryWrite(ctx, c, e, &out[i], &left)
		case left < 0:
			out[i].Err = fhir.NewError(fhir.TooLarge, "too-costly", "the answer is too large; ask for fewer entries at a time")
		case calls(e):
			out[i].Body, out[i].Err = b.Call(e)
			left -= len(out[i].Body)
		default:
			g.entryRead(ctx, c, e, &out[i], &left)
		}
	}
	return out, nil
}

// understand reads the parameters of a read, search or history.
func (out *EntryResult) understand(language query.Language) (err error) {
	ix := out.Interaction
	switch ix.Kind {
	case fhir.Read, fhir.VRead:
		out.Subset, err = subset.Parse(ix.Type, ix.Params)
	case fhir.SearchType, fhir.SearchSystem, fhir.SearchCompartment:
		if ix.Type == "AuditEvent" {
			return fhir.NewError(fhir.NotImplemented, "not-supported", "AuditEvent is searched outside a Bundle")
		}
		if out.Subset, err = subset.Parse(ix.Type, ix.Params); err != nil {
			return err
		}
		params, err := out.searched()
		if err != nil {
			return err
		}
		var q query.Query
		if ix.Kind == fhir.SearchCompartment {
			q, err = language.ParseCompartment(ix.Compartment, ix.Type, params)
		} else {
			q, err = language.Parse(ix.Type, params)
		}
		out.search = &q
		return err
	case fhir.HistoryInstance, fhir.HistoryType, fhir.HistorySystem:
		var h storage.HistoryQuery
		h, err = ParseHistory(ix.Params)
		out.history = &h
	}
	return err
}

// searched are the parameters of a search without those of its form: what
// concerns resources is in Subset, and what concerns a whole answer is refused.
func (out *EntryResult) searched() (params []fhir.Param, err error) {
	for _, p := range out.Interaction.Params {
		switch {
		case query.IsSurface(p.Name):
			return nil, fhir.NewError(fhir.Invalid, "not-supported", "not supported in a Bundle", p.Name)
		case !slices.Contains(subset.Names, p.Name), p.Name == "_summary" && out.Subset.Summary == subset.Count:
			params = append(params, p)
		}
	}
	return params, nil
}

// entryWrite does one write of a batch. What is stored can be far larger than
// what was sent, a patch for one: beyond left bytes only its version is kept.
func (g *Gate) entryWrite(ctx context.Context, c Caller, e BundleEntry, out *EntryResult, left *int) {
	if e.Interaction.Kind == fhir.Patch {
		out.Result, out.Err = g.Patch(ctx, c, e.Interaction, e.Patch)
	} else {
		out.Result, out.Err = g.Write(ctx, c, e.Interaction, e.Body)
	}
	body := &out.Result.Resource.Body
	if grown := len(*body) - len(e.Body); grown > 0 {
		*left -= grown
	}
	if *left < 0 {
		*body = nil
	}
}

// entryRead answers one read, vread, history or search of a Bundle. left is how
// many bytes the answer may still hold: all of it is in memory before the first
// byte is sent.
func (g *Gate) entryRead(ctx context.Context, c Caller, e BundleEntry, out *EntryResult, left *int) {
	c.Raw = e.Raw
	switch ix := e.Interaction; ix.Kind {
	case fhir.Read, fhir.VRead:
		out.Resource, out.Err = g.Read(ctx, c, ix)
		out.NotModified = out.Err == nil && unmodified(ix, out.Resource)
	case fhir.SearchType, fhir.SearchSystem, fhir.SearchCompartment:
		out.Page, out.Err = g.Search(ctx, c, *out.search)
	default:
		out.Page, out.Err = g.History(ctx, c, ix, *out.history)
	}
	*left -= len(out.Resource.Body)
	for _, entry := range out.Page.Entries {
		*left -= len(entry.Resource.Body)
	}
}

// unmodified reports whether a conditional read needs no body (R4
// http.html#cread): the version goes before the time (RFC 9110 §13.2.2).
func unmodified(ix fhir.Interaction, r fhir.Resource) bool {
	if ix.IfNoneMatch != 0 {
		return ix.IfNoneMatch == r.Version
	}
	return !ix.IfModifiedSince.IsZero() && !r.Updated.After(ix.IfModifiedSince)
}

// independent refuses what the entries of a batch may not have of each other
// (R4 http.html#brules): two that change one resource, and one that refers to
// what another creates, whose id it cannot know.
func independent(entries []BundleEntry, out []EntryResult) {
	names, changed := map[string]bool{}, map[fhir.Ref]bool{}
	for _, e := range entries {
		if e.Interaction.Kind == fhir.Create && strings.HasPrefix(e.FullURL, "urn:") {
			names[e.FullURL] = true
		}
	}
	for i, e := range entries {
		ref := e.Interaction.Ref()
		if out[i].Err != nil || !isWrite(e.Interaction.Kind) {
			continue
		}
		if changed[ref] && !ref.IsZero() {
			out[i].Err = fhir.NewError(fhir.Invalid, "duplicate", "another entry of the batch changes "+ref.String())
		}
		changed[ref] = true
		if other := refersTo(e.Body, names); other != "" {
			out[i].Err = fhir.NewError(fhir.Invalid, "not-supported", "an entry of a batch cannot refer to another: "+other)
		}
	}
}

// refersTo is a reference of a body to one of the names, or "".
func refersTo(body []byte, names map[string]bool) string {
	doc, err := fhir.ParseDocument(body)
	if len(names) == 0 || err != nil {
		return "" // what is no JSON is told of where it is written
	}
	for n := range doc.Root().Walk() {
		if string(n.RawKey()) == "reference" && names[n.Text()] {
			return n.Text()
		}
	}
	return ""
}

// calls reports whether an entry is served by the surface.
func calls(e BundleEntry) bool {
	return e.Interaction.Kind == fhir.Operation || e.Interaction.Kind == fhir.Capabilities
}

func isWrite(k fhir.InteractionKind) bool {
	return k == fhir.Create || k == fhir.Update || k == fhir.Patch || k == fhir.Delete
}

// inOrder is the order of R4 http.html#trules: DELETE, POST, PUT and PATCH, then
// reads.
func inOrder(entries []BundleEntry) []int {
	rank := map[fhir.InteractionKind]int{fhir.Delete: 0, fhir.Create: 1, fhir.Update: 2, fhir.Patch: 2}
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
