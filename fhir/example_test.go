package fhir_test

import (
	"fmt"
	"time"

	"sluis/fhir"
)

func ExampleParseDocument() {
	doc, err := fhir.ParseDocument([]byte(`{"resourceType":"Observation","valueQuantity":{"value":7.10}}`))
	fmt.Println(doc.Type(), doc.Root().At("valueQuantity", "value").Text(), err)

	_, err = fhir.ParseDocument([]byte(`{"resourceType":"Patient","active":true,"active":false}`))
	fmt.Println(err)
	// Output:
	// Observation 7.10 <nil>
	// duplicate member "active" (line 1, byte 48)
}

func ExampleDocument_Template() {
	doc, err := fhir.ParseDocument([]byte(`{"resourceType":"Patient","id":"sent","meta":{"source":"#epd"},"active":true}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	at := time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)
	fmt.Printf("%s\n", doc.Template().Stamp("k7Qx", 1, at))
	// Output:
	// {"resourceType":"Patient","id":"k7Qx","meta":{"versionId":"1","lastUpdated":"2024-05-01T12:00:00.000Z","source":"#epd"},"active":true}
}

func ExampleParseInteraction() {
	isType := func(s string) bool { return s == "Observation" } // conformance.IsType, in the product
	ix, err := fhir.ParseInteraction("GET", "/Observation", "patient=p1&code=8867-4", isType)
	fmt.Println(ix.Kind, ix.Type, ix.Params, err)

	_, err = fhir.ParseInteraction("DELETE", "/Observation/1/_history/2", "", isType)
	fmt.Println(err)
	// Output:
	// search-type Observation [{patient p1} {code 8867-4}] <nil>
	// the method here must be GET
}

func ExampleParseRef() {
	ref, ok := fhir.ParseRef("Patient/p1/_history/3")
	fmt.Println(ref.Latest(), ref.Version, ok)
	// Output: Patient/p1 3 true
}
