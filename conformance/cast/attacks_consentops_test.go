package cast_test

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"sluis/conformance/cast"
	"sluis/fhir"
	"sluis/smart"
)

// filing is the arguments of $fileConsent.
func filing(consent string, documents ...string) string {
	parts := []string{`{"name":"consent","resource":` + consent + `}`}
	for _, d := range documents {
		parts = append(parts, `{"name":"document","resource":`+d+`}`)
	}
	return `{"resourceType":"Parameters","parameter":[` + strings.Join(parts, ",") + `]}`
}

func scanned(patient fhir.Ref) string {
	return fmt.Sprintf(`{"resourceType":"DocumentReference","status":"current","subject":{"reference":%q},"content":[{"attachment":{"contentType":"text/plain","data":"c2lnbmVk"}}]}`, patient)
}

// consent.md, "Operations": $fileConsent is a create, with what was signed, and
// by no other rules.
func TestFileConsent(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		patient, gp := w.Patient(w.A, own), w.Professional(w.GP, w.Practice, "user/*.rs")
		file := func(token, body string) cast.Response {
			return w.Do(token, http.MethodPost, "/Consent/$fileConsent", body)
		}
		consent := cast.Permit(w.A.AtPractice, w.Practice)
		r := file(patient, filing(consent, scanned(w.A.AtPractice))).Expect(http.StatusOK).Root()
		source := r.At("sourceReference", "reference").Text()
		if r.Get("resourceType").Text() != "Consent" || r.At("meta", "versionId").Text() != "1" || !strings.HasPrefix(source, "DocumentReference/") {
			t.Errorf("filed: %s", r.Raw())
		}
		w.Get(patient, "/Consent/"+r.Get("id").Text()).Expect(http.StatusOK)
		w.Get(patient, "/"+source).Expect(http.StatusOK)
		w.Get(gp, "/"+w.A.Lab.String()).Expect(http.StatusOK)

		documents := func() int { return len(w.Get(patient, "/DocumentReference").Refs()) }
		before := documents()
		noPatient := strings.Replace(consent, fmt.Sprintf(`"patient":{"reference":%q},`, w.A.AtPractice), "", 1)
		forged := strings.Replace(consent, `"dateTime"`, fmt.Sprintf(`"performer":[{"reference":%q}],"dateTime"`, w.B.AtPractice), 1)
		for name, body := range map[string]string{"no patient": noPatient, "in another's name": forged} {
			if file(patient, filing(body, scanned(w.A.AtPractice))).Expect(http.StatusUnprocessableEntity); documents() != before {
				t.Errorf("%s: a document was stored without its consent", name)
			}
			same(t, name+": other rules than a create", file(patient, filing(body)), w.Do(patient, http.MethodPost, "/Consent", body))
		}
		if s := file(patient, filing(consent, scanned(w.B.AtPractice))).Status; s < 400 || documents() != before {
			t.Errorf("a document about another: %d", s)
		}
		file(patient, consent).Expect(http.StatusOK)
		for name, body := range map[string]string{"nothing": `{"resourceType":"Parameters"}`, "two": strings.Replace(filing(consent, consent), `"document"`, `"consent"`, 1), "another type": filing(scanned(w.A.AtPractice)), "unknown": strings.Replace(filing(consent), `"consent"`, `"other"`, 1)} {
			expect(t, name, file(patient, body), http.StatusBadRequest)
		}
	})
}

// Section A: who files and who revokes; nobody who could not write the Consent.
func TestA_ConsentOperationsAreNoWayAround(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		patient := w.Patient(w.A, own)
		consent := cast.Permit(w.A.AtPractice, w.Practice)
		given := w.Create(patient, consent)
		officer := w.Token("user/*.cruds", smart.Grant{User: w.Stranger, Organization: w.Practice, PrivacyOfficer: true, Purposes: []string{"TREAT"}})
		for name, token := range map[string]string{
			"practitioner": w.Professional(w.GP, w.Practice, "user/*.cruds"), "backend": w.System(w.Practice), "another patient": w.Patient(w.B, own),
			"officer": officer, "reader": w.Patient(w.A, "patient/*.rs"), "supervisor": w.Supervisor(),
		} {
			if r := w.Do(token, http.MethodPost, "/Consent/$fileConsent", filing(consent)); r.Status < 400 {
				t.Errorf("a %s filed A's consent: %d", name, r.Status)
			}
			revoked := w.Do(token, http.MethodPost, "/"+given.String()+"/$revokeConsent", nil)
			if revoked.Status < 400 {
				t.Errorf("a %s revoked A's consent: %d", name, revoked.Status)
			}
			if name != "officer" && name != "reader" { // who see it
				same(t, "a "+name+" revokes", revoked, w.Do(token, http.MethodPost, "/Consent/"+absent+"/$revokeConsent", nil))
			}
		}
		w.Get(patient, "/Consent/$fileConsent").Expect(http.StatusMethodNotAllowed)
		w.Get(patient, "/"+given.String()+"/$revokeConsent").Expect(http.StatusMethodNotAllowed)
		if s := w.Get(patient, "/"+given.String()).Root().Get("status").Text(); s != "active" {
			t.Errorf("the consent is %s", s)
		}
	})
}

