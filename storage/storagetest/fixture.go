package storagetest

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"

	"sluis/fhir"
	"sluis/fhir/index"
	"sluis/fhir/query"
	"sluis/storage"
)

// now is the time of every transaction, unless a test says otherwise.
var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// The two custodians of the fixtures.
const (
	here  = "org-a"
	there = "org-b"
)

// fixture is a store with a few verbs that fail the test by themselves.
type fixture struct {
	testing.TB
	storage.Store
	ctx context.Context

	// Parameters is the version of the custom parameters by which the fixture
	// writes.
	Parameters int64
}

func newFixture(t testing.TB, store storage.Store) *fixture {
	t.Helper()
	f := &fixture{TB: t, Store: store, ctx: context.Background()}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	// The custodians are known beforehand, so that no test meets the version
	// that their arrival makes.
	f.create("Organization", `{"resourceType":"Organization","name":"A"}`, func(c *storage.Change) { c.ID = here })
	f.create("Organization", `{"resourceType":"Organization","name":"B"}`, func(c *storage.Change) { c.ID, c.Custodian = there, there })
	return f
}

func (f *fixture) version() storage.Version {
	f.Helper()
	_, v, err := f.Policy(f.ctx, storage.Actor{At: now})
	if err != nil {
		f.Fatal(err)
	}
	return v
}

// permit makes an access at the current version.
func (f *fixture) permit(x query.Expr) storage.Access {
	f.Helper()
	return storage.Permit(x, f.version())
}

func (f *fixture) all() storage.Access { return f.permit(query.All{}) }

func document(t testing.TB, body string) *fhir.Document {
	t.Helper()
	doc, err := fhir.ParseDocument([]byte(body))
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return doc
}

// change is an unconditional create by the home custodian under every access.
func (f *fixture) change(kind, body string, options ...func(*storage.Change)) storage.Change {
	f.Helper()
	doc := document(f, body)
	entries, err := index.NewExtractor(nil, index.Base{}).Extract(doc)
	if err != nil {
		f.Fatal(err)
	}
	everything := f.all()
	c := storage.Change{
		Op: storage.Create, Type: kind, ID: newID(), Custodian: here, Access: everything, Subjects: everything,
		Body: doc.Template(), Entries: entries,
	}
	for _, o := range options {
		o(&c)
	}
	return c
}

func newID() string { return strings.ToLower(rand.Text()) }

func (f *fixture) apply(changes ...storage.Change) []storage.Result {
	f.Helper()
	results, err := f.Apply(f.ctx, storage.Tx{Changes: changes, At: now, Parameters: f.Parameters})
	if err != nil {
		f.Fatal(err)
	}
	return results
}

func (f *fixture) tryApply(changes ...storage.Change) error {
	_, err := f.Apply(f.ctx, storage.Tx{Changes: changes, At: now, Parameters: f.Parameters})
	return err
}

func (f *fixture) create(kind, body string, options ...func(*storage.Change)) fhir.Ref {
	f.Helper()
	return f.apply(f.change(kind, body, options...))[0].Resource.Ref().Latest()
}

// update replaces a resource by its id.
func (f *fixture) update(ref fhir.Ref, body string, options ...func(*storage.Change)) storage.Result {
	f.Helper()
	return f.apply(f.change(ref.Type, body, append([]func(*storage.Change){of(ref)}, options...)...))[0]
}

func (f *fixture) delete(ref fhir.Ref, options ...func(*storage.Change)) storage.Result {
	f.Helper()
	return f.apply(f.deletion(ref, options...))[0]
}

func (f *fixture) deletion(ref fhir.Ref, options ...func(*storage.Change)) storage.Change {
	f.Helper()
	everything := f.all()
	c := storage.Change{Op: storage.Delete, Type: ref.Type, ID: ref.ID, Custodian: here, Access: everything, Subjects: everything}
	for _, o := range options {
		o(&c)
	}
	return c
}

// of makes a change an update of a resource.
func of(ref fhir.Ref) func(*storage.Change) {
	return func(c *storage.Change) { c.Op, c.ID = storage.Update, ref.ID }
}

func by(custodian string) func(*storage.Change) {
	return func(c *storage.Change) { c.Custodian = custodian }
}

func withID(id string) func(*storage.Change) { return func(c *storage.Change) { c.ID = id } }

func under(a storage.Access) func(*storage.Change) { return func(c *storage.Change) { c.Access = a } }

func labelled(system, code string) func(*storage.Change) {
	return func(c *storage.Change) {
		c.Labels = append(c.Labels, storage.Label{System: system, Code: code, Origin: "table:test"})
	}
}

func identified(value string) func(*storage.Change) {
	return func(c *storage.Change) {
		c.Policy.Identities = append(c.Policy.Identities, storage.Identity{System: "http://fhir.nl/fhir/NamingSystem/bsn", Value: value})
	}
}

func ruling(rules string) func(*storage.Change) {
	return func(c *storage.Change) { c.Policy.Rules = []byte(rules) }
}

// search returns the matches and the includes of one page, as references.
func (f *fixture) search(a storage.Access, q query.Query) (matches, included []string, page storage.Page) {
	f.Helper()
	page, err := f.Search(f.ctx, a, q)
	if err != nil {
		f.Fatal(err)
	}
	for _, e := range page.Entries {
		ref := e.Resource.Ref().Latest().String()
		if e.Included {
			included = append(included, ref)
		} else {
			matches = append(matches, ref)
		}
	}
	return matches, included, page
}

// parse reads a search as it stands in a URL, name and value by turns.
func (f *fixture) parse(kind string, params ...string) query.Query {
	f.Helper()
	var list []fhir.Param
	for i := 0; i < len(params); i += 2 {
		list = append(list, fhir.Param{Name: params[i], Value: params[i+1]})
	}
	q, err := query.Language{}.Parse(kind, list)
	if err != nil {
		f.Fatal(err)
	}
	return q
}

func (f *fixture) not(x query.Expr) query.Expr {
	f.Helper()
	n, err := query.Not(x)
	if err != nil {
		f.Fatal(err)
	}
	return n
}

// wantKind fails unless err is an *fhir.Error of that kind.
func wantKind(t testing.TB, err error, kind fhir.Kind) {
	t.Helper()
	var e *fhir.Error
	if !errors.As(err, &e) || e.Kind != kind {
		t.Fatalf("error %v, want kind %d", err, kind)
	}
}

// sees reports whether an access reads a resource; it must be that or NotFound.
func (f *fixture) sees(a storage.Access, ref fhir.Ref) bool {
	f.Helper()
	page, err := f.Read(f.ctx, a, ref)
	switch {
	case err == nil && len(page.Entries) == 1:
		return true
	case err == nil:
		f.Fatalf("a read of %s gave %d entries", ref, len(page.Entries))
	}
	wantKind(f, err, fhir.NotFound)
	return false
}

const patientBody = `{"resourceType":"Patient","name":[{"family":"Jansen"}]}`

func observation(subject fhir.Ref, more ...string) string {
	body := `{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"8867-4"}]},"subject":{"reference":"` +
		subject.String() + `"}`
	for _, m := range more {
		body += "," + m
	}
	return body + "}"
}
