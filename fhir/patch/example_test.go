package patch_test

import (
	"fmt"

	"sluis/fhir"
	"sluis/fhir/patch"
)

// A JSON Patch changes one number; the other keeps its digits.
func ExampleParseJSON() {
	doc, _ := fhir.ParseDocument([]byte(`{"resourceType":"Observation","valueQuantity":{"value":7.10},"component":[{"valueQuantity":{"value":1}}]}`))
	p, err := patch.ParseJSON([]byte(`[{"op":"replace","path":"/component/0/valueQuantity/value","value":0.30}]`))
	if err != nil {
		fmt.Println(err)
		return
	}
	out, err := p.Apply(doc)
	fmt.Println(string(out), err)
	// Output: {"resourceType":"Observation","valueQuantity":{"value":7.10},"component":[{"valueQuantity":{"value":0.30}}]} <nil>
}

// A FHIRPath Patch names elements as R4 does, whatever their form in JSON.
func ExampleParseParameters() {
	doc, _ := fhir.ParseDocument([]byte(`{"resourceType":"Observation","valueString":"high"}`))
	operations, _ := fhir.ParseDocument([]byte(`{"resourceType":"Parameters","parameter":[{"name":"operation","part":[
		{"name":"type","valueCode":"replace"},{"name":"path","valueString":"Observation.value"},{"name":"value","valueInteger":5}]}]}`))
	p, err := patch.ParseParameters(operations)
	if err != nil {
		fmt.Println(err)
		return
	}
	out, err := p.Apply(doc)
	fmt.Println(string(out), err)
	// Output: {"resourceType":"Observation","valueInteger":5} <nil>
}
