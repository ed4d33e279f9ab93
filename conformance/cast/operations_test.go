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

// vital is an Observation of a person at the hospital, at a day of 2026, with
// codings of systems that are named by a letter.
func vital(w *cast.World, day string, codings ...string) string {
	var list []string
	for _, c := range codings {
		list = append(list, fmt.Sprintf(`{"system":"http://example.org/%s","code":%q}`, c[:1], c))
	}
	return w.Create(w.System(w.Hospital), fmt.Sprintf(
		`{"resourceType":"Observation","status":"final","category":[{"coding":[{"code":"vital-signs"}]}],"code":{"coding":[%s]},"subject":{"reference":%q},"effectiveDateTime":"2026-%s"}`,
		strings.Join(list, ","), w.A.AtHospital, day)).String()
}

// R4 observation-operation-lastn.html: the newest of each kind, where codes that
// stand together are one kind; and nothing that the caller may not see.
func TestLastN(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		old, middle, fresh := vital(w, "01-01", "a1"), vital(w, "01-02", "b1"), vital(w, "01-03", "a1", "b1")
		other := vital(w, "01-01", "c1")
		hospital := w.System(w.Hospital)
		last := func(token, query string) []string {
			t.Helper()
			refs := w.Get(token, "/Observation/$lastn?patient="+w.A.AtHospital.ID+"&category=vital-signs"+query).Expect(http.StatusOK).Refs()
			slices.Sort(refs)
			return refs
		}
		expect := func(what string, got []string, want ...string) {
			t.Helper()
			if slices.Sort(want); !slices.Equal(got, want) {
				t.Errorf("%s: %v, want %v", what, got, want)
			}
		}
		expect("one of each", last(hospital, ""), fresh, other)
		expect("two of each", last(hospital, "&max=2"), fresh, middle, other)
		expect("all", last(hospital, "&max=3"), fresh, middle, old, other)
		expect("one code", last(hospital, "&code=http://example.org/c|c1"), other)
		expect("by a stranger", last(w.Professional(w.Stranger, w.Practice, "user/*.rs"), ""))
		body := fmt.Sprintf(`{"resourceType":"Parameters","parameter":[{"name":"max","valuePositiveInt":1},{"name":"patient","valueString":%q},{"name":"code","valueString":"c1"}]}`, w.A.AtHospital.ID)
		if refs := w.Do(hospital, http.MethodPost, "/Observation/$lastn", body).Expect(http.StatusOK).Refs(); !slices.Equal(refs, []string{other}) {
			t.Errorf("by POST: %v", refs)
		}
		for _, bad := range []string{"?category=vital-signs", "?patient=" + w.A.AtHospital.ID, "?patient=x&code=y&max=0", "?patient=x&code=y&_count=2", "?patient=x&code=y&no=z"} {
			w.Get(hospital, "/Observation/$lastn"+bad).Expect(http.StatusBadRequest)
		}
		w.Get(w.Token("system/Patient.rs", systemOf(w)), "/Observation/$lastn?patient=x&code=y").Expect(http.StatusForbidden)
	})
}

func systemOf(w *cast.World) smart.Grant {
	return smart.Grant{Organization: w.Hospital, Purposes: []string{"TREAT"}}
}

