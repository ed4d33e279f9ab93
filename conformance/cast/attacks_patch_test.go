package cast_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"sluis/conformance/cast"
	"sluis/fhir"
	"sluis/smart"
)

const jsonPatch = "application/json-patch+json"

// patched sends a JSON Patch.
func patched(w *cast.World, token, path, ops string, headers ...string) cast.Response {
	return w.Do(token, http.MethodPatch, path, ops, append([]string{"Content-Type", jsonPatch}, headers...)...)
}

// byPath sends a FHIRPath Patch of one operation, its parts as JSON.
func byPath(w *cast.World, token, at, kind, path, rest string) cast.Response {
	return w.Do(token, http.MethodPatch, at, operation(kind, path, rest))
}

func operation(kind, path, rest string) string {
	return fmt.Sprintf(`{"resourceType":"Parameters","parameter":[{"name":"operation","part":[{"name":"type","valueCode":%q},{"name":"path","valueString":%q}%s]}]}`, kind, path, rest)
}

// Section A, "JSON Patch test as oracle": of what is hidden, a patch tells
// nothing, whatever it tests, looks for or would make.
func TestA_PatchOfTheInvisibleIsOfTheAbsent(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		gp := w.Professional(w.GP, w.Practice, "user/*.cruds")
		for who, token := range map[string]string{"a patient": w.Patient(w.A, own), "a professional": gp} {
			for _, hidden := range []fhir.Ref{w.B.Lab, w.B.Reading, w.A.Lab} {
				if who == "a patient" && hidden == w.A.Lab {
					continue // his own, and another's to change
				}
				for _, ops := range []string{
					`[{"op":"test","path":"/status","value":"final"}]`, `[{"op":"test","path":"/status","value":"amended"}]`,
					`[{"op":"test","path":"/valueQuantity/value","value":5.4},{"op":"replace","path":"/status","value":"amended"}]`,
					`[{"op":"remove","path":"/valueQuantity"}]`, `[{"op":"remove","path":"/nonsense"}]`, `[{"op":"replace","path":"/status","value":"nonsense"}]`,
				} {
					for _, header := range [][]string{nil, {"If-Match", `W/"1"`}, {"If-Match", `W/"7"`}} {
						same(t, who+" "+ops, patched(w, token, "/"+hidden.String(), ops, header...), patched(w, token, "/Observation/"+absent, ops, header...).Expect(http.StatusNotFound))
					}
				}
				for _, path := range []string{"Observation.where(status = 'final').value", "Observation.where(status = 'amended').value", "Observation.nonsense"} {
					same(t, path, byPath(w, token, "/"+hidden.String(), "delete", path, ""), byPath(w, token, "/Observation/"+absent, "delete", path, "").Expect(http.StatusNotFound))
				}
			}
		}
		// What may be seen and not changed is not there to be patched either.
		patched(w, w.Patient(w.A, own), "/"+w.A.Lab.String(), `[{"op":"test","path":"/status","value":"final"}]`).Expect(http.StatusNotFound)
		patched(w, w.System(w.Practice), "/"+w.A.Lab.String(), `[{"op":"test","path":"/status","value":"final"}]`).Expect(http.StatusNotFound)
	})
}

// A patch needs the permission to read and to update: one that may only update
// learns nothing by a test, and of what only one of the two reaches, the answer
// is that of what is not there.
func TestA_PatchNeedsReadAndUpdate(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		test := `[{"op":"test","path":"/status","value":"final"}]`
		as := func(scopes string) string {
			return w.Token(scopes, smart.Grant{Organization: w.Practice, Purposes: []string{"TREAT"}})
		}
		at := "/" + w.A.Reading.String()
		patched(w, as("system/Observation.u"), at, test).Expect(http.StatusForbidden)
		patched(w, as("system/Observation.rs"), at, test).Expect(http.StatusForbidden)
		patched(w, as("system/Patient.cruds system/Observation.u"), at, test).Expect(http.StatusForbidden)
		patched(w, as("system/Observation.ru"), at, test).Expect(http.StatusOK)
		w.Do(as("system/Observation.ru"), http.MethodPatch, "/Observation?_id="+w.A.Reading.ID, test, "Content-Type", jsonPatch).Expect(http.StatusForbidden)
		apart := as("system/Observation.u system/Observation.r?code=29463-7")
		same(t, "read and update of different things", patched(w, apart, at, test), patched(w, apart, "/Observation/"+absent, test).Expect(http.StatusNotFound))
		// Nor can it leave what it may read.
		narrow := as("system/Observation.u system/Observation.r?code=8867-4")
		patched(w, narrow, at, test).Expect(http.StatusOK)
		patched(w, narrow, at, `[{"op":"replace","path":"/code/coding/0/code","value":"29463-7"}]`).Expect(http.StatusForbidden)
	})
}

