package cast_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"sluis/conformance/cast"
	"sluis/fhir"
	"sluis/smart"
)

// deferring defers a request and returns the path of its job.
func deferring(w *cast.World, token, method, path string, body any) string {
	r := w.Do(token, method, path, body, "Prefer", "respond-async").Expect(http.StatusAccepted)
	return strings.TrimPrefix(r.Header.Get("Content-Location"), cast.Base)
}

// fetched is a job's file, once it is there.
func fetched(t *testing.T, w *cast.World, token, job string) cast.Response {
	t.Helper()
	status := w.Get(token, job)
	for deadline := time.Now().Add(20 * time.Second); status.Status == http.StatusAccepted && time.Now().Before(deadline); status = w.Get(token, job) {
		time.Sleep(10 * time.Millisecond)
	}
	manifest := string(status.Expect(http.StatusOK).Body)
	file := job + "/pages"
	if !strings.Contains(manifest, `"output":[{"type":"Bundle","url":"`+cast.Base+file+`"}]`) || !strings.Contains(manifest, `"requiresAccessToken":true`) {
		t.Errorf("manifest: %s", manifest)
	}
	return w.Get(token, file)
}

// found are the resources of all lines.
func found(t *testing.T, r cast.Response) []string {
	t.Helper()
	var refs []string
	for line := range strings.Lines(string(r.Expect(http.StatusOK).Body)) {
		doc, err := fhir.ParseDocument([]byte(strings.TrimSpace(line)))
		if err != nil {
			t.Fatalf("a line is no resource: %v: %s", err, line)
		}
		for e := range doc.Root().Get("entry").All() {
			refs = append(refs, e.At("resource", "resourceType").Text()+"/"+e.At("resource", "id").Text())
		}
	}
	slices.Sort(refs)
	return refs
}

// What was stored over several lines is one line of the file, or who reads it by
// the line reads nothing.
func TestAsync_APageIsOneLine(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		home := w.System(w.Practice)
		w.Create(home, "{\n \"resourceType\": \"Patient\",\r\n \"identifier\": [{\"value\": \"lines\"}],\n \"name\": [{\"text\": \"a\\nb\"}]\n}")
		file := fetched(t, w, home, deferring(w, home, http.MethodGet, "/Patient?identifier=lines", nil))
		if refs := found(t, file); len(refs) != 1 || !strings.Contains(string(file.Body), `"text": "a\nb"`) {
			t.Errorf("%s", file.Body)
		}
	})
}

// R4 async.html: what a deferred request answers is what it would have answered.
func TestAsync(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		hospital := w.System(w.Hospital)
		direct := w.Get(hospital, "/Observation").Expect(http.StatusOK).Refs()
		slices.Sort(direct)
		for _, path := range []string{"/Observation?_count=1", "/Patient/" + w.A.AtHospital.ID + "/Observation", "/Observation/_history", "/Patient/" + w.A.AtHospital.ID + "/$everything?_count=2"} {
			if refs := found(t, fetched(t, w, hospital, deferring(w, hospital, http.MethodGet, path, nil))); len(refs) == 0 {
				t.Errorf("%s: nothing", path)
			}
		}
		if refs := found(t, fetched(t, w, hospital, deferring(w, hospital, http.MethodGet, "/Observation?_count=1", nil))); !slices.Equal(refs, direct) {
			t.Errorf("deferred %v, at once %v", refs, direct)
		}
		transaction := fmt.Sprintf(`{"resourceType":"Bundle","type":"transaction","entry":[{"resource":%s,"request":{"method":"POST","url":"Observation"}}]}`, cast.Observation(w.A.AtHospital, "8867-4", "Heart rate", "88"))
		done := fetched(t, w, hospital, deferring(w, hospital, http.MethodPost, "", transaction)).Expect(http.StatusOK)
		if body := string(done.Body); !strings.Contains(body, `"status":"201"`) || strings.Contains(body, "8867-4") {
			t.Errorf("the response of a transaction: %s", body)
		}
		if refs := w.Get(hospital, "/Observation?code=8867-4&_total=accurate").Refs(); len(refs) != 1 {
			t.Errorf("the transaction was not carried out: %v", refs)
		}
		failed := deferring(w, hospital, http.MethodPost, "", strings.Replace(transaction, `"status":"final"`, `"status":"wrong"`, 1))
		status := w.Get(hospital, failed)
		for status.Status == http.StatusAccepted {
			time.Sleep(10 * time.Millisecond)
			status = w.Get(hospital, failed)
		}
		if status.Status < 400 || !strings.Contains(string(status.Body), "OperationOutcome") {
			t.Errorf("a transaction that fails: %d %s", status.Status, status.Body)
		}
		w.Get(hospital, failed+"/pages").Expect(http.StatusNotFound)
		for _, bad := range []string{"/Observation?nothing=1", "/Observation?date=x", "/Patient/x/$everything?start=y", "/_history?_since=x"} {
			w.Do(hospital, http.MethodGet, bad, nil, "Prefer", "respond-async").Expect(http.StatusBadRequest)
		}
		w.Do(hospital, http.MethodGet, "/"+w.A.Lab.String(), nil, "Prefer", "respond-async").Expect(http.StatusOK)
		batch := `{"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"GET","url":"Observation"}}]}`
		w.Do(hospital, http.MethodPost, "", batch, "Prefer", "respond-async").Expect(http.StatusOK)
	})
}

