package cast

import (
	"context"
	"fmt"
	"slices"

	"sluis/fhir"
	"sluis/gate"
	"sluis/smart"
)

// enter stores the cast: custodians, practitioners, two patients known to both
// custodians, their data, and the treatment relations of A. Their ids are the
// same in every World.
func (w *World) enter() {
	w.Specialist, w.GP, w.Stranger = practitioner("specialist"), practitioner("gp"), practitioner("stranger")
	w.A, w.B = person("anna", "123456782"), person("bram", "111222333")
	for _, p := range []struct {
		custodian string
		bodies    []string
	}{
		{w.Hospital, slices.Concat(works(w.Specialist, w.Hospital, "Vermeer"), atHospital(w.A, "Anna"), atHospital(w.B, "Bram"), []string{Team("anna-ward", w.Specialist, w.A.AtHospital)})},
		{w.Practice, slices.Concat(works(w.GP, w.Practice, "Huisman"), works(w.Stranger, w.Practice, "Vreemd"), atPractice(w.A, "Anna"), atPractice(w.B, "Bram"), []string{Team("anna-practice", w.GP, w.A.AtPractice)})},
	} {
		w.Place(p.custodian, fmt.Sprintf(`{"resourceType":"Organization","id":%q,"active":true,"name":%q}`, p.custodian, p.custodian))
		w.Place(p.custodian, p.bodies...)
	}
}

// Place stores resources of a custodian, in one transaction, under the ids in
// their bodies, as an operator's import does.
func (w *World) Place(custodian string, bodies ...string) {
	w.Helper()
	scopes, err := smart.ParseScopes("system/*.cruds")
	w.must(err)
	caller := gate.Caller{Request: "cast", Grant: smart.Grant{
		Client: "cast", Organization: custodian, Purposes: []string{"TREAT"}, Scopes: scopes, ChooseIDs: true,
	}}
	entries := make([]gate.ImportEntry, len(bodies))
	for i, body := range bodies {
		doc, err := fhir.ParseDocument([]byte(body))
		w.must(err)
		entries[i] = gate.ImportEntry{Source: doc.Type() + "/" + doc.Root().Get("id").Text(), Type: doc.Type(), Body: []byte(body)}
	}
	_, err = w.Gate.Import(context.Background(), caller, entries, gate.AsIs, true)
	w.must(err)
}

func practitioner(id string) fhir.Ref { return fhir.Ref{Type: "Practitioner", ID: id} }

// works is a practitioner with a role at a custodian.
func works(p fhir.Ref, custodian, family string) []string {
	return []string{
		fmt.Sprintf(`{"resourceType":"Practitioner","id":%q,"active":true,"name":[{"family":%q}]}`, p.ID, family),
		fmt.Sprintf(`{"resourceType":"PractitionerRole","id":%q,"active":true,"practitioner":{"reference":%q},"organization":{"reference":"Organization/%s"}}`, p.ID+"-role", p, custodian),
	}
}

func person(name, bsn string) Person {
	of := func(kind, suffix string) fhir.Ref { return fhir.Ref{Type: kind, ID: name + "-" + suffix} }
	return Person{
		BSN: bsn, AtHospital: of("Patient", "hospital"), AtPractice: of("Patient", "practice"),
		Lab: of("Observation", "lab"), Psychiatry: of("Observation", "psychiatry"), Reading: of("Observation", "reading"),
	}
}

func atHospital(p Person, given string) []string {
	return []string{
		Patient(p.AtHospital, p.BSN, given),
		named(p.Lab, Observation(p.AtHospital, "2345-7", "Glucose", "5.40")),
		named(p.Psychiatry, `{"resourceType":"Observation","meta":{"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"PSY"}]},"status":"final","code":{"coding":[{"system":"http://loinc.org","code":"44249-1"}],"text":"PHQ-9"},"subject":{"reference":"`+p.AtHospital.String()+`"},"effectiveDateTime":"2026-03-02","valueInteger":14}`),
	}
}

func atPractice(p Person, given string) []string {
	return []string{
		Patient(p.AtPractice, p.BSN, given),
		named(p.Reading, Observation(p.AtPractice, "8867-4", "Heart rate", "72")),
	}
}

// Patient is a custodian's record of a person, under that id.
func Patient(ref fhir.Ref, bsn, given string) string {
	return fmt.Sprintf(`{"resourceType":"Patient","id":%q,"active":true,"identifier":[{"system":%q,"value":%q}],"name":[{"family":"Jansen","given":[%q]}],"gender":"female","birthDate":"1980-02-01"}`, ref.ID, BSN, bsn, given)
}

// named puts the id of a reference into a body that has none.
func named(ref fhir.Ref, body string) string {
	start := `{"resourceType":"` + ref.Type + `",`
	return start + `"id":"` + ref.ID + `",` + body[len(start):]
}

// Observation is a final Observation with a LOINC code about a patient.
func Observation(patient fhir.Ref, code, display, value string) string {
	return fmt.Sprintf(`{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":%q,"display":%q}]},"subject":{"reference":%q},"effectiveDateTime":"2026-03-01T10:00:00+01:00","valueQuantity":{"value":%s,"unit":"x"}}`, code, display, patient, value)
}

// Treats records a treatment relation: an active CareTeam that names the
// practitioner and the patient.
func (w *World) Treats(token string, practitioner, patient fhir.Ref) fhir.Ref {
	return w.Create(token, Team("ignored", practitioner, patient))
}

// Team is the treatment relation that Treats records, under an id.
func Team(id string, practitioner, patient fhir.Ref) string {
	return fmt.Sprintf(`{"resourceType":"CareTeam","id":%q,"status":"active","subject":{"reference":%q},"participant":[{"member":{"reference":%q}}]}`, id, patient, practitioner)
}

// Permit is a Consent of the patient: the organisation may treat with what
// others hold, except what is labelled as psychiatry.
func Permit(patient fhir.Ref, organization string) string {
	actor := fmt.Sprintf(`[{"role":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ParticipationType","code":"IRCP"}]},"reference":{"reference":"Organization/%s"}}]`, organization)
	return fmt.Sprintf(`{"resourceType":"Consent","status":"active","scope":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/consentscope","code":"patient-privacy"}]},"category":[{"coding":[{"system":"http://loinc.org","code":"59284-0"}]}],"patient":{"reference":%q},"dateTime":"2026-01-01","policyRule":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"OPTOUT"}]},"provision":{"type":"permit","purpose":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActReason","code":"TREAT"}],"actor":%s,"provision":[{"type":"deny","actor":%s,"securityLabel":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"PSY"}]}]}}`, patient, actor, actor)
}
