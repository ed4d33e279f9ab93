package cast_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"sluis/conformance/cast"
	"sluis/fhir"
	"sluis/gate"
	"sluis/storage"
)

// Attacks A, "transaction references, conditional references": what a consent
// forbids to whom it names by a search is forbidden, of data as of actors.
func TestA_ConsentsByConditionalReferenceHold(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		patient, gp := w.Patient(w.A, own), w.Professional(w.GP, w.Practice, "user/*.rs")
		w.Place(w.Practice, `{"resourceType":"Organization","id":"practice","active":true,"identifier":[{"system":"urn:o","value":"practice"}],"name":"practice"}`)
		opted := strings.Replace(cast.Permit(w.A.AtPractice, w.Practice), "OPTOUT", "OPTIN", 1)
		start, _, _ := strings.Cut(opted, `"provision":{"type"`)
		actor := `"provision":{"type":"deny","actor":[{"role":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ParticipationType","code":"IRCP"}]},"reference":{"reference":%q}}]}}`
		datum := `"provision":{"type":"deny","data":[{"meaning":"instance","reference":{"reference":%q}}]}}`
		reading := "/" + w.A.Reading.String()
		for what, provision := range map[string]string{
			"an actor": fmt.Sprintf(actor, "Organization?identifier=urn:o|practice"),
			"a datum":  fmt.Sprintf(datum, "Observation?_id="+w.A.Reading.ID),
		} {
			w.Get(gp, reading).Expect(http.StatusOK)
			r := w.Do(patient, http.MethodPost, "", bundle("transaction", entry("POST", "Consent", start+provision, ""))).Expect(http.StatusOK)
			w.Get(gp, reading).Expect(http.StatusNotFound)
			for e := range r.Root().Get("entry").All() {
				at, _, _ := strings.Cut(e.At("response", "location").Text(), "/_history")
				body := strings.Replace(string(w.Get(patient, "/"+at).Body), `"active"`, `"inactive"`, 1)
				expect(t, "withdraw "+what, w.Do(patient, http.MethodPut, "/"+at, body), http.StatusOK)
			}
		}
		// Whom an entry that is conditional turns out to be, only the commit tells.
		conditional := `{"fullUrl":"urn:uuid:0b1b7d3e-4e0c-4b57-9a3e-6a3f3ad2f6a1","resource":{"resourceType":"Organization","identifier":[{"system":"urn:o","value":"practice"}],"name":"practice"},"request":{"method":"POST","url":"Organization","ifNoneExist":"identifier=urn:o|practice"}}`
		denied := entry("POST", "Consent", start+fmt.Sprintf(actor, "urn:uuid:0b1b7d3e-4e0c-4b57-9a3e-6a3f3ad2f6a1"), "")
		expect(t, "by a conditional entry", w.Do(w.System(w.Practice), http.MethodPost, "", bundle("transaction", conditional, denied)), http.StatusBadRequest)
		w.Get(gp, reading).Expect(http.StatusOK)
	})
}

