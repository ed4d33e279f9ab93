package terminology

import (
	"encoding/json"
	"strings"
	"testing"

	"sluis/conformance"
	"sluis/fhir"
)

// call runs an operation given as "CodeSystem/$lookup?code=a&system=b" on the
// animals and R4.
func call(t testing.TB, request, body string) (string, error) {
	t.Helper()
	path, query, _ := strings.Cut(request, "?")
	kind, name, _ := strings.Cut(path, "/$")
	params, err := fhir.ParseParams(query)
	if err != nil {
		t.Fatal(err)
	}
	c := Call{Name: name, Type: kind, Params: params}
	if body != "" {
		c.Body = document(t, body)
	}
	out, err := with(animals).Run(c)
	if err == nil {
		valid(t, out)
	}
	return string(out), err
}

func document(t testing.TB, body string) *fhir.Document {
	t.Helper()
	doc, err := fhir.ParseDocument([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// valid fails unless an answer is a legal resource of R4.
func valid(t testing.TB, out []byte) {
	t.Helper()
	if issues := conformance.Validate(document(t, string(out))); len(issues) > 0 {
		t.Errorf("an illegal answer: %v\n%s", issues, out)
	}
}

const (
	allAnimals = `{"resourceType":"ValueSet","url":"http://x/all","status":"active","compose":{"include":[{"system":"http://x/animals"}]}}`
	inAnimals  = "system=http://x/animals&"
)

// inline wraps a value set and further parameters in a Parameters resource.
func inline(more ...string) string {
	return `{"resourceType":"Parameters","parameter":[` + strings.Join(append([]string{`{"name":"valueSet","resource":` + allAnimals + `}`}, more...), ",") + `]}`
}

func TestOperations(t *testing.T) {
	const gender = "url=http://hl7.org/fhir/ValueSet/administrative-gender&"
	for name, tc := range map[string]struct{ request, body, want string }{
		"$validate-code member":            {"ValueSet/$validate-code?" + gender + "code=female&system=http://hl7.org/fhir/administrative-gender", "", `{"name":"result","valueBoolean":true},{"name":"display","valueString":"Female"}`},
		"$validate-code by version":        {"ValueSet/$validate-code?url=http://hl7.org/fhir/ValueSet/administrative-gender|4.0.1&code=female&system=http://hl7.org/fhir/administrative-gender", "", `{"name":"result","valueBoolean":true}`},
		"$validate-code not member":        {"ValueSet/$validate-code?" + gender + "code=dog&system=http://x/animals", "", `{"name":"result","valueBoolean":false},{"name":"message","valueString":"\"http://x/animals|dog\" is not in the value set \"http://hl7.org/fhir/ValueSet/administrative-gender\""},{"name":"display","valueString":"Dog"}`},
		"$validate-code no code":           {"ValueSet/$validate-code?" + gender + "code=F&system=http://hl7.org/fhir/administrative-gender", "", `nor a code of its code system`},
		"$validate-code display":           {"ValueSet/$validate-code?" + gender + "code=female&system=http://hl7.org/fhir/administrative-gender&display=FEMALE", "", `"valueBoolean":true`},
		"$validate-code bad display":       {"ValueSet/$validate-code?" + gender + "code=female&system=http://hl7.org/fhir/administrative-gender&display=Woman", "", `{"name":"result","valueBoolean":false},{"name":"message","valueString":"\"Woman\" is not a display of \"female\""},{"name":"display","valueString":"Female"}`},
		"$validate-code inferSystem":       {"ValueSet/$validate-code?" + gender + "code=female&inferSystem=true", "", `"valueBoolean":true`},
		"$validate-code infers none":       {"ValueSet/$validate-code?" + gender + "code=dog&inferSystem=true", "", `"valueBoolean":false`},
		"$validate-code unknown":           {"ValueSet/$validate-code?url=http://hl7.org/fhir/ValueSet/observation-codes&code=8867-4&system=http://loinc.org", "", `cannot be judged: the code system \"http://loinc.org\" is not known to this server`},
		"$validate-code abstract":          {"ValueSet/$validate-code", inline(`{"name":"coding","valueCoding":{"system":"http://x/animals","code":"animal"}}`), `"valueBoolean":false},{"name":"message","valueString":"the code \"animal\" is abstract`},
		"$validate-code abstract allowed":  {"ValueSet/$validate-code", inline(`{"name":"coding","valueCoding":{"system":"http://x/animals","code":"animal"}}`, `{"name":"abstract","valueBoolean":true}`), `"valueBoolean":true`},
		"$validate-code inactive":          {"ValueSet/$validate-code", inline(`{"name":"coding","valueCoding":{"system":"http://x/animals","code":"mammoth"}}`), `"valueBoolean":true},{"name":"message","valueString":"the code \"mammoth\" is not in use any more"`},
		"$validate-code concept":           {"ValueSet/$validate-code", inline(`{"name":"codeableConcept","valueCodeableConcept":{"coding":[{"system":"http://snomed.info/sct","code":"1"},{"system":"http://x/animals","code":"dog"}]}}`), `"valueBoolean":true},{"name":"display","valueString":"Dog"`},
		"$validate-code concept of text":   {"ValueSet/$validate-code", inline(`{"name":"codeableConcept","valueCodeableConcept":{"text":"dog"}}`), `"valueBoolean":false},{"name":"message","valueString":"there is no coding to validate"`},
		"$validate-code language":          {"ValueSet/$validate-code", inline(`{"name":"coding","valueCoding":{"system":"http://x/animals","code":"dog","display":"hond"}}`, `{"name":"displayLanguage","valueCode":"nl-NL"}`), `"valueBoolean":true},{"name":"display","valueString":"Hond"`},
		"CodeSystem/$validate-code":        {"CodeSystem/$validate-code?url=http://x/animals&code=dog", "", `{"name":"result","valueBoolean":true},{"name":"display","valueString":"Dog"}`},
		"CodeSystem/$validate-code not":    {"CodeSystem/$validate-code?url=http://x/animals&code=Dog", "", `"valueBoolean":false},{"name":"message","valueString":"\"Dog\" is not a code of the code system`},
		"CodeSystem/$validate-code inline": {"CodeSystem/$validate-code", `{"resourceType":"Parameters","parameter":[{"name":"codeSystem","resource":` + strings.ReplaceAll(animals, "dog", "cat") + `},{"name":"code","valueCode":"cat"}]}`, `"valueBoolean":true`},
		"CodeSystem/$validate-code other":  {"CodeSystem/$validate-code", `{"resourceType":"Parameters","parameter":[{"name":"url","valueUri":"http://x/animals"},{"name":"coding","valueCoding":{"system":"http://loinc.org","code":"dog"}}]}`, `is of the code system \"http://loinc.org\"`},
		"CodeSystem/$validate-code rule":   {"CodeSystem/$validate-code?url=http://unitsofmeasure.org&code=mm[Hg]", "", `"valueBoolean":true`},
		"CodeSystem/$validate-code part":   {"CodeSystem/$validate-code?url=http://hl7.org/fhir/sid/cvx&code=99999", "", `only a part of the code system`},
		"CodeSystem/$validate-code bar":    {"CodeSystem/$validate-code?url=http://terminology.hl7.org/CodeSystem/v2-0360|2.7&code=MD", "", `"valueBoolean":true`},

		"$lookup":            {"CodeSystem/$lookup?" + inAnimals + "code=dog", "", `"parameter":[{"name":"name","valueString":"Animals"},{"name":"version","valueString":"1"},{"name":"display","valueString":"Dog"},{"name":"designation","part":[{"name":"language","valueCode":"nl"},{"name":"value","valueString":"Hond"}]}`},
		"$lookup property":   {"CodeSystem/$lookup?" + inAnimals + "code=dog", "", `{"name":"property","part":[{"name":"code","valueCode":"legs"},{"name":"value","valueInteger":4}]}`},
		"$lookup parent":     {"CodeSystem/$lookup?" + inAnimals + "code=bat&property=parent", "", `[{"name":"name","valueString":"Animals"},{"name":"version","valueString":"1"},{"name":"display","valueString":"Bat"},{"name":"property","part":[{"name":"code","valueCode":"parent"},{"name":"value","valueCode":"mammal"},{"name":"description","valueString":"Mammal"}]},{"name":"property","part":[{"name":"code","valueCode":"parent"},{"name":"value","valueCode":"flyer"},{"name":"description","valueString":"Flying animal"}]}]`},
		"$lookup child":      {"CodeSystem/$lookup?" + inAnimals + "code=flyer&property=child", "", `{"name":"value","valueCode":"bat"}`},
		"$lookup definition": {"CodeSystem/$lookup?" + inAnimals + "code=mammal&property=definition", "", `{"name":"value","valueString":"warm and furry"}`},
		"$lookup inactive":   {"CodeSystem/$lookup?" + inAnimals + "code=mammoth&property=inactive", "", `{"name":"value","valueBoolean":true}`},
		"$lookup language":   {"CodeSystem/$lookup?" + inAnimals + "code=dog&displayLanguage=fr&property=version", "", `{"name":"display","valueString":"Chien"}]`},
		"$lookup lang.X":     {"CodeSystem/$lookup?" + inAnimals + "code=dog&property=lang.fr", "", `{"name":"display","valueString":"Dog"},{"name":"designation","part":[{"name":"language","valueCode":"fr"}`},
		"$lookup coding":     {"CodeSystem/$lookup", `{"resourceType":"Parameters","parameter":[{"name":"coding","valueCoding":{"system":"http://x/animals","code":"dog"}}]}`, `"Dog"`},
		"$lookup rule":       {"CodeSystem/$lookup?system=http://unitsofmeasure.org&code=kg", "", `{"name":"display","valueString":"kg"}`},
		"$lookup R4":         {"CodeSystem/$lookup?system=http://terminology.hl7.org/CodeSystem/v3-ActCode&code=PSY", "", `{"name":"version","valueString":"2018-08-12"}`},

		"$subsumes equivalent": {"CodeSystem/$subsumes?" + inAnimals + "codeA=dog&codeB=dog", "", `[{"name":"outcome","valueCode":"equivalent"}]`},
		"$subsumes":            {"CodeSystem/$subsumes?" + inAnimals + "codeA=animal&codeB=bat", "", `"subsumes"`},
		"$subsumes by parent":  {"CodeSystem/$subsumes?" + inAnimals + "codeA=flyer&codeB=bat", "", `"subsumes"`},
		"$subsumes by":         {"CodeSystem/$subsumes?" + inAnimals + "codeA=bat&codeB=mammal", "", `"subsumed-by"`},
		"$subsumes not":        {"CodeSystem/$subsumes?" + inAnimals + "codeA=dog&codeB=bat", "", `"not-subsumed"`},
		"$subsumes codings":    {"CodeSystem/$subsumes", `{"resourceType":"Parameters","parameter":[{"name":"codingA","valueCoding":{"system":"http://x/animals","code":"mammal"}},{"name":"codingB","valueCoding":{"system":"http://x/animals","code":"dog"}}]}`, `"subsumes"`},

		"$expand":                  {"ValueSet/$expand", inline(), `"total":7,"parameter":[{"name":"version","valueUri":"http://x/animals|1"}],"contains":[{"system":"http://x/animals","abstract":true,"code":"animal","display":"Animal"},`},
		"$expand of a body":        {"ValueSet/$expand?count=1", allAnimals, `"total":7,`},
		"$expand inactive":         {"ValueSet/$expand", inline(), `{"system":"http://x/animals","inactive":true,"code":"mammoth","display":"Mammoth"}`},
		"$expand activeOnly":       {"ValueSet/$expand", inline(`{"name":"activeOnly","valueBoolean":true}`), `"total":6,"parameter":[{"name":"activeOnly","valueBoolean":true},`},
		"$expand excludeNotForUI":  {"ValueSet/$expand", inline(`{"name":"excludeNotForUI","valueBoolean":true}`), `"contains":[{"system":"http://x/animals","code":"mammal"`},
		"$expand filter":           {"ValueSet/$expand", inline(`{"name":"filter","valueString":"ANI fly"}`), `"total":1,"parameter":[{"name":"filter","valueString":"ANI fly"},{"name":"version","valueUri":"http://x/animals|1"}],"contains":[{"system":"http://x/animals","code":"flyer"`},
		"$expand page":             {"ValueSet/$expand", inline(`{"name":"offset","valueInteger":2}`, `{"name":"count","valueInteger":1}`), `"total":7,"offset":2,"parameter":[{"name":"offset","valueInteger":2},{"name":"count","valueInteger":1},{"name":"version","valueUri":"http://x/animals|1"}],"contains":[{"system":"http://x/animals","code":"dog","display":"Dog"}]}`},
		"$expand count 0":          {"ValueSet/$expand", inline(`{"name":"count","valueInteger":0}`), `"total":7,"parameter":[{"name":"count","valueInteger":0},{"name":"version","valueUri":"http://x/animals|1"}]}`},
		"$expand past the end":     {"ValueSet/$expand", inline(`{"name":"offset","valueInteger":99}`), `"total":7,"offset":99,`},
		"$expand nested":           {"ValueSet/$expand", inline(`{"name":"excludeNested","valueBoolean":false}`), `"code":"mammal","display":"Mammal","contains":[{"system":"http://x/animals","code":"dog"`},
		"$expand designations":     {"ValueSet/$expand", inline(`{"name":"includeDesignations","valueBoolean":true}`), `"designation":[{"language":"nl","value":"Hond"},{"language":"fr","use":{"system"`},
		"$expand one designation":  {"ValueSet/$expand", inline(`{"name":"designation","valueString":"urn:ietf:bcp:47|fr"}`), `"designation":[{"language":"fr","use":{"system":"http://terminology.hl7.org/CodeSystem/designation-usage","code":"display"},"value":"Chien"}]}`},
		"$expand displayLanguage":  {"ValueSet/$expand", inline(`{"name":"displayLanguage","valueCode":"nl"}`), `"code":"dog","display":"Hond"}`},
		"$expand definition":       {"ValueSet/$expand", inline(`{"name":"includeDefinition","valueBoolean":true}`), `"compose":{"include":[{"system":"http://x/animals"}]},"expansion"`},
		"$expand exclude-system":   {"ValueSet/$expand", inline(`{"name":"exclude-system","valueCanonical":"http://x/animals|1"}`), `"total":0,`},
		"$expand by date":          {"ValueSet/$expand", inline(`{"name":"date","valueDateTime":"2026"}`), `"total":7,`},
		"$expand a part":           {"ValueSet/$expand?url=http://hl7.org/fhir/ValueSet/vaccine-code&count=1", "", `"expansion":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/valueset-unclosed","valueBoolean":true}]`},
		"$expand all of a system":  {"ValueSet/$expand?url=http://hl7.org/fhir/ValueSet/restful-interaction&count=1", "", `"code":"read"`},
		"$expand stored expansion": {"ValueSet/$expand", `{"resourceType":"ValueSet","url":"http://x/e","status":"active","expansion":{"timestamp":"2020","contains":[{"system":"http://x/z","code":"a","abstract":true,"contains":[{"system":"http://x/z","code":"b","display":"B"}]}]}}`, `"contains":[{"system":"http://x/z","code":"b","display":"B"}]`},
		"$expand system-version":   {"ValueSet/$expand", inline(`{"name":"system-version","valueCanonical":"http://x/animals|1"}`), `"version":"1","code":"dog"`},
	} {
		got, err := call(t, tc.request, tc.body)
		if err != nil || !strings.Contains(got, tc.want) {
			t.Errorf("%s: %v\n got %s\nwant %s", name, err, got, tc.want)
		}
	}
}

func TestOperationsRefuse(t *testing.T) {
	const gender = "url=http://hl7.org/fhir/ValueSet/administrative-gender&"
	for name, tc := range map[string]struct {
		request, body string
		kind          fhir.Kind
		want          string
	}{
		"unknown parameter":          {"ValueSet/$expand?" + gender + "fliter=a", "", fhir.Invalid, `no parameter "fliter"`},
		"every problem":              {"ValueSet/$expand?" + gender + "a=b&count=x&offset=-1&activeOnly=yes&valueSet=a", "", fhir.Invalid, `count cannot be "x"; offset: offset cannot be "-1"; activeOnly: activeOnly cannot be "yes"; valueSet: valueSet is no primitive`},
		"unknown in the body":        {"ValueSet/$expand", inline(`{"name":"z","valueString":"a"}`), fhir.Invalid, "Parameters.parameter[1]"},
		"of another type":            {"ValueSet/$expand", inline(`{"name":"count","valueString":"1"}`), fhir.Invalid, "valueInteger"},
		"twice":                      {"ValueSet/$expand?" + gender + "count=1&count=2", "", fhir.Invalid, "more than once"},
		"no value set":               {"ValueSet/$expand", "", fhir.Invalid, "url or valueSet is needed"},
		"two value sets":             {"ValueSet/$expand?" + gender, inline(), fhir.Invalid, "only one of"},
		"another resource":           {"ValueSet/$expand", `{"resourceType":"Patient"}`, fhir.Invalid, `not "Patient"`},
		"a patient as value set":     {"ValueSet/$expand", `{"resourceType":"Parameters","parameter":[{"name":"valueSet","resource":{"resourceType":"Patient"}}]}`, fhir.Invalid, `valueSet is a "Patient"`},
		"unknown value set":          {"ValueSet/$expand?url=http://x/none", "", fhir.NotFound, "not known"},
		"unknown version":            {"ValueSet/$expand?" + gender + "valueSetVersion=9", "", fhir.NotFound, `version "9"`},
		"two versions":               {"ValueSet/$expand?url=http://hl7.org/fhir/ValueSet/administrative-gender|4.0.1&valueSetVersion=9", "", fhir.Invalid, "different versions"},
		"context":                    {"ValueSet/$expand?context=http://x", "", fhir.Unprocessable, "context is not supported"},
		"expands SNOMED CT":          {"ValueSet/$expand?url=http://hl7.org/fhir/ValueSet/body-site", "", fhir.Unprocessable, "http://snomed.info/sct"},
		"before it was":              {"ValueSet/$expand?" + gender + "date=2010-01-01", "", fhir.Unprocessable, "what it was on"},
		"version without bar":        {"ValueSet/$expand?" + gender + "system-version=http://x", "", fhir.Invalid, "system|version"},
		"check-system-version":       {"ValueSet/$expand?check-system-version=http://hl7.org/fhir/administrative-gender|9&" + gender, "", fhir.Unprocessable, `version "9"`},
		"force-system-version":       {"ValueSet/$expand?force-system-version=http://hl7.org/fhir/administrative-gender|9&" + gender, "", fhir.Unprocessable, `version "9"`},
		"no code":                    {"ValueSet/$validate-code?" + gender, "", fhir.Invalid, "one of code, coding and codeableConcept"},
		"a code without system":      {"ValueSet/$validate-code?" + gender + "code=female", "", fhir.Invalid, "needs its system"},
		"display without code":       {"ValueSet/$validate-code?display=a", inline(`{"name":"coding","valueCoding":{"code":"a"}}`), fhir.Invalid, "display goes with code"},
		"two codes":                  {"ValueSet/$validate-code?code=a", inline(`{"name":"coding","valueCoding":{"code":"a"}}`), fhir.Invalid, "only one"},
		"unknown code system":        {"CodeSystem/$validate-code?url=http://loinc.org&code=1", "", fhir.NotFound, "not known"},
		"code system without a code": {"CodeSystem/$validate-code?url=http://snomed.info/sct&code=1", "", fhir.NotFound, "content of the code system"},
		"looks up no code":           {"CodeSystem/$lookup?" + inAnimals + "code=unicorn", "", fhir.NotFound, "is not a code"},
		"looks up no unit":           {"CodeSystem/$lookup?system=http://unitsofmeasure.org&code=foo", "", fhir.NotFound, "is not a code"},
		"looks up beyond a part":     {"CodeSystem/$lookup?system=http://hl7.org/fhir/sid/cvx&code=99999", "", fhir.NotFound, "only a part"},
		"looks up without system":    {"CodeSystem/$lookup?code=dog", "", fhir.Invalid, "system"},
		"looks up nothing":           {"CodeSystem/$lookup?" + inAnimals, "", fhir.Invalid, "code and coding"},
		"compares one":               {"CodeSystem/$subsumes?" + inAnimals + "codeA=dog", "", fhir.Invalid, "codeB"},
		"compares none such":         {"CodeSystem/$subsumes?" + inAnimals + "codeA=dog&codeB=unicorn", "", fhir.NotFound, "unicorn"},
		"compares systems":           {"CodeSystem/$subsumes?codeA=dog&" + inAnimals, `{"resourceType":"Parameters","parameter":[{"name":"codingB","valueCoding":{"system":"http://y","code":"dog"}}]}`, fhir.Unprocessable, "different code systems"},
		"no such operation":          {"ValueSet/$lookup?code=a", "", fhir.NotImplemented, "no operation"},
	} {
		got, err := call(t, tc.request, tc.body)
		if err == nil || fhir.KindOf(err) != tc.kind || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, %s", name, err, got)
		}
	}
}

func TestOperationsOnAnInstance(t *testing.T) {
	for name, tc := range map[string]struct {
		call     Call
		instance string
		want     string
	}{
		"$expand":                   {Call{Name: "expand", Type: "ValueSet"}, allAnimals, `"total":7`},
		"ValueSet/$validate-code":   {Call{Name: "validate-code", Type: "ValueSet", Params: []fhir.Param{{Name: "code", Value: "dog"}, {Name: "system", Value: "http://x/animals"}}}, allAnimals, "true"},
		"CodeSystem/$validate-code": {Call{Name: "validate-code", Type: "CodeSystem", Params: []fhir.Param{{Name: "code", Value: "cat"}}}, strings.ReplaceAll(animals, "dog", "cat"), "true"},
		"$subsumes":                 {Call{Name: "subsumes", Type: "CodeSystem", Params: []fhir.Param{{Name: "codeA", Value: "mammal"}, {Name: "codeB", Value: "cat"}}}, strings.ReplaceAll(animals, "dog", "cat"), `"subsumes"`},
		"another version": {Call{Name: "validate-code", Type: "CodeSystem", Params: []fhir.Param{{Name: "code", Value: "dog"}, {Name: "version", Value: "2"}}}, animals,
			`"message","valueString":"the code system is of version \"1\", not \"2\""`},
	} {
		tc.call.Instance = document(t, tc.instance)
		out, err := with(animals).Run(tc.call)
		if err != nil || !strings.Contains(string(out), tc.want) {
			t.Errorf("%s: %v, %s", name, err, out)
		}
	}
	if _, err := with().Run(Call{Name: "lookup", Type: "CodeSystem", Instance: document(t, animals)}); fhir.KindOf(err) != fhir.NotImplemented {
		t.Errorf("$lookup on an instance: %v", err)
	}
}

// TestAnswersAreDeterministic: the same question has the same bytes, and another
// expansion another identifier.
func TestAnswersAreDeterministic(t *testing.T) {
	identifier := func(request string) string {
		var previous string
		for range 3 {
			got, err := call(t, request, allAnimals)
			if err != nil || previous != "" && got != previous {
				t.Fatalf("%v\n%s\n%s", err, previous, got)
			}
			previous = got
		}
		var vs struct {
			Expansion struct{ Identifier, Timestamp string }
		}
		if err := json.Unmarshal([]byte(previous), &vs); err != nil || vs.Expansion.Timestamp != "2026-03-01T12:00:00Z" {
			t.Fatalf("%v: %s", err, previous)
		}
		return vs.Expansion.Identifier
	}
	if a, b := identifier("ValueSet/$expand"), identifier("ValueSet/$expand?activeOnly=true"); a == b || !strings.HasPrefix(a, "urn:uuid:") {
		t.Errorf("%s and %s", a, b)
	}
}
