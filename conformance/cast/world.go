package cast

import (
	"bytes"
	"cmp"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"sluis/consent/label"
	"sluis/fhir"
	"sluis/fhir/rest"
	"sluis/gate"
	"sluis/smart"
	"sluis/storage"
)

// Backend is what a database gives.
type Backend interface {
	storage.Store
	storage.Log
	storage.Replay
	storage.Quarantine
	storage.Jobs
	storage.Indexing
}

// Base is the FHIR base of every World.
const Base = "http://sluis.test/fhir"

// BSN is the identifier system that links Patients of one person.
const BSN = "http://fhir.nl/fhir/NamingSystem/bsn"

// World is a whole server with its people.
type World struct {
	testing.TB
	Store   Backend
	Gate    *gate.Gate
	Handler http.Handler

	// Hospital and Practice are custodians. The hospital's specialist and the
	// practice's GP treat patient A; Stranger works for the practice and treats
	// nobody.
	Hospital, Practice       string
	Specialist, GP, Stranger fhir.Ref
	A, B                     Person
	key                      jose.JSONWebKey
	public                   smart.KeySet
	clock                    func() time.Time
}

// Person is a patient as both custodians know them, with their own data there.
type Person struct {
	BSN                      string
	AtHospital, AtPractice   fhir.Ref
	Lab, Psychiatry, Reading fhir.Ref // hospital, hospital labelled PSY, practice
}

// Option changes how New wires a World.
type Option func(*World)

// Clock is the time of the whole server: of its tokens, its decisions and what
// it writes. Without it that is the machine's.
func Clock(now func() time.Time) Option { return func(w *World) { w.clock = now } }

// New wires a server around an empty store and lets the cast enter.
func New(t testing.TB, store Backend, options ...Option) *World {
	t.Helper()
	w := &World{TB: t, Store: store, Hospital: "hospital", Practice: "practice", clock: time.Now}
	for _, o := range options {
		o(w)
	}
	w.keys()
	w.wire()
	w.enter()
	return w
}

// Beside is another process of the same server: other gates and caches, the
// same keys and people, and a store of its own on the same data, or the same.
func (w *World) Beside(t testing.TB, store Backend) *World {
	t.Helper()
	other := *w
	other.TB, other.Store = t, store
	other.wire()
	return &other
}

// wire does what cmd/sluis does.
func (w *World) wire() {
	w.Helper()
	labels, err := label.Reviewed()
	w.must(err)
	w.Gate = gate.New(gate.Config{
		Store: w.Store, Log: w.Store, Quarantine: w.Store, Jobs: w.Store, Indexing: w.Store, Labels: labels, Home: w.Practice,
		Trusted: []string{BSN}, Now: w.clock, RemapKey: []byte("a secret of the tests"), Base: Base,
	})
	verify := func(token string) (smart.Grant, error) {
		return smart.Verify(token, w.public, expectation, w.clock())
	}
	secret := sha256.Sum256([]byte("pages"))
	fhirHandler := rest.New(rest.Config{
		Gate: w.Gate, Verify: verify, Base: Base, PageKey: secret[:],
		Software: rest.Software{Version: "test", Date: time.Unix(0, 0)}, Log: slog.New(slog.NewTextHandler(w.Output(), nil)),
	})
	w.Handler = http.StripPrefix("/fhir", fhirHandler)
}

var expectation = smart.Expectation{Issuer: "http://sluis.test", Audience: Base}

func (w *World) keys() {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	w.must(err)
	w.key = jose.JSONWebKey{Key: private, KeyID: "test"}
	w.public, err = smart.NewKeySet(jose.JSONWebKey{Key: public, KeyID: "test"})
	w.must(err)
}

func (w *World) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// Token mints a token for a grant; the scopes are parsed from text. A grant
// without a JTI gets one.
func (w *World) Token(scopes string, g smart.Grant) string {
	w.Helper()
	parsed, err := smart.ParseScopes(scopes)
	w.must(err)
	g.Scopes, g.JTI, g.Expires = parsed, cmp.Or(g.JTI, rand.Text()), w.clock().Add(30*time.Minute)
	if g.Client == "" {
		g.Client = "test-client"
	}
	token, err := smart.Mint(g, expectation, w.key, w.clock())
	w.must(err)
	return token
}

