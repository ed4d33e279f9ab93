package sqlite_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"sluis/fhir"
	"sluis/fhir/index"
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

// A server makes the index anew in the background, a batch at a time, until it
// is ready; here an empty store is at once.
func ExampleStore_Reindex() {
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

	extract := func(r fhir.Resource) (index.Entries, error) {
		doc, err := fhir.ParseDocument(r.Body)
		if err != nil {
			return index.Entries{}, err
		}
		return index.NewExtractor(nil, index.Base{}).Extract(doc)
	}
	for {
		p, err := store.Reindex(ctx, 200, extract)
		if err != nil {
			panic(err)
		}
		if p.Ready {
			break
		}
		fmt.Printf("%d of %d\n", p.Done, p.Total)
	}
	fmt.Println("ready")
	// Output:
	// ready
}
