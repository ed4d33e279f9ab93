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

// permitTo is cast.Permit for any actor.
func permitTo(patient fhir.Ref, actor string) string {
	return strings.ReplaceAll(cast.Permit(patient, "X"), "Organization/X", actor)
}

// Section A, "membership over-reach" and "effect at once": who belongs to whom
// counts when the group's own custodian says so, and ends with that, for every
// process that serves.
func TestS3_MembershipsEndAtOnceAndAreNotForged(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		practice, hospital, other := w.System(w.Practice), w.System(w.Hospital), w.Beside(t, w.Store)
		gp := w.Professional(w.GP, w.Practice, "user/*.rs")
		seen := func(when string, status int) {
			t.Helper()
			for _, process := range []*cast.World{w, other} {
				expect(t, when, process.Get(gp, "/"+w.A.Lab.String()), status)
				process.Get(practice, "/Organization") // both have fresh facts of the practice as well
			}
		}
		group := func(id string, member fhir.Ref) string {
			return fmt.Sprintf(`{"resourceType":"Group","id":%q,"type":"practitioner","actual":true,"member":[{"entity":{"reference":%q}}]}`, id, member)
		}
		role := func(organization fhir.Ref) string {
			return fmt.Sprintf(`{"resourceType":"PractitionerRole","practitioner":{"reference":%q},"organization":{"reference":%q}}`, w.GP, organization)
		}
		club := w.Create(practice, group("x", w.GP))
		w.Create(w.Patient(w.A, own), permitTo(w.A.AtPractice, club.String()))
		seen("a member", http.StatusOK)
		w.Do(practice, http.MethodPut, "/"+club.String(), group(club.ID, w.Stranger)).Expect(http.StatusOK)
		seen("a member who left", http.StatusNotFound)
		w.Do(practice, http.MethodPut, "/"+club.String(), group(club.ID, w.GP)).Expect(http.StatusOK)
		seen("a member who came back", http.StatusOK)
		w.Do(practice, http.MethodDelete, "/"+club.String(), nil).Expect(http.StatusNoContent)
		seen("a group that is gone", http.StatusNotFound)

		department := w.Create(practice, `{"resourceType":"Organization","name":"department"}`)
		w.Create(practice, role(department))
		w.Create(w.Patient(w.A, own), permitTo(w.A.AtPractice, department.String()))
		seen("a department", http.StatusOK)
		w.Do(practice, http.MethodDelete, "/"+department.String(), nil).Expect(http.StatusNoContent)
		seen("a department that is gone", http.StatusNotFound)

		ward := w.Create(hospital, `{"resourceType":"Organization","name":"ward"}`)
		w.Create(w.Patient(w.A, own), permitTo(w.A.AtPractice, ward.String()))
		w.Create(practice, role(ward))
		w.Create(practice, fmt.Sprintf(`{"resourceType":"Organization","name":"a part of it","partOf":{"reference":%q}}`, ward))
		w.Create(practice, strings.Replace(group("x", w.GP), `"type"`, fmt.Sprintf(`"managingEntity":{"reference":%q},"type"`, ward), 1))
		seen("a practice that puts its GP into the hospital's ward", http.StatusNotFound)
	})
}