// Attacks B: two who use one app may name their messages alike. Neither's is
// taken for the other's, which would lose it and tell of the other.
func TestA_MessagesAreTheirSendersOwn(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		send := func(token string, about fhir.Ref) {
			w.Do(token, http.MethodPost, "/$process-message", `{"resourceType":"Bundle","type":"message","entry":[
{"fullUrl":"http://app.example/MessageHeader/1","resource":{"resourceType":"MessageHeader","id":"1","eventUri":"http://example.org/e","source":{"endpoint":"http://app.example"}}},
{"fullUrl":"http://app.example/Observation/1","resource":`+cast.Observation(about, "777-7", "x", "1")+`}]}`).Expect(http.StatusOK)
		}
		for range 2 {
			for _, p := range []cast.Person{w.A, w.B} {
				send(w.Patient(p, own), p.AtPractice)
			}
		}
		for _, p := range []cast.Person{w.A, w.B} {
			if refs := find(w, w.Patient(p, own), "/Observation?code=777-7"); len(refs) != 1 {
				t.Errorf("%s has %v", p.AtPractice, refs)
			}
		}
		other := `{"resourceType":"Bundle","type":"message","entry":[
{"resource":{"resourceType":"MessageHeader","id":"2","eventUri":"http://example.org/e","source":{"endpoint":"http://app.example"}}},{"resource":%s}]}`
		a := w.Patient(w.A, own)
		for body, status := range map[string]int{
			cast.Observation(w.B.AtPractice, "1-8", "x", "1"):     http.StatusUnprocessableEntity,
			cast.Team("t", w.Stranger, w.A.AtPractice):            http.StatusForbidden,
			cast.Patient(w.A.AtPractice, w.A.BSN, "Anna"):         http.StatusForbidden,
			cast.Permit(w.B.AtPractice, w.Practice):               http.StatusUnprocessableEntity,
			`{"resourceType":"AuditEvent","outcome":"0"}`:         http.StatusBadRequest,
			`{"resourceType":"Organization","name":"everything"}`: http.StatusForbidden,
		} {
			expect(t, "a message with "+body, w.Do(a, http.MethodPost, "/$process-message", fmt.Sprintf(other, body)), status)
		}
	})
}

// Section D, resource exhaustion: what one request makes the server hold, or do,
// is bounded.
func TestD_OperationsAreBounded(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		token := w.Patient(w.A, own)
		statements := w.Do(token, http.MethodPost, "", bundle("batch", slices.Repeat([]string{entry("GET", "metadata", "", "")}, 120)...)).Expect(http.StatusOK)
		if n := strings.Count(string(statements.Body), `"status":"413"`); n < 20 || len(statements.Body) > 80<<20 {
			t.Errorf("%d of 120 statements were refused, and the answer has %d bytes", n, len(statements.Body))
		}
		names := func(n int) string {
			return `{"resourceType":"Patient","identifier":[` + strings.TrimSuffix(distinct(`{"system":"urn:x","value":"%d"},`, n), ",") + `]}`
		}
		expect(t, "a person of many numbers", w.Do(token, http.MethodPost, "/Patient/$match", names(500)), http.StatusOK)
		expect(t, "a person of too many", w.Do(token, http.MethodPost, "/Patient/$match", names(501)), http.StatusUnprocessableEntity)
		long := `{"resourceType":"Parameters","parameter":[` + strings.TrimSuffix(strings.Repeat(`{"name":"_type","valueCode":"Observation"},`, 10_000), ",") + `]}`
		everything := "/Patient/" + w.A.AtPractice.ID + "/$everything"
		expect(t, "a long request for later", w.Do(token, http.MethodPost, everything, long, "Prefer", "respond-async"), http.StatusRequestEntityTooLarge)

		note := `{"text":"` + strings.Repeat("x", 1_000_000) + `"},`
		large := w.Create(token, strings.Replace(cast.Observation(w.A.AtPractice, "8867-4", "x", "1"), `"status"`, `"note":[`+strings.TrimSuffix(strings.Repeat(note, 8), ",")+`],"status"`, 1))
		patches := make([]string, 20)
		for i := range patches {
			patches[i] = entry("PATCH", fmt.Sprintf("Observation?_id=%s,x%d", large.ID, i), `{"resourceType":"Parameters","parameter":[{"name":"operation","part":[{"name":"type","valueCode":"replace"},{"name":"path","valueString":"Observation.status"},{"name":"value","valueCode":"amended"}]}]}`, "")
		}
		expect(t, "patches of a large resource", w.Do(token, http.MethodPost, "", bundle("transaction", patches...)), http.StatusRequestEntityTooLarge)

		// A batch ends with the time of its request, whatever its entries ask.
		b, err := gate.ParseBundle([]byte(bundle("batch", entry("GET", "ValueSet/$expand", "", ""))))
		if err != nil {
			t.Fatal(err)
		}
		b.Call = func(gate.BundleEntry) ([]byte, error) {
			t.Error("an entry was carried out for nobody")
			return nil, nil
		}
		over, end := context.WithCancel(context.Background())
		end()
		if results, err := w.Gate.Bundle(over, gate.Caller{}, b); err != nil || fhir.KindOf(results[0].Err) != fhir.Unavailable {
			t.Errorf("a batch that was given up: %v %v", err, results)
		}
	})
}

