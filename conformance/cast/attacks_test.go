package cast_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"sluis/conformance/cast"
	"sluis/smart"
)

// In every test the attacker holds a valid token: of patient A, or of a
// practitioner without a relation. The victim is patient B.

const own = "patient/*.cruds"

// same fails unless two answers are equal in status and bytes.
func same(t *testing.T, what string, a, b cast.Response) {
	t.Helper()
	if a.Status != b.Status || string(a.Body) != string(b.Body) {
		t.Errorf("%s can be told apart:\n%d %s\n%d %s", what, a.Status, a.Body, b.Status, b.Body)
	}
}

const absent = "aaaaaaaaaaaaaaaaaaaaaaaaaa"

func TestA_DirectAccessToAnotherPatient(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		token := w.Patient(w.A, own)
		for _, ref := range []string{w.B.AtHospital.String(), w.B.Lab.String(), w.B.Psychiatry.String()} {
			kind, _, _ := strings.Cut(ref, "/")
			for _, suffix := range []string{"", "/_history", "/_history/1"} {
				hidden := w.Get(token, "/"+ref+suffix).Expect(http.StatusNotFound)
				same(t, ref+suffix, hidden, w.Get(token, "/"+kind+"/"+absent+suffix))
			}
			head := w.Do(token, http.MethodHead, "/"+ref, nil)
			same(t, "HEAD", head, w.Do(token, http.MethodHead, "/"+kind+"/"+absent, nil))
			conditional := w.Do(token, http.MethodGet, "/"+ref, nil, "If-None-Match", `W/"1"`)
			same(t, "conditional read", conditional, w.Do(token, http.MethodGet, "/"+kind+"/"+absent, nil, "If-None-Match", `W/"1"`))
		}
	})
}

func TestA_SearchesNeverReachAnotherPatient(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		token := w.Patient(w.A, own)
		b := w.B.AtHospital
		for _, path := range []string{
			"/Patient?_id=" + b.ID, "/Observation?patient=" + b.ID, "/Observation?subject=Patient/" + b.ID,
			"/Patient?given=Bram", "/Patient?identifier=" + cast.BSN + "|" + w.B.BSN,
			"/Observation?subject:Patient.given=Bram", "/Observation?patient.identifier=" + cast.BSN + "|" + w.B.BSN,
			"/Observation?_id=" + w.B.Lab.ID, "/Observation?code:not=8867-4&patient=" + b.ID,
			"/Observation?patient:missing=false&_id=" + w.B.Lab.ID, "/Observation?_count=0&patient=" + b.ID,
		} {
			set := w.Get(token, path+"&_total=accurate&_include=*:nothing").Status
			if set == http.StatusOK {
				t.Errorf("a wrong _include was ignored in %s", path)
			}
			found := w.Get(token, path+"&_total=accurate").Expect(http.StatusOK)
			if total := found.Root().Get("total").Text(); total != "0" || len(found.Refs()) != 0 {
				t.Errorf("%s: total %s, %v", path, total, found.Refs())
			}
		}
	})
}

// Attack 17: includes and their pages stay inside what the token may see; here
// through Observation.focus and hasMember, which confer no membership.
func TestA_17_IncludesStayWithinAccess(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		hospital := w.System(w.Hospital)
		bait := w.Create(hospital, fmt.Sprintf(`{"resourceType":"Observation","status":"final","code":{"text":"bait"},"subject":{"reference":%q},"focus":[{"reference":%q}],"hasMember":[{"reference":%q}]}`, w.A.AtHospital, w.B.AtHospital, w.B.Lab))
		token := w.Patient(w.A, own)
		for _, include := range []string{"_include=Observation:focus", "_include=Observation:has-member", "_include=Observation:subject&_include=Observation:focus", "_revinclude=Observation:has-member"} {
			refs := w.Get(token, "/Observation?_id="+bait.ID+"&"+include).Refs()
			for _, ref := range refs {
				if ref == w.B.AtHospital.String() || ref == w.B.Lab.String() {
					t.Errorf("%s handed out %s", include, ref)
				}
			}
			if !slices.Contains(refs, bait.String()) {
				t.Errorf("%s: the match itself is missing: %v", include, refs)
			}
		}
		if refs := w.Get(token, "/Observation?has-member.code=2345-7").Refs(); len(refs) != 0 {
			t.Errorf("a chain through a hidden resource found %v", refs)
		}
		if refs := w.Get(token, "/Patient?_id="+w.A.AtHospital.ID+"&_revinclude=Observation:focus").Refs(); slices.Contains(refs, w.B.Lab.String()) {
			t.Errorf("_revinclude handed out %v", refs)
		}
	})
}

