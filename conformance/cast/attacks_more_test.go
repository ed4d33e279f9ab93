package cast_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"sluis/conformance/cast"
	"sluis/fhir"
	"sluis/smart"
)

// More of attacks.md, on whole servers. Several probes share a World, because
// each costs a database.

// under puts an id into a body that has none.
func under(id, body string) string {
	kind, rest, _ := strings.Cut(body, ",")
	return kind + `,"id":"` + id + `",` + rest
}

// expect fails unless the answer has one of the statuses.
func expect(t *testing.T, what string, r cast.Response, statuses ...int) cast.Response {
	t.Helper()
	if !slices.Contains(statuses, r.Status) {
		t.Errorf("%s: status %d, want %v: %.300s", what, r.Status, statuses, r.Body)
	}
	return r
}

// practitionerLaunch is a token of the GP for patient A alone.
func practitionerLaunch(w *cast.World, scopes string) string {
	return w.Token(scopes, smart.Grant{User: w.GP, Organization: w.Practice, Patient: w.A.AtPractice, Purposes: []string{"TREAT"}})
}

// Section A, "If-None-Exist and conditional delete counts (0/1/many)".
func TestA_ConditionsCountOnlyWhatIsVisible(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		token, heart := w.Patient(w.A, own), cast.Observation(w.A.AtPractice, "8867-4", "Heart rate", "61")
		hidden := "_id=" + w.B.Reading.ID
		post := func(token, condition string) cast.Response {
			return w.Do(token, http.MethodPost, "/Observation", heart, "If-None-Exist", condition)
		}
		mine := post(token, hidden).Expect(http.StatusCreated).Ref()
		if again := post(token, "_id="+mine.ID).Expect(http.StatusOK); !strings.Contains(string(again.Body), mine.ID) {
			t.Errorf("one match was not handed back: %s", again.Body)
		}
		w.Create(token, heart)
		post(token, "code=8867-4").Expect(http.StatusPreconditionFailed)
		w.Do(token, http.MethodDelete, "/Observation?"+hidden, nil).Expect(http.StatusNoContent)
		w.Do(token, http.MethodPut, "/Observation?"+hidden, heart).Expect(http.StatusCreated)
		w.Get(w.Patient(w.B, own), "/"+w.B.Reading.String()).Expect(http.StatusOK)

		// A condition is a search: without that permission, or outside its filter, there is nothing to learn.
		expect(t, "a condition without the search permission", post(w.Patient(w.A, "patient/Observation.c"), "_id="+mine.ID), http.StatusForbidden)
		narrow := w.Patient(w.A, "patient/Observation.c patient/Observation.rs?code=2345-7")
		same(t, "a condition outside the filter of the search", post(narrow, "_id="+mine.ID), post(narrow, "_id="+absent))
		// Another custodian's Patient with the same BSN is no match for the practice.
		w.Do(w.System(w.Practice), http.MethodPost, "/Patient", `{"resourceType":"Patient"}`, "If-None-Exist", "_id="+w.A.AtHospital.ID).Expect(http.StatusCreated)
	})
}

// Section A, "upsert with a chosen id (existence, squatting)": If-None-Exist on
// another interaction than create turned an update into a create.
func TestA_IfNoneExistBelongsToACreate(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		token := w.Patient(w.A, own)
		for _, id := range []string{w.B.Reading.ID, absent, "of-my-choice"} {
			body := under(id, cast.Observation(w.A.AtPractice, "8867-4", "Heart rate", "60"))
			expect(t, "PUT "+id, w.Do(token, http.MethodPut, "/Observation/"+id, body, "If-None-Exist", "code=none-such"), http.StatusBadRequest)
			expect(t, "DELETE "+id, w.Do(token, http.MethodDelete, "/Observation/"+id, nil, "If-None-Exist", "code=8867-4"), http.StatusBadRequest)
			entry := fmt.Sprintf(`{"resourceType":"Bundle","type":"transaction","entry":[{"resource":%s,"request":{"method":"PUT","url":"Observation/%s","ifNoneExist":"code=none-such"}}]}`, body, id)
			expect(t, "in a transaction", w.Do(token, http.MethodPost, "", entry), http.StatusBadRequest)
		}
	})
}

