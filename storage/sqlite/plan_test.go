package sqlite

import (
	"context"
	"path/filepath"
	"testing"

	"sluis/storage/relational"
	"sluis/storage/relational/plantest"
)

func TestPlans(t *testing.T) {
	conn, err := openFile(context.Background(), filepath.Join(t.TempDir(), "sluis.db"), relational.Migrate)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	plantest.Run(t, conn)
}
