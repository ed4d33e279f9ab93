package query

import (
	"slices"

	"sluis/conformance"
	"sluis/fhir"
	"sluis/fhir/index"
)

// The predicates of this file are what consent rules say about data by what
// refers to what, and by whom. They are part of an access, so they look at
// resources without asking who may see those. No URL can name them.

// PointsAt matches resources that refer to one of the resources, in whatever
// element.
type PointsAt struct{ Refs []fhir.Ref }

// PointedAtBy matches resources to which one of the resources refers, in
// whatever element.
type PointedAtBy struct{ Refs []fhir.Ref }

// Authored matches resources of which one author (conformance.AuthorCode) is
// Who, or has Number as the identifier of a logical reference. With Doubt it
// matches also where nobody can tell that none is:
//
//   - an author is named by a contained resource, by text or by an identifier of
//     another system; or by a PractitionerRole, where Who is a Practitioner or an
//     Organization, or the other way round
//   - its type has authors, and it names none
//   - a Provenance of it, whoever wrote that, names such an agent
type Authored struct {
	Who    fhir.Ref
	Number Coding
	Doubt  bool
}

func (PointsAt) isExpr()    {}
func (PointedAtBy) isExpr() {}
func (Authored) isExpr()    {}

func (x PointsAt) matches(r Resource) bool { return r.refersTo(x.Refs) }

func (x PointedAtBy) matches(r Resource) bool {
	return slices.ContainsFunc(r.referring(), func(s Resource) bool {
		return slices.Contains(latest(x.Refs), fhir.Ref{Type: s.Type, ID: s.ID}) && s.refersTo([]fhir.Ref{{Type: r.Type, ID: r.ID}})
	})
}

func (x Authored) matches(r Resource) bool {
	if Empty(x) {
		return false
	}
	authors := r.authors()
	switch {
	case slices.ContainsFunc(authors, x.Covers):
		return true
	case !x.Doubt:
		return false
	case len(authors) == 0 && HasAuthors(r.Type):
		return true
	}
	return slices.ContainsFunc(r.referring(), func(s Resource) bool {
		return s.Type == "Provenance" && s.refersTo([]fhir.Ref{{Type: r.Type, ID: r.ID}}) && slices.ContainsFunc(s.authors(), x.Covers)
	})
}

// Covers reports whether an author is the one sought or, with Doubt, whether he
// may be.
func (x Authored) Covers(author index.Reference) bool {
	is := x.Who.ID != "" && author.Type == x.Who.Type && author.ID == x.Who.ID ||
		x.Number.Code != "" && author.System == x.Number.System && author.Identifier == x.Number.Code
	if is || !x.Doubt {
		return is
	}
	another := x.Who.ID != "" && author.ID != "" && !slices.Contains(x.Blurred(), author.Type)
	numbered := x.Number.Code != "" && author.Identifier != "" && author.System == x.Number.System
	return !another && !numbered
}

// Blurred are the types of which a reference does not tell whether it denotes
// Who: a PractitionerRole is a practitioner at an organisation.
func (x Authored) Blurred() []string {
	switch x.Who.Type {
	case "PractitionerRole":
		return []string{"Practitioner", "Organization"}
	case "Practitioner", "Organization":
		return []string{"PractitionerRole"}
	}
	return nil
}

// HasAuthors reports whether a type has elements for its authors.
func HasAuthors(resourceType string) bool { return len(conformance.Authored(resourceType)) > 0 }

func (r Resource) authors() []index.Reference {
	key := conformance.ParameterKey(r.Type, conformance.AuthorCode)
	var out []index.Reference
	for _, e := range r.Entries.References {
		if e.Param == key {
			out = append(out, e)
		}
	}
	return out
}

func (r Resource) refersTo(refs []fhir.Ref) bool {
	refs = latest(refs)
	return slices.ContainsFunc(r.Entries.References, func(e index.Reference) bool {
		return e.ID != "" && slices.Contains(refs, fhir.Ref{Type: e.Type, ID: e.ID})
	})
}

func (r Resource) referring() []Resource {
	if r.Referring == nil {
		return nil
	}
	return r.Referring()
}

func latest(refs []fhir.Ref) []fhir.Ref {
	out := make([]fhir.Ref, len(refs))
	for i, r := range refs {
		out[i] = r.Latest()
	}
	return out
}
