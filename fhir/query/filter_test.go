package query_test

import (
	"reflect"
	"testing"

	"sluis/fhir"
	"sluis/fhir/query"
)

// FuzzFilter: a filter that is understood is valid, and prints as one that means
// the same; one that is not is refused with a reason.
func FuzzFilter(f *testing.F) {
	for _, s := range []string{"name eq x", `given eq "peter" and birthdate ge 2014-10-10`, "not (gender eq male) or link[_id eq a].other pr true", "organization.partof:Organization.name ew z"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		q, err := language.Parse("Patient", []fhir.Param{{Name: "_filter", Value: text}})
		if err != nil {
			if fhir.KindOf(err) != fhir.Invalid || len(fhir.IssuesOf(err)) == 0 {
				t.Fatal(err)
			}
			return
		}
		if err := query.Validate(q.Where); err != nil {
			t.Fatal(err)
		}
		printed, err := q.Params()
		if err != nil {
			t.Fatal(err)
		}
		again, err := language.Parse("Patient", printed)
		if err != nil || !reflect.DeepEqual(q, again) {
			t.Fatalf("%q became %v (%v)", text, printed, err)
		}
		query.Named(q)
		query.Match(q.Where, query.Resource{Type: "Patient"})
	})
}
