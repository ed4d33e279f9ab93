package profile_test

import (
	"fmt"

	"sluis/conformance/profile"
	"sluis/fhir"
)

func ExampleLibrary_Validate() {
	doc, err := fhir.ParseDocument([]byte(`{"resourceType":"Patient","contact":[{"gender":"male"}]}`))
	if err != nil {
		panic(err)
	}
	uploaded, err := fhir.ParseDocument([]byte(`{"resourceType":"StructureDefinition","url":"http://example.org/named","name":"Named","status":"draft",
		"kind":"resource","abstract":false,"type":"Patient","baseDefinition":"http://hl7.org/fhir/StructureDefinition/Patient","derivation":"constraint",
		"differential":{"element":[{"id":"Patient.name","path":"Patient.name","min":1}]}}`))
	if err != nil {
		panic(err)
	}
	library := profile.NewLibrary(func(canonical string) (*fhir.Document, bool) {
		return uploaded, canonical == "http://example.org/named"
	})
	for _, i := range library.Validate(doc, profile.Request{Profiles: []string{"http://example.org/named"}}) {
		if i.Severity == "error" {
			fmt.Println(i.Expression[0], i.Code)
		}
	}
	// Output:
	// Patient.contact[0] invariant
	// Patient.name required
}

func ExampleSnapshot() {
	doc, err := fhir.ParseDocument([]byte(`{"resourceType":"StructureDefinition","url":"http://example.org/x","name":"X","status":"draft",
		"kind":"resource","abstract":false,"type":"Patient","baseDefinition":"http://hl7.org/fhir/StructureDefinition/Patient","derivation":"constraint",
		"differential":{"element":[{"path":"Patient.maritalStatus.text","min":1}]}}`))
	if err != nil {
		panic(err)
	}
	p, issues := profile.Snapshot(doc, nil)
	fmt.Println(len(issues), "issues")
	for _, e := range p.Elements() {
		if e.Path == "Patient.maritalStatus.text" {
			fmt.Println(e.ID, e.Min, e.Max)
		}
	}
	// Output:
	// 0 issues
	// Patient.maritalStatus.text 1 1
}
