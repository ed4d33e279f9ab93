package gate_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"sluis/audit"
	"sluis/conformance/cast"
	"sluis/fhir"
	"sluis/gate"
	"sluis/smart"
	"sluis/storage"
	"sluis/storage/sqlite"
)

// world is the cast on an embedded store of its own.
func world(t *testing.T) *cast.World {
	t.Helper()
	store, err := sqlite.Open(context.Background(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return cast.New(t, store)
}

// faulty is a store and a log that fail on demand.
type faulty struct {
	cast.Backend
	stale  int   // so many reads answer ErrStale
	append error // what Append answers
}

func (f *faulty) Read(ctx context.Context, a storage.Access, ref fhir.Ref) (storage.Page, error) {
	if f.stale > 0 {
		f.stale--
		return storage.Page{}, storage.ErrStale
	}
	return f.Backend.Read(ctx, a, ref)
}

func (f *faulty) Append(ctx context.Context, records []audit.Record) error {
	if f.append != nil {
		return f.append
	}
	return f.Backend.Append(ctx, records)
}

// over is a gate over a faulty store, and a caller of the hospital.
func over(t *testing.T, w *cast.World, f *faulty) (*gate.Gate, gate.Caller) {
	t.Helper()
	c := w.Gate.Config
	c.Store, c.Log = f, f
	scopes, err := smart.ParseScopes("system/*.cruds")
	if err != nil {
		t.Fatal(err)
	}
	return gate.New(c), gate.Caller{Request: "test", Grant: smart.Grant{Client: "test", Organization: w.Hospital, Scopes: scopes}}
}

func TestCorridor_PolicyThatMovesIsDecidedAgain(t *testing.T) {
	w := world(t)
	read := fhir.Interaction{Kind: fhir.Read, Type: "Observation", ID: w.A.Lab.ID}
	f := &faulty{Backend: w.Store, stale: 3}
	g, caller := over(t, w, f)
	if _, err := g.Read(context.Background(), caller, read); err != nil || f.stale != 0 {
		t.Errorf("after three stale answers: %v", err)
	}
	f.stale = 1 << 20
	if _, err := g.Read(context.Background(), caller, read); fhir.KindOf(err) != fhir.Unavailable {
		t.Errorf("without end: %v", err)
	}
}

// audit.md: if the log cannot be written, clinical data are not served.
func TestAudit_NothingIsServedUnrecorded(t *testing.T) {
	w := world(t)
	f := &faulty{Backend: w.Store, append: errors.New("the disk is full")}
	g, caller := over(t, w, f)
	ctx := context.Background()
	for name, id := range map[string]string{"a read": w.A.Lab.ID, "a denial": "aaaaaaaaaaaaaaaaaaaaaaaaaa"} {
		r, err := g.Read(ctx, caller, fhir.Interaction{Kind: fhir.Read, Type: "Observation", ID: id})
		if fhir.KindOf(err) != fhir.Unavailable || len(r.Body) != 0 {
			t.Errorf("%s without a log: %v %s", name, err, r.Body)
		}
	}
}

func TestZeroCallerReachesNothing(t *testing.T) {
	w := world(t)
	ctx, ix := context.Background(), fhir.Interaction{Kind: fhir.Read, Type: "Observation", ID: w.A.Lab.ID}
	if _, err := w.Gate.Read(ctx, gate.Caller{}, ix); fhir.KindOf(err) != fhir.Forbidden {
		t.Errorf("read: %v", err)
	}
	if _, err := w.Gate.Write(ctx, gate.Caller{}, fhir.Interaction{Kind: fhir.Create, Type: "Basic"}, []byte(`{"resourceType":"Basic"}`)); fhir.KindOf(err) != fhir.Forbidden {
		t.Errorf("write: %v", err)
	}
}

// A transaction is whole or absent, and its error names every entry at fault.
func TestTransaction_NamesEveryEntry(t *testing.T) {
	w := world(t)
	token := w.System(w.Hospital)
	entry := func(body string) string {
		return `{"resource":` + body + `,"request":{"method":"POST","url":"Observation"}}`
	}
	good := cast.Observation(w.A.AtHospital, "1-8", "x", "1")
	bundle := `{"resourceType":"Bundle","type":"transaction","entry":[` + strings.Join([]string{
		entry(good), entry(`{"resourceType":"Observation","status":"nonsense"}`), entry(strings.Replace(good, w.A.AtHospital.String(), "urn:uuid:0c2f", 1)),
	}, ",") + `]}`
	before := len(w.Get(token, "/Observation").Refs())
	r := w.Do(token, http.MethodPost, "", bundle)
	if r.Status != http.StatusUnprocessableEntity && r.Status != http.StatusBadRequest {
		t.Errorf("status %d", r.Status)
	}
	for _, want := range []string{"Bundle.entry[1]", "Bundle.entry[2]"} {
		if !strings.Contains(string(r.Body), want) {
			t.Errorf("%s is not named: %s", want, r.Body)
		}
	}
	if after := len(w.Get(token, "/Observation").Refs()); after != before {
		t.Errorf("%d entries of a refused transaction stayed", after-before)
	}
}

// urn:uuid references become references to what was created.
func TestTransaction_ReferencesBetweenEntries(t *testing.T) {
	w := world(t)
	token := w.System(w.Hospital)
	bundle := fmt.Sprintf(`{"resourceType":"Bundle","type":"transaction","entry":[
		{"fullUrl":"urn:uuid:b","resource":%s,"request":{"method":"POST","url":"Observation"}},
		{"fullUrl":"urn:uuid:a","resource":{"resourceType":"Patient","identifier":[{"system":"urn:mrn","value":"7"}]},"request":{"method":"POST","url":"Patient","ifNoneExist":"identifier=urn:mrn|7"}}]}`,
		strings.Replace(cast.Observation(w.A.AtHospital, "1-8", "x", "1"), w.A.AtHospital.String(), "urn:uuid:a", 1))
	for range 2 { // the second time the Patient is there
		w.Do(token, http.MethodPost, "", bundle).Expect(http.StatusOK)
	}
	if refs := w.Get(token, "/Patient?identifier=urn:mrn|7").Refs(); len(refs) != 1 {
		t.Fatalf("conditional create made %v", refs)
	}
	if refs := w.Get(token, "/Observation?subject:Patient.identifier=urn:mrn|7").Refs(); len(refs) != 2 {
		t.Errorf("the Observations refer to %v", refs)
	}
}

// A conditional create cannot stand for what the same transaction deletes:
// nothing would be left.
// A delete goes before a create, so that its condition finds nothing; what is
// deleted can be neither changed nor stood for.
func TestTransaction_DeletesFirst(t *testing.T) {
	w := world(t)
	token := w.System(w.Hospital)
	group := `{"resourceType":"Basic","code":{"text":"x"},"identifier":[{"system":"urn:b","value":"1"}]}`
	ref := w.Create(token, group)
	bundle := fmt.Sprintf(`{"resourceType":"Bundle","type":"transaction","entry":[
		{"request":{"method":"DELETE","url":%q}},
		{"resource":%s,"request":{"method":"POST","url":"Basic","ifNoneExist":"identifier=urn:b|1"}}]}`, ref, group)
	w.Do(token, http.MethodPost, "", bundle).Expect(http.StatusOK)
	w.Get(token, "/"+ref.String()).Expect(http.StatusGone)
	if refs := w.Get(token, "/Basic?identifier=urn:b|1").Refs(); len(refs) != 1 {
		t.Errorf("%v", refs)
	}
}

// A delivery is committed once, whoever sends it how often.
func TestDeliver_IsIdempotent(t *testing.T) {
	w := world(t)
	_, caller := over(t, w, &faulty{Backend: w.Store})
	d := gate.Delivery{Source: "EPD|ZH", Key: "1", Bundle: []byte(`{"resourceType":"Bundle","type":"transaction","entry":[{"resource":` +
		cast.Observation(w.A.AtHospital, "718-7", "Hb", "8.1") + `,"request":{"method":"POST","url":"Observation"}}]}`)}
	for n := range 3 {
		seen, err := w.Gate.Deliver(context.Background(), caller, d)
		if err != nil || seen != (n > 0) {
			t.Fatalf("delivery %d: seen %v, %v", n, seen, err)
		}
	}
	if refs := w.Get(w.System(w.Hospital), "/Observation?code=718-7").Refs(); len(refs) != 1 {
		t.Errorf("stored %v", refs)
	}
}

func TestImportID_DependsOnEverything(t *testing.T) {
	w := world(t)
	other := gate.New(func() gate.Config { c := w.Gate.Config; c.RemapKey = []byte("another secret"); return c }())
	ids := map[string]bool{}
	for _, id := range []string{
		w.Gate.ImportID("a", "Patient", "1"), w.Gate.ImportID("b", "Patient", "1"), w.Gate.ImportID("a", "Group", "1"),
		w.Gate.ImportID("a", "Patient", "2"), other.ImportID("a", "Patient", "1"),
	} {
		if !fhir.IsID(id) || ids[id] {
			t.Errorf("id %q", id)
		}
		ids[id] = true
	}
	if w.Gate.ImportID("a", "Patient", "1") != w.Gate.ImportID("a", "Patient", "1") {
		t.Error("an id changed")
	}
}

// A patient's log is the projection: no raw query, no address.
func TestLog_PatientSeesTheProjection(t *testing.T) {
	w := world(t)
	secret := "Zorgvuldig" + time.Now().Format("150405")
	w.Get(w.Professional(w.GP, w.Practice, "user/*.rs"), "/Observation?patient="+w.A.AtPractice.ID+"&code=http://x|"+secret).Expect(http.StatusOK)
	own := w.Get(w.Patient(w.A, "patient/AuditEvent.rs"), "/AuditEvent?_count=100").Expect(http.StatusOK)
	if strings.Contains(string(own.Body), secret) || strings.Contains(string(own.Body), `"network"`) || strings.Contains(string(own.Body), `"query"`) {
		t.Errorf("the patient's log shows more than the projection: %s", own.Body)
	}
	if officer := w.Get(w.Supervisor(), "/AuditEvent?_count=1000").Expect(http.StatusOK); !strings.Contains(string(officer.Body), `"query"`) {
		t.Error("a supervisor does not see the query")
	}
	w.Get(w.Patient(w.A, "patient/AuditEvent.rs"), "/AuditEvent?agent-name=x").Expect(http.StatusBadRequest)
}
