package postgres_test

import (
	"context"
	"strings"
	"testing"

	"sluis/storage"
	"sluis/storage/postgres"
	"sluis/storage/postgres/pgtest"
	"sluis/storage/storagetest"
)

func TestNodes(t *testing.T) {
	url := pgtest.URL(t)
	storagetest.RunNodes(t, func() (storage.Store, error) { return postgres.Open(context.Background(), url) })
}

func TestErrorsKeepThePassword(t *testing.T) {
	for _, url := range []string{"postgres://u:secret@[::1", "host=/nowhere user=u password=secret port=x", "postgres://u:secret@127.0.0.1:1/x?connect_timeout=1"} {
		s, err := postgres.Open(context.Background(), url)
		if err == nil {
			s.Close()
			t.Fatalf("%s: opened", url)
		}
		if strings.Contains(err.Error(), "secret") {
			t.Errorf("the error tells the password: %v", err)
		}
	}
}

func ExampleOpen() {
	store, err := postgres.Open(context.Background(), "postgres://sluis@localhost/sluis?pool_max_conns=20")
	if err != nil {
		return
	}
	defer store.Close()
}