// Section A, "an update that moves a resource in or out of the compartment", and
// attack 1, by patch.
func TestA_PatchMovesAndLowersNothing(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		token, hospital := w.Patient(w.A, own), w.System(w.Hospital)
		mine := w.Create(token, cast.Observation(w.A.AtPractice, "8867-4", "x", "7.10"))
		to := func(ref fhir.Ref) string {
			return fmt.Sprintf(`[{"op":"replace","path":"/subject/reference","value":%q}]`, ref)
		}
		nobody := patched(w, token, "/"+mine.String(), to(fhir.Ref{Type: "Patient", ID: absent})).Expect(http.StatusUnprocessableEntity)
		nobody.Body = []byte(strings.Replace(string(nobody.Body), absent, w.B.AtPractice.ID, 1))
		same(t, "moved to another", patched(w, token, "/"+mine.String(), to(w.B.AtPractice)), nobody)
		expect(t, "moved to nobody", patched(w, token, "/"+mine.String(), `[{"op":"remove","path":"/subject"}]`), http.StatusForbidden)
		part := `,{"name":"value","valueReference":{"reference":"` + w.B.AtPractice.String() + `"}}`
		expect(t, "moved by FHIRPath", byPath(w, token, "/"+mine.String(), "replace", "Observation.subject", part), http.StatusUnprocessableEntity)

		seen := func(when string) {
			t.Helper()
			if refs := w.Get(hospital, "/Observation?_security=PSY&_id="+w.A.Psychiatry.ID).Refs(); len(refs) != 1 {
				t.Errorf("%s the label is gone", when)
			}
		}
		at := "/" + w.A.Psychiatry.String()
		patched(w, hospital, at, `[{"op":"remove","path":"/meta/security"}]`).Expect(http.StatusOK)
		seen("after a JSON Patch")
		byPath(w, hospital, at, "delete", "Observation.code.coding", "").Expect(http.StatusOK)
		seen("after a FHIRPath Patch")
		w.Do(hospital, http.MethodPost, "", bundle("transaction", entry("PATCH", w.A.Psychiatry.String(), operation("replace", "Observation.status", `,{"name":"value","valueCode":"amended"}`), ""))).Expect(http.StatusOK)
		seen("after a transaction")

		for _, ops := range []string{`[{"op":"replace","path":"/id","value":"x"}]`, `[{"op":"remove","path":"/id"}]`, `[{"op":"replace","path":"","value":{"resourceType":"Observation","id":"x","status":"final","code":{"text":"x"}}}]`} {
			expect(t, ops, patched(w, hospital, at, ops), http.StatusUnprocessableEntity)
		}
		before := w.Get(hospital, at).Root().At("meta", "versionId").Text()
		after := patched(w, hospital, at, `[{"op":"replace","path":"/meta/versionId","value":"77"},{"op":"replace","path":"/meta/lastUpdated","value":"2001-01-01T00:00:00Z"}]`).Expect(http.StatusOK).Root()
		if v := after.At("meta", "versionId").Text(); v == "77" || v == before || strings.HasPrefix(after.At("meta", "lastUpdated").Text(), "2001") {
			t.Errorf("meta is %s", after.Get("meta").Raw())
		}
	})
}

