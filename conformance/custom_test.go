package conformance_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"sluis/conformance"
	"sluis/fhir"
)

func definition(t testing.TB, members string) *fhir.Document {
	t.Helper()
	doc, err := fhir.ParseDocument([]byte(`{"resourceType":"SearchParameter","url":"http://x.test/sp","status":"active",` + members + `}`))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func ExampleCustomParameter() {
	doc, err := fhir.ParseDocument([]byte(`{"resourceType":"SearchParameter","url":"http://x.test/sp","code":"nickname",
		"base":["Patient"],"type":"string","expression":"Patient.name.where(use = 'nickname').given"}`))
	if err != nil {
		panic(err)
	}
	params, issues := conformance.CustomParameter(doc, conformance.R4())
	if len(issues) > 0 {
		panic(issues)
	}
	defs, err := conformance.R4().With(params...)
	if err != nil {
		panic(err)
	}
	p, _ := defs.Lookup("Patient", "nickname")
	fmt.Println(p.Base, p.Code, p.Type, p.Custom())
	// Output: Patient nickname string true
}

func TestCustomParameter_Bases(t *testing.T) {
	for bases, want := range map[string]int{
		`["Patient"]`: 1, `["Patient","Patient"]`: 1, `["Patient","Observation"]`: 2,
		`["Resource"]`: len(conformance.Types()), `["DomainResource","Patient"]`: len(conformance.Types()) - 3,
	} {
		params, issues := conformance.CustomParameter(definition(t, `"code":"x","type":"token","expression":"Resource.language","base":`+bases), conformance.R4())
		if len(params) != want || len(issues) > 0 {
			t.Errorf("%s: %d, %v", bases, len(params), issues)
		}
		for _, p := range params {
			if p.Key != conformance.ParameterKey(p.Base, "x") || !p.Custom() {
				t.Errorf("%+v", p)
			}
		}
	}
}

func TestCustomParameter_Refuses(t *testing.T) {
	long := strings.Repeat("Patient.active | ", 300) + "Patient.active"
	for name, c := range map[string]struct{ members, at string }{
		"special":            {`"code":"x","base":["Patient"],"type":"special","expression":"Patient.name"`, "type"},
		"no expression":      {`"code":"x","base":["Patient"],"type":"token"`, "expression"},
		"a long one":         {`"code":"x","base":["Patient"],"type":"token","expression":"` + long + `"`, "expression"},
		"an unknown base":    {`"code":"x","base":["Patient","Patients"],"type":"token","expression":"Patient.active"`, "base[1]"},
		"an unknown target":  {`"code":"x","base":["Patient"],"type":"reference","target":["Doctor"],"expression":"Patient.generalPractitioner"`, "target[0]"},
		"no target":          {`"code":"x","base":["Patient"],"type":"reference","expression":"Patient.generalPractitioner"`, "target"},
		"the id":             {`"code":"x","base":["Patient"],"type":"token","expression":"Patient.id"`, "expression"},
		"the version":        {`"code":"x","base":["Patient"],"type":"token","expression":"Patient.meta.versionId"`, "expression"},
		"meta":               {`"code":"x","base":["Patient"],"type":"token","expression":"Patient.meta.exists()"`, "expression"},
		"one component":      {`"code":"x","base":["Observation"],"type":"composite","expression":"Observation","component":[{"definition":"http://hl7.org/fhir/SearchParameter/clinical-code","expression":"code"}]`, "component"},
		"an unknown part":    {`"code":"x","base":["Observation"],"type":"composite","expression":"Observation","component":[{"definition":"http://x.test/none","expression":"code"}]`, "component[0].definition"},
		"a part of parts":    {`"code":"x","base":["Observation"],"type":"composite","expression":"Observation","component":[{"definition":"http://hl7.org/fhir/SearchParameter/Observation-code-value-quantity","expression":"code"}]`, "component[0].definition"},
		"a part without one": {`"code":"x","base":["Observation"],"type":"composite","expression":"Observation","component":[{"definition":"http://hl7.org/fhir/SearchParameter/clinical-code"}]`, "component[0].expression"},
	} {
		_, issues := conformance.CustomParameter(definition(t, c.members), conformance.R4())
		if !slices.ContainsFunc(issues, func(i fhir.Issue) bool { return i.Expression[0] == "SearchParameter."+c.at }) {
			t.Errorf("%s: %v", name, issues)
		}
	}
	for _, fine := range []string{"Patient.meta.tag", "Patient.meta . profile", "Patient.name.where(use = 'id').given", "Patient.identifier"} {
		if _, issues := conformance.CustomParameter(definition(t, `"code":"x","base":["Patient"],"type":"token","expression":"`+fine+`"`), conformance.R4()); len(issues) > 0 {
			t.Errorf("%s: %v", fine, issues)
		}
	}
}

// Of R4's own none is custom, and none of the pseudo parameters.
func TestParameter_Custom(t *testing.T) {
	for _, base := range conformance.Types() {
		for _, p := range slices.Concat(conformance.Parameters(base), conformance.Pseudo(base)) {
			for _, p := range append([]*conformance.Parameter{p}, p.Parts...) {
				if p.Custom() {
					t.Errorf("%s.%s is custom", p.Base, p.Code)
				}
			}
		}
	}
	subject, _ := conformance.Lookup("Observation", "subject")
	other := *subject
	other.Code = "whose"
	if !other.Custom() || other.MakesSubject() || !subject.MakesSubject() {
		t.Error("another name of the subject makes a subject")
	}
}
