package portal

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"

	"github.com/go-chi/chi/v5"

	"sluis/fhir"
	"sluis/smart"
)

// formSystem is the identifier system of the forms by which consents were
// given: a form that is sent twice gives one.
const formSystem = "urn:sluis:portal:form"

var once = regexp.MustCompile(`^[A-Z2-7]{26}$`)

// give records a consent: treatment by one organisation, with or without what
// is labelled as psychiatry.
func (v *visit) give() error {
	form := v.r.PostForm
	organization, number := form.Get("organization"), form.Get("once")
	if _, known := v.Names[organization]; !known {
		return refusal{http.StatusBadRequest, "chooseOrganization"}
	}
	if !once.MatchString(number) {
		return refusal{http.StatusBadRequest, "badForm"}
	}
	all, err := v.agreements()
	if err != nil {
		return err
	}
	if permitted(all, organization, number) {
		return refusal{http.StatusConflict, "alreadyGiven"}
	}
	body, err := permit(v.caller.Grant, permission{
		organization: organization, exceptPsychiatry: form.Get("psychiatry") == "",
		date: v.Gate.Now().In(v.zone).Format("2006-01-02"), form: number,
	})
	if err != nil {
		return err
	}
	_, err = v.Gate.Write(v.r.Context(), v.caller, fhir.Interaction{
		Kind: fhir.Create, Type: "Consent", IfNoneExist: url.Values{"identifier": {formSystem + "|" + number}}.Encode(),
	}, body)
	return err
}

// permission is what the form says.
type permission struct {
	organization     string
	exceptPsychiatry bool
	date, form       string
}

// permit writes the Consent (R4 consent.html) of the form.
func permit(g smart.Grant, p permission) ([]byte, error) {
	type m = map[string]any
	patient := g.Patient // a representative's token names the patient
	if g.User.Type == "Patient" {
		patient = g.User
	}
	concept := func(system, code string) m { return m{"coding": []m{{"system": system, "code": code}}} }
	provision := m{
		"type":    "permit",
		"purpose": []m{{"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "TREAT"}},
		"actor": []m{{
			"role":      concept("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "IRCP"),
			"reference": m{"reference": "Organization/" + p.organization},
		}},
	}
	if p.exceptPsychiatry {
		provision["provision"] = []m{{
			"type":          "deny",
			"actor":         provision["actor"],
			"securityLabel": []m{{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "PSY"}},
		}}
	}
	return json.Marshal(m{
		"resourceType": "Consent", "status": "active",
		"identifier": []m{{"system": formSystem, "value": p.form}},
		"scope":      concept("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy"),
		"category":   []m{concept("http://loinc.org", "59284-0")},
		"patient":    m{"reference": patient.String()},
		"dateTime":   p.date,
		"performer":  []m{{"reference": g.User.String()}},
		"policyRule": concept("http://terminology.hl7.org/CodeSystem/v3-ActCode", "OPTOUT"),
		"provision":  provision,
	})
}

// withdraw sets a consent to inactive, if it is still the version that the
// patient was shown.
func (v *visit) withdraw() error {
	shown, err := strconv.ParseInt(v.r.PostForm.Get("version"), 10, 64)
	id := chi.URLParam(v.r, "id")
	if err != nil || shown < 1 || !fhir.IsID(id) {
		return refusal{http.StatusBadRequest, "badForm"}
	}
	current, err := v.Gate.Read(v.r.Context(), v.caller, fhir.Interaction{Kind: fhir.Read, Type: "Consent", ID: id})
	if err != nil {
		return err
	}
	doc, err := fhir.ParseDocument(current.Body)
	if err != nil {
		return err
	}
	status := doc.Root().Get("status")
	if status.Text() != "active" || current.Version != shown {
		return refusal{http.StatusConflict, "changed"}
	}
	start, end := status.Span()
	body := slices.Concat(current.Body[:start], []byte(`"inactive"`), current.Body[end:])
	update := fhir.Interaction{Kind: fhir.Update, Type: "Consent", ID: id, IfMatch: shown}
	_, err = v.Gate.Write(v.r.Context(), v.caller, update, body)
	return err
}