// R4 patient-operation-match.html, and attacks.md section B: what is hidden
// neither matches nor weighs.
func TestMatch(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		match := func(token, patient, rest string) cast.Response {
			return w.Do(token, http.MethodPost, "/Patient/$match", `{"resourceType":"Parameters","parameter":[{"name":"resource","resource":{"resourceType":"Patient"`+patient+`}}`+rest+`]}`)
		}
		bsn := fmt.Sprintf(`,"identifier":[{"system":%q,"value":%q}]`, cast.BSN, w.A.BSN)
		hospital, practice := w.System(w.Hospital), w.System(w.Practice)
		found := match(hospital, bsn+`,"birthDate":"1980-02-01","name":[{"family":"jansén"}]`, "").Expect(http.StatusOK)
		if refs := found.Refs(); !slices.Equal(refs, []string{w.A.AtHospital.String()}) || !strings.Contains(string(found.Body), `"valueCode":"certain"`) {
			t.Errorf("by number, name and birth date: %s", found.Body)
		}
		by := match(practice, bsn, "").Expect(http.StatusOK).Refs()
		if slices.Contains(by, w.A.AtHospital.String()) {
			t.Errorf("the practice is shown the hospital's Patient: %v", by)
		}
		// The name, birth date and gender are those of two Patients, whose numbers differ.
		alike := `,"birthDate":"1980-02-01","gender":"female","name":[{"family":"Jansen"}]`
		if refs := match(hospital, alike, "").Expect(http.StatusOK).Refs(); len(refs) < 2 {
			t.Errorf("by name and birth date: %v", refs)
		}
		if refs := match(hospital, alike, `,{"name":"onlyCertainMatches","valueBoolean":true}`).Expect(http.StatusOK).Refs(); len(refs) != 0 {
			t.Errorf("certain by name and birth date: %v", refs)
		}
		if refs := match(hospital, alike, `,{"name":"count","valueInteger":1}`).Expect(http.StatusOK).Refs(); len(refs) != 1 {
			t.Errorf("count 1: %v", refs)
		}
		wrong := match(hospital, bsn+`,"birthDate":"1933-07-08","gender":"male","name":[{"family":"Other","given":["Else"]}]`, "").Expect(http.StatusOK)
		if strings.Contains(string(wrong.Body), "certain\"") {
			t.Errorf("a number alone is certain against everything else: %s", wrong.Body)
		}
		match(hospital, `,"gender":"female"`, "").Expect(http.StatusUnprocessableEntity)
		match(hospital, bsn, `,{"name":"nothing","valueBoolean":true}`).Expect(http.StatusBadRequest)
		w.Do(hospital, http.MethodPost, "/Patient/$match", `{"resourceType":"Parameters"}`).Expect(http.StatusBadRequest)
		w.Get(hospital, "/Patient/$match").Expect(http.StatusMethodNotAllowed)
		w.Do(hospital, http.MethodPost, "/Observation/$match", `{"resourceType":"Parameters"}`).Expect(http.StatusNotFound)
	})
}

// R4 messageheader-operation-process-message.html: whole or nothing, once.
func TestProcessMessage(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		hospital := w.System(w.Hospital)
		message := func(id, patientNumber, value string) string {
			return fmt.Sprintf(`{"resourceType":"Bundle","type":"message","entry":[
{"fullUrl":"http://lab.example/MessageHeader/1","resource":{"resourceType":"MessageHeader","id":%q,"eventCoding":{"system":"http://example.org/events","code":"result"},"source":{"endpoint":"http://lab.example"},"focus":[{"reference":"http://lab.example/Observation/7"}]}},
{"fullUrl":"http://lab.example/Observation/7","resource":{"resourceType":"Observation","id":"7","identifier":[{"system":"http://lab.example","value":"7"}],"status":"final","code":{"text":"x"},"subject":{"reference":"Patient/9"},"valueString":%q}},
{"fullUrl":"http://lab.example/Patient/9","resource":{"resourceType":"Patient","id":"9","identifier":[{"system":"http://lab.example","value":%q}]}}]}`, id, value, patientNumber)
		}
		send := func(body string) cast.Response {
			return w.Do(hospital, http.MethodPost, "/$process-message", body)
		}
		first := send(message("m1", "p1", "one")).Expect(http.StatusOK)
		if r := first.Root(); r.Get("type").Text() != "message" || !strings.Contains(string(first.Body), `"response":{"identifier":"m1","code":"ok"}`) {
			t.Errorf("receipt: %s", first.Body)
		}
		stored := func() string {
			r := w.Get(hospital, "/Observation?identifier=http://lab.example|7&_include=Observation:subject&_total=accurate").Expect(http.StatusOK)
			if total := r.Root().Get("total").Text(); total != "1" || len(r.Refs()) != 2 {
				t.Errorf("stored: %s", r.Body)
			}
			return string(r.Body)
		}
		if !strings.Contains(stored(), `"one"`) {
			t.Error("the content is not stored")
		}
		if again := send(message("m1", "p1", "changed")).Expect(http.StatusOK); string(again.Body) != string(first.Body) || !strings.Contains(stored(), `"one"`) {
			t.Errorf("a message sent twice is not one: %s", again.Body)
		}
		if send(message("m2", "p1", "two")).Expect(http.StatusOK); !strings.Contains(stored(), `"two"`) {
			t.Error("a second message does not replace the first")
		}
		before := stored()
		send(strings.Replace(message("m3", "p1", "three"), `"status":"final"`, `"status":"wrong"`, 1)).Expect(http.StatusBadRequest)
		if stored() != before {
			t.Error("half a message was stored")
		}
		for _, bad := range []string{
			`{"resourceType":"Bundle","type":"collection"}`, `{"resourceType":"Bundle","type":"message"}`,
			strings.Replace(message("m4", "p1", "x"), `"id":"m4",`, ``, 1), `{"resourceType":"Parameters","parameter":[{"name":"async","valueBoolean":true}]}`,
		} {
			send(bad).Expect(http.StatusBadRequest)
		}
		w.Do(w.Token("system/Patient.cruds", systemOf(w)), http.MethodPost, "/$process-message", message("m5", "p1", "x")).Expect(http.StatusForbidden)
	})
}

