package cast_test

import (
	"context"
	"testing"

	"sluis/conformance/cast"
	"sluis/storage/postgres"
	"sluis/storage/postgres/pgtest"
	"sluis/storage/sqlite"
)

// everywhere runs a test on a World of each backend.
func everywhere(t *testing.T, test func(*testing.T, *cast.World), options ...cast.Option) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		store, err := sqlite.Open(context.Background(), t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = store.Close() })
		test(t, cast.New(t, store, options...))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		store, err := postgres.Open(context.Background(), pgtest.URL(t))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = store.Close() })
		test(t, cast.New(t, store, options...))
	})
}
