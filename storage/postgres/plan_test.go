package postgres

import (
	"context"
	"testing"

	"sluis/storage/postgres/pgtest"
	"sluis/storage/relational"
	"sluis/storage/relational/plantest"
)

func TestPlans(t *testing.T) {
	conn, err := openConn(context.Background(), pgtest.URL(t), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := relational.Migrate(context.Background(), conn); err != nil {
		t.Fatal(err)
	}
	plantest.Run(t, conn)
}
