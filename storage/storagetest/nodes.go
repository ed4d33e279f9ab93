package storagetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"sluis/fhir"
	"sluis/fhir/index"
	"sluis/fhir/query"
	"sluis/storage"
)

// RunNodes proves what holds between processes that share one database. open
// opens the same database as often as it is called.
func RunNodes(t *testing.T, open func() (storage.Store, error)) {
	const nodes = 3
	stores := make([]storage.Store, nodes)
	errs := make([]error, nodes)
	var all sync.WaitGroup
	for i := range nodes { // the schema is made by one of them
		all.Go(func() { stores[i], errs[i] = open() })
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	first := newFixture(t, stores[0])
	fixtures := []*fixture{first}
	for _, s := range stores[1:] {
		fixtures = append(fixtures, &fixture{TB: t, Store: s, ctx: first.ctx})
		defer s.Close()
	}
	oneOfManyNodes(first, fixtures)
	revokedElsewhere(first, fixtures[1])
	indexedElsewhere(first, fixtures[1])
}

// indexedElsewhere: one node at a time makes the index anew, and all see how far
// it is. A node that does not know a definition yet writes nothing by older ones.
func indexedElsewhere(f, other *fixture) {
	before := other.change("Patient", patientBody)
	f.create("SearchParameter", parameterBody, defining("http://example.org/sp", "Patient"))
	before.Access, before.Subjects = other.all(), other.all()
	if err := other.tryApply(before); !errors.Is(err, storage.ErrStale) {
		f.Errorf("a write by older definitions: %v", err)
	}
	f.Parameters, other.Parameters = 1, 1
	same := func(r fhir.Resource) (index.Entries, error) { return f.change(r.Type, string(r.Body)).Entries, nil }
	mine, err := f.indexer().Reindex(f.ctx, 1, same)
	if err != nil || mine.Ready || mine.Done != 1 {
		f.Errorf("a first batch: %+v, %v", mine, err)
	}
	if _, err := other.indexer().Reindex(f.ctx, 1, same); !errors.Is(err, storage.ErrBusy) {
		f.Errorf("beside it: %v", err)
	}
	if seen, err := other.indexer().Reindexing(f.ctx); err != nil || seen != mine {
		f.Errorf("seen elsewhere: %+v, %v, want %+v", seen, err, mine)
	}
	f.reindexAll(1, same)
	if seen, err := other.indexer().Reindexing(f.ctx); err != nil || !seen.Ready {
		f.Errorf("in the end: %+v, %v", seen, err)
	}
}

// oneOfManyNodes: conditional creates race between nodes as within one.
func oneOfManyNodes(f *fixture, nodes []*fixture) {
	template := f.change("Patient", `{"resourceType":"Patient","identifier":[{"system":"http://x","value":"1"}]}`,
		matching(f.parse("Patient", "identifier", "http://x|1").Where))
	f.raceAll(12, func(i int) error {
		c := template
		c.ID = newID()
		return nodes[i%len(nodes)].tryApply(c)
	})
	if found, _, _ := f.search(f.all(), f.parse("Patient", "identifier", "1")); len(found) != 1 {
		f.Errorf("%d resources", len(found))
	}
}

// revokedElsewhere: once a consent is committed on one node, no other answers by
// what was decided before.
func revokedElsewhere(f, other *fixture) {
	patient := f.create("Patient", patientBody)
	for i := range 20 {
		before := other.permit(query.Subjects{X: query.Shape{IDs: []int64{0}}})
		c := f.create("Consent", consent(patient), ruling(fmt.Sprint(i)))
		if _, err := other.Read(other.ctx, before, patient); !errors.Is(err, storage.ErrStale) {
			f.Errorf("after a consent on another node: %v", err)
		}
		if other.sees(other.permit(query.Subjects{X: query.Shape{IDs: []int64{0}}}), patient) {
			f.Error("the consent is not seen")
		}
		f.delete(fhir.Ref{Type: c.Type, ID: c.ID})
	}
}
