package gate_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"sluis/consent/label"
	"sluis/fhir"
	"sluis/gate"
	"sluis/smart"
	"sluis/storage/sqlite"
)

// A custodian's backend stores a Patient and finds it again; each step is
// authorised, done in one call on the store, and recorded.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "gate-example-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	store, err := sqlite.Open(ctx, dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer store.Close()
	labels, err := label.Reviewed()
	if err != nil {
		fmt.Println(err)
		return
	}
	g := gate.New(gate.Config{Store: store, Log: store, Quarantine: store, Labels: labels, Home: "practice", Now: time.Now})

	scopes, err := smart.ParseScopes("system/Patient.crs")
	if err != nil {
		fmt.Println(err)
		return
	}
	epd := gate.Caller{Request: "example", Grant: smart.Grant{Client: "epd", Organization: "practice", Scopes: scopes}}
	done, err := g.Write(ctx, epd, fhir.Interaction{Kind: fhir.Create, Type: "Patient"}, []byte(`{"resourceType":"Patient","name":[{"family":"Jansen"}]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("created version", done.Resource.Version)

	q, err := g.Language().Parse("Patient", []fhir.Param{{Name: "family", Value: "jansen"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	page, err := g.Search(ctx, epd, q)
	fmt.Println("found", len(page.Entries), err)

	_, err = g.Write(ctx, epd, fhir.Interaction{Kind: fhir.Delete, Type: "Patient", ID: done.Resource.ID}, nil)
	fmt.Println(err)
	// Output:
	// created version 1
	// found 1 <nil>
	// the token's scopes do not reach this
}

// A bundle that cannot be understood is refused with every problem at once.
func ExampleParseBundle() {
	_, err := gate.ParseBundle([]byte(`{"resourceType":"Bundle","type":"transaction","entry":[
		{"request":{"method":"GET","url":"Patient/1"}},
		{"request":{"method":"BREW","url":"Patient/1"}},
		{"request":{"method":"POST","url":""}}]}`))
	for _, issue := range fhir.IssuesOf(err) {
		fmt.Println(issue.Expression, issue.Details)
	}
	// Output:
	// [Bundle.entry[1]] the method here must be DELETE or GET or PATCH or PUT
	// [Bundle.entry[2]] transaction cannot stand in a Bundle
}
