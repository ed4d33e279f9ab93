package gate

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sluis/conformance"
	"sluis/conformance/terminology"
	"sluis/fhir"
	"sluis/fhir/query"
)

func TestLaterVersions(t *testing.T) {
	ordered := []string{
		`{"id":"a","status":"draft","version":"99"}`,
		`{"id":"a","status":"active"}`,
		`{"id":"a","status":"active","version":"1"}`,
		`{"id":"b","status":"active","version":"1"}`,
		`{"id":"a","status":"active","version":"1","date":"2020"}`,
		`{"id":"a","status":"active","version":"1.0"}`,
		`{"id":"a","status":"active","version":"1.9.0"}`,
		`{"id":"a","status":"active","version":"1.10.0"}`,
		`{"id":"a","status":"active","version":"2018-08-12"}`,
		`{"id":"a","status":"active","version":"v2"}`,
	}
	for i, a := range ordered {
		for j, b := range ordered {
			one, two := parsed(t, a), parsed(t, b)
			if got := later(one.Root(), two.Root()); got > 0 != (i > j) || got < 0 != (i < j) {
				t.Errorf("%s and %s: %d", a, b, got)
			}
		}
	}
}

func parsed(t *testing.T, body string) *fhir.Document {
	t.Helper()
	doc, err := fhir.ParseDocument([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestBareCodes(t *testing.T) {
	for name, want := range map[string]bool{
		"Patient.gender": true, "Observation.status": true, "CapabilityStatement.resource": true, "AllergyIntolerance.category": true,
		"Observation.code": false, "Patient.identifier": false, "Patient.email": false, "MedicationStatement.code": false, "Patient.active": false, "Patient.deceased": false,
	} {
		base, code, _ := strings.Cut(name, ".")
		p, ok := conformance.Lookup(base, code)
		if !ok || p.Codes() != want {
			t.Errorf("%s (%v): %v", name, ok, !want)
		}
	}
}

// TestResolvedExpressions: every condition by codes is replaced, wherever it
// stands, and nothing else changes.
func TestResolvedExpressions(t *testing.T) {
	code, _ := conformance.Lookup("Observation", "code")
	subject, _ := conformance.Lookup("Observation", "subject")
	gender := query.Compare{Param: code, Modifier: query.In, Values: []query.Value{{Text: "http://hl7.org/fhir/ValueSet/administrative-gender"}}}
	empty := query.Compare{Param: code, Modifier: query.In, Values: []query.Value{{Text: "http://x.test/empty"}}}
	below := query.Compare{Param: code, Modifier: query.Below, Values: []query.Value{{System: "http://terminology.hl7.org/CodeSystem/v3-ActCode", Code: "_ActSpecimenTransportCode"}}}
	plain := query.Compare{Param: code, Values: []query.Value{{AnySystem: true, Code: "x"}}}
	not := func(x query.Expr) query.Expr { return query.Neg{X: x} }
	uploaded := func(_, url, _ string) (*fhir.Document, error) {
		if url != "http://x.test/empty" {
			return nil, nil
		}
		return fhir.ParseDocument([]byte(`{"resourceType":"ValueSet","url":"http://x.test/empty","compose":{"include":[]}}`))
	}
	for _, tc := range []struct {
		x    query.Expr
		want string // as printed; "": an error
	}{
		{gender, "4 codes"}, {below, "4 codes"}, {plain, "1 codes"}, {not(gender), "4 codes"},
		{query.And(plain, gender), "5 codes"}, {query.Or(plain, not(below)), "5 codes"},
		{query.Chain{Param: subject, Target: "Patient", X: gender}, "4 codes"}, {query.Has{Source: "Observation", Param: subject, X: gender}, "4 codes"},
		{empty, "nothing"}, {not(empty), ""}, {query.And(plain, not(empty)), ""}, {query.Or(plain, empty), "1 codes"},
		{query.Subjects{X: gender}, ""},
	} {
		r := codeResolver{codes: terminology.New(uploaded, time.Time{}), local: func(fhir.Ref) ([]*fhir.Document, error) { return nil, nil }}
		got, err := r.resolve(tc.x)
		if (err != nil) != (tc.want == "") || err != nil && !query.Empty(got) {
			t.Errorf("%#v: %#v, %v", tc.x, got, err)
			continue
		}
		if err == nil && (counted(got) != tc.want || resolvable(got)) {
			t.Errorf("%#v: %s, %#v", tc.x, counted(got), got)
		}
	}
}

// counted says how many values an expression compares with.
func counted(x query.Expr) string {
	if query.Empty(x) {
		return "nothing"
	}
	n := 0
	query.Walk(x, func(x query.Expr) bool {
		if c, ok := x.(query.Compare); ok {
			n += len(c.Values)
		}
		return true
	})
	return fmt.Sprint(n, " codes")
}