// promises.md, M2: who represents a patient, in whose name, and until when.
func TestM2_RepresentativesAndTheirEnd(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		practice, other := w.System(w.Practice), w.Beside(t, w.Store)
		relative := func(id, more string) string {
			return fmt.Sprintf(`{"resourceType":"RelatedPerson","id":%q,"patient":{"reference":%q}%s}`, id, w.A.AtPractice, more)
		}
		parent := w.Create(practice, relative("x", ""))
		token := w.Token(own, smart.Grant{User: parent, Patient: w.A.AtPractice, Client: "app"})
		if refs := w.Get(token, "/Observation").Refs(); len(refs) != 3 {
			t.Fatalf("a representative sees %v", refs)
		}
		consent := cast.Permit(w.A.AtPractice, w.Practice)
		inName := func(of fhir.Ref) string {
			return strings.Replace(consent, `"dateTime"`, fmt.Sprintf(`"performer":[{"reference":%q}],"dateTime"`, of), 1)
		}
		expect(t, "a consent in the patient's name", w.Do(token, http.MethodPost, "/Consent", inName(w.A.AtPractice)), http.StatusUnprocessableEntity)
		given := w.Create(token, inName(parent))
		active := string(w.Get(token, "/"+given.String()).Body)
		inactive := strings.Replace(active, `"status":"active"`, `"status":"inactive"`, 1)
		patient := w.Patient(w.A, own)
		expect(t, "the patient withdraws it", w.Do(patient, http.MethodPut, "/"+given.String(), inactive), http.StatusOK)
		expect(t, "the patient gives it in the representative's name", w.Do(patient, http.MethodPut, "/"+given.String(), active), http.StatusUnprocessableEntity)

		// Neither a claim nor a request makes one a representative of somebody else.
		for _, g := range []smart.Grant{{User: parent, Patient: w.B.AtPractice}, {User: w.A.AtPractice, Patient: w.B.AtPractice}} {
			for _, scopes := range []string{own, "user/*.cruds"} {
				refs := w.Get(w.Token(scopes, g), "/Observation").Refs()
				if slices.Contains(refs, w.B.Reading.String()) || scopes == own && len(refs) > 0 {
					t.Errorf("%s with a claim for B and %s sees %v", g.User, scopes, refs)
				}
				if r := w.Get(w.Token(scopes, g), "/AuditEvent?patient="+w.B.AtPractice.ID); r.Status == http.StatusOK && len(r.Refs()) > 0 {
					t.Errorf("%s with a claim for B reads B's log", g.User)
				}
			}
		}
		for _, who := range []string{patient, token, w.Professional(w.GP, w.Practice, "user/*.cruds")} {
			expect(t, "a RelatedPerson from elsewhere", w.Do(who, http.MethodPost, "/RelatedPerson", strings.Replace(relative("x", ""), w.A.AtPractice.ID, w.B.AtPractice.ID, 1)), http.StatusForbidden)
			expect(t, "a Patient with B's number", w.Do(who, http.MethodPost, "/Patient", cast.Patient(fhir.Ref{Type: "Patient", ID: "x"}, w.B.BSN, "Eve")), http.StatusForbidden)
		}
		for _, end := range []string{`,"active":false`, `,"period":{"end":"2020-01-01"}`, `,"period":{"_end":{"extension":[{"url":"http://example.org/x","valueCode":"x"}]}}`} {
			w.Do(practice, http.MethodPut, "/"+parent.String(), relative(parent.ID, "")).Expect(http.StatusOK)
			for _, process := range []*cast.World{w, other} {
				process.Get(token, "/"+w.A.Lab.String()).Expect(http.StatusOK)
			}
			w.Do(practice, http.MethodPut, "/"+parent.String(), relative(parent.ID, end)).Expect(http.StatusOK)
			for _, process := range []*cast.World{w, other} {
				process.Get(token, "/"+w.A.Lab.String()).Expect(http.StatusNotFound)
				expect(t, "over: "+end, process.Do(token, http.MethodPut, "/"+given.String(), inactive), http.StatusNotFound)
			}
		}
	})
}

// Section A, "who may create a Consent; backdating", and consent.md, traps 4 and
// 5: periods that cannot be read permit nothing, and a consent stays with its
// patient.
func TestA_ConsentsWithTricks(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		token, b := w.Patient(w.A, own), w.Patient(w.B, own)
		gp := w.Professional(w.GP, w.Practice, "user/*.rs")
		given := w.Create(token, permitTo(w.A.AtHospital, "Organization/nobody")) // about the other Patient of the same person
		as := func(status, patient string) string {
			return under(given.ID, strings.Replace(strings.Replace(cast.Permit(w.A.AtPractice, w.Practice), w.A.AtPractice.ID, patient, 1), `"active"`, `"`+status+`"`, 1))
		}
		put := func(token, body string) cast.Response {
			return w.Do(token, http.MethodPut, "/"+given.String(), body)
		}
		same(t, "moved to B, and to nobody", mask(put(token, as("active", w.B.AtPractice.ID)), w.B.AtPractice.ID), mask(put(token, as("active", absent)), absent))
		expect(t, "moved to B", put(token, as("active", w.B.AtPractice.ID)), http.StatusUnprocessableEntity)
		expect(t, "B takes it", put(b, as("active", w.B.AtPractice.ID)), http.StatusNotFound)
		expect(t, "B withdraws it", put(b, as("inactive", w.A.AtPractice.ID)), http.StatusNotFound, http.StatusUnprocessableEntity)
		for _, who := range []string{gp, w.System(w.Practice), w.Professional(w.GP, w.Practice, "user/*.cruds")} {
			if r := put(who, as("inactive", w.A.AtPractice.ID)); r.Status < 400 {
				t.Errorf("somebody else withdrew it: %d", r.Status)
			}
		}
		w.Get(gp, "/"+w.A.Lab.String()).Expect(http.StatusNotFound)

		period := func(p string) string {
			return strings.Replace(as("active", w.A.AtPractice.ID), `"provision":{"type":"permit"`, `"provision":{"period":`+p+`,"type":"permit"`, 1)
		}
		for p, permits := range map[string]bool{
			`{"start":"2020"}`: true, `{"end":"2100-02"}`: true, `{"start":"2020-01-01T00:00:00+14:00","end":"9999-12-31"}`: true, `{"end":"0001-01-01"}`: false,
			`{"start":"2100-01-01"}`: false, `{"end":"2020-12-31T23:59:60Z"}`: false, `{"start":"2020","_end":{"extension":[{"url":"http://example.org/x","valueCode":"x"}]}}`: false,
			`{"start":"2099","end":"2020"}`: false, `{"end":"1999-12-31T23:59:59-12:00"}`: false, `{"start":"2016-12-31T23:59:60Z"}`: false,
		} {
			r := put(token, period(p))
			if r.Status >= 400 && r.Status < 500 {
				r = put(token, as("inactive", w.A.AtPractice.ID)) // refused is as good as a denial
			}
			expect(t, p, r, http.StatusOK)
			if seen := w.Get(gp, "/"+w.A.Lab.String()).Status == http.StatusOK; seen != permits {
				t.Errorf("%s permits: %v", p, seen)
			}
		}
		put(token, as("active", w.A.AtPractice.ID)).Expect(http.StatusOK)
		w.Get(gp, "/"+w.A.Lab.String()).Expect(http.StatusOK)
		backdated := strings.Replace(as("inactive", w.A.AtPractice.ID), `"dateTime":"2026-01-01"`, `"dateTime":"2100-01-01"`, 1)
		put(token, backdated).Expect(http.StatusOK)
		w.Get(gp, "/"+w.A.Lab.String()).Expect(http.StatusNotFound)
	})
}

