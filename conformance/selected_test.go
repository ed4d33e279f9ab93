package conformance

import (
	"slices"
	"testing"
)

// TestSelects_EveryTokenOfR4 holds the reading of expressions to R4's own: all but
// the one that says whether something is there are understood, components with
// them, and none but that of Group comes both to codes without a system and to others.
func TestSelects_EveryTokenOfR4(t *testing.T) {
	for _, base := range Types() {
		for _, p := range R4().Searchable(base) {
			for _, p := range append([]*Parameter{p}, p.Parts...) {
				if p.Type == TokenParam && p.Expression != "Patient.deceased.exists() and Patient.deceased != false" {
					understood(t, p)
				}
			}
		}
	}
}

// understood: of Group, a characteristic is a concept or a boolean.
func understood(t *testing.T, p *Parameter) {
	t.Helper()
	elements, whole := p.selected()
	if !whole || len(elements) == 0 {
		t.Errorf("%s.%s: %q is not understood", p.Base, p.Code, p.Expression)
	}
	_, alone, _ := p.Implied("", "")
	if bare := slices.ContainsFunc(elements, func(e selected) bool { _, bare := e.codes(); return bare }); bare != alone && p.Base != "Group" {
		t.Errorf("%s.%s: %q comes to codes with and without a system", p.Base, p.Code, p.Expression)
	}
}

func TestImplied(t *testing.T) {
	const gender = "http://hl7.org/fhir/administrative-gender"
	for _, tc := range []struct {
		base, code, system, value string
		want                      []string
		alone, listed             bool
	}{
		{"Patient", "gender", gender, "male", []string{"male"}, true, true},
		{"Patient", "gender", gender, "mail", nil, true, true},
		{"Patient", "gender", gender, "", []string{"female", "male", "other", "unknown"}, true, true},
		{"Patient", "gender", "http://a.example", "male", nil, true, true},
		{"Observation", "code", "http://loinc.org", "8867-4", nil, false, true},
		{"Observation", "status", "http://hl7.org/fhir/observation-status", "final", []string{"final"}, true, true},
		{"DocumentReference", "contenttype", "urn:ietf:bcp:13", "text/plain", []string{"text/plain"}, true, true},
		{"DocumentReference", "contenttype", "urn:ietf:bcp:13", "", nil, true, false},
		{"Patient", "active", "http://terminology.hl7.org/CodeSystem/special-values", "true", []string{"true"}, true, true},
		{"ValueSet", "code", gender, "male", nil, true, true},
		{"Patient", "identifier", gender, "male", nil, false, true},
	} {
		p, ok := Lookup(tc.base, tc.code)
		if !ok {
			t.Fatal(tc.code)
		}
		got, alone, listed := p.Implied(tc.system, tc.value)
		if !slices.Equal(got, tc.want) || alone != tc.alone || listed != tc.listed {
			t.Errorf("%s.%s=%s|%s: %q, alone %t, listed %t", tc.base, tc.code, tc.system, tc.value, got, alone, listed)
		}
	}
	relation, _ := Lookup("DocumentReference", "relationship")
	for _, part := range relation.Parts {
		if got, _, _ := part.Implied("http://hl7.org/fhir/document-relationship-type", "replaces"); part.Type == TokenParam && !slices.Equal(got, []string{"replaces"}) {
			t.Errorf("a component: %q", got)
		}
	}
}

func TestSelects(t *testing.T) {
	for _, tc := range []struct {
		expression string
		want       bool
	}{
		{"Patient.identifier", true},
		{"Patient.identifier.where(system = 'x.y')", true},
		{"Patient.name | Patient.identifier", true},
		{"Patient.gender", false},
		{"(Composition.relatesTo.target as Identifier)", true},
		{"Composition.relatesTo.target.ofType(Reference)", false},
		{"Patient.telecom", false},
		{"Patient.identifier.first()", true}, // not understood, so not excluded
		{"Patient.active and Patient.deceased.exists()", true},
		{"Patient.none", true},
	} {
		base := "Patient"
		if tc.expression[1:5] != "atie" {
			base = "Composition"
		}
		if got := (&Parameter{Base: base, Expression: tc.expression}).Selects("Identifier"); got != tc.want {
			t.Errorf("%s: %t", tc.expression, got)
		}
	}
}
