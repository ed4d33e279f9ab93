package storagetest

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"testing"

	"sluis/conformance"
	"sluis/fhir"
	"sluis/fhir/index"
	"sluis/fhir/query"
	"sluis/storage"
)

// RunUpgrade proves that a database of the first schema, with a resource in it,
// serves at once and is re-indexed. first is the path of that schema; exec runs
// statements on the database, which is empty.
func RunUpgrade(t *testing.T, first string, exec func(sql string) error, open func() (storage.Store, error)) {
	text, err := os.ReadFile(first)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(text)
	old := []string{
		string(text),
		`CREATE TABLE schema_version (number bigint PRIMARY KEY, name text NOT NULL, checksum text NOT NULL)`,
		`INSERT INTO schema_version (number, name, checksum) VALUES (1, '0001_resources', '` + hex.EncodeToString(sum[:]) + `')`,
	}
	body := `{"resourceType":"Patient","id":"%s","meta":{"versionId":"1","lastUpdated":"2026-03-01T12:00:00.000Z"},"active":true,"name":[{"text":"Jansen"}]}`
	active := conformance.ParameterKey("Patient", "active")
	for i := 1; i <= 5; i++ {
		id := fmt.Sprint("old", i)
		old = append(old,
			fmt.Sprintf(`INSERT INTO resource (rid, type, id, version, updated, method, deleted, custodian, judged, inputs, body)
				VALUES (%d, 'Patient', '%s', 1, 1772366400000000, 'POST', FALSE, 'org-a', 0, 0, '%s')`, 1_000_000+i, id, fmt.Sprintf(body, id)),
			fmt.Sprintf(`INSERT INTO patient (rid, id, custodian, person) VALUES (%d, '%s', 'org-a', %d)`, 1_000_000+i, id, 2_000_000+i),
			fmt.Sprintf(`INSERT INTO person (person, shape, card) VALUES (%d, 0, '{"patients":[{"id":"%s","custodian":"org-a"}]}')`, 2_000_000+i, id),
			fmt.Sprintf(`INSERT INTO subject (rid, patient, person) VALUES (%d, %d, %d)`, 1_000_000+i, 1_000_000+i, 2_000_000+i),
			fmt.Sprintf(`INSERT INTO token_entry (rid, param, system, code) VALUES (%d, %d, '', 'true')`, 1_000_000+i, active))
	}
	for _, sql := range old {
		if err := exec(sql); err != nil {
			t.Fatalf("%v: %s", err, sql)
		}
	}
	store, err := open()
	if err != nil {
		t.Fatal(err)
	}
	upgraded(newFixture(t, store))
}

func upgraded(f *fixture) {
	known := coded(f.param("Patient", "active"), "true")
	if found := f.find(known, query.All{}, "Patient"); len(found) != 5 {
		f.Errorf("after the upgrade: %v", found)
	}
	if p, err := f.indexer().Reindexing(f.ctx); err != nil || p.Ready {
		f.Errorf("after the upgrade: %+v, %v", p, err)
	}
	words := query.Words{Content: true, Any: [][]string{{"jansen"}}}
	_, err := f.Search(f.ctx, f.all(), query.Query{Type: "Patient", Where: words})
	wantKind(f, err, fhir.Unavailable)
	wantKind(f, f.tryApply(f.change("Patient", patientBody, matching(words))), fhir.Unavailable)
	f.reindexAll(2, f.extractor(func(_ fhir.Resource, e *index.Entries) {}))
	if found := f.find(words, query.All{}, "Patient"); len(found) != 5 {
		f.Errorf("after the re-index: %v", found)
	}
	if found := f.find(known, query.All{}, "Patient"); len(found) != 5 {
		f.Errorf("what was found before: %v", found)
	}
}

// reindexAll goes on until all is ready.
func (f *fixture) reindexAll(n int, extract func(fhir.Resource) (index.Entries, error)) {
	f.Helper()
	for range 1000 {
		switch p, err := f.indexer().Reindex(f.ctx, n, extract); {
		case err != nil && !errors.Is(err, storage.ErrBusy):
			f.Fatal(err)
		case p.Ready:
			return
		}
	}
	f.Fatal("the re-index does not end")
}