// Section D, object level authorisation: a patient changes what a patient wrote,
// and nothing of the custodian's, also where that keeps what patients write; a
// custodian changes nothing of another's that it may see.
func TestD_NobodyChangesAnothersRecord(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		token := w.Patient(w.A, own)
		change := func(token string, ref fhir.Ref, about fhir.Ref) []cast.Response {
			body := under(ref.ID, cast.Observation(about, "8867-4", "Heart rate", "1"))
			return []cast.Response{w.Do(token, http.MethodPut, "/"+ref.String(), body), w.Do(token, http.MethodDelete, "/"+ref.String(), nil)}
		}
		never := change(token, fhir.Ref{Type: "Observation", ID: absent}, w.A.AtPractice)
		for i, r := range change(token, w.A.Reading, w.A.AtPractice) {
			same(t, "a patient and the practice's record", r, never[i])
		}
		w.Do(token, http.MethodPut, "/Observation?_id="+w.A.Reading.ID, cast.Observation(w.A.AtPractice, "8867-4", "x", "1")).Expect(http.StatusCreated)
		mine := w.Create(token, cast.Observation(w.A.AtPractice, "8867-4", "Heart rate", "60"))
		// The practice corrects it; it stays the patient's.
		w.Do(w.System(w.Practice), http.MethodPut, "/"+mine.String(), under(mine.ID, cast.Observation(w.A.AtPractice, "8867-4", "x", "2"))).Expect(http.StatusOK)
		for i, r := range change(token, mine, w.A.AtPractice) {
			expect(t, "a patient and the own entry", r, []int{http.StatusOK, http.StatusNoContent}[i])
		}
		directive := strings.Replace(cast.Permit(w.A.AtPractice, w.Hospital), "patient-privacy", "treatment", 1)
		recorded := w.Create(w.System(w.Practice), directive)
		expect(t, "a patient and a treatment directive", w.Do(token, http.MethodPut, "/"+recorded.String(), under(recorded.ID, directive)), http.StatusNotFound)

		w.Create(token, cast.Permit(w.A.AtPractice, w.Practice))
		gp := w.Professional(w.GP, w.Practice, "user/*.cruds")
		w.Get(gp, "/"+w.A.Lab.String()).Expect(http.StatusOK)
		for i, r := range change(gp, w.A.Lab, w.A.AtHospital) {
			same(t, "a visible record of another custodian", r, never[i])
		}
		w.Get(token, "/"+w.A.Lab.String()).Expect(http.StatusOK)
	})
}

// Attack 13: contained resources are judged with their container; and a subject
// that cannot be looked up does not vanish.
func TestA_13_ContainedAndUnknownSubjects(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		hospital, token := w.System(w.Hospital), w.Patient(w.A, own)
		within := func(about, contained fhir.Ref) string {
			return fmt.Sprintf(`{"resourceType":"Observation","contained":[{"resourceType":"Condition","id":"c","code":{"coding":[{"system":"http://loinc.org","code":"44249-1"}]},"subject":{"reference":%q}}],"status":"final","code":{"text":"x"},"subject":{"reference":%q},"extension":[{"url":"http://example.org/c","valueReference":{"reference":"#c"}}]}`, contained, about)
		}
		two := w.Create(hospital, within(w.A.AtHospital, w.B.AtHospital))
		w.Get(token, "/"+two.String()).Expect(http.StatusNotFound)
		expect(t, "a patient writes about another in a contained resource", w.Do(token, http.MethodPost, "/Observation", within(w.A.AtPractice, w.B.AtPractice)), http.StatusUnprocessableEntity)
		one := w.Create(hospital, within(w.A.AtHospital, w.A.AtHospital))
		w.Get(token, "/"+one.String()).Expect(http.StatusOK)
		// The code inside asks for the label PSY, which the consent denies.
		w.Create(token, cast.Permit(w.A.AtPractice, w.Practice))
		gp := w.Professional(w.GP, w.Practice, "user/*.rs")
		w.Get(gp, "/"+w.A.Lab.String()).Expect(http.StatusOK)
		w.Get(gp, "/"+one.String()).Expect(http.StatusNotFound)

		meeting := func(other string) cast.Response {
			return w.Do(hospital, http.MethodPost, "/Appointment", fmt.Sprintf(`{"resourceType":"Appointment","status":"booked","participant":[{"actor":{"reference":%q},"status":"accepted"},{"actor":%s,"status":"accepted"}]}`, w.A.AtHospital, other))
		}
		for _, other := range []string{
			`{"reference":"https://elsewhere.test/` + w.B.AtHospital.String() + `"}`, `{"reference":"HTTP://SLUIS.TEST:80/fhir/../fhir/patient/` + w.B.AtHospital.ID + `"}`,
			`{"reference":"urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"}`, `{"identifier":{"system":"` + cast.BSN + `","value":"` + w.B.BSN + `"}}`,
		} {
			expect(t, other, meeting(other), http.StatusUnprocessableEntity)
		}
		elsewhere := strings.Replace(within(w.A.AtHospital, w.B.AtHospital), `"`+w.B.AtHospital.String(), `"https://elsewhere.test/`+w.B.AtHospital.String(), 1)
		expect(t, "a contained resource about a URL", w.Do(hospital, http.MethodPost, "/Observation", elsewhere), http.StatusUnprocessableEntity)
		// The URL of a patient here is that patient.
		ours := strings.Replace(within(w.A.AtHospital, w.B.AtHospital), `"`+w.B.AtHospital.String(), `"`+cast.Base+"/"+w.B.AtHospital.String(), 1)
		for _, r := range []cast.Response{w.Do(hospital, http.MethodPost, "/Observation", ours), meeting(`{"reference":"` + cast.Base + "/" + w.B.AtHospital.String() + `"}`)} {
			w.Get(token, "/"+r.Ref().String()).Expect(http.StatusNotFound)
		}
		versioned := meeting(`{"reference":"` + w.B.AtHospital.String() + `/_history/1"}`).Ref()
		w.Get(token, "/"+versioned.String()).Expect(http.StatusNotFound)
		w.Get(token, "/"+meeting(`{"reference":"`+w.Specialist.String()+`"}`).Ref().String()).Expect(http.StatusOK)
	})
}