// R4 patient-operation-everything.html; attacks.md, section A.
func TestEverything(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		hospital, patient := w.System(w.Hospital), w.Patient(w.A, own)
		nurse := w.Create(hospital, `{"resourceType":"Practitioner","name":[{"family":"Nurse"}]}`)
		seen := w.Create(hospital, fmt.Sprintf(`{"resourceType":"Encounter","status":"finished","class":{"code":"AMB"},"subject":{"reference":%q},"participant":[{"individual":{"reference":%q}}],"period":{"start":"2026-02-01","end":"2026-02-03"}}`, w.A.AtHospital, nurse))
		during := w.Create(hospital, fmt.Sprintf(`{"resourceType":"Condition","subject":{"reference":%q},"encounter":{"reference":%q},"onsetDateTime":"2026-02-02"}`, w.A.AtHospital, seen))
		of := func(token, path string) []string {
			t.Helper()
			refs := w.Get(token, path).Expect(http.StatusOK).Refs()
			slices.Sort(refs)
			return refs
		}
		expect := func(what string, got []string, want ...string) {
			t.Helper()
			if slices.Sort(want); !slices.Equal(got, want) {
				t.Errorf("%s:\n got %v\nwant %v", what, got, want)
			}
		}
		at := "/Patient/" + w.A.AtHospital.ID + "/$everything"
		lab, psychiatry := w.A.Lab.String(), w.A.Psychiatry.String()
		all := []string{w.A.AtHospital.String(), lab, psychiatry, seen.String(), during.String(), nurse.String(), "CareTeam/anna-ward", w.Specialist.String()}
		expect("by the hospital", of(hospital, at), all...)
		expect("of types", of(hospital, at+"?_type=Condition,Encounter"), seen.String(), during.String(), nurse.String())
		expect("of a period", of(hospital, at+"?start=2026-02-02&end=2026-02-10&_type=Encounter,Condition,Observation"), seen.String(), during.String(), nurse.String())
		expect("before a time", of(hospital, at+"?_since=2999-01-01T00:00:00Z"))
		expect("an encounter", of(hospital, "/"+seen.String()+"/$everything"), seen.String(), during.String(), w.A.AtHospital.String(), nurse.String())
		expect("as Parameters", refsOf(t, w.Do(hospital, http.MethodPost, at, `{"resourceType":"Parameters","parameter":[{"name":"_type","valueCode":"Condition"}]}`)), during.String())
		// The patient's own: the union of the custodians.
		if refs := of(patient, at); !slices.Contains(refs, w.A.Reading.String()) {
			t.Errorf("by the patient: %v", refs)
		}
		var paged []string
		for path := at + "?_count=2"; path != ""; {
			r := w.Get(hospital, path).Expect(http.StatusOK)
			paged, path = append(paged, r.Refs()...), strings.TrimPrefix(r.Link("next"), cast.Base)
		}
		slices.Sort(paged)
		expect("page by page", slices.Compact(paged), all...)

		stranger := w.Professional(w.Stranger, w.Practice, "user/*.rs")
		same(t, "of somebody hidden", w.Get(stranger, at), w.Get(stranger, "/Patient/nobody/$everything"))
		same(t, "of somebody hidden, to another patient", w.Get(w.Patient(w.B, own), at), w.Get(w.Patient(w.B, own), "/Patient/nobody/$everything"))
		for _, bad := range []string{"?nothing=1", "?start=yesterday", "?_since=2026", "?_type=Nothing", "?_page=AAAA"} {
			w.Get(hospital, at+bad).Expect(http.StatusBadRequest)
		}
		w.Get(hospital, "/Observation/"+w.A.Lab.ID+"/$everything").Expect(http.StatusNotFound)
	})
}

