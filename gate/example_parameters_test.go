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

// A SearchParameter of the operator's is searched by once every resource is
// indexed by it.
func ExampleGate_Reindex() {
	check := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "gate-example-")
	check(err)
	defer os.RemoveAll(dir)
	store, err := sqlite.Open(ctx, dir)
	check(err)
	defer store.Close()
	labels, err := label.Reviewed()
	check(err)
	g := gate.New(gate.Config{Store: store, Log: store, Quarantine: store, Indexing: store, Labels: labels, Home: "practice", Now: time.Now})

	scopes, err := smart.ParseScopes("system/*.cruds")
	check(err)
	operator := gate.Caller{Request: "example", Grant: smart.Grant{Client: "epd", Organization: "practice", Scopes: scopes}}
	create := func(kind, body string) fhir.Ref {
		done, err := g.Write(ctx, operator, fhir.Interaction{Kind: fhir.Create, Type: kind}, []byte(body))
		check(err)
		return done.Resource.Ref().Latest()
	}
	create("Patient", `{"resourceType":"Patient","name":[{"use":"nickname","given":["Anneke"]}]}`)
	sp := create("SearchParameter", nicknameParameter)

	for ready := false; !ready; {
		status, err := g.IndexStatus(ctx, operator, sp)
		check(err)
		fmt.Println("ready", status.Ready)
		progress, err := g.Reindex(ctx, 200)
		check(err)
		ready = progress.Ready
	}
	q, err := nicknames(g, "anneke")
	check(err)
	page, err := g.Search(ctx, operator, q)
	check(err)
	fmt.Println("found", len(page.Entries))
	// Output:
	// ready false
	// found 1
}
