package postgres_test

import (
	"context"
	"testing"

	"sluis/storage"
	"sluis/storage/postgres"
	"sluis/storage/postgres/pgtest"
	"sluis/storage/storagetest"
)

func TestStore(t *testing.T) {
	storagetest.Run(t, func(t *testing.T) storage.Store { return open(t) })
}

func BenchmarkStore(b *testing.B) { storagetest.Bench(b, open) }

func open(t testing.TB) storage.Store {
	s, err := postgres.Open(context.Background(), pgtest.URL(t)+"&pool_max_conns=12")
	if err != nil {
		t.Fatal(err)
	}
	return s
}