// Attack 19: page 2 is authorised like page 1, for whoever presents the link.
func TestA_19_ContinuationLinksCarryNoAuthority(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		next := w.Get(w.System(w.Hospital), "/Observation?_count=1").Link("next")
		if next == "" {
			t.Fatal("no second page")
		}
		for seen := next; seen != ""; {
			page := w.Get(w.Patient(w.A, own), seen)
			for _, ref := range page.Refs() {
				if ref == w.B.Lab.String() || ref == w.B.Psychiatry.String() {
					t.Errorf("another's link handed out %s", ref)
				}
			}
			seen = page.Link("next")
		}
		w.Get("", next).Expect(http.StatusUnauthorized)
		w.Get(w.Patient(w.A, own), next[:len(next)-2]+"AA").Expect(http.StatusBadRequest)
	})
}

// Attack 15: what is not understood is refused, never dropped.
func TestA_15_UnknownParametersAreRefused(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		token := w.System(w.Hospital)
		for _, q := range []string{"nonsense=1", "code:fuzzy=1", "_has:Observation:patient:code=1", "_filter=nonsense+eq+1", "_filter=code+is+1", "patient:in=x", "date=gt", "value-quantity=abc", "_sort=nonsense", "_include=Observation:nonsense", "_elements=nonsense", "_elements=value.code", "_summary=brief", "_format=json&_format=xml", "_pretty=perhaps", "code="} {
			r := w.Get(token, "/Observation?"+q)
			if r.Status != http.StatusBadRequest || r.Root().Get("resourceType").Text() != "OperationOutcome" {
				t.Errorf("%s: %d %s", q, r.Status, r.Body)
			}
		}
	})
}

// Attack 16 and smart.md: a patient scope is a compartment, and worth nothing
// without a patient.
func TestA_16_PatientScopesAreACompartment(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		// A practitioner's launch for patient A narrows: his other patients stay out.
		w.Treats(w.System(w.Practice), w.GP, w.B.AtPractice)
		token := w.Token("patient/*.rs", smart.Grant{User: w.GP, Organization: w.Practice, Patient: w.A.AtPractice, Purposes: []string{"TREAT"}})
		refs := w.Get(token, "/Observation").Refs()
		if !slices.Equal(refs, []string{w.A.Reading.String()}) {
			t.Errorf("a launch for A shows %v", refs)
		}
		// The same claim in a stranger's hands does not widen.
		stranger := w.Token("patient/*.rs", smart.Grant{User: w.Stranger, Organization: w.Practice, Patient: w.A.AtPractice, Purposes: []string{"TREAT"}})
		if refs := w.Get(stranger, "/Observation").Refs(); len(refs) != 0 {
			t.Errorf("a patient claim opened %v", refs)
		}
	})
}

