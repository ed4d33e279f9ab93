package cast_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sluis/conformance"
	"sluis/conformance/cast"
	"sluis/fhir"
	"sluis/smart"
)

// why asks $explain-access.
func why(w *cast.World, token string, question ...string) cast.Response {
	v := url.Values{}
	for i := 0; i+1 < len(question); i += 2 {
		v.Add(question[i], question[i+1])
	}
	return w.Get(token, "/$explain-access?"+v.Encode())
}

// decisionOf is what an explanation comes to.
func decisionOf(r cast.Response) string { return partOf(r.Root(), "decision").Get("valueCode").Text() }

// partOf is the first parameter of a name.
func partOf(n fhir.Node, name string) fhir.Node {
	for _, list := range []string{"parameter", "part"} {
		for p := range n.Get(list).All() {
			if p.Get("name").Text() == name {
				return p
			}
		}
	}
	return fhir.Node{}
}

// gateSteps lists the steps of an explanation as "gate effect rule consent".
func gateSteps(r cast.Response) (out []string) {
	for p := range r.Root().Get("parameter").All() {
		if p.Get("name").Text() == "gate" {
			out = append(out, strings.TrimSpace(strings.Join([]string{
				partOf(p, "name").Get("valueCode").Text(), partOf(p, "effect").Get("valueCode").Text(),
				partOf(p, "rule").Get("valueString").Text(), partOf(p, "consent").At("valueReference", "reference").Text(),
			}, " ")))
		}
	}
	return out
}

// consent.md, "Operations": who asks, what for, about which resource; the
// decision, the rule, the version of the consent, the strategy.
func TestExplain_SaysWhatDecided(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		patient := w.Patient(w.A, own)
		given := w.Create(patient, cast.Permit(w.A.AtPractice, w.Practice))
		version := given.String() + "/_history/1"
		gp := []string{"actor", w.GP.String(), "organization", "Organization/" + w.Practice}
		for _, tt := range []struct {
			what     string
			question []string
			decision string
			steps    []string
		}{
			{"another custodian's", append(gp, "resource", w.A.Lab.String()), "permit", []string{"holder no-grant", "relation permit", "consent permit  " + version}},
			{"a label that is denied", append(gp, "resource", w.A.Psychiatry.String()), "deny", []string{"relation permit", "consent deny  " + version, "consent deny provision.provision[0] " + version, "strategy deny deny-overrides"}},
			{"the own custodian's", append(gp, "resource", w.A.Reading.String()), "permit", []string{"holder permit", "implicit-policy permit https://profiles.ihe.net/ITI/PCF/Policy-basic-normal"}},
			{"of a purpose that no consent permits", append(gp, "resource", w.A.Lab.String(), "purpose", "HPAYMT"), "deny", []string{"floor deny HPAYMT"}},
			{"to change another custodian's", append(gp, "resource", w.A.Lab.String(), "action", "correct"), "deny", []string{"holder deny"}},
			{"to change the own custodian's", append(gp, "resource", w.A.Reading.String(), "action", "correct"), "permit", nil},
			{"by scopes that do not reach", append(gp, "resource", w.A.Lab.String(), "scope", "user/Patient.rs"), "deny", []string{"scope deny"}},
			{"by scopes that do", append(gp, "resource", w.A.Lab.String(), "scope", "user/Observation.r"), "permit", []string{"scope permit"}},
			{"all data of the patient", append(gp, "patient", w.A.AtPractice.String()), "partial", []string{"relation permit", "own-data partial https://profiles.ihe.net/ITI/PCF/Policy-basic-normal", "others-data partial"}},
			{"all data, by scopes of some types", append(gp, "patient", w.A.AtPractice.String(), "scope", "user/Observation.rs"), "partial", []string{"scope partial"}},
			{"all data, by scopes of none", append(gp, "patient", w.A.AtPractice.String(), "scope", "user/Observation.c"), "deny", []string{"scope deny"}},
			{"without a treatment relation", []string{"actor", w.Stranger.String(), "organization", "Organization/" + w.Practice, "resource", w.A.Lab.String()}, "deny", []string{"relation deny", "consent permit  " + version}},
			{"a custodian to whom nothing is granted", []string{"actor", w.Specialist.String(), "organization", "Organization/" + w.Hospital, "resource", w.A.Reading.String()}, "deny", []string{"consent no-grant  " + version}},
			{"a custodian's own system", []string{"actor", "Organization/" + w.Hospital, "resource", w.A.Psychiatry.String()}, "permit", []string{"implicit-policy permit https://profiles.ihe.net/ITI/PCF/Policy-basic-normal"}},
			{"a directory", append(gp, "resource", w.Specialist.String()), "permit", []string{"subject permit"}},
			{"the consent itself", append(gp, "resource", given.String()), "deny", []string{"kind deny"}},
		} {
			r := expect(t, tt.what, why(w, patient, tt.question...), http.StatusOK)
			if issues := conformance.Validate(document(t, r.Body)); len(issues) > 0 {
				t.Errorf("%s: not valid: %v", tt.what, issues)
			}
			if got := decisionOf(r); got != tt.decision {
				t.Errorf("%s: %s, want %s: %v", tt.what, got, tt.decision, gateSteps(r))
			}
			for _, step := range tt.steps {
				if steps := gateSteps(r); !slices.Contains(steps, step) {
					t.Errorf("%s: no %q in %q", tt.what, step, steps)
				}
			}
			if words := string(r.Body); !strings.Contains(words, w.GP.String()+" of Organization/") && strings.Contains(words, w.GP.String()) || !strings.Contains(words, " mag ") {
				t.Errorf("%s: no words in both languages: %s", tt.what, words)
			}
		}
		w.Do(patient, http.MethodPut, "/"+given.String(), under(given.ID, strings.Replace(cast.Permit(w.A.AtPractice, w.Practice), `"active"`, `"inactive"`, 1))).Expect(http.StatusOK)
		r := why(w, patient, append(gp, "resource", w.A.Lab.String())...)
		if decisionOf(r) != "deny" || !slices.Contains(gateSteps(r), "implicit-policy deny https://profiles.ihe.net/ITI/PCF/Policy-deny") {
			t.Errorf("after the withdrawal: %s", r.Body)
		}
	})
}