// stuck is a store that does not finish jobs before it is told to, and that
// fails badly when it is to.
type stuck struct {
	cast.Backend
	free  chan struct{}
	panic bool
}

func (s stuck) FinishJob(ctx context.Context, id string, result []byte) error {
	<-s.free
	return s.Backend.FinishJob(ctx, id, result)
}

func (s stuck) Apply(ctx context.Context, tx storage.Tx) ([]storage.Result, error) {
	if s.panic {
		panic("a defect")
	}
	return s.Backend.Apply(ctx, tx)
}

// Section D: requests whose clients do not wait are not taken without bound, and
// one that fails badly ends nothing but itself.
func TestD_DeferredWritesAreBounded(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		store := stuck{Backend: w.Store, free: make(chan struct{})}
		server := w.Beside(t, store)
		token, body := w.Patient(w.A, own), bundle("transaction", entry("POST", "Observation", cast.Observation(w.A.AtPractice, "1-8", "x", "1"), ""))
		send := func() cast.Response { return server.Do(token, http.MethodPost, "", body, "Prefer", "respond-async") }
		taken := 0
		last := send()
		for ; last.Status == http.StatusAccepted && taken < 1000; last = send() {
			taken++
		}
		if taken == 0 || taken > 100 {
			t.Errorf("%d were taken at once", taken)
		}
		expect(t, "one more", last, http.StatusServiceUnavailable)
		expect(t, "one that waits", server.Do(token, http.MethodPost, "", body), http.StatusOK)
		close(store.free)
		for deadline := time.Now().Add(20 * time.Second); last.Status != http.StatusAccepted && time.Now().Before(deadline); last = send() {
			time.Sleep(10 * time.Millisecond)
		}
		expect(t, "afterwards", last, http.StatusAccepted)

		store.panic = true
		broken := w.Beside(t, store)
		job := deferring(broken, token, http.MethodPost, "", body)
		status := broken.Get(token, job)
		for deadline := time.Now().Add(20 * time.Second); status.Status == http.StatusAccepted && time.Now().Before(deadline); status = broken.Get(token, job) {
			time.Sleep(10 * time.Millisecond)
		}
		expect(t, "one that fails badly", status, http.StatusInternalServerError)
	})
}

// psychiatric is the start of a body that is withheld from whom cast.Permit
// names.
const psychiatric = `"meta":{"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"PSY"}]}`