// Attack 5 and 16 of section A: creating, updating and deleting what is hidden
// answers as what never existed.
func TestA_05_WritesAreNoExistenceOracle(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		token := w.Patient(w.A, own)
		put := func(id string) cast.Response {
			body := strings.Replace(cast.Observation(w.A.AtPractice, "8867-4", "Heart rate", "60"), `"Observation",`, `"Observation","id":"`+id+`",`, 1)
			return w.Do(token, http.MethodPut, "/Observation/"+id, body)
		}
		same(t, "PUT", put(w.B.Reading.ID).Expect(http.StatusNotFound), put(absent))
		del := func(id string) cast.Response { return w.Do(token, http.MethodDelete, "/Observation/"+id, nil) }
		same(t, "DELETE", del(w.B.Reading.ID), del(absent))
		// A subject that is hidden and one that is not there.
		post := func(id string) cast.Response {
			body := strings.Replace(cast.Observation(w.A.AtPractice, "8867-4", "Heart rate", "60"), w.A.AtPractice.ID, id, 1)
			r := w.Do(token, http.MethodPost, "/Observation", body)
			r.Body = []byte(strings.ReplaceAll(string(r.Body), id, "ID"))
			return r
		}
		hidden := post(w.B.AtPractice.ID)
		if hidden.Status < 400 {
			t.Fatalf("an observation about B was stored: %d", hidden.Status)
		}
		same(t, "POST about", hidden, post(absent))
		// If-None-Exist counts only what is visible.
		body := cast.Observation(w.A.AtPractice, "8867-4", "Heart rate", "61")
		r := w.Do(token, http.MethodPost, "/Observation", body, "If-None-Exist", "_id="+w.B.Reading.ID)
		r.Expect(http.StatusCreated)
	})
}

// Attack 4: a link to a foreign record opens nothing; section A: an update that
// moves a resource into or out of a compartment is refused.
func TestA_04_MovingBetweenCompartments(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		token := w.Patient(w.A, own)
		mine := w.Create(token, cast.Observation(w.A.AtPractice, "8867-4", "Heart rate", "60"))
		moved := strings.Replace(cast.Observation(w.B.AtPractice, "8867-4", "Heart rate", "60"), `"Observation",`, `"Observation","id":"`+mine.ID+`",`, 1)
		if r := w.Do(token, http.MethodPut, "/"+mine.String(), moved); r.Status < 400 {
			t.Errorf("moved to B: %d", r.Status)
		}
		if r := w.Do(token, http.MethodPost, "/CareTeam", fmt.Sprintf(`{"resourceType":"CareTeam","status":"active","subject":{"reference":%q},"participant":[{"member":{"reference":%q}}]}`, w.B.AtPractice, w.A.AtPractice)); r.Status != http.StatusForbidden {
			t.Errorf("a patient wrote a CareTeam: %d", r.Status)
		}
	})
}

// Attack 1: nobody without the right lowers a label.
func TestA_01_LabelsCannotBeLowered(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		hospital := w.System(w.Hospital)
		plain := strings.Replace(cast.Observation(w.A.AtHospital, "44249-1", "PHQ-9", "3"), `"Observation",`, `"Observation","id":"`+w.A.Psychiatry.ID+`",`, 1)
		w.Do(hospital, http.MethodPut, "/"+w.A.Psychiatry.String(), plain).Expect(http.StatusOK)
		refs := w.Get(hospital, "/Observation?_security=PSY&patient="+w.A.AtHospital.ID).Refs()
		if !slices.Contains(refs, w.A.Psychiatry.String()) {
			t.Errorf("the label is gone: %v", refs)
		}
	})
}

// Section A: who may create a Consent, in whose name, and who may see it.
func TestA_ConsentsAreThePatientsOwn(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		consent := cast.Permit(w.A.AtPractice, w.Practice)
		gp := w.Professional(w.GP, w.Practice, "user/*.cruds")
		for name, token := range map[string]string{"practitioner": gp, "backend": w.System(w.Practice), "another patient": w.Patient(w.B, own)} {
			if r := w.Do(token, http.MethodPost, "/Consent", consent); r.Status < 400 {
				t.Errorf("a %s recorded A's consent: %d", name, r.Status)
			}
		}
		given := w.Create(w.Patient(w.A, own), consent)
		for name, token := range map[string]string{"practitioner": gp, "backend": w.System(w.Practice), "another patient": w.Patient(w.B, own)} {
			w.Get(token, "/"+given.String()).Expect(http.StatusNotFound)
			if refs := w.Get(token, "/Consent").Refs(); len(refs) != 0 {
				t.Errorf("a %s sees consents: %v", name, refs)
			}
		}
		forged := strings.Replace(consent, `"dateTime"`, fmt.Sprintf(`"performer":[{"reference":%q}],"dateTime"`, w.B.AtPractice), 1)
		w.Do(w.Patient(w.A, own), http.MethodPost, "/Consent", forged).Expect(http.StatusUnprocessableEntity)
		w.Do(w.Patient(w.A, own), http.MethodDelete, "/"+given.String(), nil).Expect(http.StatusUnprocessableEntity)
	})
}