// mask hides an id that a request named itself.
func mask(r cast.Response, id string) cast.Response {
	r.Body = []byte(strings.ReplaceAll(string(r.Body), id, "ID"))
	return r
}

// S7, and DESIGN "who sees the gates themselves": officers have their own right
// and no other, by no way in.
func TestS7_OfficersStayWithinTheirRight(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		given := w.Create(w.Patient(w.A, own), cast.Permit(w.A.AtPractice, w.Practice))
		wide := "system/*.cruds"
		supervisor := w.Token(wide, smart.Grant{Organization: w.Practice, Supervisor: true})
		officer := w.Token("user/*.cruds", smart.Grant{User: w.Stranger, Organization: w.Practice, PrivacyOfficer: true, Purposes: []string{"TREAT"}})
		heart := cast.Observation(w.A.AtPractice, "8867-4", "x", "1")
		for _, path := range []string{"/" + given.String(), "/Consent", "/" + w.A.Reading.String(), "/Observation/_history", "/_history", "/?_type=Observation"} {
			expect(t, "a supervisor: "+path, w.Get(supervisor, path), http.StatusForbidden)
		}
		batch := fmt.Sprintf(`{"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"GET","url":%q}},{"request":{"method":"GET","url":"Patient"}},{"resource":%s,"request":{"method":"POST","url":"Observation"}}]}`, given, heart)
		for e := range w.Do(supervisor, http.MethodPost, "", batch).Expect(http.StatusOK).Root().Get("entry").All() {
			if s := e.At("response", "status").Text(); s != "403" {
				t.Errorf("a supervisor's batch: %s", s)
			}
		}
		w.Get(officer, "/"+given.String()).Expect(http.StatusOK)
		if refs := w.Get(officer, "/?_type=Consent,Observation,Patient").Refs(); !slices.Equal(refs, []string{given.String()}) {
			t.Errorf("a privacy officer sees %v", refs)
		}
		if refs := w.Get(officer, "/Consent?_include=Consent:patient").Refs(); !slices.Equal(refs, []string{given.String()}) {
			t.Errorf("a privacy officer's include shows %v", refs)
		}
		expect(t, "an officer withdraws", w.Do(officer, http.MethodPut, "/"+given.String(), under(given.ID, strings.Replace(cast.Permit(w.A.AtPractice, w.Practice), `"active"`, `"inactive"`, 1))), http.StatusForbidden)
		for name, who := range map[string]string{"backend": w.System(w.Practice), "GP": w.Professional(w.GP, w.Practice, "user/*.cruds"), "launch": practitionerLaunch(w, "patient/*.cruds")} {
			expect(t, name+" searches the log", w.Get(who, "/AuditEvent"), http.StatusForbidden)
			expect(t, name+" reads the log", w.Get(who, "/AuditEvent/"+absent), http.StatusForbidden)
		}
		id, _ := strings.CutPrefix(w.Get(w.Patient(w.A, own), "/AuditEvent").Refs()[0], "AuditEvent/")
		w.Get(w.Patient(w.A, own), "/AuditEvent/"+id).Expect(http.StatusOK)
		same(t, "another patient's record", w.Get(w.Patient(w.B, own), "/AuditEvent/"+id), w.Get(w.Patient(w.B, own), "/AuditEvent/"+absent))
		expect(t, "a filtered scope", w.Get(w.Patient(w.A, "patient/AuditEvent.rs?action=R"), "/AuditEvent"), http.StatusForbidden)
	})
}