// The forms a question comes in, and the time it is about.
func TestExplain_QuestionsAndTimes(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		patient, practice := w.Patient(w.A, own), w.System(w.Practice)
		ends := strings.Replace(cast.Permit(w.A.AtPractice, w.Practice), `"provision":{"type":"permit"`, `"provision":{"type":"permit","period":{"end":"2990-01-01"}`, 1)
		w.Create(patient, ends)
		w.Do(practice, http.MethodPut, "/"+w.GP.String(), fmt.Sprintf(`{"resourceType":"Practitioner","id":%q,"identifier":[{"system":"http://example.org/big","value":"77"}]}`, w.GP.ID)).Expect(http.StatusOK)
		w.Do(practice, http.MethodPut, "/Organization/"+w.Practice, fmt.Sprintf(`{"resourceType":"Organization","id":%q,"name":"p","identifier":[{"system":"http://example.org/ura","value":"88"}]}`, w.Practice)).Expect(http.StatusOK)
		parameters := func(parts string) cast.Response {
			return w.Do(patient, http.MethodPost, "/$explain-access", `{"resourceType":"Parameters","parameter":[`+parts+`]}`)
		}
		lab := fmt.Sprintf(`{"name":"resource","valueReference":{"reference":%q}}`, w.A.Lab)
		for name, r := range map[string]cast.Response{
			"references":            parameters(lab + fmt.Sprintf(`,{"name":"actor","valueReference":{"reference":%q}},{"name":"organization","valueReference":{"reference":"Organization/%s"}}`, w.GP, w.Practice)),
			"a role":                parameters(lab + fmt.Sprintf(`,{"name":"actor","valueReference":{"reference":"PractitionerRole/gp-role"}},{"name":"organization","valueReference":{"reference":"Organization/%s"}}`, w.Practice)),
			"identifiers":           parameters(lab + `,{"name":"actor","valueIdentifier":{"system":"http://example.org/big","value":"77"}},{"name":"organization","valueReference":{"identifier":{"system":"http://example.org/ura","value":"88"}}}`),
			"identifiers in a URL":  why(w, patient, "actor", "http://example.org/big|77", "organization", "http://example.org/ura|88", "resource", w.A.Lab.String()),
			"a time within a grant": why(w, patient, "actor", w.GP.String(), "organization", "Organization/"+w.Practice, "resource", w.A.Lab.String(), "at", "2980-01-01T00:00:00Z"),
		} {
			want := "permit"
			if name == "a role" {
				want = "deny" // the team names the practitioner, and a role is no practitioner
			}
			if expect(t, name, r, http.StatusOK); decisionOf(r) != want {
				t.Errorf("%s: %s", name, r.Body)
			}
		}
		after := why(w, patient, "actor", w.GP.String(), "organization", "Organization/"+w.Practice, "resource", w.A.Lab.String(), "at", "2991-01-01T00:00:00Z")
		if decisionOf(after) != "deny" {
			t.Errorf("when the consent is over: %s", after.Body)
		}
		base := []string{"actor", w.GP.String(), "organization", "Organization/" + w.Practice}
		for name, bad := range map[string][]string{
			"nothing":              nil,
			"no organisation":      {"actor", w.GP.String(), "resource", w.A.Lab.String()},
			"no target":            base,
			"two targets":          append(base, "resource", w.A.Lab.String(), "patient", w.A.AtPractice.String()),
			"a version":            append(base, "resource", w.A.Lab.String()+"/_history/1"),
			"a past time":          append(base, "resource", w.A.Lab.String(), "at", "2020-01-01T00:00:00Z"),
			"a day":                append(base, "resource", w.A.Lab.String(), "at", "2990-01-01"),
			"an action":            append(base, "resource", w.A.Lab.String(), "action", "read"),
			"a purpose":            append(base, "resource", w.A.Lab.String(), "purpose", "TREAT ETREAT"),
			"a scope with filters": append(base, "resource", w.A.Lab.String(), "scope", "user/Observation.r?status=final"),
			"a patient as actor":   {"actor", w.B.AtPractice.String(), "organization", "Organization/" + w.Practice, "resource", w.A.Lab.String()},
			"two actors":           append(base, "actor", w.Stranger.String(), "resource", w.A.Lab.String()),
			"unknown":              append(base, "resource", w.A.Lab.String(), "nothing", "1"),
		} {
			expect(t, name, why(w, patient, bad...), http.StatusBadRequest)
		}
		expect(t, "an identifier of nobody", why(w, patient, "actor", "x|none", "organization", "Organization/"+w.Practice, "resource", w.A.Lab.String()), http.StatusUnprocessableEntity)
	})
}