// Section A: the log cannot be forged, and only the patient reads it.
func TestA_TheLogIsThePatientsOwn(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		w.Get(w.Patient(w.B, own), "/"+w.B.Lab.String()).Expect(http.StatusOK)
		for name, token := range map[string]string{"backend": w.System(w.Hospital), "practitioner": w.Professional(w.GP, w.Practice, "user/*.cruds"), "patient": w.Patient(w.A, own)} {
			for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete} {
				path := "/AuditEvent"
				if method != http.MethodPost {
					path += "/" + absent
				}
				if r := w.Do(token, method, path, `{"resourceType":"AuditEvent","id":"`+absent+`"}`); r.Status < 400 {
					t.Errorf("%s: %s of an AuditEvent: %d", name, method, r.Status)
				}
			}
			r := w.Get(token, "/AuditEvent?patient="+w.B.AtPractice.ID)
			if r.Status == http.StatusOK && len(r.Refs()) != 0 {
				t.Errorf("%s reads B's log: %v", name, r.Refs())
			}
		}
	})
}

// Section A: bundles are no way around: references, urn:uuid and reads of a
// transaction are under the caller's access.
func TestA_TransactionsReachNothingHidden(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		token := w.Patient(w.A, own)
		batch := fmt.Sprintf(`{"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"GET","url":%q}},{"request":{"method":"GET","url":"Observation?patient=%s"}},{"request":{"method":"GET","url":%q}}]}`, w.B.Lab, w.B.AtHospital.ID, w.A.Lab)
		root := w.Do(token, http.MethodPost, "", batch).Expect(http.StatusOK).Root()
		var statuses []string
		for e := range root.Get("entry").All() {
			statuses = append(statuses, e.At("response", "status").Text())
		}
		if !slices.Equal(statuses, []string{"404", "200", "200"}) {
			t.Errorf("statuses %v", statuses)
		}
		if strings.Contains(string(w.Do(token, http.MethodPost, "", batch).Body), w.B.Lab.ID+`"`) {
			t.Error("a batch handed out B's data")
		}
		about := fmt.Sprintf(`{"resourceType":"Bundle","type":"transaction","entry":[{"fullUrl":"urn:uuid:1","resource":%s,"request":{"method":"POST","url":"Observation"}}]}`, cast.Observation(w.B.AtPractice, "8867-4", "Heart rate", "1"))
		if r := w.Do(token, http.MethodPost, "", about); r.Status < 400 {
			t.Errorf("a transaction about B: %d", r.Status)
		}
	})
}

// Attack 6 and 14: a type outside the scopes is refused on every entry.
func TestA_06_ScopesHoldOnEveryEntry(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		token := w.Patient(w.A, "patient/Observation.rs")
		w.Get(token, "/"+w.A.AtHospital.String()).Expect(http.StatusForbidden)
		w.Get(token, "/Patient").Expect(http.StatusForbidden)
		w.Get(token, "/"+w.A.AtHospital.String()+"/_history").Expect(http.StatusForbidden)
		if refs := w.Get(token, "/Observation?_include=Observation:subject").Refs(); slices.ContainsFunc(refs, func(r string) bool { return strings.HasPrefix(r, "Patient/") }) {
			t.Errorf("_include widened the scopes: %v", refs)
		}
		w.Do(token, http.MethodPost, "/Observation", cast.Observation(w.A.AtPractice, "1", "x", "1")).Expect(http.StatusForbidden)
		w.Get("", "/Patient").Expect(http.StatusUnauthorized)
		w.Get("nonsense", "/Patient").Expect(http.StatusUnauthorized)
	})
}

