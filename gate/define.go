package gate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"sluis/conformance"
	"sluis/consent"
	"sluis/fhir"
	"sluis/fhir/index"
	"sluis/fhir/path"
	"sluis/fhir/query"
	"sluis/storage"
)

// Limits of the custom parameters of a server. Each is run for every resource of
// its types that is written.
const (
	maxCustom = 100 // SearchParameters
	maxLooks  = 64  // of an expression: path.Program.Weight
)

// operates reports whether the caller is the operator's own system: the index is
// of all custodians' data, and what it costs, all pay.
func (g *Gate) operates(c Caller) bool {
	return c.party() == consent.Backend && c.Grant.Organization == g.Home
}

// defines reads what a SearchParameter asks of this server: nil where it is not
// to be served, because it is not active or not the operator's. The issues name
// everything for which it cannot be.
func (g *Gate) defines(c Caller, doc *fhir.Document) (*storage.Definition, []fhir.Issue) {
	if doc.Type() != "SearchParameter" || doc.Root().Get("status").Text() != "active" || !g.operates(c) || g.Indexing == nil {
		return nil, nil
	}
	params, issues := servable(doc)
	if len(issues) > 0 {
		return nil, issues
	}
	d := &storage.Definition{URL: doc.Root().Get("url").Text(), Body: definitionBody(doc, "")}
	for _, p := range params {
		d.Types = append(d.Types, p.Base)
	}
	return d, nil
}

// servable reads a SearchParameter, and says why it cannot be served beside R4's.
func servable(doc *fhir.Document) ([]*conformance.Parameter, []fhir.Issue) {
	params, issues := conformance.CustomParameter(doc, conformance.R4())
	explicit := slices.Collect(texts(doc.Root().Get("base")))
	if slices.Contains(explicit, "AuditEvent") {
		issues = append(issues, refusal("base", "AuditEvents are searched in the log"))
	}
	params = slices.DeleteFunc(params, func(p *conformance.Parameter) bool { return p.Base == "AuditEvent" })
	if url := doc.Root().Get("url").Text(); ofR4(url) {
		issues = append(issues, refusal("url", "it is that of a search parameter of R4"))
	}
	for _, p := range params {
		issues = append(issues, indexable(p, "expression")...)
		for i, part := range p.Parts {
			issues = append(issues, indexable(part, fmt.Sprintf("component[%d].expression", i))...)
		}
	}
	if len(issues) == 0 {
		_, err := conformance.R4().With(params...)
		issues = collisions(err)
	}
	return params, distinct(issues)
}

func texts(n fhir.Node) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for e := range n.All() {
			if !yield(e.Text()) {
				return
			}
		}
	}
}

func refusal(element, details string) fhir.Issue {
	return fhir.Issue{Code: "not-supported", Details: details, Expression: []string{"SearchParameter." + element}}
}

// ofR4 reports whether R4 has a search parameter of that canonical.
func ofR4(url string) bool {
	return slices.ContainsFunc(conformance.Types(), func(t string) bool {
		return slices.ContainsFunc(conformance.Parameters(t), func(p *conformance.Parameter) bool { return p.URL == url })
	})
}

// indexable says why an expression cannot be indexed for one base.
func indexable(p *conformance.Parameter, element string) []fhir.Issue {
	program, err := path.Compile(p.Expression, p.Base)
	var unsupported *path.UnsupportedError
	switch {
	case p.Expression == "":
		return nil // CustomParameter says so
	case errors.As(err, &unsupported):
		return []fhir.Issue{refusal(element, fmt.Sprintf("for %s, at byte %d: %s", p.Base, unsupported.Offset, unsupported.Reason))}
	case err != nil:
		return []fhir.Issue{refusal(element, "for "+p.Base+": it is not understood")}
	case program.Weight() > maxLooks:
		return []fhir.Issue{{Code: "too-costly", Details: "the expression is too much for each resource that is written", Expression: []string{"SearchParameter." + element}}}
	}
	return nil
}

// collisions are the refusals of Definitions.With.
func collisions(err error) (issues []fhir.Issue) {
	if err == nil {
		return nil
	}
	list := []error{err}
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		list = many.Unwrap()
	}
	for _, e := range list {
		issues = append(issues, fhir.Issue{Code: "duplicate", Details: strings.TrimPrefix(e.Error(), "conformance: "), Expression: []string{"SearchParameter.code"}})
	}
	return issues
}

// maxIssues bounds what is told of a definition with a base of all types.
const maxIssues = 20

// distinct leaves each issue once.
func distinct(issues []fhir.Issue) (out []fhir.Issue) {
	for _, i := range issues {
		known := slices.ContainsFunc(out, func(o fhir.Issue) bool { return o.Details == i.Details && slices.Equal(o.Expression, i.Expression) })
		if !known && len(out) < maxIssues {
			out = append(out, i)
		}
	}
	return out
}

// defining are the elements that a definition is made of. A change of any other
// is no reason to index anew.
var defining = []string{"url", "code", "base", "type", "expression", "target", "component"}

// definitionBody is the part of a SearchParameter that defines it, under the id
// of the resource.
func definitionBody(doc *fhir.Document, id string) []byte {
	quoted, _ := json.Marshal(id) // a string: it cannot fail
	out := append([]byte(`{"resourceType":"SearchParameter","id":`), quoted...)
	for _, name := range defining {
		if n := doc.Root().Get(name); !n.IsZero() {
			out = append(append(out, `,"`+name+`":`...), n.Raw()...)
		}
	}
	return append(out, '}')
}

