package sqlite_test

import (
	"context"
	"testing"

	"sluis/storage"
	"sluis/storage/sqlite"
	"sluis/storage/storagetest"
)

func TestStore(t *testing.T) {
	storagetest.Run(t, func(t *testing.T) storage.Store { return open(t) })
}

func BenchmarkStore(b *testing.B) { storagetest.Bench(b, open) }

func open(t testing.TB) storage.Store {
	s, err := sqlite.Open(context.Background(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return s
}
