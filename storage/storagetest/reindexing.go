package storagetest

import (
	"errors"
	"fmt"
	"strings"

	"sluis/fhir"
	"sluis/fhir/index"
	"sluis/fhir/query"
	"sluis/storage"
)

// indexer is the store as it keeps its index.
func (f *fixture) indexer() storage.Indexing {
	f.Helper()
	x, ok := f.Store.(storage.Indexing)
	if !ok {
		f.Fatal("the store does not keep its index anew")
	}
	return x
}

// extractor makes the entries that the fixtures' bodies have, and more.
func (f *fixture) extractor(more func(fhir.Resource, *index.Entries)) func(fhir.Resource) (index.Entries, error) {
	return func(r fhir.Resource) (index.Entries, error) {
		e := f.change(r.Type, string(r.Body)).Entries
		more(r, &e)
		return e, nil
	}
}

// defining makes a change one of a custom parameter.
func defining(url string, types ...string) func(*storage.Change) {
	return func(c *storage.Change) {
		c.Policy.Parameter = &storage.Definition{URL: url, Types: types, Body: []byte(url)}
	}
}

const parameterBody = `{"resourceType":"SearchParameter","url":"http://example.org/sp","name":"x","status":"active","description":"x","code":"x","base":["Patient"],"type":"token","expression":"Patient.active"}`

// customParameters: a definition comes and goes with its resource, and is ready
// when every resource of its types has the entries; writers by older definitions
// are refused.
func customParameters(f *fixture) {
	custom := *f.param("Patient", "active")
	custom.Code, custom.Key = "colour", 1<<21
	var patients []fhir.Ref
	for range 25 {
		patients = append(patients, f.create("Patient", patientBody))
	}
	f.create("Observation", observation(patients[0]))
	before := f.change("Patient", patientBody)
	sp := f.create("SearchParameter", parameterBody, defining("http://example.org/sp", "Patient"))
	list, version, err := f.indexer().Definitions(f.ctx)
	if err != nil || version != 1 || len(list) != 1 || list[0].URL != "http://example.org/sp" || string(list[0].Body) != list[0].URL || fmt.Sprint(list[0].Types) != "[Patient]" || list[0].Ready {
		f.Fatalf("definitions %+v, version %d, %v", list, version, err)
	}
	if known, _, err := f.Policy(f.ctx, storage.Actor{At: now}); err != nil || known.Parameters != version {
		f.Errorf("facts tell version %d, %v", known.Parameters, err)
	}
	if err := f.tryApply(before); !errors.Is(err, storage.ErrStale) {
		f.Errorf("a write decided before: %v", err)
	}
	if err := f.tryApply(f.change("Patient", patientBody)); !errors.Is(err, storage.ErrStale) {
		f.Errorf("a write by no definitions: %v", err)
	}
	f.Parameters = version
	coloured := func(_ fhir.Resource, e *index.Entries) {
		e.Tokens = append(e.Tokens, index.Token{Param: custom.Key, Code: "red"})
	}
	red := query.Compare{Param: &custom, Values: []query.Value{{AnySystem: true, Code: "red"}}}
	steps := 0
	for p := (storage.Progress{}); !p.Ready; steps++ {
		if p, err = f.indexer().Reindex(f.ctx, 10, f.extractor(coloured)); err != nil {
			f.Fatal(err)
		}
		if found := f.find(red, query.All{}, "Patient"); !p.Ready && len(found) != int(p.Done) || p.Ready && len(found) != 25 {
			f.Errorf("%+v, and %d found", p, len(found))
		}
		if steps > 5 {
			f.Fatal("no end")
		}
	}
	f.expect("of another type", red, query.All{}, "Observation")
	f.update(sp, parameterBody, defining("http://example.org/sp", "Patient"))
	if p, err := f.indexer().Reindexing(f.ctx); err != nil || !p.Ready {
		f.Errorf("the same definition again: %+v, %v", p, err)
	}
	f.Parameters++
	f.delete(sp)
	if list, version, err := f.indexer().Definitions(f.ctx); err != nil || len(list) != 0 || version != 3 {
		f.Errorf("after the delete: %v, version %d, %v", list, version, err)
	}
}

// updateWins: what is written while a batch is read keeps its own entries, and
// labels that were added stay found.
func updateWins(f *fixture) {
	custom := *f.param("Patient", "active")
	custom.Code, custom.Key = "colour", 1<<21
	colour := func(c string) query.Expr {
		return query.Compare{Param: &custom, Values: []query.Value{{AnySystem: true, Code: c}}}
	}
	painted := func(c string) func(*index.Entries) {
		return func(e *index.Entries) {
			e.Tokens = append(e.Tokens, index.Token{Param: custom.Key, Code: c})
		}
	}
	a, b := f.create("Patient", patientBody, labelled(secrecy, "R")), f.create("Patient", patientBody)
	bad := f.create("Patient", `{"resourceType":"Patient","active":true}`)
	f.create("SearchParameter", parameterBody, defining("http://example.org/sp", "Patient"))
	f.Parameters = 1
	written := false
	p, err := f.indexer().Reindex(f.ctx, 100, func(r fhir.Resource) (index.Entries, error) {
		if !written {
			written = true
			f.beside(func() { f.update(b, patientBody, indexed(painted("blue"))) })
		}
		if strings.Contains(string(r.Body), "active") {
			return index.Entries{}, errors.New("unreadable")
		}
		return f.extractor(func(_ fhir.Resource, e *index.Entries) { painted("red")(e) })(r)
	})
	if err != nil || !p.Ready {
		f.Fatalf("%+v, %v", p, err)
	}
	f.expect("read", colour("red"), query.All{}, "Patient", a)
	f.expect("written meanwhile", colour("blue"), query.All{}, "Patient", b)
	f.expect("what cannot be read keeps its entries", coded(f.param("Patient", "active"), "true"), query.All{}, "Patient", bad)
	f.expect("an added label", query.Compare{Param: f.param("Patient", "_security"), Values: []query.Value{{System: secrecy, Code: "R"}}}, query.All{}, "Patient", a)
	list, _, err := f.indexer().Definitions(f.ctx)
	if err != nil || len(list) != 1 || list[0].Failed != 1 || list[0].Done != 3 || list[0].Total != 3 || !list[0].Ready {
		f.Errorf("state %+v, %v", list, err)
	}
	page, err := f.History(f.ctx, f.all(), storage.HistoryQuery{Type: "Patient", ID: a.ID})
	if err != nil || len(page.Entries) != 1 {
		f.Errorf("a re-index made versions: %v, %v", page.Entries, err)
	}
}

// beside runs f while the caller holds nothing.
func (f *fixture) beside(do func()) {
	done := make(chan struct{})
	go func() { defer close(done); do() }()
	<-done
}
