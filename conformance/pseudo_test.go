package conformance_test

import (
	"fmt"
	"slices"
	"testing"

	"sluis/conformance"
	"sluis/fhir"
	"sluis/fhir/path"
)

// yields runs a pseudo parameter of the document's type and returns what it
// finds, as JSON.
func yields(t *testing.T, body, code string) []string {
	t.Helper()
	doc, err := fhir.ParseDocument([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, p := range conformance.Pseudo(doc.Type()) {
		if p.Code != code {
			continue
		}
		program, err := path.Compile(p.Expression, p.Base)
		if err != nil {
			t.Fatalf("%s: %v", p.Expression, err)
		}
		for _, v := range program.Run(doc.Root()) {
			out = append(out, string(v.Node.Raw()))
		}
	}
	return out
}

func TestPseudoExpressionsCompile(t *testing.T) {
	n := 0
	for _, name := range conformance.Types() {
		for _, p := range conformance.Pseudo(name) {
			if _, err := path.Compile(p.Expression, p.Base); err != nil {
				t.Errorf("%s.%s: %v", name, p.Code, err)
			}
			n++
		}
	}
	if n < 100 {
		t.Errorf("only %d pseudo parameters", n)
	}
}

func TestPseudoParametersFindContent(t *testing.T) {
	for _, tc := range []struct {
		body, code string
		want       []string
	}{
		{`{"resourceType":"Observation","code":{"text":"a"},"valueCodeableConcept":{"text":"b"},"component":[{"code":{"text":"c"}}],"method":{"text":"d"}}`,
			conformance.CodedCode, []string{`{"text":"a"}`, `{"text":"b"}`, `{"text":"c"}`}},
		{`{"resourceType":"MedicationStatement","medicationReference":{"reference":"#m"},"contained":[{"resourceType":"Medication","id":"m","code":{"text":"a"}}]}`,
			conformance.CodedCode, []string{`{"text":"a"}`}},
		{`{"resourceType":"Encounter","class":{"code":"AMB"},"period":{"start":"2020"}}`, conformance.CodedCode, []string{`{"code":"AMB"}`}},
		{`{"resourceType":"Observation","effectivePeriod":{"start":"2020"},"issued":"2020-01-01T00:00:00Z"}`,
			conformance.DatedCode, []string{`{"start":"2020"}`, `"2020-01-01T00:00:00Z"`}},
		{`{"resourceType":"Condition","onsetAge":{"value":7},"recordedDate":"2021"}`, conformance.DatedCode, []string{`"2021"`}},
		{`{"resourceType":"Procedure","recorder":{"reference":"Practitioner/a"},"performer":[{"actor":{"reference":"Practitioner/b"},"onBehalfOf":{"reference":"Organization/c"}}]}`,
			conformance.AuthorCode, []string{`{"reference":"Practitioner/a"}`, `{"reference":"Practitioner/b"}`}},
	} {
		got := yields(t, tc.body, tc.code)
		slices.Sort(got)
		want := slices.Sorted(slices.Values(tc.want))
		if !slices.Equal(got, want) {
			t.Errorf("%s %s: %q, want %q", tc.body, tc.code, got, want)
		}
	}
}

func ExampleLookup() {
	p, ok := conformance.Lookup("MedicationStatement", "code")
	fmt.Println(ok, p.Type, p.Expression)
	p, ok = conformance.Lookup("Observation", "code-value-quantity")
	fmt.Println(ok, p.Type, p.Searchable())
	_, ok = conformance.Lookup("Observation", "colour")
	fmt.Println(ok)
	// Output:
	// true token (MedicationStatement.medication as CodeableConcept)
	// true composite true
	// false
}

func ExampleSubjects() {
	for _, p := range conformance.Subjects("Observation") {
		fmt.Println(p.Code, conformance.PatientCompartment("Observation"))
	}
	fmt.Println(conformance.Class("Observation") == conformance.SubjectClass, conformance.Class("Task") == conformance.UnownedClass)
	// Output:
	// subject [performer subject]
	// true true
}
