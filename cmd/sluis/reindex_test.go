package main

import (
	"bytes"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sluis/storage/postgres/pgtest"
)

// again starts `sluis serve` at a site that is there already, and waits until it
// is ready.
func (s *service) again(t *testing.T) {
	t.Helper()
	s.stderr = &bytes.Buffer{}
	s.cmd = command(t, "serve", "--config", s.file)
	s.cmd.Stderr = s.stderr
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.cmd.Process.Kill() }) // it has ended, unless the test failed
	s.until("ready", func() bool {
		resp, err := http.Get(strings.TrimSuffix(s.base, "/fhir") + "/readyz")
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
}

// until waits for something that comes sooner or later.
func (s *service) until(what string, holds func() bool) {
	s.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.Fatalf("never %s: %s", what, s.stderr)
		}
	}
}

// status is what $index-status says of a SearchParameter: the code, and how many
// of how many.
func (s *service) status(token, id string) string {
	s.Helper()
	said := map[string]string{}
	for p := range s.do(http.StatusOK, http.MethodGet, "/SearchParameter/"+id+"/$index-status", token, "").Root().Get("parameter").All() {
		for m := range p.All() {
			said[p.Get("name").Text()] = strings.Trim(string(m.Raw()), `"`)
		}
	}
	return said["status"] + " " + said["done"] + "/" + said["total"] + " " + said["failed"]
}

// TestServe_Kill9WhileIndexing: the server is ready while it indexes; one that
// dies at it is followed by one that goes on, and in the end everything is found.
func TestServe_Kill9WhileIndexing(t *testing.T) {
	const patients = 6000
	var ndjson strings.Builder
	for i := range patients {
		fmt.Fprintf(&ndjson, `{"resourceType":"Patient","id":"p%d","identifier":[{"value":"n%d"}]}`+"\n", i, i)
	}
	for backend, database := range map[string]func() string{"sqlite": func() string { return "" }, "postgres": func() string { return pgtest.URL(t) }} {
		t.Run(backend, func(t *testing.T) {
			t.Parallel() // most of it is waiting for the lease of the dead
			listen := freePort(t)
			s := &service{site: newSite(t, home+"listen: "+listen+"\n", database()), base: "http://" + listen + "/fhir"}
			s.imports("home", write(t, filepath.Join(t.TempDir(), "patients.ndjson"), ndjson.String())).expect(t, 0)
			s.again(t)
			token := s.token("--scope", "system/*.cruds")
			made := s.do(http.StatusCreated, http.MethodPost, "/SearchParameter", token, `{"resourceType":"SearchParameter","url":"http://x.test/number","name":"Number","status":"active","description":"x","code":"number","base":["Patient"],"type":"token","expression":"Patient.identifier.value"}`)
			id := made.Root().Get("id").Text()
			s.until("begun", func() bool { return !strings.HasPrefix(s.status(token, id), "indexing 0/") })
			if err := s.cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = s.cmd.Wait() // killed
			s.again(t)
			left := s.status(token, id)
			t.Logf("killed at %s", left)
			if strings.HasPrefix(left, "indexing 0/") || strings.HasPrefix(left, "ready") {
				t.Errorf("it was not killed in the middle: %s", left)
			}
			s.do(http.StatusBadRequest, http.MethodGet, "/Patient?number=n1", token, "")
			s.do(http.StatusCreated, http.MethodPost, "/Patient", token, `{"resourceType":"Patient","identifier":[{"value":"meanwhile"}]}`)
			s.until("indexed", func() bool { return strings.HasPrefix(s.status(token, id), "ready") })
			if got, want := s.status(token, id), fmt.Sprintf("ready %d/%d 0", patients, patients); got != want {
				t.Errorf("%s, want %s", got, want)
			}
			for search, want := range map[string]string{"number:missing=false": fmt.Sprint(patients + 1), "number=n0": "1", "number=n5999": "1", "number=meanwhile": "1", "number=none": "0"} {
				if found := s.found(token, "Patient?"+search); found != want {
					t.Errorf("%s finds %s, want %s", search, found, want)
				}
			}
			s.terminate()
		})
	}
}