// Policy inputs are patched by whom they may be written, and by nobody else.
func TestA_PatchOfPolicyInputs(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		stranger, patient := w.Professional(w.Stranger, w.Practice, "user/*.cruds"), w.Patient(w.A, own)
		add := `[{"op":"add","path":"/participant/-","value":{"member":{"reference":"` + w.Stranger.String() + `"}}}]`
		for _, target := range []string{"CareTeam/anna-practice", "Patient/" + w.A.AtPractice.ID, "PractitionerRole/stranger-role", "Organization/" + w.Practice} {
			for who, token := range map[string]string{"a professional": stranger, "a patient": patient} {
				expect(t, who+" patches "+target, patched(w, token, "/"+target, add), http.StatusForbidden)
			}
		}
		// Once the custodian has patched the team, its decisions follow at once.
		reading := "/" + w.A.Reading.String()
		w.Get(stranger, reading).Expect(http.StatusNotFound)
		patched(w, w.System(w.Practice), "/CareTeam/anna-practice", add).Expect(http.StatusOK)
		w.Get(stranger, reading).Expect(http.StatusOK)
		byPath(w, w.System(w.Practice), "/CareTeam/anna-practice", "delete", "CareTeam.participant[1]", "").Expect(http.StatusOK)
		w.Get(stranger, reading).Expect(http.StatusNotFound)

		// A consent is withdrawn by patch, and given back in one's own name alone.
		gp := w.Professional(w.GP, w.Practice, "user/*.rs")
		given := w.Create(patient, cast.Permit(w.A.AtPractice, w.Practice))
		w.Get(gp, "/"+w.A.Lab.String()).Expect(http.StatusOK)
		patched(w, patient, "/"+given.String(), `[{"op":"replace","path":"/status","value":"inactive"}]`).Expect(http.StatusOK)
		w.Get(gp, "/"+w.A.Lab.String()).Expect(http.StatusNotFound)
		expect(t, "in another's name", patched(w, patient, "/"+given.String(), `[{"op":"replace","path":"/status","value":"active"},{"op":"add","path":"/performer","value":[{"reference":"`+w.GP.String()+`"}]}]`), http.StatusUnprocessableEntity)
		expect(t, "of another", patched(w, w.Patient(w.B, own), "/"+given.String(), `[{"op":"replace","path":"/status","value":"active"}]`), http.StatusNotFound)
	})
}

// Conditional patches and deletes count what is visible, and change what is
// theirs to change, with one match and with several.
func TestA_ConditionalPatchAndDeleteCountTheVisible(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		token, heart := w.Patient(w.A, own), cast.Observation(w.A.AtPractice, "8867-4", "x", "61")
		amend := `[{"op":"replace","path":"/status","value":"amended"}]`
		none := patched(w, token, "/Observation?code=99-9", amend).Expect(http.StatusNotFound)
		for _, hidden := range []string{"_id=" + w.B.Reading.ID, "code=8867-4", "_id=" + w.A.Reading.ID + "," + w.B.Lab.ID} {
			same(t, hidden, patched(w, token, "/Observation?"+hidden, amend), none)
			w.Do(token, http.MethodDelete, "/Observation?"+hidden, nil).Expect(http.StatusNoContent)
		}
		w.Get(w.System(w.Practice), "/"+w.B.Reading.String()).Expect(http.StatusOK)
		mine := w.Create(token, heart) // beside those of B and of the practice
		patched(w, token, "/Observation?code=8867-4", amend).Expect(http.StatusOK)
		patched(w, token, "/Observation?code=8867-4", amend, "If-Match", `W/"1"`).Expect(http.StatusPreconditionFailed)
		other := w.Create(token, heart)
		patched(w, token, "/Observation?code=8867-4", amend).Expect(http.StatusPreconditionFailed)
		w.Do(token, http.MethodDelete, "/Observation?code=8867-4", nil).Expect(http.StatusPreconditionFailed)

		w.Gate.DeleteMany = true
		w.Do(token, http.MethodDelete, "/Observation?code=8867-4", nil).Expect(http.StatusNoContent)
		w.Get(token, "/"+mine.String()).Expect(http.StatusGone)
		w.Get(token, "/"+other.String()).Expect(http.StatusGone)
		for _, left := range []fhir.Ref{w.A.Reading, w.B.Reading} {
			w.Get(w.System(w.Practice), "/"+left.String()).Expect(http.StatusOK)
		}
		w.Do(token, http.MethodDelete, "/Observation?code=8867-4", nil).Expect(http.StatusNoContent)
	})
}