// consent.md, "Operations" and "Enforcement": a withdrawal is inactive, kept, and
// effective at once, in every process.
func TestRevokeConsent_IsEffectiveAtOnce(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		patient, other, gp := w.Patient(w.A, own), w.Beside(t, w.Store), w.Professional(w.GP, w.Practice, "user/*.rs")
		given := w.Create(patient, cast.Permit(w.A.AtPractice, w.Practice))
		for _, process := range []*cast.World{w, other} {
			process.Get(gp, "/"+w.A.Lab.String()).Expect(http.StatusOK)
		}
		at := "/" + given.String() + "/$revokeConsent"
		expect(t, "by another version", w.Do(patient, http.MethodPost, at, nil, "If-Match", `W/"7"`), http.StatusPreconditionFailed)
		r := w.Do(patient, http.MethodPost, at, nil, "If-Match", `W/"1"`).Expect(http.StatusOK)
		if r.Root().Get("status").Text() != "inactive" || r.Header.Get("ETag") != `W/"2"` {
			t.Errorf("revoked: %s", r.Body)
		}
		for _, process := range []*cast.World{w, other} {
			process.Get(gp, "/"+w.A.Lab.String()).Expect(http.StatusNotFound)
		}
		if s := w.Get(patient, "/"+given.String()+"/_history/1").Expect(http.StatusOK).Root().Get("status").Text(); s != "active" {
			t.Errorf("the past has changed: %s", s)
		}
		again := w.Do(patient, http.MethodPost, at, nil).Expect(http.StatusOK)
		if again.Header.Get("ETag") != `W/"2"` {
			t.Errorf("revoked twice: %s", again.Body)
		}
		parent := w.Create(w.System(w.Practice), fmt.Sprintf(`{"resourceType":"RelatedPerson","patient":{"reference":%q}}`, w.A.AtPractice))
		second := w.Create(patient, cast.Permit(w.A.AtPractice, w.Practice))
		w.Do(w.Token(own, smart.Grant{User: parent, Patient: w.A.AtPractice, Client: "app"}), http.MethodPost, "/"+second.String()+"/$revokeConsent", nil).Expect(http.StatusOK)
	})
}

// Section A, backdating: when a Consent says it was given changes neither what it
// does now nor what was decided before.
func TestA_ConsentsAreNotBackdated(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		patient, gp := w.Patient(w.A, own), w.Professional(w.GP, w.Practice, "user/*.rs")
		denied := func() (n int) {
			return len(w.Get(patient, "/AuditEvent?outcome=8&_count=100").Refs())
		}
		w.Get(gp, "/"+w.A.Lab.String()).Expect(http.StatusNotFound)
		before := denied()
		dated := func(date string) string {
			return filing(strings.Replace(cast.Permit(w.A.AtPractice, w.Practice), "2026-01-01", date, 1))
		}
		w.Do(patient, http.MethodPost, "/Consent/$fileConsent", dated("1999-01-01")).Expect(http.StatusOK)
		w.Get(gp, "/"+w.A.Lab.String()).Expect(http.StatusOK)
		if after := denied(); after != before {
			t.Errorf("%d refusals, then %d", before, after)
		}
		refusal := strings.NewReplacer("2026-01-01", "1999-01-01", `"provision":{"type":"permit"`, `"provision":{"type":"deny"`).Replace(cast.Permit(w.A.AtPractice, w.Practice))
		w.Do(patient, http.MethodPost, "/Consent/$fileConsent", filing(refusal)).Expect(http.StatusOK)
		w.Get(gp, "/"+w.A.Lab.String()).Expect(http.StatusNotFound)
		w.Do(patient, http.MethodPost, "/Consent/$fileConsent", dated("2990-01-01")).Expect(http.StatusOK)
		w.Get(gp, "/"+w.A.Lab.String()).Expect(http.StatusNotFound)
	})
}

// told is the arguments of $recordDisclosure.
func told(patient fhir.Ref, consent fhir.Ref) string {
	relied := ""
	if !consent.IsZero() {
		relied = fmt.Sprintf(`,{"name":"consent","valueReference":{"reference":%q}}`, consent)
	}
	return fmt.Sprintf(`{"resourceType":"Parameters","parameter":[{"name":"disclosure","resource":{"resourceType":"AuditEvent",
"type":{"system":"http://dicom.nema.org/resources/ontology/DCM","code":"110106"},"action":"R","recorded":"2026-01-05T10:00:00Z","outcome":"0",
"purposeOfEvent":[{"coding":[{"system":%q,"code":"TREAT"}]}],
"agent":[{"type":{"coding":[{"system":%q,"code":"IRCP"}]},"who":{"reference":"Organization/practice"},"requestor":true}],
"source":{"observer":{"display":"EPD"}},
"entity":[{"what":{"reference":%q},"role":{"system":"http://terminology.hl7.org/CodeSystem/object-role","code":"1"}},{"what":{"reference":"Observation/whatever"}}]}}%s]}`, actReason, participants, patient, relied)
}

