package consent_test

import (
	"slices"
	"strings"

	"sluis/conformance"
	"sluis/consent"
	"sluis/fhir"
	"sluis/fhir/index"
	"sluis/fhir/query"
)

// shapes gives each person's consents a shape, as storage does.
func shapes(consents map[string][]consent.Rules) (list []consent.Shape, of map[string]int64) {
	of = map[string]int64{}
	for _, person := range []string{"anna", "bert"} {
		if len(consents[person]) > 0 {
			id := int64(len(list) + 1)
			list, of[person] = append(list, consent.Shape{ID: id, Consents: consents[person]}), id
		}
	}
	return list, of
}

// sees lists the names of what the request is shown, in the world's order.
func sees(req consent.Request, facts consent.Facts, consents map[string][]consent.Rules) []string {
	var of map[string]int64
	facts.Shapes, of = shapes(consents)
	if facts.Ancestors == nil {
		facts.Ancestors = ancestors
	}
	if req.At.IsZero() {
		req.At = now
	}
	expr := consent.Decide(req, facts).Expr
	var out []string
	for _, d := range world() {
		if query.Match(expr, d.resource(of)) {
			out = append(out, d.name)
		}
	}
	return out
}

// resource is what the store knows of a datum.
func (d datum) resource(shapes map[string]int64) query.Resource {
	key := func(code string) int32 { return conformance.ParameterKey(d.resourceType, code) }
	r := query.Resource{Type: d.resourceType, Custodian: d.custodian, Labels: d.labels}
	for _, c := range d.codes {
		r.Entries.Tokens = append(r.Entries.Tokens, index.Token{Param: key(conformance.CodedCode), System: c.System, Code: c.Code})
	}
	if d.scope != "" {
		r.Entries.Tokens = append(r.Entries.Tokens, index.Token{Param: key("scope"), System: consent.ConsentScope, Code: d.scope})
	}
	if d.profile != "" {
		r.Entries.URIs = append(r.Entries.URIs, index.URI{Param: key("_profile"), Value: d.profile})
	}
	for _, p := range d.dates {
		low, _, _ := index.DateRange(p[0])
		_, high, _ := index.DateRange(p[1])
		r.Entries.Dates = append(r.Entries.Dates, index.Date{Param: key(conformance.DatedCode), Low: low, High: high})
	}
	for _, a := range d.authors {
		r.Entries.References = append(r.Entries.References, entry(key(conformance.AuthorCode), a))
	}
	for _, ref := range d.refs {
		r.Entries.References = append(r.Entries.References, entry(key(conformance.RefersCode), ref))
	}
	to, _ := fhir.ParseRef(d.ref())
	r.ID = to.ID
	r.Referring = func() []query.Resource { return referring(to) }
	for _, p := range d.persons {
		s := query.Subject{Patients: []fhir.Ref{{Type: "Patient", ID: p}}, Shape: shapes[p]}
		for _, rel := range related {
			if party, ok := fhir.ParseRef(rel.party); ok && rel.person == p {
				s.Relations = append(s.Relations, query.Relation{Custodian: rel.custodian, Party: party})
			}
		}
		r.Subjects = append(r.Subjects, s)
	}
	return r
}

// entry is a reference as the index has it.
func entry(param int32, s string) index.Reference {
	if system, value, ok := strings.Cut(s, "|"); ok {
		return index.Reference{Param: param, System: system, Identifier: value}
	}
	ref, _ := fhir.ParseRef(s)
	return index.Reference{Param: param, Type: ref.Type, ID: ref.ID}
}

// referring is what of the world names a resource.
func referring(to fhir.Ref) []query.Resource {
	var out []query.Resource
	for _, d := range append(world(), provenance("anna"), provenance("bert")) {
		if slices.Contains(d.refs, to.String()) || slices.Contains(d.authors, to.String()) {
			out = append(out, d.resource(nil))
		}
	}
	return out
}
