package smart

import (
	"time"

	"sluis/fhir"
)

// Grant is what a verified token says.
type Grant struct {
	JTI          string
	Client       string
	Scopes       Scopes
	User         fhir.Ref // fhirUser; zero for a backend
	Organization string   // id of the custodian's Organization; none for a patient's own token, required for all others
	Patient      fhir.Ref // launch context: narrows, never widens
	Purposes     []string // v3-ActReason codes; TREAT when the token names none and a practitioner asks
	Role         string   // role code of the user, for the record
	Responsible  fhir.Ref // the person behind a mandate
	ACR          string
	Expires      time.Time // UTC, whole seconds: what a token can carry

	ChooseIDs      bool // may create by PUT; backends only
	PrivacyOfficer bool // sees consents and records of anyone
	Supervisor     bool // sees records of anyone, nothing else
}

// OwnToken reports whether the token is a patient's own or a representative's.
func (g Grant) OwnToken() bool { return g.User.Type == "Patient" || g.User.Type == "RelatedPerson" }

// patient is whom the patient/ scopes speak of: the patient in context, or
// else the patient whose own token it is.
func (g Grant) patient() (fhir.Ref, bool) {
	switch {
	case !g.Patient.IsZero():
		return g.Patient, true
	case g.User.Type == "Patient":
		return g.User, true
	}
	return fhir.Ref{}, false
}

// contradiction names what is impossible in a grant, or is "". Mint makes no
// token with one and Verify accepts none, whoever signed it.
func (g Grant) contradiction() string {
	system, user, patient := g.Scopes.has(SystemLevel), g.Scopes.has(UserLevel), g.Scopes.has(PatientLevel)
	_, inContext := g.patient()
	switch {
	case g.JTI == "" || g.Client == "":
		return "jti and client_id are required"
	case !g.User.IsZero() && !isUser(g.User):
		return "fhirUser must be Patient, RelatedPerson, Practitioner or PractitionerRole"
	case !g.Patient.IsZero() && !isPlain(g.Patient, "Patient"):
		return "patient must be the id of a Patient"
	case g.OwnToken() && g.Organization != "":
		return "a patient's own token has no organization"
	case !g.OwnToken() && !fhir.IsID(g.Organization):
		return "a token that is not a patient's own needs an organization"
	case patient && !inContext:
		return "patient/ scopes need a patient in context"
	case (patient || user) && g.User.IsZero():
		return "patient/ and user/ scopes need a fhirUser"
	case system && (patient || user || !g.User.IsZero() || !g.Patient.IsZero()):
		return "system/ scopes stand alone: no other level, no fhirUser, no patient"
	}
	return g.rightsContradiction()
}

func (g Grant) rightsContradiction() string {
	switch {
	case g.ChooseIDs && !g.User.IsZero():
		return "choose_ids is for backends only"
	case g.OwnToken() && (g.PrivacyOfficer || g.Supervisor):
		return "privacy_officer and supervisor are not for patients"
	case g.Supervisor && (g.PrivacyOfficer || g.ChooseIDs):
		return "a supervisor has no other right"
	}
	return ""
}

func isUser(r fhir.Ref) bool {
	switch r.Type {
	case "Patient", "RelatedPerson", "Practitioner", "PractitionerRole":
		return isPlain(r, r.Type)
	}
	return false
}

// isPlain reports whether r is a reference to that type, without a version.
func isPlain(r fhir.Ref, resourceType string) bool {
	return r.Type == resourceType && fhir.IsID(r.ID) && r.Version == 0
}