// Attacks A, from the side of one who treats the patient and from whom the
// patient withholds a part: no form of search, include or operation reaches it,
// goes by it, or goes through it.
func TestA_WhatIsWithheldIsNowhere(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		hospital, gp := w.System(w.Hospital), w.Professional(w.GP, w.Practice, "user/*.cruds")
		consent := w.Create(w.Patient(w.A, own), cast.Permit(w.A.AtPractice, w.Practice))
		of, psychiatry := w.A.AtHospital.String(), w.A.Psychiatry.String()
		list := w.Create(hospital, fmt.Sprintf(`{"resourceType":"List",%s,"status":"current","mode":"working","subject":{"reference":%q},"entry":[{"item":{"reference":%q}},{"item":{"reference":%q}}]}`, psychiatric, of, w.A.Lab, psychiatry))
		seen := w.Create(hospital, fmt.Sprintf(`{"resourceType":"Encounter",%s,"status":"finished","class":{"code":"AMB"},"subject":{"reference":%q}}`, psychiatric, of))
		w.Create(hospital, fmt.Sprintf(`{"resourceType":"Provenance","target":[{"reference":%q}],"recorded":"2026-03-01T10:00:00Z","agent":[{"who":{"reference":%q}}]}`, psychiatry, w.Specialist))
		w.Create(hospital, fmt.Sprintf(`{"resourceType":"Condition","subject":{"reference":%q},"encounter":{"reference":%q},"evidence":[{"detail":[{"reference":%q}]}]}`, of, seen, psychiatry))
		member := w.Create(hospital, strings.Replace(cast.Observation(w.A.AtHospital, "55-5", "x", "1"), `"status"`, `"hasMember":[{"reference":"`+psychiatry+`"}],"status"`, 1))
		for _, path := range []string{
			"/Observation?_list=" + list.ID, "/Observation?_has:List:item:_id=" + list.ID, "/Observation?_content=PHQ", "/Observation?_filter=code+eq+44249-1", "/Observation?_security=PSY",
			"/Patient?_has:Observation:patient:code=44249-1", "/Patient?_has:Observation:patient:_has:List:item:_id=" + list.ID, "/Condition?encounter.class=AMB", "/Condition?evidence-detail:Observation.code=44249-1",
			"/Observation?has-member:Observation.code=44249-1", "/Observation?_filter=has-member.code+eq+44249-1", "/Patient/" + w.A.AtHospital.ID + "/Observation?code=44249-1",
			"/Practitioner/" + w.Specialist.ID + "/Provenance", "/Provenance?target:Observation.code=44249-1", "/Practitioner?_has:Provenance:agent:target:Observation.code=44249-1",
			"/Patient?_has:Consent:patient:status=active", "/Patient?_has:Consent:patient:_id=" + consent.ID, "/Organization?_has:Consent:organization:status=active", "/Patient?_has:AuditEvent:patient:action=R",
			"/Patient/" + w.A.AtHospital.ID + "/Consent", "/?_type=Consent,Provenance,List,Encounter", "/Observation?_id=" + psychiatry[len("Observation/"):] + "&_revinclude=*", "/Observation/$lastn?patient=" + w.A.AtHospital.ID + "&code=44249-1",
		} {
			if got := find(w, gp, path); len(got) > 0 {
				t.Errorf("%s finds %v", path, got)
			}
		}
		hidden := []string{psychiatry, list.String(), seen.String(), consent.String()}
		for _, path := range []string{
			"/Patient?_revinclude=*", "/Patient?_revinclude:iterate=*&_include:iterate=*", "/Organization?_revinclude:iterate=*", "/Observation?_id=" + member.ID + "&_include=*&_revinclude=*",
			"/Patient/" + w.A.AtPractice.ID + "/$everything", "/Patient/" + w.A.AtHospital.ID + "/$everything?_type=Consent,Observation,Provenance,List,Encounter,Condition",
			"/Observation/$lastn?patient=" + w.A.AtHospital.ID + "&code=55-5,2345-7&_include=*&_revinclude=*", "/Observation?_sort=-date,code", "/Patient/" + w.A.AtHospital.ID + "/*",
		} {
			got := find(w, gp, path)
			if i := slices.IndexFunc(got, func(ref string) bool { return slices.Contains(hidden, ref) || strings.HasPrefix(ref, "Provenance/") }); i >= 0 || len(got) == 0 {
				t.Errorf("%s finds %v", path, got)
			}
		}
	})
}

