package subset_test

import (
	"fmt"
	"testing"

	"sluis/conformance"
	"sluis/fhir"
	"sluis/fhir/subset"
)

const patient = `{"resourceType":"Patient","id":"p","meta":{"versionId":"1","tag":[{"code":"t"}]},` +
	`"text":{"status":"empty","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>"},"contained":[{"resourceType":"Organization","id":"o","name":"x"}],` +
	`"extension":[{"url":"u:x","valueDecimal":1.50}],"modifierExtension":[{"url":"u:y","valueCode":"z"}],"active":false,` +
	`"name":[{"family":"Jansen","given":["A",null],"_given":[null,{"id":"g"}]}],"_birthDate":{"extension":[{"url":"u:x","valueCode":"unknown"}]},` +
	`"maritalStatus":{"text":"m"},"contact":[{"name":{"text":"c"}}],"managingOrganization":{"reference":"#o"},` +
	`"link":[{"id":"l","other":{"reference":"Patient/q"},"type":"refer"}]}`

func apply(t *testing.T, resource string, params ...fhir.Param) string {
	t.Helper()
	doc, err := fhir.ParseDocument([]byte(resource))
	if err != nil {
		t.Fatal(err)
	}
	s, err := subset.Parse(doc.Type(), params)
	if err != nil {
		t.Fatal(err)
	}
	out := s.Apply(doc.Root())
	part, err := fhir.ParseDocument(out)
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if issues := conformance.Validate(part); len(issues) > 0 {
		t.Errorf("%v: %s", issues, out)
	}
	return string(out)
}

func Example() {
	doc, err := fhir.ParseDocument([]byte(`{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"note":[{"text":"n"}],"valueQuantity":{"value":7.10}}`))
	if err != nil {
		fmt.Println(err)
	}
	s, err := subset.Parse("Observation", []fhir.Param{{Name: "_elements", Value: "value"}})
	fmt.Println(string(s.Apply(doc.Root())), err)
	// Output: {"resourceType":"Observation","id":"o","meta":{"tag":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED"}]},"status":"final","code":{"text":"x"},"valueQuantity":{"value":7.10}} <nil>
}

const (
	head = `{"resourceType":"Patient","id":"p","meta":{"versionId":"1","tag":[{"code":"t"},{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED"}]},`
	text = `"text":{"status":"empty","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>"},`
	mods = `"modifierExtension":[{"url":"u:y","valueCode":"z"}],"active":false,`
	name = `"name":[{"family":"Jansen","given":["A",null],"_given":[null,{"id":"g"}]}],`
	born = `"_birthDate":{"extension":[{"url":"u:x","valueCode":"unknown"}]},`
	link = `"link":[{"id":"l","other":{"reference":"Patient/q"},"type":"refer"}]}`
)

// search.html#summary, #elements: what stays has its own bytes; what is mandatory
// or changes the meaning of others always stays; the tag says that it is a part.
func TestApply(t *testing.T) {
	for _, tc := range []struct{ name, value, want string }{
		{"_summary", "true", head + mods + name + born + `"managingOrganization":{"reference":"#o"},"link":[{"other":{"reference":"Patient/q"},"type":"refer"}]}`},
		{"_summary", "text", head + text + mods + link},
		{"_summary", "data", head + patient[len(`{"resourceType":"Patient","id":"p","meta":{"versionId":"1","tag":[{"code":"t"}]},`)+len(text):]},
		{"_elements", "birthDate,name", head + mods + name + born + link},
		{"_summary", "false", patient},
		{"_summary", "count", patient},
	} {
		if got := apply(t, patient, fhir.Param{Name: tc.name, Value: tc.value}); got != tc.want {
			t.Errorf("%s=%s:\n got %s\nwant %s", tc.name, tc.value, got, tc.want)
		}
	}
	if got := apply(t, patient); got != patient {
		t.Errorf("nothing asked: %s", got)
	}
}

// A part of a part has one tag; one without meta gets one; what would be left
// empty is left out.
func TestApply_Edges(t *testing.T) {
	once := apply(t, patient, fhir.Param{Name: "_summary", Value: "true"})
	if twice := apply(t, once, fhir.Param{Name: "_summary", Value: "true"}); twice != once {
		t.Errorf("%s", twice)
	}
	const tagged = `"meta":{"tag":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED"}]}`
	bundle := `{"resourceType":"Bundle","type":"collection","entry":[{"id":"x"},{"fullUrl":"urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0","resource":{"resourceType":"Basic","code":{"text":"c"}}}]}`
	want := `{"resourceType":"Bundle",` + tagged + `,"type":"collection","entry":[{"fullUrl":"urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0","resource":{"resourceType":"Basic","code":{"text":"c"}}}]}`
	if got := apply(t, bundle, fhir.Param{Name: "_summary", Value: "true"}); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	empty := `{"resourceType":"Bundle","type":"collection","entry":[{"id":"x"}]}`
	if got := apply(t, empty, fhir.Param{Name: "_summary", Value: "true"}); got != `{"resourceType":"Bundle",`+tagged+`,"type":"collection"}` {
		t.Errorf("%s", got)
	}
}

func TestParse_Refuses(t *testing.T) {
	for _, params := range [][]fhir.Param{
		{{Name: "_summary", Value: "yes"}}, {{Name: "_summary", Value: ""}}, {{Name: "_summary", Value: "true"}, {Name: "_summary", Value: "true"}},
		{{Name: "_elements", Value: ""}}, {{Name: "_elements", Value: "name,,active"}}, {{Name: "_elements", Value: "name.family"}}, {{Name: "_elements", Value: "valueQuantity"}},
		{{Name: "_elements", Value: "name"}, {Name: "_summary", Value: "true"}}, {{Name: "_elements", Value: "name"}, {Name: "_elements", Value: "name"}},
	} {
		if s, err := subset.Parse("Patient", params); fhir.KindOf(err) != fhir.Invalid {
			t.Errorf("%v: %+v, %v", params, s, err)
		}
	}
	if _, err := subset.Parse("", []fhir.Param{{Name: "_elements", Value: "valueQuantity"}}); err == nil {
		t.Error("a name that no type has")
	}
	if _, err := subset.Parse("", []fhir.Param{{Name: "_elements", Value: "value,name"}, {Name: "_summary", Value: "false"}}); err != nil {
		t.Error(err)
	}
}