// The explanation is the decision: $explain-access permits what the actor's own
// request reads, and no more, under random consents.
func TestExplain_AgreesWithReads(t *testing.T) {
	var persons atomic.Int64
	everywhere(t, func(t *testing.T, w *cast.World) {
		rapid.Check(t, func(t *rapid.T) {
			n := persons.Add(1)
			name, number := fmt.Sprintf("asked%d", n), bsn(20_000_000+20*n)
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
			for i := range rapid.IntRange(0, 3).Draw(t, "consents") {
				w.Do(app, http.MethodPost, "/Consent", written(aConsent(t, i, w, here)))
			}
			purpose := rapid.SampledFrom([]string{"TREAT", "TREAT", "ETREAT", "HPAYMT", "HRESCH"}).Draw(t, "purpose")
			for _, actor := range []struct {
				ref       fhir.Ref
				custodian string
			}{{w.GP, w.Practice}, {w.Specialist, w.Hospital}, {w.Stranger, w.Practice}, {fhir.Ref{}, w.Practice}} {
				g := smart.Grant{User: actor.ref, Organization: actor.custodian, Purposes: []string{purpose}}
				scopes, question := "user/*.rs", []string{"purpose", purpose, "organization", "Organization/" + actor.custodian}
				if actor.ref.IsZero() {
					scopes = "system/*.rs"
				} else {
					question = append(question, "actor", actor.ref.String())
				}
				explained(t, w, app, w.Token(scopes, g), question, here, ids)
			}
		})
	})
}

