package gate_test

import (
	"context"
	"fmt"
	"testing"

	"sluis/fhir"
	"sluis/gate"
	"sluis/smart"
	"sluis/storage"
)

// An explanation in plain words: the decision first, then what each gate says.
func ExampleExplanation_Words() {
	e := gate.Explanation{
		Question: gate.Question{User: fhir.Ref{Type: "Practitioner", ID: "gp"}, Organization: "practice", Purposes: []string{"TREAT"}, Action: "access", Resource: fhir.Ref{Type: "Observation", ID: "1"}},
		Effect:   gate.SaysDeny,
		Steps: []gate.Step{
			{Gate: gate.AtRelation, Effect: gate.SaysPermit},
			{Gate: gate.AtConsent, Effect: gate.SaysDeny, Consent: fhir.Ref{Type: "Consent", ID: "c", Version: 2}, Rule: "provision.provision[0]", Text: "covers all data"},
		},
	}
	for _, l := range []gate.Language{gate.English, gate.Dutch} {
		for _, line := range e.Words(l) {
			fmt.Println(line)
		}
	}
	// Output:
	// Practitioner/gp of Organization/practice may not see Observation/1, purpose TREAT.
	// There is a treatment relation.
	// Consent/c version 2, provision.provision[0]: denies this (covers all data).
	// Practitioner/gp van Organization/practice mag niet inzien: Observation/1, doel TREAT.
	// Er is een behandelrelatie.
	// Toestemming Consent/c versie 2, provision.provision[0]: weigert dit.
}

// No explanation leaves that is not in the log, and one that policy moved under
// is made anew.
func TestExplain_RecordedAndDecidedAnew(t *testing.T) {
	w := world(t)
	f := &faulty{Backend: w.Store}
	g, _ := over(t, w, f)
	scopes, err := smart.ParseScopes("patient/*.rs")
	if err != nil {
		t.Fatal(err)
	}
	patient := gate.Caller{Request: "test", Grant: smart.Grant{Client: "app", User: w.A.AtPractice, Patient: w.A.AtPractice, Scopes: scopes}}
	q := gate.Question{User: w.GP, Organization: w.Practice, Resource: w.A.Reading}
	f.stale = 3
	if e, err := g.Explain(context.Background(), patient, q); err != nil || e.Effect != gate.SaysPermit {
		t.Errorf("after policy moved: %+v, %v", e, err)
	}
	f.append = storage.ErrBusy
	if _, err := g.Explain(context.Background(), patient, q); fhir.KindOf(err) != fhir.Unavailable {
		t.Errorf("without a log: %v", err)
	}
	f.append = nil
	if _, err := g.ExplainToOperator(context.Background(), patient, q); fhir.KindOf(err) != fhir.Forbidden {
		t.Errorf("a patient as operator: %v", err)
	}
}
