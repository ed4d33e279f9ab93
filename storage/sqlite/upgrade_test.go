package sqlite_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"testing"

	"sluis/storage"
	"sluis/storage/sqlite"
	"sluis/storage/storagetest"
)

func TestUpgrade(t *testing.T) {
	dir := t.TempDir()
	db, err := sql.Open("sqlite", filepath.Join(dir, "sluis.db"))
	if err != nil {
		t.Fatal(err)
	}
	exec := func(statement string) error { _, err := db.Exec(statement); return err }
	open := func() (storage.Store, error) {
		if err := db.Close(); err != nil {
			return nil, err
		}
		return sqlite.Open(context.Background(), dir)
	}
	storagetest.RunUpgrade(t, "../relational/schema/0001_resources.sqlite.sql", exec, open)
}
