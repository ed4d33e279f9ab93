package cast_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"sluis/conformance/cast"
	"sluis/fhir"
)

// A check here is some fifty requests: fewer of them than rapid's own default,
// unless -rapid.checks says otherwise.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "15"); err != nil {
		panic(err) // rapid has that flag
	}
	os.Exit(m.Run())
}

type object = map[string]any

func coded(system, code string) object {
	return object{"coding": []any{object{"system": system, "code": code}}}
}

const (
	actCode      = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
	actReason    = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
	participants = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
	loinc        = "http://loinc.org"
)

// The words that consents and observations have in common, so that rules meet
// data.
var (
	someCodes  = []string{"8867-4", "2345-7", "44249-1"}
	someLabels = []string{"PSY", "HIV"}
)

// aRule draws the elements of one provision.
func aRule(t *rapid.T, at string, w *cast.World, patient fhir.Ref) object {
	rule := object{}
	some := func(element string, one func(label string) any) {
		if n := rapid.SampledFrom([]int{0, 0, 0, 0, 0, 1, 1, 2}).Draw(t, at+element); n > 0 {
			var list []any
			for i := range n {
				list = append(list, one(fmt.Sprintf("%s%s%d", at, element, i)))
			}
			rule[element] = list
		}
	}
	coding := func(system string, codes ...string) func(string) any {
		return func(label string) any {
			return object{"system": system, "code": rapid.SampledFrom(codes).Draw(t, label)}
		}
	}
	some("actor", func(label string) any {
		who := rapid.SampledFrom([]string{"Organization/" + w.Practice, "Organization/" + w.Hospital, w.GP.String(), w.Specialist.String(), w.Stranger.String()}).Draw(t, label)
		role := rapid.SampledFrom([]string{"IRCP", "IRCP", "IRCP", "PRCP", "CST", "AUT"}).Draw(t, label+"role")
		return object{"role": coded(participants, role), "reference": object{"reference": who}}
	})
	some("purpose", coding(actReason, "TREAT", "TREAT", "TREAT", "ETREAT", "HPAYMT", "HRESCH"))
	some("securityLabel", coding(actCode, someLabels...))
	some("class", coding("http://hl7.org/fhir/resource-types", "Observation", "Observation", "Condition"))
	some("code", func(label string) any { return coded(loinc, rapid.SampledFrom(someCodes).Draw(t, label)) })
	some("action", func(label string) any {
		return coded("http://terminology.hl7.org/CodeSystem/consentaction", rapid.SampledFrom([]string{"access", "disclose", "collect"}).Draw(t, label))
	})
	if period := rapid.SampledFrom([]object{nil, nil, nil, nil, nil, nil, {"end": "2020-12-31"}, {"start": "2020-01-01"}, {"start": "2990-01-01"}}).Draw(t, at+"period"); period != nil {
		rule["period"] = period
	}
	some("data", func(label string) any {
		meaning := rapid.SampledFrom([]string{"instance", "related", "dependents", "authoredby"}).Draw(t, label)
		reference := rapid.SampledFrom([]string{w.GP.String(), w.Specialist.String(), "Organization/" + w.Hospital}).Draw(t, label+"author")
		if meaning != "authoredby" {
			reference = fmt.Sprintf("Observation/%s-%d", patient.ID, rapid.IntRange(0, 2).Draw(t, label+"data"))
		}
		return object{"meaning": meaning, "reference": object{"reference": reference}}
	})
	if period := rapid.SampledFrom([]object{nil, nil, nil, nil, nil, nil, {"end": "2020-12-31"}, {"start": "2021"}}).Draw(t, at+"data period"); period != nil {
		rule["dataPeriod"] = period
	}
	return rule
}

// aConsent draws a Consent of the patient. Not every one can be enforced.
func aConsent(t *rapid.T, n int, w *cast.World, patient fhir.Ref) object {
	at := fmt.Sprintf("consent%d.", n)
	effects := rapid.SampledFrom([]string{"permit", "permit", "permit", "deny"})
	root := aRule(t, at, w, patient)
	if rapid.IntRange(0, 2).Draw(t, at+"typed") > 0 {
		root["type"] = effects.Draw(t, at+"type")
	}
	var nested []any
	for i := range rapid.IntRange(0, 2).Draw(t, at+"nested") {
		rule := aRule(t, fmt.Sprintf("%s%d.", at, i), w, patient)
		rule["type"] = effects.Draw(t, fmt.Sprintf("%s%d.type", at, i))
		nested = append(nested, rule)
	}
	if nested != nil {
		root["provision"] = nested
	}
	return object{
		"resourceType": "Consent", "status": rapid.SampledFrom([]string{"active", "active", "active", "active", "active", "inactive", "proposed"}).Draw(t, at+"status"),
		"scope":    coded("http://terminology.hl7.org/CodeSystem/consentscope", rapid.SampledFrom([]string{"patient-privacy", "patient-privacy", "patient-privacy", "patient-privacy", "research"}).Draw(t, at+"scope")),
		"category": []any{coded(loinc, "59284-0")}, "patient": object{"reference": patient.String()}, "dateTime": "2026-01-01",
		"policyRule": coded(actCode, rapid.SampledFrom([]string{"OPTIN", "OPTOUT"}).Draw(t, at+"policy")), "provision": root,
	}
}

