package terminology_test

import (
	"fmt"
	"time"

	"sluis/conformance/terminology"
	"sluis/fhir"
)

func ExampleService_Run() {
	s := terminology.New(nil, time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	out, err := s.Run(terminology.Call{Name: "subsumes", Type: "CodeSystem", Params: []fhir.Param{
		{Name: "system", Value: "http://terminology.hl7.org/CodeSystem/v3-ActCode"},
		{Name: "codeA", Value: "_ActEncounterCode"}, {Name: "codeB", Value: "AMB"},
	}})
	fmt.Println(string(out), err)
	// Output: {"resourceType":"Parameters","parameter":[{"name":"outcome","valueCode":"subsumes"}]} <nil>
}

func ExampleService_Member() {
	s := terminology.New(nil, time.Time{})
	const gender = "http://hl7.org/fhir/ValueSet/administrative-gender"
	fmt.Println(s.Member(gender, "http://hl7.org/fhir/administrative-gender", "female"))
	fmt.Println(s.Member(gender, "http://hl7.org/fhir/administrative-gender", "F"))
	fmt.Println(s.Member("http://hl7.org/fhir/ValueSet/body-site", "http://snomed.info/sct", "368209003"))
	// Output:
	// member
	// not a member
	// cannot be judged
}

func ExampleService_Codes() {
	s := terminology.New(nil, time.Time{})
	codes, err := s.Codes("http://hl7.org/fhir/ValueSet/administrative-gender")
	fmt.Println(len(codes), codes[0].Code, err)
	// Output: 4 male <nil>
}

func ExampleService_Below() {
	s := terminology.New(nil, time.Time{})
	codes, err := s.Below("http://terminology.hl7.org/CodeSystem/v3-ActCode", "_ActSpecimenTransportCode")
	for _, c := range codes {
		fmt.Println(c.Code)
	}
	fmt.Println(err)
	// Output:
	// _ActSpecimenTransportCode
	// SREC
	// SSTOR
	// STRAN
	// <nil>
}
