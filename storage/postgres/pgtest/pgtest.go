package pgtest

import (
	"context"
	"crypto/rand"
	"errors"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"sluis/internal/shared"
)

var server = sync.OnceValues(func() (string, error) {
	if given := os.Getenv("SLUIS_TEST_DATABASE_URL"); given != "" {
		return given, nil
	}
	return startCluster()
})

// URL makes an empty database and returns its URL; the database is dropped when
// the test ends. Where the machine has no PostgreSQL the test is skipped, or
// fails with SLUIS_REQUIRE_ALL=1.
func URL(t testing.TB) string {
	t.Helper()
	admin, err := server()
	if errors.Is(err, errMissing) {
		shared.Missing(t, errMissing.Error())
	}
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(admin)
	if err != nil {
		t.Fatal("SLUIS_TEST_DATABASE_URL is not a URL")
	}
	name := "sluis_test_" + strings.ToLower(rand.Text())
	execute(t, admin, "CREATE DATABASE "+name)
	t.Cleanup(func() { execute(t, admin, "DROP DATABASE "+name+" WITH (FORCE)") })
	u.Path = "/" + name
	return u.String()
}

func execute(t testing.TB, address, statement string) {
	t.Helper()
	ctx := context.Background()
	c, err := pgx.Connect(ctx, address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(ctx)
	if _, err := c.Exec(ctx, statement); err != nil {
		t.Fatal(err)
	}
}