// PUT brings back what was deleted, for those alone who could see and change it.
func TestA_PutResurrectsOnlyOnesOwn(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		hospital, practice := w.System(w.Hospital), w.System(w.Practice)
		body := under(w.A.Lab.ID, cast.Observation(w.A.AtHospital, "2345-7", "Glucose", "6.60"))
		at := "/" + w.A.Lab.String()
		w.Do(hospital, http.MethodDelete, at, nil).Expect(http.StatusNoContent)
		gone := under(absent, cast.Observation(w.A.AtHospital, "2345-7", "Glucose", "6.60"))
		for who, token := range map[string]string{"another custodian": practice, "the patient": w.Patient(w.A, own), "another patient": w.Patient(w.B, own), "a professional": w.Professional(w.GP, w.Practice, "user/*.cruds")} {
			expect(t, who, w.Do(token, http.MethodPut, at, body), http.StatusNotFound)
			same(t, who, w.Do(token, http.MethodPut, at, body), w.Do(token, http.MethodPut, "/Observation/"+absent, gone))
		}
		patched(w, hospital, at, `[{"op":"replace","path":"/status","value":"amended"}]`).Expect(http.StatusGone)
		back := w.Do(hospital, http.MethodPut, at, body).Expect(http.StatusCreated)
		if v := back.Root().At("meta", "versionId").Text(); v != "3" {
			t.Errorf("version %s, want 3", v)
		}
		w.Get(hospital, at).Expect(http.StatusOK)
		w.Get(hospital, at+"/_history/2").Expect(http.StatusGone)
	})
}

// Section A, "conditional references over invisible data": what is hidden is as
// if it were not there, and what the transaction itself writes counts.
func TestA_ConditionalReferencesAreUnderAccess(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		token, hospital := w.Patient(w.A, own), w.System(w.Hospital)
		about := func(reference string) string {
			return bundle("transaction", entry("POST", "Observation", strings.Replace(cast.Observation(w.A.AtPractice, "8867-4", "x", "1"), `"status"`, fmt.Sprintf(`"hasMember":[{"reference":%q}],"status"`, reference), 1), ""))
		}
		// Of one's own there is one; the other is of B.
		mine := w.Create(token, cast.Observation(w.A.AtPractice, "77-7", "x", "1"))
		w.Create(w.System(w.Practice), cast.Observation(w.B.AtPractice, "77-7", "x", "1"))
		w.Create(w.System(w.Practice), cast.Observation(w.B.AtPractice, "88-8", "x", "1"))
		w.Do(token, http.MethodPost, "", about("Observation?code=77-7")).Expect(http.StatusOK)
		if refs := w.Get(token, "/Observation?has-member="+mine.ID).Refs(); len(refs) != 1 {
			t.Errorf("%v refer to %s", refs, mine)
		}
		hidden := w.Do(token, http.MethodPost, "", about("Observation?code=88-8")).Expect(http.StatusPreconditionFailed)
		none := w.Do(token, http.MethodPost, "", about("Observation?code=99-9"))
		none.Body = []byte(strings.Replace(string(none.Body), "99-9", "88-8", 1))
		same(t, "a hidden one", hidden, none)
		if text := string(hidden.Body); !strings.Contains(text, "Observation?code=88-8") || !strings.Contains(text, "Bundle.entry[0]") {
			t.Errorf("the expression is not named: %s", text)
		}
		w.Create(token, cast.Observation(w.A.AtPractice, "77-7", "x", "1"))
		w.Do(token, http.MethodPost, "", about("Observation?code=77-7")).Expect(http.StatusPreconditionFailed)
		// A patient found is a patient whom one may write about.
		find := strings.Replace(about("Observation?code=2345-7"), w.A.AtPractice.String(), "Patient?identifier="+cast.BSN+"|"+w.B.BSN, 1)
		expect(t, "about another, by number", w.Do(token, http.MethodPost, "", find), http.StatusPreconditionFailed)
		// It is a search, and needs to be allowed.
		noSearch := w.Token("system/Observation.cru", smart.Grant{Organization: w.Practice, Purposes: []string{"TREAT"}})
		expect(t, "without search", w.Do(noSearch, http.MethodPost, "", about("Observation?code=77-7")), http.StatusForbidden)
		// In anything but a transaction it is nothing.
		member := `{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"` + w.A.AtHospital.String() + `"},"hasMember":[{"reference":"Observation?code=2345-7"}]}`
		expect(t, "outside a transaction", w.Do(hospital, http.MethodPost, "/Observation", member), http.StatusBadRequest)
		expect(t, "by patch", patched(w, hospital, "/"+w.A.Lab.String(), `[{"op":"add","path":"/hasMember","value":[{"reference":"Observation?code=2345-7"}]}]`), http.StatusBadRequest, http.StatusUnprocessableEntity)
		if got := statuses(w.Do(hospital, http.MethodPost, "", bundle("batch", entry("POST", "Observation", member, "")))); got[0] != "400" {
			t.Errorf("in a batch: %v", got)
		}
	})
}

