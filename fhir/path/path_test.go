package path_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"sluis/fhir"
	"sluis/fhir/path"
)

const observation = `{"resourceType":"Observation","status":"final",
"subject":{"reference":"Patient/p1"},
"performer":[{"reference":"https://example.org/fhir/Practitioner/x/_history/2"},{"type":"Organization","identifier":{"value":"1"}},{"reference":"#c"},{"reference":"urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"}],
"code":{"coding":[{"system":"http://loinc.org","code":"8867-4"}],"text":"pulse"},
"valueQuantity":{"value":72,"unit":"/min"},"valueSetting":"not a type",
"component":[{"valueString":"a"},{"valueCodeableConcept":{"text":"b"}},{"valueQuantity":{"value":1}}],
"note":[{"text":null},{"text":"n"}],"category":[null,{"text":"c"}]}`

func run(t *testing.T, base, expression, body string) string {
	t.Helper()
	doc, err := fhir.ParseDocument([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	p, err := path.Compile(expression, base)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, v := range p.Run(doc.Root()) {
		s := v.Text()
		if v.Node.Kind() == fhir.Object {
			s = string(v.Node.Raw())
		}
		out = append(out, strings.TrimPrefix(v.Type+":"+s, ":"))
	}
	return strings.Join(out, " ; ")
}

func TestRun(t *testing.T) {
	for _, c := range []struct{ expression, want string }{
		{"Observation.status", "final"},
		{"status", "final"},
		{"Resource.id", ""},
		{"Observation.code.coding.code", "8867-4"},
		{"Observation.value", `Quantity:{"value":72,"unit":"/min"}`},
		{"(Observation.value as Quantity).unit", "/min"},
		{"(Observation.value as string)", ""},
		{"Observation.component.value.as(string) | Observation.component.value.ofType(Quantity)", `string:a ; Quantity:{"value":1}`},
		{"(Observation.component.value as CodeableConcept).text", "b"},
		{"Patient.name | Observation.status", "final"},
		{"Observation.subject.where(resolve() is Patient).reference", "Patient/p1"},
		{"Observation.subject.where(resolve() is Group)", ""},
		{"Observation.performer.where(resolve() is Practitioner).reference", "https://example.org/fhir/Practitioner/x/_history/2"},
		{"Observation.performer.where(resolve() is Organization).identifier.value", "1"},
		{"Observation.code.coding.where(system='http://loinc.org').code", "8867-4"},
		{"Observation.code.coding.where(system='http://snomed.info/sct').code", ""},
		{"Observation.component[1].value.text", "b"},
		{"Observation.component[7]", ""},
		{"Observation.note.text", "n"},
		{"Observation.category.text", "c"},
		{"Observation.status = 'final'", "boolean:true"},
		{"Observation.issued != 'x'", ""},
	} {
		if got := run(t, "Observation", c.expression, observation); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.expression, got, c.want)
		}
	}
}

func TestDeceased(t *testing.T) {
	const expression = "Patient.deceased.exists() and Patient.deceased != false"
	for member, want := range map[string]string{
		``:                                 "boolean:false",
		`,"deceasedBoolean":false`:         "boolean:false",
		`,"deceasedBoolean":true`:          "boolean:true",
		`,"deceasedDateTime":"2020-01-01"`: "boolean:true",
	} {
		if got := run(t, "Patient", expression, `{"resourceType":"Patient"`+member+`}`); got != want {
			t.Errorf("%s: got %s, want %s", member, got, want)
		}
	}
}

// What R4 has a separate element for is not taken for a choice.
func TestSiblingIsNoChoice(t *testing.T) {
	body := `{"resourceType":"Coverage","subscriberId":"123","subscriber":{"reference":"Patient/1"}}`
	if got := run(t, "Coverage", "Coverage.subscriber", body); got != `{"reference":"Patient/1"}` {
		t.Error(got)
	}
}

func TestUnsupported(t *testing.T) {
	for expression, reason := range map[string]string{
		"":                                       "expected a path",
		"Patient.name":                           "says nothing about Observation",
		"Observation.value.first()":              "unsupported function first()",
		"Observation.subject.resolve()":          "resolve() without is",
		"Observation.subject.resolve().name":     "a path through resolve()",
		"Observation.status is code":             "is without resolve()",
		"Observation.value as Banana":            `not a type: "Banana"`,
		"Observation.status as code":             "as code on what is no choice",
		"Observation.value > 4":                  "unsupported character",
		"Observation.status = Observation.id":    "only a string or a boolean may be compared with",
		"Observation.status or true":             `unexpected "or"`,
		"Observation.code.where(Patient.name)":   "a type's name within where",
		"Observation.component[x]":               "expected a position",
		"Observation.code.where(system='a\\'b')": "unsupported character",
		"(Observation.status":                    `expected ")"`,
		strings.Repeat("(", 40) + "status":       "nested too deep",
		strings.Repeat("status | ", 1000):        "longer than this server reads",
	} {
		_, err := path.Compile(expression, "Observation")
		var u *path.UnsupportedError
		if !errors.As(err, &u) || u.Reason != reason {
			t.Errorf("%q: got %v, want %s", expression, err, reason)
		}
	}
}

func FuzzCompile(f *testing.F) {
	doc, err := fhir.ParseDocument([]byte(observation))
	if err != nil {
		f.Fatal(err)
	}
	f.Add("Observation.code.coding.where(system='x' and code!='y')[0] | (Observation.value as Quantity)")
	f.Add("Observation.subject.where(resolve() is Patient).exists() and status != false")
	f.Fuzz(func(t *testing.T, expression string) {
		p, err := path.Compile(expression, "Observation")
		var u *path.UnsupportedError
		switch {
		case err == nil:
			p.Run(doc.Root())
		case !errors.As(err, &u):
			t.Errorf("%q: %T", expression, err)
		}
	})
}

func ExampleCompile() {
	doc, err := fhir.ParseDocument([]byte(`{"resourceType":"Observation","valueQuantity":{"value":7.10,"unit":"mmol/L"}}`))
	if err != nil {
		panic(err)
	}
	program, err := path.Compile("(Observation.value as Quantity) | (Observation.value as SampledData)", "Observation")
	if err != nil {
		panic(err)
	}
	for _, v := range program.Run(doc.Root()) {
		fmt.Println(v.Type, v.Node.Get("value").Text())
	}
	// Output: Quantity 7.10
}
