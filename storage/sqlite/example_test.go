package sqlite_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"sluis/fhir"
	"sluis/storage"
	"sluis/storage/sqlite"
)

var moment = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// A store opens nothing without an access, and an access is made of a decision.
func ExampleOpen() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	store, err := sqlite.Open(ctx, dir)
	if err != nil {
		panic(err)
	}
	defer store.Close()

	page := fill(ctx, store, "p1")
	fmt.Println(string(page.Entries[0].Resource.Body))

	_, err = store.Read(ctx, storage.Access{}, fhir.Ref{Type: "Patient", ID: "p1"})
	fmt.Println(err)
	// Output:
	// {"resourceType":"Patient","id":"p1","meta":{"versionId":"1","lastUpdated":"2026-03-01T12:00:00.000Z"},"active":true}
	// not found
}