// Section D, "JSON bombs": what a patch can cost is bounded.
func TestD_PatchBombs(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		hospital, at := w.System(w.Hospital), "/"+w.A.Lab.String()
		double := strings.Repeat(`{"op":"copy","from":"/note","path":"/note/-"},`, 60)
		many := strings.Repeat(`{"op":"test","path":"/status","value":"final"},`, 1001)
		for name, ops := range map[string]string{
			"doubling": `[{"op":"add","path":"/note","value":[{"text":"` + strings.Repeat("x", 1000) + `"}]},` + strings.TrimSuffix(double, ",") + `]`,
			"many":     `[` + strings.TrimSuffix(many, ",") + `]`,
		} {
			expect(t, name, patched(w, hospital, at, ops), http.StatusRequestEntityTooLarge)
		}
		nest := `[{"op":"add","path":"/extension","value":[{"url":"x","extension":[]}]}`
		for i := 1; i < 100; i++ {
			nest += `,{"op":"add","path":"/extension/0` + strings.Repeat("/extension/0", i) + `","value":{"url":"x","extension":[]}}`
		}
		expect(t, "depth", patched(w, hospital, at, nest+`]`), http.StatusBadRequest, http.StatusUnprocessableEntity)
		expect(t, "digits", patched(w, hospital, at, `[{"op":"replace","path":"/valueQuantity/value","value":`+strings.Repeat("9", 500)+`}]`), http.StatusBadRequest, http.StatusUnprocessableEntity)
		if v := w.Get(hospital, at).Root().At("meta", "versionId").Text(); v != "1" {
			t.Errorf("version %s: something was changed", v)
		}
	})
}

// A patch in a Bundle is the same patch, and each is recorded as one.
func TestRecord_PatchesByEveryWay(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		hospital := w.System(w.Hospital)
		binary := func(ops string) string {
			return `{"resourceType":"Binary","contentType":"` + jsonPatch + `","data":"` + base64.StdEncoding.EncodeToString([]byte(ops)) + `"}`
		}
		amend := binary(`[{"op":"replace","path":"/status","value":"amended"}]`)
		for _, kind := range []string{"batch", "transaction"} {
			r := w.Do(hospital, http.MethodPost, "", bundle(kind,
				entry("PATCH", w.A.Lab.String(), amend, ""),
				entry("PATCH", "Observation?_id="+w.B.Lab.ID, operation("replace", "Observation.status", `,{"name":"value","valueCode":"corrected"}`), "")))
			if got := statuses(r.Expect(http.StatusOK)); strings.Join(got, " ") != "200 200" {
				t.Errorf("%s: %v: %s", kind, got, r.Body)
			}
		}
		for ref, want := range map[fhir.Ref]string{w.A.Lab: "amended", w.B.Lab: "corrected"} {
			root := w.Get(hospital, "/"+ref.String()).Root()
			if got := root.Get("status").Text(); got != want || root.At("meta", "versionId").Text() != "3" || string(root.At("valueQuantity", "value").Raw()) != "5.40" {
				t.Errorf("%s: %s", ref, root.Raw())
			}
		}
		// One that fails undoes a transaction, and is told in its place in a batch.
		fails := []string{entry("PATCH", w.A.Lab.String(), amend, ""), entry("PATCH", w.B.Lab.String(), binary(`[{"op":"test","path":"/status","value":"x"}]`), "")}
		w.Do(hospital, http.MethodPost, "", bundle("transaction", fails...)).Expect(http.StatusUnprocessableEntity)
		if got := statuses(w.Do(hospital, http.MethodPost, "", bundle("batch", fails...))); strings.Join(got, " ") != "200 422" {
			t.Errorf("batch: %v", got)
		}
		patches := 0
		for e := range w.Get(w.Supervisor(), "/AuditEvent?patient="+w.A.AtHospital.ID+"&_count=1000").Root().Get("entry").All() {
			r := e.Get("resource")
			if strings.Contains(string(r.Get("subtype").Raw()), `"patch"`) && r.Get("action").Text() == "U" && r.Get("outcome").Text() == "0" {
				patches++
			}
		}
		if patches != 3 {
			t.Errorf("%d patches of A are recorded, want 3", patches)
		}
	})
}
