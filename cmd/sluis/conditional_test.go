package main

import (
	"bytes"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sluis/fhir"
	"sluis/internal/shared"
)

const uscore40 = "synthea/synthea-uscore-hiv-40-transaction-bundles.tgz"

// bundlesWithConditions are the files of the archive, those that the others
// refer to by identifier first.
func bundlesWithConditions(t *testing.T) (names []string, files map[string][]byte) {
	t.Helper()
	files = unpacked(t, shared.Path(t, uscore40))
	names = slices.SortedFunc(maps.Keys(files), func(a, b string) int {
		return strings.Compare(rank(a)+a, rank(b)+b)
	})
	return names, files
}

func rank(file string) string {
	switch base := filepath.Base(file); {
	case strings.HasPrefix(base, "hospital"):
		return "1"
	case strings.HasPrefix(base, "practitioner"):
		return "2"
	}
	return "3"
}

// TestImport_ConditionalReferences takes in 40 transactions that name
// practitioners, organisations and places by identifier alone: 28,000 times.
func TestImport_ConditionalReferences(t *testing.T) {
	names, files := bundlesWithConditions(t)
	everywhere(t, home, func(t *testing.T, s site) {
		var paths []string
		folder := t.TempDir()
		for i, name := range names {
			paths = append(paths, write(t, filepath.Join(folder, string(rune('a'+i/26))+string(rune('a'+i%26))+".json"), string(files[name])))
		}
		s.imports("home", paths...).expect(t, 0)
		s.imports("home", paths[:5]...).expect(t, 0)
		s.visit("home").everything().linked(t)
	})
}

// TestBundle_ConditionalReferences posts the same.
func TestBundle_ConditionalReferences(t *testing.T) {
	names, files := bundlesWithConditions(t)
	everywhere(t, home, func(t *testing.T, s site) {
		v := s.visit("home")
		for _, name := range names {
			r := httptest.NewRequest(http.MethodPost, v.app.config.BaseURL, bytes.NewReader(files[name]))
			r.Header.Set("Authorization", "Bearer "+v.token)
			r.Header.Set("Content-Type", "application/fhir+json")
			rec := httptest.NewRecorder()
			v.handler.ServeHTTP(rec, r)
			doc, err := fhir.ParseDocument(rec.Body.Bytes())
			if err != nil || rec.Code != http.StatusOK {
				t.Fatalf("%s: %d %.500s", filepath.Base(name), rec.Code, rec.Body)
			}
			for e := range doc.Root().Get("entry").All() {
				if status := e.At("response", "status").Text(); !strings.HasPrefix(status, "20") {
					t.Fatalf("%s: %.500s", filepath.Base(name), e.Raw())
				}
			}
		}
		v.everything().linked(t)
	})
}
