package gate

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"sluis/conformance"
	"sluis/fhir"
	"sluis/fhir/query"
	"sluis/storage"
)

// Matching is what is asked of Match.
type Matching struct {
	Patient *fhir.Document // what is known of the person; need not be a valid Patient
	Certain bool           // onlyCertainMatches
	Count   int            // at most so many; 0 is all
}

// Match finds the Patients that may be the person described, best first, with
// how likely each is (R4 patient-operation-match.html). Only what the caller may
// see is looked at and weighed.
func (g *Gate) Match(ctx context.Context, c Caller, m Matching) (storage.Page, []Likeness, error) {
	probe, err := g.features(m.Patient)
	if err != nil {
		return storage.Page{}, nil, err
	}
	q := query.Query{Type: "Patient", Where: probe.candidates(), Count: query.MaxCount, Total: query.TotalNone}
	if query.Empty(q.Where) {
		return storage.Page{}, nil, fhir.NewError(fhir.Unprocessable, "required",
			"too little to match by: an identifier, a telecom, or two of birth date, family name and given name are needed", "Patient")
	}
	if probe.size() > maxFeatures {
		return storage.Page{}, nil, fhir.NewError(fhir.Unprocessable, "too-costly", fmt.Sprintf("a Patient is matched by at most %d values", maxFeatures), "Patient")
	}
	var likes []Likeness
	page, err := g.find(ctx, c, string(fhir.Operation), q, func(ctx context.Context, a storage.Access, q query.Query) (storage.Page, error) {
		found, err := g.Store.Search(ctx, a, q)
		if err != nil {
			return storage.Page{}, err
		}
		if found.Next != nil {
			return storage.Page{}, fhir.NewError(fhir.Unprocessable, "too-costly", fmt.Sprintf("more than %d Patients resemble this: say more", query.MaxCount))
		}
		found, likes, err = g.rank(probe, found, m)
		return found, err
	})
	return page, likes, err
}

// maxFeatures bounds what a person is told apart by: it is compared with all
// that each candidate has.
const maxFeatures = 500

func (f features) size() (n int) {
	for _, values := range f {
		n += len(values)
	}
	return n
}

// candidates matches whoever agrees in an identifier, a telecom, or two of
// birth date, family name and given name.
func (f features) candidates() query.Expr {
	born, family, given := f.agrees("birthdate"), f.agrees("family"), f.agrees("given")
	return query.Or(f.agrees("identifier"), f.agrees("telecom"), query.And(born, family), query.And(born, given), query.And(family, given))
}

// agrees matches resources with one of the probe's values of a parameter; None
// when it has none.
func (f features) agrees(code string) query.Expr {
	p, ok := conformance.R4().Lookup("Patient", code)
	if !ok || len(f[code]) == 0 {
		return query.None{}
	}
	return query.Compare{Param: p, Values: f[code]}
}

// rank weighs each candidate and leaves those that are at least possible.
func (g *Gate) rank(f features, found storage.Page, m Matching) (storage.Page, []Likeness, error) {
	type candidate struct {
		storage.Entry
		Likeness
	}
	var ranked []candidate
	for _, e := range found.Entries {
		doc, err := fhir.ParseDocument(e.Resource.Body)
		if err != nil {
			return storage.Page{}, nil, fhir.Wrap(err, fhir.Internal, "exception", "a stored resource cannot be read")
		}
		other, err := g.features(doc)
		if err != nil {
			return storage.Page{}, nil, err
		}
		like := f.like(other)
		if like.Grade != CertainlyNot && (!m.Certain || like.Grade == Certain) {
			ranked = append(ranked, candidate{e, like})
		}
	}
	slices.SortStableFunc(ranked, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Resource.ID, b.Resource.ID))
	})
	if m.Count > 0 && len(ranked) > m.Count {
		ranked = ranked[:m.Count]
	}
	out, likes := newest{most: len(ranked), kinds: kinds{"": ""}}, []Likeness{}
	for _, r := range ranked {
		out.page.Entries, out.kind = append(out.page.Entries, r.Entry), append(out.kind, "")
		likes = append(likes, r.Likeness)
	}
	out.page.Persons = found.Persons
	return out.pick(), likes, nil
}

// features are what persons are told apart by, as the index has it.
type features map[string][]query.Value

func (g *Gate) features(doc *fhir.Document) (features, error) {
	entries, err := g.parameters.Load().index.Extract(doc) // R4's, which all sets have
	if err != nil {
		return nil, err
	}
	f := features{}
	key := func(code string) int32 { return conformance.ParameterKey("Patient", code) }
	for _, code := range []string{"identifier", "telecom", "gender"} {
		for _, t := range entries.Tokens {
			if t.Param == key(code) {
				f[code] = append(f[code], query.Value{System: t.System, Code: t.Code})
			}
		}
	}
	for _, code := range []string{"family", "given", "address-postalcode"} {
		for _, s := range entries.Strings {
			if s.Param == key(code) {
				f[code] = append(f[code], query.Value{Folded: s.Folded, Text: s.Exact})
			}
		}
	}
	for _, d := range entries.Dates {
		if d.Param == key("birthdate") {
			f["birthdate"] = append(f["birthdate"], query.Value{Prefix: query.Eq, DateLow: d.Low, DateHigh: d.High})
		}
	}
	return f, nil
}