// consent.md, "Operations": a disclosure done outside is in the patient's log,
// told by the custodian's own system about its own.
func TestL6_RecordDisclosure(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		patient, hospital := w.Patient(w.A, own), w.System(w.Hospital)
		given := w.Create(patient, cast.Permit(w.A.AtPractice, w.Practice))
		record := func(token, body string) cast.Response {
			return w.Do(token, http.MethodPost, "/AuditEvent/$recordDisclosure", body)
		}
		disclosures := func() (out []string) {
			for e := range w.Get(patient, "/AuditEvent?action=R&_count=100").Root().Get("entry").All() {
				for s := range e.At("resource", "subtype").All() {
					if s.Get("code").Text() == "disclose" {
						out = append(out, string(e.Get("resource").Raw()))
					}
				}
			}
			return out
		}
		told1 := record(hospital, told(w.A.AtHospital, given)).Expect(http.StatusOK)
		same(t, "whether the consent is one of the patient's", told1, record(hospital, told(w.A.AtHospital, fhir.Ref{Type: "Consent", ID: absent})))
		all := disclosures()
		if len(all) != 2 {
			t.Fatalf("%d disclosures: %v", len(all), all)
		}
		if relied := slices.IndexFunc(all, func(s string) bool { return strings.Contains(s, given.String()) }); relied < 0 || strings.Contains(all[1-relied], absent) || !strings.Contains(all[relied], "Organization/practice") || strings.Contains(all[relied], "2026-01-05") {
			t.Errorf("disclosures: %v", all)
		}
		none := record(hospital, told(fhir.Ref{Type: "Patient", ID: absent}, fhir.Ref{}))
		expect(t, "about nobody", none, http.StatusNotFound)
		same(t, "about another custodian's patient", record(hospital, told(w.A.AtPractice, fhir.Ref{})), none)
		for name, token := range map[string]string{
			"a practitioner": w.Professional(w.Specialist, w.Hospital, "user/*.cruds"), "the patient": patient, "a supervisor": w.Supervisor(),
			"a system without the scope": w.Token("system/*.rs", systemOf(w)),
		} {
			expect(t, name, record(token, told(w.A.AtHospital, fhir.Ref{})), http.StatusForbidden)
		}
		for name, body := range map[string]string{
			"nothing": `{"resourceType":"Parameters"}`, "no recipient": strings.Replace(told(w.A.AtHospital, fhir.Ref{}), `"IRCP"`, `"AUT"`, 1),
			"no purpose": strings.Replace(told(w.A.AtHospital, fhir.Ref{}), `"TREAT"`, `""`, 1),
		} {
			expect(t, name, record(hospital, body), http.StatusBadRequest, http.StatusUnprocessableEntity)
		}
		if n := len(disclosures()); n != 2 {
			t.Errorf("%d disclosures at the end", n)
		}
	})
}

// What docs/consent.md tells to write does what it says there.
func TestDocs_consent(t *testing.T) {
	page, err := os.ReadFile("../../docs/consent.md")
	if err != nil {
		t.Fatal(err)
	}
	_, block, _ := strings.Cut(string(page), "```json\n")
	block, _, ok := strings.Cut(block, "```")
	if !ok {
		t.Fatal("there is no Consent on the page")
	}
	everywhere(t, func(t *testing.T, w *cast.World) {
		consent := strings.NewReplacer("PATIENT", w.A.AtPractice.ID, "ORGANIZATION", w.Practice).Replace(block)
		r := w.Do(w.Patient(w.A, own), http.MethodPost, "/Consent", consent, "Prefer", "return=OperationOutcome").Expect(http.StatusCreated)
		if strings.Contains(string(r.Body), "warning") {
			t.Errorf("warnings: %s", r.Body)
		}
		// A role that is not understood permits nobody, and the answer says so.
		patient, doubtful := w.Patient(w.A, own), strings.Replace(consent, `"IRCP"`, `"WIT"`, 1)
		for path, body := range map[string]string{
			"/Consent": doubtful, "/Consent/$validate?mode=create": doubtful, "": bundle("batch", entry("POST", "Consent", doubtful, "")),
		} {
			r := w.Do(patient, http.MethodPost, path, body, "Prefer", "return=OperationOutcome")
			if r.Status >= 300 || !strings.Contains(string(r.Body), "actor in the role WIT is not enforced") {
				t.Errorf("%q: %d %s", path, r.Status, r.Body)
			}
		}
		gp := w.Professional(w.GP, w.Practice, "user/*.rs")
		w.Get(gp, "/"+w.A.Lab.String()).Expect(http.StatusOK)
		w.Get(gp, "/"+w.A.Psychiatry.String()).Expect(http.StatusNotFound)
	})
}