func refsOf(t *testing.T, r cast.Response) []string {
	t.Helper()
	return r.Expect(http.StatusOK).Refs()
}

// R4 resource-operation-meta.html and -meta-add, -meta-delete; attacks.md 1: a
// caller without the right never lowers a label.
func TestMetaOperations(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		hospital, patient := w.System(w.Hospital), w.Patient(w.A, own)
		at := "/" + w.A.Psychiatry.String()
		change := func(token, operation, meta string) cast.Response {
			return w.Do(token, http.MethodPost, at+"/$"+operation, `{"resourceType":"Parameters","parameter":[{"name":"meta","valueMeta":`+meta+`}]}`)
		}
		has := func(what string, r cast.Response, text string, want bool) {
			t.Helper()
			if r.Expect(http.StatusOK); strings.Contains(string(r.Body), text) != want {
				t.Errorf("%s: %q is there: %v: %s", what, text, !want, r.Body)
			}
		}
		has("read", w.Get(hospital, at+"/$meta"), `"PSY"`, true)
		has("a version", w.Get(hospital, at+"/_history/1/$meta"), `"versionId":"1"`, true)
		const tag = `{"tag":[{"system":"http://example.org","code":"checked"}]}`
		has("added", change(hospital, "meta-add", tag), `"checked"`, true)
		has("and there", w.Get(hospital, at), `"checked"`, true)
		has("twice is once", change(hospital, "meta-add", tag), `"checked"},{`, false)
		has("deleted", change(hospital, "meta-delete", tag), `"checked"`, false)
		has("and gone", w.Get(hospital, at), `"checked"`, false)
		change(hospital, "meta-delete", `{"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"PSY"}]}`).Expect(http.StatusOK)
		has("a label stays beside the resource", w.Get(hospital, at+"/$meta"), `"PSY"`, true)
		has("and is told to the patient", w.Get(patient, at+"/$meta"), `"PSY"`, true)

		w.Create(patient, cast.Permit(w.A.AtPractice, w.Practice))
		gp := w.Professional(w.GP, w.Practice, "user/*.cruds")
		same(t, "hidden by its label", w.Get(gp, at+"/$meta"), w.Get(gp, "/Observation/nobody/$meta"))
		same(t, "another custodian's to change", change(gp, "meta-add", tag), w.Do(gp, http.MethodPost, "/Observation/nobody/$meta-add", `{"resourceType":"Parameters","parameter":[{"name":"meta","valueMeta":`+tag+`}]}`))
		has("a professional is told what was received", w.Get(gp, "/"+w.A.Lab.String()+"/$meta"), `"versionId"`, true)
		change(hospital, "meta-add", `{}`+`},{"name":"meta","valueMeta":{}`).Expect(http.StatusBadRequest)
		w.Get(hospital, at+"/$meta-add").Expect(http.StatusMethodNotAllowed)
	})
}