// smart.md, "Scopes": filters hold on includes, chains, totals and histories, and
// on writes before and after.
func TestA_GranularScopesHoldEverywhere(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		practice := w.System(w.Practice)
		heart := cast.Observation(w.A.AtPractice, "8867-4", "Heart rate", "60")
		weight := cast.Observation(w.A.AtPractice, "29463-7", "Weight", "70")
		other := w.Create(practice, weight)
		panel := w.Create(practice, strings.Replace(heart, `"status"`, fmt.Sprintf(`"hasMember":[{"reference":%q}],"status"`, other), 1))
		token := practitionerLaunch(w, "patient/Observation.cruds?code=8867-4")
		for _, path := range []string{"/Observation?_include=Observation:has-member", "/Observation?_revinclude=Observation:has-member", "/Observation/_history", "/_history", "/?_type=Observation"} {
			refs := w.Get(token, path).Refs()
			if slices.Contains(refs, other.String()) || !slices.Contains(refs, panel.String()) {
				t.Errorf("%s: %v", path, refs)
			}
		}
		for _, path := range []string{"/Observation?code=29463-7&_total=accurate", "/Observation?has-member.code=29463-7&_total=accurate", "/Observation?_summary=count&code=29463-7"} {
			if total := w.Get(token, path).Root().Get("total").Text(); total != "0" {
				t.Errorf("%s: total %s", path, total)
			}
		}
		hidden := w.Get(token, "/"+other.String()+"/_history").Expect(http.StatusNotFound)
		same(t, "a history outside the filter", hidden, w.Get(token, "/Observation/"+absent+"/_history"))
		expect(t, "created outside", w.Do(token, http.MethodPost, "/Observation", weight), http.StatusForbidden)
		expect(t, "changed out of it", w.Do(token, http.MethodPut, "/"+panel.String(), under(panel.ID, weight)), http.StatusForbidden)
		expect(t, "changed into it", w.Do(token, http.MethodPut, "/"+other.String(), under(other.ID, heart)), http.StatusNotFound)
		expect(t, "deleted outside", w.Do(token, http.MethodDelete, "/"+other.String(), nil), http.StatusNotFound)
		expect(t, "about another", w.Do(token, http.MethodPost, "/Observation", cast.Observation(w.B.AtPractice, "8867-4", "x", "1")), http.StatusUnprocessableEntity)
		// What it was before its code was changed is not told by what it is now.
		w.Do(practice, http.MethodPut, "/"+other.String(), under(other.ID, heart)).Expect(http.StatusOK)
		w.Get(token, "/"+other.String()).Expect(http.StatusOK)
		w.Get(token, "/"+other.String()+"/_history/1").Expect(http.StatusNotFound)
		if n := len(w.Get(token, "/"+other.String()+"/_history").Refs()); n != 1 {
			t.Errorf("%d versions", n)
		}
	})
}