// Patient is a token of the patient's own app.
func (w *World) Patient(p Person, scopes string) string {
	return w.Token(scopes, smart.Grant{User: p.AtPractice, Patient: p.AtPractice, Client: "app"})
}

// Professional is a token of a practitioner of a custodian.
func (w *World) Professional(user fhir.Ref, custodian, scopes string) string {
	return w.Token(scopes, smart.Grant{User: user, Organization: custodian, Purposes: []string{"TREAT"}, Role: "01.015", Client: "epd-desktop"})
}

// System is a token of a custodian's own backend.
func (w *World) System(custodian string) string {
	return w.Token("system/*.cruds", smart.Grant{Organization: custodian, Purposes: []string{"TREAT"}, Client: custodian + "-epd"})
}

// Supervisor is a token that reads the log of anyone, and nothing else.
func (w *World) Supervisor() string {
	return w.Token("system/AuditEvent.rs", smart.Grant{Organization: w.Practice, Supervisor: true, Client: "supervisor"})
}

// Response is an answer, read to its end.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
	world  *World
}

// Do sends one request. The body may be a string, bytes, or a value to be
// written as JSON.
func (w *World) Do(token, method, path string, body any, headers ...string) Response {
	w.Helper()
	var in io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		in = strings.NewReader(b)
	case []byte:
		in = bytes.NewReader(b)
	default:
		raw, err := json.Marshal(b)
		w.must(err)
		in = bytes.NewReader(raw)
	}
	r := httptest.NewRequest(method, Base+path, in)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if in != nil {
		r.Header.Set("Content-Type", "application/fhir+json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	rec := httptest.NewRecorder()
	w.Handler.ServeHTTP(rec, r)
	return Response{Status: rec.Code, Header: rec.Header(), Body: rec.Body.Bytes(), world: w}
}

// Get is Do with GET.
func (w *World) Get(token, path string) Response {
	w.Helper()
	return w.Do(token, http.MethodGet, path, nil)
}

// Expect fails the test unless the answer has that status.
func (r Response) Expect(status int) Response {
	r.world.Helper()
	if r.Status != status {
		r.world.Fatalf("status %d, want %d: %s", r.Status, status, r.Body)
	}
	return r
}

// Root is the body as a document.
func (r Response) Root() fhir.Node {
	r.world.Helper()
	doc, err := fhir.ParseDocument(r.Body)
	if err != nil {
		r.world.Fatalf("not JSON: %v: %s", err, r.Body)
	}
	return doc.Root()
}

// Refs lists the resources of a Bundle, as Type/id.
func (r Response) Refs() []string {
	r.world.Helper()
	r.Expect(http.StatusOK)
	var out []string
	for e := range r.Root().Get("entry").All() {
		res := e.Get("resource")
		out = append(out, res.Get("resourceType").Text()+"/"+res.Get("id").Text())
	}
	return out
}

// Link is the URL of a link of a Bundle, without the base; "" when there is none.
func (r Response) Link(relation string) string {
	for l := range r.Root().Get("link").All() {
		if l.Get("relation").Text() == relation {
			return strings.TrimPrefix(l.Get("url").Text(), Base)
		}
	}
	return ""
}

// Ref is the reference in the Location of an answer to a create.
func (r Response) Ref() fhir.Ref {
	r.world.Helper()
	r.Expect(http.StatusCreated)
	ref, ok := fhir.ParseRef(strings.TrimPrefix(r.Header.Get("Location"), Base+"/"))
	if !ok {
		r.world.Fatalf("bad Location %q", r.Header.Get("Location"))
	}
	return ref.Latest()
}

// Create stores a resource given as JSON and returns its reference.
func (w *World) Create(token, body string) fhir.Ref {
	w.Helper()
	doc, err := fhir.ParseDocument([]byte(body))
	w.must(err)
	return w.Do(token, http.MethodPost, "/"+doc.Type(), body).Ref()
}
