package noninterference

import (
	"fmt"

	"sluis/conformance/cast"
	"sluis/fhir"
	"sluis/smart"
)

// Nora is the patient of every scene, Otto, Pia and Quinten are others. All BSNs
// pass the 11-test.
const (
	noraBSN, ottoBSN, piaBSN, quintenBSN = "999990019", "999990020", "999990032", "999990044"

	hospital, practice = "hospital", "practice"
)

var (
	nora     = fhir.Ref{Type: "Patient", ID: "nora-practice-patient"}
	gp       = fhir.Ref{Type: "Practitioner", ID: "gp"}
	stranger = fhir.Ref{Type: "Practitioner", ID: "stranger"}
)

// app is the patient's own app.
func app(name, scopes string) viewer {
	return viewer{name, scopes, smart.Grant{User: nora, Patient: nora, Client: "app"}}
}

// professional is a practitioner of the practice.
func professional(name string, user fhir.Ref, scopes string) viewer {
	return viewer{name, scopes, smart.Grant{User: user, Organization: practice, Purposes: []string{"TREAT"}, Role: "01.015", Client: "epd-desktop"}}
}

// record is a patient and a chart about her.
func record(name, bsn, towards string, f flavour) []string {
	return append([]string{patientRecord(name+"-patient", bsn, f)}, chart(name, towards, f)...)
}

var scenes = []scene{
	{"patients", []viewer{
		app("the patient's app", "patient/*.cruds"),
		{"a representative", "patient/*.rs", smart.Grant{User: fhir.Ref{Type: "RelatedPerson", ID: "nora-practice-relative"}, Patient: nora, Client: "app"}},
		{"a practitioner's launch for the patient", "patient/*.cruds", smart.Grant{User: gp, Patient: nora, Organization: practice, Purposes: []string{"TREAT"}, Client: "launched"}},
	}, otherPatients, 45},
	{"custodians", []viewer{
		professional("a practitioner with a relation and no consent", gp, "user/*.cruds"),
		professional("a practitioner without a relation", stranger, "user/*.cruds"),
	}, otherCustodians, 45},
	{"scopes", []viewer{
		app("an app for laboratory results", laboratory("patient", "rs")+" patient/Observation.c patient/Patient.rs"),
		app("an app that changes laboratory results", laboratory("patient", "cruds")),
		professional("a practitioner for laboratory results", gp, laboratory("user", "cruds")+" user/Patient.rs"),
	}, otherCategories, 80},
	{"backends", []viewer{
		{"the practice's own system", "system/*.cruds", smart.Grant{Organization: practice, Purposes: []string{"TREAT"}, Client: "practice-epd"}},
	}, otherHolders, 45},
}

func laboratory(level, permissions string) string {
	return fmt.Sprintf("%s/Observation.%s?category=%s|laboratory", level, permissions, categories)
}

// otherPatients hides everyone but Nora: Otto, known to both custodians or to
// none; Pia, whom the practitioner treats as well; Quinten, with whom Nora shares
// an appointment.
func otherPatients(s *stage) {
	f := anyFlavour(s.rng)
	s.hide(hospital, true, func(f flavour) []string { return record("otto-hospital", ottoBSN, "nora-hospital", f) })
	s.both(practice, append(record("nora-practice", noraBSN, "otto-practice", f), cast.Team("nora-team", gp, nora))...)
	s.hide(practice, true, func(f flavour) []string { return record("otto-practice", ottoBSN, "nora-practice", f) })
	s.both(hospital, record("nora-hospital", noraBSN, "otto-hospital", f)...)
	s.hide(practice, true, func(f flavour) []string {
		return append(record("pia-practice", piaBSN, "nora-practice", f), cast.Team("pia-team", gp, fhir.Ref{Type: "Patient", ID: "pia-practice-patient"}))
	})
	s.differ(practice, record("quinten-practice", quintenBSN, "nora-practice", anyFlavour(s.rng)), record("quinten-practice", quintenBSN, "nora-practice", anyFlavour(s.rng)))
	s.differ(practice, []string{shared("one")}, []string{shared("other")})
	s.both(practice, record("nora-practice", noraBSN, "pia-practice", anyFlavour(s.rng))[:6]...)
	s.consents("quinten-practice-patient")
	s.looks(practice, "/Observation?patient=quinten-practice-patient")
	s.looks(hospital, "/Patient?identifier="+ottoBSN)
}