// explained compares explanations with reads, of each resource and of them all.
func explained(t *rapid.T, w *cast.World, app, token string, question []string, patient fhir.Ref, ids []string) {
	read := 0
	for _, id := range ids {
		r := why(w, app, append(question, "resource", "Observation/"+id)...)
		if r.Status != http.StatusOK {
			t.Fatalf("%v: %d %s", question, r.Status, r.Body)
		}
		seen := w.Get(token, "/Observation/"+id).Status == http.StatusOK
		if seen {
			read++
		}
		if permits := decisionOf(r) == "permit"; permits != seen {
			t.Fatalf("%v of %s: explained as %s, read: %v\n%q", question, id, decisionOf(r), seen, gateSteps(r))
		}
		if at := lastGate(r); at == "" {
			t.Fatalf("%v of %s: nothing decides: %q", question, id, gateSteps(r))
		}
	}
	switch all := decisionOf(why(w, app, append(question, "patient", patient.String())...)); {
	case all == "permit" && read < len(ids), all == "deny" && read > 0:
		t.Fatalf("%v of the patient: %s, and %d of %d are read", question, all, read, len(ids))
	}
}

// lastGate is a gate that agrees with the decision; of a refusal, one that
// refuses or that grants nothing.
func lastGate(r cast.Response) string {
	for _, s := range gateSteps(r) {
		effect := strings.Fields(s)[1]
		if decisionOf(r) == "permit" && effect == "permit" || decisionOf(r) == "deny" && (effect == "deny" || effect == "no-grant" && strings.HasPrefix(s, "strategy")) {
			return s
		}
	}
	return ""
}

// Section A and EHDS article 8: whoever works for a custodian learns of no
// restriction, and nobody of what is not there for him.
func TestA_ExplainIsNoOracle(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		w.Create(w.Patient(w.A, own), cast.Permit(w.A.AtPractice, w.Practice))
		of := func(target fhir.Ref) []string {
			return []string{"actor", w.GP.String(), "organization", "Organization/" + w.Practice, "resource", target.String()}
		}
		nobody := fhir.Ref{Type: "Observation", ID: absent}
		for name, token := range map[string]string{
			"a practitioner": w.Professional(w.GP, w.Practice, "user/*.cruds"), "a launch": practitionerLaunch(w, "patient/*.cruds"), "a custodian's system": w.System(w.Hospital),
			"a supervisor": w.Supervisor(), "a patient without a scope of consents": w.Patient(w.A, "patient/Observation.rs"),
			"a patient with a filtered one": w.Patient(w.A, "patient/Observation.rs patient/Consent.rs?status=active"),
			"an officer by a patient scope": w.Token("patient/*.rs", smart.Grant{User: w.GP, Organization: w.Practice, Patient: w.A.AtPractice, PrivacyOfficer: true}),
		} {
			denied := expect(t, name, why(w, token, of(w.A.Lab)...), http.StatusForbidden)
			for _, ref := range []fhir.Ref{w.A.Psychiatry, w.B.Lab, nobody} {
				same(t, name+" of "+ref.String(), denied, why(w, token, of(ref)...))
			}
		}
		for name, who := range map[string]string{"the other patient": w.Patient(w.B, own), "a patient": w.Patient(w.A, own)} {
			hidden, none := w.A.Lab, why(w, who, of(nobody)...)
			if name == "a patient" {
				hidden = w.B.Psychiatry
			}
			expect(t, name, none, http.StatusNotFound)
			same(t, name+" about another", why(w, who, of(hidden)...), none)
			about := func(p string) cast.Response {
				return why(w, who, "actor", w.GP.String(), "organization", "Organization/"+w.Practice, "patient", "Patient/"+p)
			}
			other := w.A.AtPractice.ID
			if name == "a patient" {
				other = w.B.AtPractice.ID
			}
			same(t, name+" about another person", expect(t, name, about(other), http.StatusNotFound), about(absent))
		}
		same(t, "an actor who is not there", mask(why(w, w.Patient(w.A, own), "actor", "Practitioner/"+absent, "organization", "Organization/"+w.Practice, "resource", w.A.Reading.String(), "at", "2999-01-01T00:00:00Z"), absent),
			mask(why(w, w.Patient(w.A, own), "actor", "Practitioner/"+w.Stranger.ID, "organization", "Organization/"+w.Practice, "resource", w.A.Reading.String(), "at", "2999-01-01T00:00:00Z"), w.Stranger.ID))
	})
}

