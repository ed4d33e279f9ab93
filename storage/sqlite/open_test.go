package sqlite_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"sluis/fhir"
	"sluis/fhir/index"
	"sluis/fhir/query"
	"sluis/storage"
	"sluis/storage/sqlite"
	"sluis/storage/storagetest"
)

func TestNodes(t *testing.T) {
	dir := t.TempDir()
	storagetest.RunNodes(t, func() (storage.Store, error) { return sqlite.Open(context.Background(), dir) })
}

func TestFilesAreTheOwnersAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "folder with ?&#")
	s, err := sqlite.Open(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	files, err := filepath.Glob(filepath.Join(dir, "*.db*"))
	if err != nil || len(files) < 2 {
		t.Fatal(files, err)
	}
	for _, name := range append(files, dir) {
		info, err := os.Stat(name)
		if err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
}

func TestSchemaOfAnotherProgramIsRefused(t *testing.T) {
	for name, statement := range map[string]string{
		"changed": `UPDATE schema_version SET checksum = 'x' WHERE number = 1`,
		"newer":   `INSERT INTO schema_version (number, name, checksum) VALUES (99, 'later', 'x')`,
	} {
		dir := t.TempDir()
		s, err := sqlite.Open(context.Background(), dir)
		if err != nil {
			t.Fatal(err)
		}
		tamper(t, filepath.Join(dir, "sluis.db"), statement)
		if err := s.Ready(context.Background()); name == "changed" && fhir.KindOf(err) != fhir.Unavailable {
			t.Errorf("%s: ready is %v", name, err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if s, err := sqlite.Open(context.Background(), dir); err == nil {
			t.Errorf("%s: opened", name)
			s.Close()
		}
	}
}

func tamper(t *testing.T, file, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(statement); err != nil {
		t.Fatal(err)
	}
}

func TestDataOutliveTheStore(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	for round := range 3 {
		s, err := sqlite.Open(ctx, dir)
		if err != nil {
			t.Fatal(err)
		}
		page := fill(ctx, s, fmt.Sprint("p", round))
		if len(page.Entries) != round+1 {
			t.Errorf("round %d: %d resources", round, len(page.Entries))
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if _, _, err := s.Policy(ctx, storage.Actor{}); err == nil {
			t.Error("a closed store answers")
		}
	}
}

// fill writes one Patient and returns all.
func fill(ctx context.Context, s storage.Store, id string) storage.Page {
	_, version, err := s.Policy(ctx, storage.Actor{})
	if err != nil {
		panic(err)
	}
	all := storage.Permit(query.All{}, version)
	doc, err := fhir.ParseDocument([]byte(`{"resourceType":"Patient","active":true}`))
	if err != nil {
		panic(err)
	}
	entries, err := index.NewExtractor(nil, index.Base{}).Extract(doc)
	if err != nil {
		panic(err)
	}
	_, err = s.Apply(ctx, storage.Tx{At: moment, Changes: []storage.Change{{
		Access: all, Subjects: all, Type: "Patient", ID: id, Custodian: "org", Body: doc.Template(), Entries: entries,
	}}})
	if err != nil {
		panic(err)
	}
	_, version, err = s.Policy(ctx, storage.Actor{}) // the first Patient brought its custodian
	if err != nil {
		panic(err)
	}
	page, err := s.Search(ctx, storage.Permit(query.TypeIs{Types: []string{"Patient"}}, version), query.Query{Type: "Patient", Where: query.All{}})
	if err != nil {
		panic(err)
	}
	return page
}