// attacks.md 11 and 18: a job is its owner's, and what it answers is decided when
// it is fetched.
func TestA_AsyncIsItsOwnersAndDecidedWhenFetched(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		patient, gp := w.Patient(w.A, own), w.Professional(w.GP, w.Practice, "user/*.rs")
		given := w.Create(patient, cast.Permit(w.A.AtPractice, w.Practice))
		job := deferring(w, gp, http.MethodGet, "/Observation", nil)
		if refs := found(t, fetched(t, w, gp, job)); !slices.Contains(refs, w.A.Lab.String()) {
			t.Fatalf("permitted, the GP finds %v", refs)
		}
		absentJob := "/_async/" + strings.Repeat("a", 26)
		for name, other := range map[string]string{
			"another practitioner": w.Professional(w.Stranger, w.Practice, "user/*.rs"), "the patient": patient, "a system": w.System(w.Practice),
			"another client": w.Token("user/*.rs", smart.Grant{Client: "another", User: w.GP, Organization: w.Practice, Purposes: []string{"TREAT"}}),
		} {
			same(t, name, w.Get(other, job), w.Get(other, absentJob))
			same(t, name+", file", w.Get(other, job+"/pages"), w.Get(other, absentJob+"/pages"))
			same(t, name+", delete", w.Do(other, http.MethodDelete, job, nil), w.Do(other, http.MethodDelete, absentJob, nil))
		}
		w.Get("", job).Expect(http.StatusUnauthorized)
		w.Get("", job+"/pages").Expect(http.StatusUnauthorized)
		narrow := w.Professional(w.GP, w.Practice, "user/Condition.rs")
		w.Get(narrow, job+"/pages").Expect(http.StatusForbidden)

		body := strings.Replace(string(w.Get(patient, "/"+given.String()).Body), `"status":"active"`, `"status":"inactive"`, 1)
		w.Do(patient, http.MethodPut, "/"+given.String(), body).Expect(http.StatusOK)
		if refs := found(t, fetched(t, w, gp, job)); slices.Contains(refs, w.A.Lab.String()) {
			t.Errorf("withdrawn, the GP still finds %v", refs)
		}
		w.Do(gp, http.MethodDelete, job, nil).Expect(http.StatusAccepted)
		same(t, "dropped", w.Get(gp, job), w.Get(gp, absentJob))
		w.Do(gp, http.MethodPut, deferring(w, gp, http.MethodGet, "/Observation", nil), "{}").Expect(http.StatusMethodNotAllowed)
	})
}