// A privacy officer asks about what his token shows him, and of persons about
// anyone; not more.
func TestA_ExplainToOfficersAndRepresentatives(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		w.Create(w.Patient(w.A, own), cast.Permit(w.A.AtPractice, w.Practice))
		officer := w.Token("system/*.rs", smart.Grant{Organization: w.Hospital, PrivacyOfficer: true})
		ask := func(token, name string, target fhir.Ref) cast.Response {
			return why(w, token, "actor", w.GP.String(), "organization", "Organization/"+w.Practice, name, target.String())
		}
		if r := ask(officer, "resource", w.A.Psychiatry); decisionOf(r.Expect(http.StatusOK)) != "deny" {
			t.Errorf("an officer about the own custodian's: %s", r.Body)
		}
		same(t, "an officer about another custodian's", ask(officer, "resource", w.A.Reading), ask(officer, "resource", fhir.Ref{Type: "Observation", ID: absent}))
		narrow := w.Token("system/Consent.rs", smart.Grant{Organization: w.Hospital, PrivacyOfficer: true})
		expect(t, "an officer without the type's scope", ask(narrow, "resource", w.A.Lab), http.StatusForbidden)
		for _, p := range []fhir.Ref{w.A.AtPractice, w.A.AtHospital, w.B.AtPractice} {
			expect(t, "an officer about a person", ask(narrow, "patient", p), http.StatusOK)
		}
		expect(t, "an officer about nobody", ask(narrow, "patient", fhir.Ref{Type: "Patient", ID: absent}), http.StatusNotFound)

		parent := w.Create(w.System(w.Practice), fmt.Sprintf(`{"resourceType":"RelatedPerson","patient":{"reference":%q}}`, w.A.AtPractice))
		token := w.Token(own, smart.Grant{User: parent, Patient: w.A.AtPractice, Client: "app"})
		expect(t, "a representative", ask(token, "resource", w.A.Lab), http.StatusOK)
		same(t, "a representative about another", ask(token, "resource", w.B.Lab), ask(token, "resource", fhir.Ref{Type: "Observation", ID: absent}))
	})
}

// Every question is in the log of the person it is about, and a refused one of
// the person who was named.
func TestL6_ExplainIsRecorded(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		patient, officer := w.Patient(w.A, own), w.Token("system/*.rs", smart.Grant{Organization: w.Hospital, PrivacyOfficer: true, Client: "officer"})
		start := time.Now().UTC().Format(time.RFC3339Nano)
		lines := func() int {
			return len(w.Get(patient, "/AuditEvent?_count=100&action=E&date=ge"+url.QueryEscape(start)).Refs())
		}
		before := lines()
		question := []string{"actor", w.GP.String(), "organization", "Organization/" + w.Practice, "resource", w.A.Lab.String()}
		why(w, officer, question...).Expect(http.StatusOK)
		why(w, patient, question...).Expect(http.StatusOK)
		why(w, w.Patient(w.B, own), question...).Expect(http.StatusNotFound)
		if after := lines(); after != before+4 { // three, and the search before
			t.Errorf("%d lines, then %d", before, after)
		}
		if asked := queries(w, "$explain-access"); len(asked) == 0 {
			t.Error("what was asked is not in the log")
		}
	})
}
