package cast

import (
	"context"
	"fmt"

	"sluis/fhir"
	"sluis/gate"
	"sluis/smart"
)

// enter stores the cast: custodians, practitioners, two patients known to both
// custodians, their data, and the treatment relations of A.
func (w *World) enter() {
	for _, id := range []string{w.Hospital, w.Practice} {
		scopes, err := smart.ParseScopes("system/*.cruds")
		w.must(err)
		caller := gate.Caller{Request: "cast", Grant: smart.Grant{Client: "cast", Organization: id, Scopes: scopes, ChooseIDs: true}}
		body := fmt.Sprintf(`{"resourceType":"Organization","id":%q,"active":true,"name":%q}`, id, id)
		_, err = w.Gate.Import(context.Background(), caller, []gate.ImportEntry{{Source: "Organization/" + id, Type: "Organization", Body: []byte(body)}}, gate.AsIs, true)
		w.must(err)
	}
	hospital, practice := w.System(w.Hospital), w.System(w.Practice)
	w.Specialist = w.practitioner(hospital, w.Hospital, "Vermeer")
	w.GP = w.practitioner(practice, w.Practice, "Huisman")
	w.Stranger = w.practitioner(practice, w.Practice, "Vreemd")
	w.A = w.person(hospital, practice, "123456782", "Anna")
	w.B = w.person(hospital, practice, "111222333", "Bram")
	w.Treats(hospital, w.Specialist, w.A.AtHospital)
	w.Treats(practice, w.GP, w.A.AtPractice)
}

func (w *World) practitioner(token, custodian, family string) fhir.Ref {
	p := w.Create(token, fmt.Sprintf(`{"resourceType":"Practitioner","active":true,"name":[{"family":%q}]}`, family))
	w.Create(token, fmt.Sprintf(`{"resourceType":"PractitionerRole","active":true,"practitioner":{"reference":%q},"organization":{"reference":"Organization/%s"}}`, p, custodian))
	return p
}

func (w *World) person(hospital, practice, bsn, given string) Person {
	patient := fmt.Sprintf(`{"resourceType":"Patient","active":true,"identifier":[{"system":%q,"value":%q}],"name":[{"family":"Jansen","given":[%q]}],"gender":"female","birthDate":"1980-02-01"}`, BSN, bsn, given)
	p := Person{BSN: bsn, AtHospital: w.Create(hospital, patient), AtPractice: w.Create(practice, patient)}
	p.Lab = w.Create(hospital, Observation(p.AtHospital, "2345-7", "Glucose", "5.40"))
	p.Psychiatry = w.Create(hospital, `{"resourceType":"Observation","meta":{"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"PSY"}]},"status":"final","code":{"coding":[{"system":"http://loinc.org","code":"44249-1"}],"text":"PHQ-9"},"subject":{"reference":"`+p.AtHospital.String()+`"},"effectiveDateTime":"2026-03-02","valueInteger":14}`)
	p.Reading = w.Create(practice, Observation(p.AtPractice, "8867-4", "Heart rate", "72"))
	return p
}

// Observation is a final Observation with a LOINC code about a patient.
func Observation(patient fhir.Ref, code, display, value string) string {
	return fmt.Sprintf(`{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":%q,"display":%q}]},"subject":{"reference":%q},"effectiveDateTime":"2026-03-01T10:00:00+01:00","valueQuantity":{"value":%s,"unit":"x"}}`, code, display, patient, value)
}

// Treats records a treatment relation: an active CareTeam that names the
// practitioner and the patient.
func (w *World) Treats(token string, practitioner, patient fhir.Ref) fhir.Ref {
	return w.Create(token, fmt.Sprintf(`{"resourceType":"CareTeam","status":"active","subject":{"reference":%q},"participant":[{"member":{"reference":%q}}]}`, patient, practitioner))
}

// Permit is a Consent of the patient: the organisation may treat with what
// others hold, except what is labelled as psychiatry.
func Permit(patient fhir.Ref, organization string) string {
	actor := fmt.Sprintf(`[{"role":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ParticipationType","code":"IRCP"}]},"reference":{"reference":"Organization/%s"}}]`, organization)
	return fmt.Sprintf(`{"resourceType":"Consent","status":"active","scope":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/consentscope","code":"patient-privacy"}]},"category":[{"coding":[{"system":"http://loinc.org","code":"59284-0"}]}],"patient":{"reference":%q},"dateTime":"2026-01-01","policyRule":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"OPTOUT"}]},"provision":{"type":"permit","purpose":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActReason","code":"TREAT"}],"actor":%s,"provision":[{"type":"deny","actor":%s,"securityLabel":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"PSY"}]}]}}`, patient, actor, actor)
}
