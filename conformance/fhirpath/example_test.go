package fhirpath_test

import (
	"fmt"

	"sluis/conformance"
	"sluis/conformance/fhirpath"
	"sluis/fhir"
)

func ExampleExpression_Evaluate() {
	doc, err := fhir.ParseDocument([]byte(`{"resourceType":"Patient","name":[{"use":"official","given":["Ada"]},{"given":["A."]}]}`))
	if err != nil {
		panic(err)
	}
	e, err := fhirpath.Parse("name.where(use = 'official').given")
	if err != nil {
		panic(err)
	}
	out, err := e.Evaluate(fhirpath.Scope{Focus: fhirpath.Of(conformance.RootElement(doc))})
	if err != nil {
		panic(err)
	}
	for _, item := range out {
		fmt.Println(item.Text())
	}
	// Output: Ada
}

func ExampleErrBudget() {
	e, err := fhirpath.Parse("1.repeat($this + 1)")
	if err != nil {
		panic(err)
	}
	_, err = e.Evaluate(fhirpath.Scope{Budget: fhirpath.NewBudget(1000)})
	fmt.Println(err)
	// Output: the expression costs more than an evaluation may
}