// shared is an appointment of two patients, which neither of them sees.
func shared(text string) string {
	actor := func(id string) object { return object{"actor": ref("Patient/" + id), "status": "accepted"} }
	return resource("Appointment", "shared-appointment", object{
		"status": "booked", "description": text, "participant": list{actor(nora.ID), actor("quinten-practice-patient")},
	})
}

// otherCustodians hides what the hospital holds and what Nora denies the
// practitioner to look at, and Otto, who has no relation with anyone.
func otherCustodians(s *stage) {
	f := anyFlavour(s.rng)
	own := func(f flavour) []string { return record("nora-practice", noraBSN, "nora-hospital", f) }
	s.hide(hospital, true, func(f flavour) []string { return record("nora-hospital", noraBSN, "nora-practice", f) })
	s.both(practice, append(except(own(f), "survey"), cast.Team("nora-team", gp, nora))...)
	s.hide(practice, true, func(f flavour) []string { return record("otto-practice", ottoBSN, "nora-practice", f) })
	for _, w := range s.worlds {
		w.Create(w.Token("patient/*.cruds", smart.Grant{User: nora, Patient: nora}), noLooking)
	}
	s.hide(practice, false, func(f flavour) []string { return only(own(f), "survey") })
	s.both(practice, own(anyFlavour(s.rng))[1:4]...)
	s.consents(nora.ID)
	s.looks(hospital, "/Patient?identifier="+noraBSN)
}

// noLooking is a consent that denies the practice access, and nothing but access,
// to what is labelled as psychiatry.
var noLooking = resource("Consent", "ignored", object{
	"status": "active", "scope": concept("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy"),
	"category": list{concept("http://loinc.org", "59284-0")}, "patient": ref(nora.String()), "dateTime": "2026-01-01",
	"policyRule": concept(actCode, "OPTIN"),
	"provision": object{
		"type":          "deny",
		"actor":         list{object{"role": concept("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "IRCP"), "reference": ref("Organization/" + practice)}},
		"action":        list{concept("http://terminology.hl7.org/CodeSystem/consentaction", "access")},
		"securityLabel": list{object{"system": actCode, "code": "PSY"}},
	},
})

// otherCategories hides everything but laboratory results and demographics. The
// first version of one result is of another category, and hidden.
func otherCategories(s *stage) {
	f := anyFlavour(s.rng)
	at := func(f flavour) []string { return record("nora-practice", noraBSN, "nora-hospital", f) }
	seen := []string{"patient", "lab", "lab2"}
	s.both(practice, append(only(at(f), "patient"), cast.Team("nora-team", gp, nora))...)
	s.hide(practice, false, func(f flavour) []string { return except(at(f), seen...) })
	s.differ(practice, turned("vital-signs", anyFlavour(s.rng)), turned("survey", anyFlavour(s.rng)))
	s.both(practice, only(at(f), seen...)...)
	s.both(hospital, patientRecord("nora-hospital-patient", noraBSN, f))
	s.hide(hospital, false, func(f flavour) []string { return except(chart("nora-hospital", "nora-practice", f), seen...) })
	s.both(hospital, only(chart("nora-hospital", "nora-practice", f), seen...)...)
	s.both(practice, turned("laboratory", f)...)
	s.hide(practice, true, func(f flavour) []string { return record("otto-practice", ottoBSN, "nora-practice", f) })
	s.consents(nora.ID)
}

func turned(category string, f flavour) []string {
	return []string{resource("Observation", "nora-practice-turned", object{
		"status": "final", "category": list{concept(categories, category)}, "code": f.loinc(0), "subject": ref(nora.String()), "valueString": f.word,
	})}
}

// otherHolders hides what the hospital holds from the practice's own system.
func otherHolders(s *stage) {
	f := anyFlavour(s.rng)
	s.hide(hospital, true, func(f flavour) []string { return record("nora-hospital", noraBSN, "nora-practice", f) })
	s.both(practice, append(record("nora-practice", noraBSN, "nora-hospital", f), cast.Team("nora-team", gp, nora))...)
	s.hide(hospital, true, func(f flavour) []string { return record("otto-hospital", ottoBSN, "nora-practice", f) })
	s.both(practice, record("pia-practice", piaBSN, "otto-hospital", anyFlavour(s.rng))...)
	s.both(practice, record("nora-practice", noraBSN, "nora-hospital", anyFlavour(s.rng))[1:5]...)
	s.consents(nora.ID)
}
