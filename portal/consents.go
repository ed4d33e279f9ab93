package portal

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"sluis/fhir"
	"sluis/smart"
	"sluis/storage"
)

// agreement is one consent as the page shows it.
type agreement struct {
	ID, Version, Status, Date, Who, Except string
	Active                                 bool
}

// consents shows the patient's consents and the form to give one.
func (p *portal) consents(v *visit) error {
	page, err := v.find("Consent", url.Values{"_sort": {"-date"}, "_count": {"100"}})
	if err != nil {
		return err
	}
	var list []agreement
	for _, e := range page.Entries {
		if doc, err := fhir.ParseDocument(e.Resource.Body); err == nil {
			list = append(list, v.agreement(e, doc.Root()))
		}
	}
	v.show("consents", map[string]any{"Consents": list, "Holders": v.Names, "Form": v.formToken()})
	return nil
}

func (v *visit) agreement(e storage.Entry, n fhir.Node) agreement {
	a := agreement{ID: e.Resource.ID, Status: n.Get("status").Text(), Date: day(n.Get("dateTime").Text())}
	a.Active = a.Status == "active"
	for actor := range n.At("provision", "actor").All() {
		ref, _ := fhir.ParseRef(actor.At("reference", "reference").Text())
		a.Who = strings.TrimPrefix(a.Who+", "+v.holder(ref.ID), ", ")
	}
	for nested := range n.At("provision", "provision").All() {
		for label := range nested.Get("securityLabel").All() {
			a.Except = strings.TrimPrefix(a.Except+", "+label.Get("code").Text(), ", ")
		}
	}
	return a
}

// give records a consent: treatment by one organisation, with or without what
// is labelled as psychiatry.
func (p *portal) give(v *visit) error {
	holder := v.r.PostForm.Get("organization")
	if _, known := v.Names[holder]; !known {
		return fhir.NewError(fhir.Invalid, "value", v.words["chooseOrganization"])
	}
	body, err := permit(v.caller.Grant, holder, v.r.PostForm.Get("psychiatry") == "", v.Gate.Now().UTC().Format("2006-01-02"))
	if err != nil {
		return err
	}
	_, err = v.Gate.Write(v.r.Context(), v.caller, fhir.Interaction{Kind: fhir.Create, Type: "Consent"}, body)
	return err
}

// permit writes the Consent (R4 consent.html) of the form.
func permit(g smart.Grant, organization string, exceptPsychiatry bool, date string) ([]byte, error) {
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
			"reference": m{"reference": "Organization/" + organization},
		}},
	}
	if exceptPsychiatry {
		provision["provision"] = []m{{
			"type":          "deny",
			"actor":         provision["actor"],
			"securityLabel": []m{{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "PSY"}},
		}}
	}
	return json.Marshal(m{
		"resourceType": "Consent", "status": "active",
		"scope":      concept("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy"),
		"category":   []m{concept("http://loinc.org", "59284-0")},
		"patient":    m{"reference": patient.String()},
		"dateTime":   date,
		"performer":  []m{{"reference": g.User.String()}},
		"policyRule": concept("http://terminology.hl7.org/CodeSystem/v3-ActCode", "OPTOUT"),
		"provision":  provision,
	})
}

// withdraw sets a consent to inactive, if it is still the version shown.
func (p *portal) withdraw(v *visit) error {
	ref := fhir.Interaction{Kind: fhir.Read, Type: "Consent", ID: chi.URLParam(v.r, "id")}
	current, err := v.Gate.Read(v.r.Context(), v.caller, ref)
	if err != nil {
		return err
	}
	doc, err := fhir.ParseDocument(current.Body)
	if err != nil {
		return err
	}
	start, end := doc.Root().Get("status").Span()
	body := slices.Concat(current.Body[:start], []byte(`"inactive"`), current.Body[end:])
	update := fhir.Interaction{Kind: fhir.Update, Type: "Consent", ID: current.ID, IfMatch: current.Version}
	_, err = v.Gate.Write(v.r.Context(), v.caller, update, body)
	return err
}
