package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sluis/cmd/sluis/config"
	"sluis/fhir"
	"sluis/smart"
	"sluis/storage/postgres/pgtest"
)

// site is a place to run the program in: a configuration file and a store.
type site struct {
	testing.TB
	file string
}

// everywhere runs a test at a site of each backend.
func everywhere(t *testing.T, yaml string, test func(*testing.T, site)) {
	t.Run("sqlite", func(t *testing.T) { test(t, newSite(t, yaml, "")) })
	t.Run("postgres", func(t *testing.T) { test(t, newSite(t, yaml, pgtest.URL(t))) })
}

// newSite writes a configuration that lacks the store's settings only.
func newSite(t testing.TB, yaml, database string) site {
	t.Helper()
	yaml += "\ndata: store\nlog: {level: warn}\n"
	if database != "" {
		yaml += "database: " + database + "\n"
	}
	return site{t, write(t, filepath.Join(t.TempDir(), "sluis.yaml"), yaml)}
}

// write makes a file.
func write(t testing.TB, path, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// run runs the program with the site's configuration.
func (s site) run(args ...string) ended {
	s.Helper()
	return sluis(s, append(args, "--config", s.file)...)
}

// imports runs `sluis import` for a custodian.
func (s site) imports(custodian string, args ...string) ended {
	s.Helper()
	return s.run(append([]string{"import", "--custodian", custodian}, args...)...)
}

// visit opens the site's store in this process and asks it over its own
// FHIR surface, as a custodian's backend.
func (s site) visit(custodian string) *visit {
	s.Helper()
	c, err := config.Load(s.file, nil)
	if err != nil {
		s.Fatal(err)
	}
	a, err := open(context.Background(), c)
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { _ = a.close() })
	handler, err := a.handler()
	if err != nil {
		s.Fatal(err)
	}
	grant := a.operator(custodian).Grant
	grant.Expires = time.Now().Add(time.Hour)
	token, err := a.mint(grant)
	if err != nil {
		s.Fatal(err)
	}
	return &visit{s, a, handler, grant, token}
}

// visit is a client within this process.
type visit struct {
	testing.TB
	app     *app
	handler http.Handler
	grant   smart.Grant
	token   string
}

// get fetches a resource or page, which must be there.
func (v *visit) get(path string) *fhir.Document {
	v.Helper()
	r := httptest.NewRequest(http.MethodGet, v.app.config.BaseURL+path, nil)
	r.Header.Set("Authorization", "Bearer "+v.token)
	rec := httptest.NewRecorder()
	v.handler.ServeHTTP(rec, r)
	if rec.Code != http.StatusOK {
		v.Fatalf("GET %s: %d %s", path, rec.Code, rec.Body)
	}
	doc, err := fhir.ParseDocument(rec.Body.Bytes())
	if err != nil {
		v.Fatalf("GET %s: %v", path, err)
	}
	return doc
}

// count is how many resources a search finds.
func (v *visit) count(search string) string {
	v.Helper()
	return v.get("/" + search).Root().Get("total").Text()
}

// verified checks that the log is whole.
func (s site) verified() {
	s.Helper()
	s.run("audit", "verify").expect(s, 0)
}

// has reports whether the visitor sees a resource.
func (v *visit) has(ref string) bool {
	v.Helper()
	kind, id, _ := strings.Cut(ref, "/")
	return v.count(kind+"?_summary=count&_id="+id) == "1"
}

// folder reads a folder into memory.
func folder(t testing.TB, dir string) map[string][]byte {
	t.Helper()
	found, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for _, f := range found {
		if out[f.Name()], err = os.ReadFile(filepath.Join(dir, f.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return out
}