// Attacks A and B, operations as entries of a batch: of what is hidden, and was
// hidden and is deleted, they answer as of what never was.
func TestA_OperationsOfABatchAreNoOracle(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		hospital := w.System(w.Hospital)
		gone := w.Create(hospital, cast.Observation(w.B.AtHospital, "9-9", "x", "1"))
		w.Do(hospital, http.MethodDelete, "/"+gone.String(), nil).Expect(http.StatusNoContent)
		tag := `{"resourceType":"Parameters","parameter":[{"name":"meta","valueMeta":{"tag":[{"code":"x"}]}}]}`
		for name, token := range map[string]string{
			"a patient": w.Patient(w.A, own), "a stranger": w.Professional(w.Stranger, w.Practice, "user/*.cruds"), "another system": w.System(w.Practice),
		} {
			ask := func(observation, patient string) cast.Response {
				var entries []string
				for _, path := range []string{"$meta", "$validate", "$validate?mode=delete", "_history/1/$meta"} {
					entries = append(entries, entry("GET", "Observation/"+observation+"/"+path, "", ""))
				}
				for _, path := range []string{"Patient/" + patient + "/$everything", "Patient/" + patient + "/Observation", "Observation/$lastn?patient=" + patient + "&code=x"} {
					entries = append(entries, entry("GET", path, "", ""))
				}
				entries = append(entries, entry("POST", "Observation/"+observation+"/$meta-add", tag, ""), entry("POST", "Observation/"+observation+"/$meta-delete", tag, ""))
				for i := range entries {
					r := w.Do(token, http.MethodPost, "", bundle("batch", entries[i])).Expect(http.StatusOK)
					entries[i] = strings.NewReplacer(observation, "ID", patient, "ID").Replace(string(r.Body))
				}
				return cast.Response{Body: []byte(strings.Join(entries, "\n"))}
			}
			never := ask(absent, absent)
			same(t, name+", hidden", ask(w.B.Lab.ID, w.B.AtHospital.ID), never)
			same(t, name+", deleted", ask(gone.ID, w.B.AtHospital.ID), never)
			put := func(id string) cast.Response {
				return w.Do(token, http.MethodPut, "/Observation/"+id, under(id, cast.Observation(w.A.AtPractice, "9-9", "x", "1")))
			}
			same(t, name+", again", put(gone.ID), put(absent))
		}
	})
}

// L6, each way that data can leave by: operations as entries of a batch and what
// is fetched later leave a line for the person, and so does what was refused.
func TestL6_OperationsAreInTheLog(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		gp, patient := w.Professional(w.GP, w.Practice, "user/*.cruds"), w.Patient(w.A, own)
		lines := func() int {
			return len(w.Get(patient, "/AuditEvent?_count=1000").Refs())
		}
		more := func(what string, do func()) {
			t.Helper()
			before := lines()
			if do(); lines() != before+2 { // one of them is of the reading of the log
				t.Errorf("%s: %d lines, want 1", what, lines()-before-2)
			}
		}
		at := w.A.AtPractice.ID
		tag := `{"resourceType":"Parameters","parameter":[{"name":"meta","valueMeta":{"tag":[{"system":"urn:x","code":"x"}]}}]}`
		for _, e := range []string{
			entry("GET", "Patient/"+at+"/$everything", "", ""), entry("GET", "Observation/$lastn?patient="+at+"&code=8867-4", "", ""),
			entry("GET", w.A.Reading.String()+"/$meta", "", ""), entry("GET", w.A.Reading.String()+"/_history/1/$meta", "", ""), entry("GET", w.A.Reading.String()+"/$validate", "", ""),
			entry("POST", w.A.Reading.String()+"/$meta-add", tag, ""), entry("POST", "Patient/$match", `{"resourceType":"Patient","identifier":[{"system":"`+cast.BSN+`","value":"`+w.A.BSN+`"}]}`, ""),
			entry("GET", w.A.Psychiatry.String()+"/$meta", "", ""), entry("GET", w.A.Psychiatry.String()+"/$validate", "", ""), entry("POST", w.A.Lab.String()+"/$meta-add", tag, ""),
			entry("GET", "Patient/"+w.A.AtHospital.ID+"/Observation?code=44249-1", "", ""),
		} {
			more(e, func() { w.Do(gp, http.MethodPost, "", bundle("batch", e)).Expect(http.StatusOK) })
		}
		job := ""
		more("asking for later", func() {
			job = deferring(w, gp, http.MethodGet, "/Observation?code=8867-4", nil)
			w.Get(gp, "/"+w.A.Reading.String())
		})
		more("fetching", func() { w.Get(gp, job+"/pages").Expect(http.StatusOK) })
	})
}
