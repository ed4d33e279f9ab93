package storagetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"sluis/fhir"
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
