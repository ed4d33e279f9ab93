package gate

import (
	"slices"

	"sluis/conformance"
	"sluis/consent"
	"sluis/consent/label"
	"sluis/consent/r4"
	"sluis/fhir"
	"sluis/fhir/index"
	"sluis/fhir/query"
	"sluis/fhir/subset"
	"sluis/storage"
)

// prepared is a body that may be stored: validated, indexed, labelled, and
// read for what it means to decisions.
type prepared struct {
	body    fhir.Template
	id      string // that the body has
	entries index.Entries
	labels  []storage.Label
	policy  storage.Policy

	parameters int64 // the version of those that entries are by
}

// prepare reads a body of the type strictly. Its error names every problem.
func (g *Gate) prepare(c Caller, resourceType string, doc *fhir.Document) (prepared, error) {
	if got := doc.Type(); got != resourceType {
		return prepared{}, fhir.NewError(fhir.Invalid, "invalid", "resourceType must be "+resourceType, "resourceType")
	}
	if err := legible(doc); err != nil {
		return prepared{}, err
	}
	if err := literal(doc); err != nil {
		return prepared{}, err
	}
	issues := append(conformance.Validate(doc), whole(doc)...)
	if resourceType == "Consent" && len(issues) == 0 {
		issues = slices.Concat(r4.Check(doc.Body()), g.performer(c, doc), simple(doc.Body()))
	}
	var definition *storage.Definition
	if len(issues) == 0 {
		definition, issues = g.defines(c, doc)
	}
	if failed := slices.ContainsFunc(issues, isError); failed {
		return prepared{}, &fhir.Error{Kind: fhir.Unprocessable, Issues: issues}
	}
	set := g.parameters.Load()
	entries, err := g.entries(set.index, doc)
	if err != nil {
		return prepared{}, err
	}
	policy := g.policy(doc)
	policy.Parameter = definition
	return prepared{
		body: doc.Template(), id: doc.Root().Get("id").Text(),
		entries: entries, labels: g.label(c, resourceType, entries), policy: policy, parameters: set.version,
	}, nil
}

// Reservations are the warnings with which a resource was accepted: of a Consent,
// what of it is enforced on the strict side only.
func Reservations(r fhir.Resource) []fhir.Issue {
	if r.Type != "Consent" || len(r.Body) == 0 {
		return nil
	}
	return slices.DeleteFunc(r4.Check(r.Body), isError)
}

// whole refuses what says of itself that parts of it are missing.
func whole(doc *fhir.Document) []fhir.Issue {
	if !subset.IsSubset(doc.Root()) {
		return nil
	}
	return []fhir.Issue{{
		Code: "business-rule", Expression: []string{doc.Type() + ".meta.tag"},
		Details: "the tag " + subset.TagCode + " says that parts of the resource are missing: send the whole, without it",
	}}
}

func isError(i fhir.Issue) bool {
	return i.Severity == "" || i.Severity == "error" || i.Severity == "fatal"
}

// performer refuses a Consent given in somebody else's name: a caller with an
// own token can only be its performer itself. One that is not in force is given
// by nobody; so a patient can withdraw what a representative gave, and the other
// way about, and leave standing who had given it.
func (g *Gate) performer(c Caller, doc *fhir.Document) []fhir.Issue {
	if c.party() != consent.Own || doc.Root().Get("status").Text() != "active" {
		return nil
	}
	var issues []fhir.Issue
	for p := range doc.Root().Get("performer").All() {
		if ref, ok := fhir.ParseRef(p.Get("reference").Text()); !ok || ref.Latest() != c.Grant.User {
			issues = append(issues, fhir.Issue{Code: "business-rule", Details: "a consent can only be given in one's own name", Expression: []string{"Consent.performer"}})
		}
	}
	return issues
}

// label finds the labels that the door adds: the caller's, and those that the
// resource's codes and the labels it has already ask for.
func (g *Gate) label(c Caller, resourceType string, entries index.Entries) []storage.Label {
	has, out := codings(entries, resourceType, "_security"), slices.Clone(c.Labels)
	if c.party() == consent.Own {
		out = append(out, storage.Label{System: handwriting.System, Code: handwriting.Code, Origin: "author"})
	}
	for _, l := range c.Labels {
		has = append(has, query.Coding{System: l.System, Code: l.Code})
	}
	found := g.Labels.Labels(codings(entries, resourceType, conformance.CodedCode))
	found = append(found, label.Received(has)...)
	for _, l := range found {
		out = append(out, storage.Label{System: l.System, Code: l.Code, Origin: l.Origin})
	}
	return out
}

// codings are the index's tokens of one parameter.
func codings(entries index.Entries, resourceType, code string) (out []query.Coding) {
	key := conformance.ParameterKey(resourceType, code)
	for _, t := range entries.Tokens {
		if t.Param == key {
			out = append(out, query.Coding{System: t.System, Code: t.Code})
		}
	}
	return out
}

// policy reads what a resource contributes to decisions, in storage's words.
// Only identifiers of trusted systems denote a person.
func (g *Gate) policy(doc *fhir.Document) storage.Policy {
	p := r4.Derive(doc)
	out := storage.Policy{Rules: p.Rules}
	for _, r := range p.Relations {
		out.Relations = append(out.Relations, storage.Relation{Party: r.Party, Period: storage.Period{Start: r.Start, End: r.End}})
	}
	for _, m := range p.Members {
		out.Members = append(out.Members, storage.Member{Member: m.Member, Of: m.Of, Period: storage.Period{Start: m.Start, End: m.End}})
	}
	if doc.Type() == "Organization" {
		// Others state that they belong to it, and that counts as long as it is
		// there. That it belongs to itself makes its coming and going a change of
		// policy, and nothing else.
		self := fhir.Ref{Type: doc.Type()}
		out.Members = append(out.Members, storage.Member{Member: self, Of: self})
	}
	if r := p.Represents; r != nil {
		out.Represents = &storage.Period{Start: r.Start, End: r.End}
	}
	for _, id := range p.Identities {
		if slices.Contains(g.Trusted, id.System) {
			out.Identities = append(out.Identities, storage.Identity{System: id.System, Value: id.Value})
		}
	}
	return out
}