// Section B: what was deleted is gone for those who could see it and never was
// for others; versions, times and orders of what is hidden are told by nothing.
func TestB_DeletedVersionsTimesAndOrders(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		hospital, token := w.System(w.Hospital), w.Patient(w.A, own)
		given := w.Create(token, cast.Permit(w.A.AtPractice, w.Practice))
		gp := w.Professional(w.GP, w.Practice, "user/*.cruds")
		w.Do(hospital, http.MethodDelete, "/"+w.A.Lab.String(), nil).Expect(http.StatusNoContent)
		paths := []string{"", "/_history", "/_history/1", "/_history/2"}
		for i, status := range []int{http.StatusGone, http.StatusOK, http.StatusOK, http.StatusGone} {
			expect(t, "deleted"+paths[i], w.Get(gp, "/"+w.A.Lab.String()+paths[i]), status)
		}
		body := strings.Replace(string(w.Get(token, "/"+given.String()).Body), `"status":"active"`, `"status":"inactive"`, 1)
		w.Do(token, http.MethodPut, "/"+given.String(), body).Expect(http.StatusOK)
		for _, ref := range []fhir.Ref{w.A.Lab, w.A.Psychiatry, w.B.Lab} {
			for _, p := range paths {
				same(t, ref.String()+p, w.Get(gp, "/"+ref.String()+p), w.Get(gp, "/Observation/"+absent+p))
			}
			for _, h := range [][]string{{"If-None-Match", `W/"1"`}, {"If-None-Match", "*"}, {"If-Modified-Since", "Fri, 01 Jan 2100 00:00:00 GMT"}, {"If-Match", `W/"7"`}} {
				put := func(id string) cast.Response {
					return w.Do(gp, http.MethodPut, "/Observation/"+id, under(id, cast.Observation(w.A.AtPractice, "1-8", "x", "1")), h...)
				}
				same(t, "a change if "+h[0], put(ref.ID), put(absent))
				same(t, "a read if "+h[0], w.Do(gp, http.MethodGet, "/"+ref.String(), nil, h...), w.Do(gp, http.MethodGet, "/Observation/"+absent, nil, h...))
			}
		}
		for _, q := range []string{"_lastUpdated=gt2000-01-01", "_sort=-_lastUpdated,code", "_sort=value-quantity&_count=1", "_total=accurate&_sort=date", "_lastUpdated=lt2100-01-01&_total=accurate"} {
			r := w.Get(gp, "/Observation?"+q)
			if refs := r.Refs(); !slices.Equal(refs, []string{w.A.Reading.String()}) || r.Link("next") != "" {
				t.Errorf("%s: %v, next %q", q, refs, r.Link("next"))
			}
		}
	})
}

// Attack 1 again: neither a condition, a transaction, a deletion nor an import
// that changes nothing lowers a label.
func TestA_01_LabelsStick(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		hospital := w.System(w.Hospital)
		plain := cast.Observation(w.A.AtHospital, "8867-4", "x", "3")
		labelled := func(when string) {
			t.Helper()
			if refs := w.Get(hospital, "/Observation?_security=PSY&_id="+w.A.Psychiatry.ID).Refs(); len(refs) != 1 {
				t.Errorf("%s the label is gone", when)
			}
		}
		w.Do(hospital, http.MethodPut, "/Observation?_id="+w.A.Psychiatry.ID, plain).Expect(http.StatusOK)
		labelled("after a conditional update")
		w.Do(hospital, http.MethodPost, "", fmt.Sprintf(`{"resourceType":"Bundle","type":"transaction","entry":[{"resource":%s,"request":{"method":"PUT","url":%q}}]}`, under(w.A.Psychiatry.ID, plain), w.A.Psychiatry)).Expect(http.StatusOK)
		labelled("after a transaction")
		for range 2 {
			w.Place(w.Hospital, under(w.A.Psychiatry.ID, plain))
		}
		labelled("after an import")
		w.Do(hospital, http.MethodDelete, "/"+w.A.Psychiatry.String(), nil).Expect(http.StatusNoContent)
		w.Place(w.Hospital, under(w.A.Psychiatry.ID, plain))
		labelled("after a deletion")
	})
}
