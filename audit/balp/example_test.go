package balp_test

import (
	"encoding/json"
	"fmt"

	"sluis/audit/balp"
	"sluis/fhir"
)

func ExampleRender() {
	raw, err := balp.Render(read(), balp.View{Projected: true})
	if err != nil {
		fmt.Println(err)
	}
	var e struct {
		Action, Recorded string
		Agent            []struct{ Who struct{ Reference string } }
	}
	if err := json.Unmarshal(raw, &e); err != nil {
		fmt.Println(err)
	}
	fmt.Println(e.Action, e.Recorded, e.Agent[0].Who.Reference)
	// Output: R 2026-03-04T05:06:07.089Z Organization/practice
}

func ExampleParseSearch() {
	f, err := balp.ParseSearch([]fhir.Param{{Name: "patient", Value: "Patient/a"}, {Name: "date", Value: "ge2026-01-01"}}, true)
	fmt.Println(f.Patient, f.From.Format("2006-01-02"), err)
	_, err = balp.ParseSearch([]fhir.Param{{Name: "entity", Value: "Observation/o"}}, true)
	fmt.Println(err)
	// Output:
	// Patient/a 2026-01-01 <nil>
	// parameter "entity": the log is not searched by it
}