// observations draws what a custodian holds about a patient, and the ids, which
// begin with the patient's.
func observations(t *rapid.T, at string, patient fhir.Ref) (bodies, ids []string) {
	for i := range rapid.IntRange(1, 5).Draw(t, at+"observations") {
		body := object{
			"resourceType": "Observation", "id": fmt.Sprintf("%s-%d", patient.ID, i), "status": "final",
			"subject": object{"reference": patient.String()},
			"code":    coded(loinc, rapid.SampledFrom(someCodes).Draw(t, fmt.Sprintf("%scode%d", at, i))),
		}
		if label := rapid.SampledFrom(append([]string{""}, someLabels...)).Draw(t, fmt.Sprintf("%slabel%d", at, i)); label != "" {
			body["meta"] = object{"security": []any{object{"system": actCode, "code": label}}}
		}
		name := func(element string) string { return fmt.Sprintf("%s%s%d", at, element, i) }
		if date := rapid.SampledFrom([]string{"", "2020-12-31", "2021", "2026-01-01T00:00:00+01:00"}).Draw(t, name("date")); date != "" {
			body["effectiveDateTime"] = date
		}
		if author := rapid.SampledFrom([]string{"", "Practitioner/gp", "Organization/hospital", "PractitionerRole/x"}).Draw(t, name("author")); author != "" {
			body["performer"] = []any{object{"reference": author}}
		}
		if i > 0 && rapid.Bool().Draw(t, name("derived")) {
			body["derivedFrom"] = []any{object{"reference": fmt.Sprintf("Observation/%s-%d", patient.ID, i-1)}}
		}
		bodies, ids = append(bodies, written(body)), append(ids, fmt.Sprintf("%s-%d", patient.ID, i))
	}
	return bodies, ids
}

func written(o object) string {
	body, err := json.Marshal(o)
	if err != nil {
		panic(err) // maps of strings: cannot be
	}
	return string(body)
}

// bsn makes a number that passes the 11-test.
func bsn(n int64) string {
	for digits := n; ; digits++ {
		text, sum := fmt.Sprintf("%08d", digits), int64(0)
		for i, c := range text {
			sum += int64(9-i) * int64(c-'0')
		}
		if sum%11 < 10 {
			return text + strconv.FormatInt(sum%11, 10)
		}
	}
}

// The law of the consent page, over HTTP: r ∈ Search(a, q) ⇔ Read(a, r), for
// random consents that the patient records, and for whoever is bound by them.
func TestL3_ListAndReadAgreeUnderRandomConsents(t *testing.T) {
	var persons atomic.Int64
	everywhere(t, func(t *testing.T, w *cast.World) {
		rapid.Check(t, func(t *rapid.T) {
			n := persons.Add(1)
			name, number := fmt.Sprintf("person%d", n), bsn(10_000_000+20*n)
			here, there := fhir.Ref{Type: "Patient", ID: name + "-here"}, fhir.Ref{Type: "Patient", ID: name + "-there"}
			near, ids := observations(t, "near.", here)
			far, farIDs := observations(t, "far.", there)
			ids = append(ids, farIDs...)
			if rapid.IntRange(0, 5).Draw(t, "related") > 0 {
				near, far = append(near, cast.Team(name+"-near", w.GP, here)), append(far, cast.Team(name+"-far", w.Specialist, there))
			}
			w.Place(w.Practice, append(near, cast.Patient(here, number, "Nina"))...)
			w.Place(w.Hospital, append(far, cast.Patient(there, number, "Nina"))...)
			app := w.Patient(cast.Person{AtPractice: here}, own)
			if rapid.Bool().Draw(t, "permits") { // so that many cases open something to take away
				w.Create(app, cast.Permit(here, rapid.SampledFrom([]string{w.Practice, w.Hospital}).Draw(t, "to")))
			}
			for i := range rapid.SampledFrom([]int{0, 0, 1, 1, 2, 3}).Draw(t, "consents") {
				r := w.Do(app, http.MethodPost, "/Consent", written(aConsent(t, i, w, here)))
				if r.Status != http.StatusCreated && r.Status != http.StatusUnprocessableEntity {
					t.Fatalf("consent: %d %s", r.Status, r.Body)
				}
			}
			path := "/Observation?_total=accurate&_count=3&patient=" + here.ID + "," + there.ID
			for who, token := range map[string]string{
				"the practitioner": w.Professional(w.GP, w.Practice, "user/*.rs"), "the specialist": w.Professional(w.Specialist, w.Hospital, "user/*.rs"),
				"the stranger": w.Professional(w.Stranger, w.Practice, "user/*.rs"), "the patient": app, "the practice's system": w.System(w.Practice),
			} {
				agree(t, w, who, token, path, ids)
			}
		})
	})
}

// agree compares the pages of a search with single reads.
func agree(t *rapid.T, w *cast.World, who, token, path string, ids []string) {
	listed, total := pages(t, w, token, path)
	var readable []string
	for _, id := range ids {
		switch r := w.Get(token, "/Observation/"+id); r.Status {
		case http.StatusOK:
			readable = append(readable, "Observation/"+id)
		case http.StatusNotFound:
		default:
			t.Fatalf("%s reads %s: %d %s", who, id, r.Status, r.Body)
		}
	}
	slices.Sort(listed)
	slices.Sort(readable)
	if !slices.Equal(listed, readable) || total != len(listed) {
		t.Fatalf("%s lists %v, total %d, and reads %v", who, listed, total, readable)
	}
}

// pages unites the pages of a search; its total is that of the first.
func pages(t *rapid.T, w *cast.World, token, path string) (refs []string, total int) {
	total = -1
	for ; path != ""; path = w.Get(token, path).Link("next") {
		r := w.Get(token, path)
		if r.Status != http.StatusOK {
			t.Fatalf("%s: %d %s", path, r.Status, r.Body)
		}
		refs = append(refs, r.Refs()...)
		if n, err := strconv.Atoi(r.Root().Get("total").Text()); err == nil && total < 0 {
			total = n
		}
	}
	return refs, total
}
