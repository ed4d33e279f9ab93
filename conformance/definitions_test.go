package conformance_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"sluis/conformance"
)

func custom(base, code string) *conformance.Parameter {
	return &conformance.Parameter{Base: base, Code: code, URL: "http://a.example/" + code, Type: conformance.StringParam, Expression: base + ".language"}
}

func TestWith_LeavesTheOthersAsTheyWere(t *testing.T) {
	more, err := conformance.R4().With(custom("Patient", "tongue"), custom("Observation", "tongue"))
	if err != nil {
		t.Fatal(err)
	}
	for _, base := range []string{"Patient", "Observation"} {
		p, ok := more.Lookup(base, "tongue")
		if !ok || p.Key != conformance.ParameterKey(base, "tongue") || !slices.Contains(more.Searchable(base), p) {
			t.Errorf("%s: %v %v", base, p, ok)
		}
		if _, ok := conformance.R4().Lookup(base, "tongue"); ok {
			t.Errorf("R4's own set knows %s.tongue", base)
		}
		if n := len(conformance.Searchable(base)); len(more.Searchable(base)) != n+1 {
			t.Errorf("%s has %d parameters, R4 %d", base, len(more.Searchable(base)), n)
		}
	}
	a, _ := more.Lookup("Patient", "name")
	if b, _ := conformance.Lookup("Patient", "name"); a != b {
		t.Error("what did not change was copied")
	}
}

func TestWith_NamesEachRefusal(t *testing.T) {
	bad := map[string]*conformance.Parameter{
		"no resource type":           custom("Banana", "x"),
		`"name" of "Patient": its`:   custom("Patient", "name"),
		`"a.b" of "Patient": its`:    custom("Patient", "a.b"),
		`"a:text" of "Patient": its`: custom("Patient", "a:text"),
		`"_x" of "Patient": its`:     custom("Patient", "_x"),
		"no expression":              {Base: "Patient", Code: "empty", Type: conformance.StringParam},
		"at least two components":    {Base: "Patient", Code: "pair", Type: conformance.CompositeParam, Expression: "Patient"},
		"needs its targets":          {Base: "Patient", Code: "other", Type: conformance.ReferenceParam, Expression: "Patient.link.other"},
	}
	_, err := conformance.R4().With(slices.Collect(func(yield func(*conformance.Parameter) bool) {
		for _, p := range bad {
			yield(p)
		}
	})...)
	for reason := range bad {
		if err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("%s is not among %v", reason, err)
		}
	}
	if _, err := conformance.R4().With(custom("Patient", "twice"), custom("Patient", "twice")); err == nil {
		t.Error("a parameter is given twice")
	}
}

func TestCompositesHaveTheirParts(t *testing.T) {
	n := 0
	for _, name := range conformance.Types() {
		for _, p := range conformance.Parameters(name) {
			if p.Type != conformance.CompositeParam {
				if p.Parts != nil {
					t.Errorf("%s.%s has parts", name, p.Code)
				}
				continue
			}
			n++
			if len(p.Parts) < 2 || len(p.Parts) != len(p.Components) {
				t.Errorf("%s.%s: %d parts of %d", name, p.Code, len(p.Parts), len(p.Components))
			}
			for i, part := range p.Parts {
				if part.Code != fmt.Sprintf("%s$%d", p.Code, i+1) || part.Base != name || part.Expression == "" || part.Type == conformance.ReferenceParam && len(part.Targets) == 0 {
					t.Errorf("%s.%s: %+v", name, p.Code, part)
				}
			}
		}
	}
	if n != 72 {
		t.Errorf("%d composites, R4 has 72 for its types", n)
	}
}

func TestCompartmentsOfR4(t *testing.T) {
	if got := fmt.Sprint(conformance.Compartments()); got != "[Device Encounter Patient Practitioner RelatedPerson]" {
		t.Error(got)
	}
	for _, of := range conformance.Compartments() {
		if !slices.Contains(conformance.CompartmentTypes(of), of) {
			t.Errorf("a %s is not in its own compartment", of)
		}
		for _, name := range conformance.CompartmentTypes(of) {
			params := conformance.Compartment(of, name)
			if len(params) == 0 && name != of {
				t.Errorf("%s is in the compartment of %s by nothing", name, of)
			}
			for _, p := range params {
				if p.Base != name || p.Type != conformance.ReferenceParam {
					t.Errorf("%s in %s: %v", name, of, p)
				}
			}
		}
	}
	if conformance.CompartmentTypes("Group") != nil || conformance.Compartment("Patient", "Organization") != nil {
		t.Error("a compartment that R4 does not have")
	}
}

func ExampleDefinitions_With() {
	mine, err := conformance.R4().With(&conformance.Parameter{
		Base: "Patient", Code: "nickname", URL: "https://sluis.example/nickname", Type: conformance.StringParam,
		Expression: "Patient.name.where(use='nickname')",
	})
	if err != nil {
		panic(err)
	}
	_, known := mine.Lookup("Patient", "nickname")
	_, builtIn := conformance.Lookup("Patient", "nickname")
	fmt.Println(known, builtIn)
	// Output: true false
}

func ExampleCompartment() {
	for _, p := range conformance.Compartment("Encounter", "Observation") {
		fmt.Println(p.Code)
	}
	fmt.Println(conformance.Compartment("Encounter", "Patient"))
	// Output:
	// encounter
	// []
}