// Attack 8: a consent that is over permits nothing.
func TestA_08_ConsentPeriodIsChecked(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		over := strings.Replace(cast.Permit(w.A.AtPractice, w.Practice), `"provision":{"type":"permit"`, `"provision":{"period":{"end":"2020-01-01"},"type":"permit"`, 1)
		w.Create(w.Patient(w.A, own), over)
		if refs := w.Get(w.Professional(w.GP, w.Practice, "user/*.rs"), "/Observation").Refs(); !slices.Equal(refs, []string{w.A.Reading.String()}) {
			t.Errorf("a consent of the past shows %v", refs)
		}
	})
}

// Attack 20: who asks and why comes from the token alone.
func TestA_20_HeadersDecideNothing(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		gp := w.Professional(w.GP, w.Practice, "user/*.rs")
		plain := w.Get(gp, "/Observation")
		dressed := w.Do(gp, http.MethodGet, "/Observation", nil, "X-Patient", w.B.AtHospital.ID, "X-Purpose-Of-Use", "BTG", "X-Consent", "none", "X-Forwarded-User", w.Specialist.String())
		same(t, "headers", plain, dressed)
	})
}

// Attack 13 and "visible only if it names no other person".
func TestA_13_AResourceAboutTwoPeople(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		hospital := w.System(w.Hospital)
		group := w.Create(hospital, fmt.Sprintf(`{"resourceType":"Appointment","status":"booked","participant":[{"actor":{"reference":%q},"status":"accepted"},{"actor":{"reference":%q},"status":"accepted"}]}`, w.A.AtHospital, w.B.AtHospital))
		w.Get(hospital, "/"+group.String()).Expect(http.StatusOK)
		w.Get(w.Patient(w.A, own), "/"+group.String()).Expect(http.StatusNotFound)
	})
}

// Section D: what a client may not set.
func TestD_ServerElementsCannotBeAssigned(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		hospital := w.System(w.Hospital)
		body := strings.Replace(cast.Observation(w.A.AtHospital, "1-8", "x", "1"), `"Observation",`, `"Observation","id":"chosen","meta":{"versionId":"77","lastUpdated":"1999-01-01T00:00:00Z"},`, 1)
		r := w.Do(hospital, http.MethodPost, "/Observation", body)
		if ref := r.Ref(); ref.ID == "chosen" {
			t.Error("a POST kept the client's id")
		}
		if v := r.Root().At("meta", "versionId").Text(); v != "1" {
			t.Errorf("versionId %s", v)
		}
		w.Do(hospital, http.MethodPut, "/Observation/chosen", body).Expect(http.StatusNotFound)
		for _, bad := range []string{"/Observation/..%2f..%2fetc", "/Observation/a%00b", "/observation/" + absent, "/Observation//" + absent} {
			if r := w.Get(hospital, bad); r.Status != http.StatusBadRequest && r.Status != http.StatusNotFound {
				t.Errorf("%s: %d", bad, r.Status)
			}
		}
	})
}

// Section D, object level: what the home custodian recorded itself is not the
// patient's to change, although what patients write belongs to it as well.
func TestD_PatientsChangeOnlyWhatPatientsWrote(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		token := w.Patient(w.A, own)
		write := func(method, id string) cast.Response {
			body := strings.Replace(cast.Observation(w.A.AtPractice, "8867-4", "Heart rate", "1"), `"Observation",`, `"Observation","id":"`+id+`",`, 1)
			return w.Do(token, method, "/Observation/"+id, body)
		}
		for _, method := range []string{http.MethodPut, http.MethodDelete} {
			write(method, w.A.Reading.ID).Expect(http.StatusNotFound)
		}
		mine := w.Create(token, cast.Observation(w.A.AtPractice, "8867-4", "Heart rate", "60"))
		write(http.MethodPut, mine.ID).Expect(http.StatusOK)
		write(http.MethodDelete, mine.ID).Expect(http.StatusNoContent)
	})
}
