package conformance

import (
	"slices"
	"strings"
	"testing"
)

// leftOut is a second, independent list of the compartment parameters that do
// not make someone the subject: to move one, two files must agree.
var leftOut = strings.Fields(`
	AllergyIntolerance.asserter AllergyIntolerance.recorder Basic.author CarePlan.performer CareTeam.participant
	Claim.payee Communication.recipient Communication.sender CommunicationRequest.recipient
	CommunicationRequest.requester CommunicationRequest.sender Composition.attester Composition.author
	Condition.asserter Coverage.payor Coverage.policy-holder Coverage.subscriber DeviceRequest.performer
	DocumentManifest.author DocumentManifest.recipient DocumentReference.author ExplanationOfBenefit.payee
	Invoice.recipient List.source MedicationAdministration.performer MedicationDispense.receiver
	Observation.performer Patient.link Procedure.performer QuestionnaireResponse.author RequestGroup.participant
	ServiceRequest.performer`)

// TestSubjectTableJudgesEveryCompartmentParameter proves that each parameter of
// R4's Patient compartment is either a subject or left out with a reason, and
// prints those left out.
func TestSubjectTableJudgesEveryCompartmentParameter(t *testing.T) {
	judged := map[string]string{}
	for line := range lines("reviewed/subjects.txt") {
		f := strings.Split(line, "\t")
		id := f[0] + "." + f[2]
		if judged[id] != "" {
			t.Errorf("%s is judged twice", id)
		}
		judged[id] = f[1]
		if f[1] != "subject" && len(f[3]) < 5 {
			t.Errorf("%s is %s without a reason", id, f[1])
		}
		if f[1] == "left-out" {
			t.Logf("left out: %s: %s", id, f[3])
			if !slices.Contains(leftOut, id) {
				t.Errorf("%s is left out in the table alone", id)
			}
		}
	}
	for _, id := range leftOut {
		if judged[id] != "left-out" {
			t.Errorf("%s is %q in the table", id, judged[id])
		}
	}
	for _, name := range Types() {
		for _, code := range PatientCompartment(name) {
			if v := judged[name+"."+code]; v != "subject" && v != "left-out" {
				t.Errorf("%s.%s is not judged: %q", name, code, v)
			}
		}
	}
}

func TestEveryTypeHasAClass(t *testing.T) {
	for _, name := range Types() {
		inside, class := len(PatientCompartment(name)) > 0, Class(name)
		switch {
		case class != SubjectClass && class != DirectoryClass && class != UnownedClass:
			t.Errorf("%s has class %d", name, class)
		case inside != (class == SubjectClass):
			t.Errorf("%s: in the compartment: %v, class %d", name, inside, class)
		case class == SubjectClass && name != "Patient" && len(Subjects(name)) == 0:
			t.Errorf("%s has no subject: it could be seen by nobody", name)
		case class != SubjectClass && len(Subjects(name)) > 0:
			t.Errorf("%s is of class %d and has subjects", name, class)
		}
	}
	for _, none := range []string{"", "patient", "Resource", "HumanName"} {
		if Class(none) != 0 {
			t.Errorf("%q has class %d", none, Class(none))
		}
	}
}

func TestSubjectsCanBePatients(t *testing.T) {
	for _, name := range Types() {
		for _, p := range Subjects(name) {
			if !slices.Contains(p.Targets, "Patient") || !p.Searchable() {
				t.Errorf("%s.%s cannot point at a Patient: %v", name, p.Code, p.Targets)
			}
		}
	}
	if got := Subjects("Observation"); len(got) != 1 || got[0].Code != "subject" {
		t.Errorf("Observation: %v", got)
	}
}

func TestUnownedAreTheOnesReviewed(t *testing.T) {
	for _, name := range []string{"Binary", "Bundle", "Task", "Device", "Medication", "Parameters", "Subscription"} {
		if Class(name) != UnownedClass {
			t.Errorf("%s has class %d", name, Class(name))
		}
	}
	for _, name := range []string{"Practitioner", "Organization", "Location", "ValueSet", "MedicationKnowledge"} {
		if Class(name) != DirectoryClass {
			t.Errorf("%s has class %d", name, Class(name))
		}
	}
}

func TestMakesSubject(t *testing.T) {
	for name, want := range map[string]bool{
		"Observation.subject": true, "Observation.patient": true, "Consent.patient": true, "CareTeam.patient": true,
		"Observation.focus": false, "Observation.performer": false, "Patient.link": false, "Practitioner.name": false,
	} {
		base, code, _ := strings.Cut(name, ".")
		p, ok := Lookup(base, code)
		if !ok || p.MakesSubject() != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
}
