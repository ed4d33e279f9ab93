package pgtest_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"sluis/storage/postgres/pgtest"
)

func TestEachTestHasItsOwnDatabase(t *testing.T) {
	ctx := context.Background()
	for range 2 {
		c, err := pgx.Connect(ctx, pgtest.URL(t))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Exec(ctx, "CREATE TABLE mine (x int)"); err != nil {
			t.Error(err)
		}
		if err := c.Close(ctx); err != nil {
			t.Error(err)
		}
	}
}