// R4 resource-operation-validate.html; attacks.md, section A: validating with an
// id tells nothing of what is hidden.
func TestValidate(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		hospital := w.System(w.Hospital)
		good := cast.Observation(w.A.AtHospital, "8867-4", "Heart rate", "61")
		validate := func(token, path, body string) cast.Response {
			return w.Do(token, http.MethodPost, path, body)
		}
		has := func(what string, r cast.Response, text string, want bool) {
			t.Helper()
			if r.Expect(http.StatusOK); strings.Contains(string(r.Body), text) != want {
				t.Errorf("%s: %q is there: %v: %s", what, text, !want, r.Body)
			}
		}
		const failed = `"severity":"error"`
		has("a good one", validate(hospital, "/Observation/$validate", good), failed, false)
		has("structure", validate(hospital, "/Observation/$validate", strings.Replace(good, `"status"`, `"nothing"`, 1)), "Observation.status", true)
		invariant := `{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueString":"y","dataAbsentReason":{"text":"z"}}`
		has("an invariant", validate(hospital, "/Observation/$validate", invariant), "obs-6", true)
		has("as Parameters", validate(hospital, "/Observation/$validate", `{"resourceType":"Parameters","parameter":[{"name":"resource","resource":`+invariant+`},{"name":"mode","valueCode":"create"}]}`), "obs-6", true)
		has("a profile of R4", validate(hospital, "/Observation/$validate?profile=http://hl7.org/fhir/StructureDefinition/vitalsigns", good), failed, true)
		has("a profile that is not known", validate(hospital, "/Observation/$validate?profile=http://example.org/none", good), failed, true)

		w.Create(hospital, `{"resourceType":"StructureDefinition","url":"http://example.org/noted","name":"Noted","status":"active","kind":"resource","abstract":false,"type":"Observation","baseDefinition":"http://hl7.org/fhir/StructureDefinition/Observation","derivation":"constraint","differential":{"element":[{"id":"Observation","path":"Observation"},{"id":"Observation.note","path":"Observation.note","min":1}]}}`)
		has("an uploaded profile", validate(hospital, "/Observation/$validate?profile=http://example.org/noted", good), "Observation.note", true)
		claims := strings.Replace(good, `"status"`, `"meta":{"profile":["http://example.org/noted"]},"status"`, 1)
		has("a profile that is claimed", validate(hospital, "/Observation/$validate", claims), "Observation.note", true)
		has("with it", validate(hospital, "/Observation/$validate", strings.Replace(claims, `"status"`, `"note":[{"text":"n"}],"status"`, 1)), failed, false)

		has("a stored one", w.Get(hospital, "/"+w.A.Lab.String()+"/$validate"), failed, false)
		has("to delete", w.Get(hospital, "/"+w.A.Lab.String()+"/$validate?mode=delete"), failed, false)
		stranger := w.Professional(w.Stranger, w.Practice, "user/*.cruds")
		for _, rest := range []string{"", "?mode=delete", "?mode=update"} {
			same(t, "hidden "+rest, w.Get(stranger, "/"+w.A.Lab.String()+"/$validate"+rest), w.Get(stranger, "/Observation/nobody/$validate"+rest))
		}
		same(t, "hidden, with a body", validate(stranger, "/"+w.A.Lab.String()+"/$validate?mode=update", good), validate(stranger, "/Observation/nobody/$validate?mode=update", good))
		for _, bad := range []string{"?mode=update", "?mode=nothing", "?mode=profile", "?nothing=1"} {
			validate(hospital, "/Observation/$validate"+bad, good).Expect(http.StatusBadRequest)
		}
		w.Get(hospital, "/Observation/$validate").Expect(http.StatusBadRequest)
		validate(hospital, "/Patient/$validate", good).Expect(http.StatusBadRequest)
		validate(w.Token("system/Patient.rs", systemOf(w)), "/Observation/$validate", good).Expect(http.StatusForbidden)
	})
}
