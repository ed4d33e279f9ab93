package postgres_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"sluis/storage"
	"sluis/storage/postgres"
	"sluis/storage/postgres/pgtest"
	"sluis/storage/storagetest"
)

func TestUpgrade(t *testing.T) {
	ctx, url := context.Background(), pgtest.URL(t)
	c, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(ctx)
	exec := func(statement string) error { _, err := c.Exec(ctx, statement); return err }
	open := func() (storage.Store, error) { return postgres.Open(ctx, url) }
	storagetest.RunUpgrade(t, "../relational/schema/0001_resources.postgres.sql", exec, open)
}