// readDefinition undoes definitionBody.
func readDefinition(d storage.Definition) (id string, params []*conformance.Parameter, err error) {
	doc, err := fhir.ParseDocument(d.Body)
	if err != nil {
		return "", nil, err
	}
	params, issues := servable(doc)
	if len(issues) > 0 {
		err = &fhir.Error{Kind: fhir.Unprocessable, Issues: issues}
	}
	return doc.Root().Get("id").Text(), params, err
}

// define settles, at the attempt's version, which custom parameters its writes
// add: under which id, and that no other has their code or url. The store refuses
// the writes at any other version, so two cannot take one code at a time.
func (a *attempt) define(ctx context.Context) error {
	if !slices.ContainsFunc(a.writes, func(w write) bool { return w.ix.Type == "SearchParameter" }) {
		return nil
	}
	a.writes = slices.Clone(a.writes) // what was asked stays as it is
	ids, err := a.definedIDs(ctx)
	if err != nil {
		return err
	}
	kept := slices.DeleteFunc(slices.Clone(a.set.custom), func(c customParameter) bool { return slices.Contains(ids, c.id) })
	for i := range a.writes {
		w := &a.writes[i]
		if w.prepared.policy.Parameter == nil {
			continue
		}
		if w.op == storage.Create && ids[i] != w.id {
			w.prepared.policy.Parameter = nil // it stands for the one that is there
			continue
		}
		if kept, err = w.defineIn(kept, ids[i]); err != nil {
			return err
		}
	}
	return nil
}

// definedIDs are the ids of what the writes are of, in their order: of a search
// by which a SearchParameter is written, what it finds.
func (a *attempt) definedIDs(ctx context.Context) ([]string, error) {
	ids := make([]string, len(a.writes))
	for i, w := range a.writes {
		switch ids[i] = w.id; {
		case w.ix.Type != "SearchParameter":
			ids[i] = ""
		case w.patch != nil:
			ids[i] = w.prepared.id
		case w.match != nil && w.op != storage.Delete:
			access := storage.Permit(a.gate.reachable(a.caller, w, a.ways[w.permission], a.read), a.read.version)
			page, err := a.gate.Store.Search(ctx, access, query.Query{Type: w.ix.Type, Where: w.match, Count: 2})
			if err != nil {
				return nil, err
			}
			if len(page.Entries) == 1 {
				ids[i] = page.Entries[0].Resource.ID
			}
		}
	}
	return ids, nil
}

// defineIn adds the definition of the write to those that stay, or says why it
// cannot be one of them.
func (w *write) defineIn(kept []customParameter, id string) ([]customParameter, error) {
	d := *w.prepared.policy.Parameter
	doc, err := fhir.ParseDocument(d.Body)
	if err != nil {
		return nil, err
	}
	params, issues := servable(doc)
	if slices.ContainsFunc(kept, func(c customParameter) bool { return c.url == d.URL }) {
		issues = append(issues, fhir.Issue{Code: "duplicate", Details: "another search parameter has this url", Expression: []string{"SearchParameter.url"}})
	}
	var others []*conformance.Parameter
	for _, c := range kept {
		others = append(others, c.served...)
	}
	if len(issues) == 0 {
		_, err := conformance.R4().With(append(others, params...)...)
		issues = collisions(err)
	}
	if len(issues) == 0 && len(kept) >= maxCustom {
		issues = []fhir.Issue{{Code: "too-costly", Details: fmt.Sprintf("a server has at most %d search parameters of its own", maxCustom)}}
	}
	if len(issues) > 0 {
		return nil, &fhir.Error{Kind: fhir.Unprocessable, Issues: distinct(issues)}
	}
	d.Body = definitionBody(doc, id)
	w.prepared.policy.Parameter = &d
	return append(kept, customParameter{id: id, url: d.URL, served: params}), nil
}

// indexed makes the entries of a body anew where they are of other parameters
// than the set's.
func (g *Gate) indexed(p prepared, set *parameters) (prepared, error) {
	if p.body.Size() == 0 || p.parameters == set.version {
		return p, nil
	}
	doc, err := fhir.ParseDocument(p.body.Stamp("x", 1, g.at())) // no entry is of what is stamped
	if err != nil {
		return p, err
	}
	p.parameters = set.version
	p.entries, err = g.entries(set.index, doc)
	return p, err
}

// entries are those of a resource with what it contains.
func (g *Gate) entries(x *index.Extractor, doc *fhir.Document) (index.Entries, error) {
	out, err := x.Extract(doc)
	if err == nil {
		err = g.addContained(x, doc.Root(), &out)
	}
	if err == nil {
		err = g.nobodyUnknown(out)
	}
	return out, err
}

// parameters holds the attempt to the search parameters at its version: what it
// searches by is answered by them, and what it writes is indexed by them.
func (a *attempt) parameters(ctx context.Context, refs *referrals) (err error) {
	if a.set, err = a.gate.parametersAt(ctx, a.read.facts.Parameters); err != nil {
		return err
	}
	var conditions []query.Expr
	for i := range a.asked {
		w := &a.asked[i]
		if a.set.unreadable != nil && w.op != storage.Delete {
			return fhir.Wrap(a.set.unreadable, fhir.Unavailable, "exception", "a search parameter of this server is one that this process cannot follow")
		}
		if w.prepared, err = a.gate.indexed(w.prepared, a.set); err != nil {
			return err
		}
		if w.match != nil {
			conditions = append(conditions, w.match)
		}
	}
	if refs != nil {
		for _, r := range refs.order {
			conditions = append(conditions, r.where)
		}
	}
	return a.gate.answerable(ctx, a.caller, a.read, query.Query{Where: query.Or(conditions...)})
}
