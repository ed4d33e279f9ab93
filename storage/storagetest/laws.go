package storagetest

import (
	"fmt"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"sluis/fhir"
	"sluis/fhir/query"
	"sluis/storage"
)

func sorted(list []string) []string {
	out := slices.Clone(list)
	slices.Sort(out)
	return out
}

func same(a, b []string) bool { return slices.Equal(sorted(a), sorted(b)) }

// agree: for any access and any search, the store lists exactly what Match
// says, it reads exactly what the access shows, and it counts what it lists.
func agree(f *fixture) {
	m := newModel(f)
	version := f.version()
	rapid.Check(f, func(t *rapid.T) {
		access := generator{m, true}.expr(t, 3)
		q := query.Query{Type: rapid.SampledFrom(append(kinds, "", "Observation")).Draw(t, "type"), Count: 200, Total: query.TotalAccurate}
		q.Where = generator{m, false}.expr(t, 2)
		a := storage.Permit(access, version)
		want := m.matches(access, q)
		got, _, page := f.search(a, q)
		if !same(got, want) {
			t.Fatalf("access %#v\nquery %#v\nfound %v\nwant  %v", access, q.Where, sorted(got), sorted(want))
		}
		if page.Total != len(want) {
			t.Fatalf("total %d of %d", page.Total, len(want))
		}
		r := rapid.SampledFrom(m.resources).Draw(t, "read")
		if f.sees(a, fhir.Ref{Type: r.Type, ID: r.ID}) != query.Match(access, r) {
			t.Fatalf("access %#v: a read of %s/%s and Match differ", access, r.Type, r.ID)
		}
	})
}

// criteriaAgree: each criterion, plain and negated, for resources of its own
// type and of others.
func criteriaAgree(f *fixture) {
	m := newModel(f)
	all := f.all()
	for _, c := range criteria {
		x := generator{m, false}.criterion(c[0], c[1], c[2])
		for _, where := range []query.Expr{x, f.not(x), query.Or(x, query.IDIs{IDs: []string{"nobody"}})} {
			for _, kind := range []string{c[0], "Consent", ""} {
				q := query.Query{Type: kind, Where: where, Count: 200}
				if got, _, _ := f.search(all, q); !same(got, m.matches(query.All{}, q)) {
					f.Errorf("%s?%s=%s as %#v of type %q: found %v", c[0], c[1], c[2], where, kind, got)
				}
			}
		}
	}
}

// denyNeverAdds: with a deny besides, nothing is found or included that was not.
func denyNeverAdds(f *fixture) {
	m := newModel(f)
	version := f.version()
	rapid.Check(f, func(t *rapid.T) {
		access, deny := generator{m, true}.expr(t, 2), generator{m, true}.expr(t, 2)
		not, err := query.Not(deny)
		if err != nil {
			return
		}
		q := f.parse("Observation", "_include", "Observation:subject", "_count", "200")
		q.Where = positive(t, m)
		loose, with, _ := f.search(storage.Permit(access, version), q)
		strict, less, _ := f.search(storage.Permit(query.And(access, not), version), q)
		if extra := beyond(strict, loose); len(extra) > 0 {
			t.Fatalf("the deny added %v", extra)
		}
		if extra := beyond(less, with); len(extra) > 0 {
			t.Fatalf("the deny added included %v", extra)
		}
	})
}

// positive draws a search without negation: under one, a chain to a target that
// is no longer seen rightly finds more.
func positive(t *rapid.T, m *model) query.Expr {
	g := generator{m, false}
	leaves := []func(*rapid.T) query.Expr{g.reference, g.chain, g.column}
	x := query.Expr(query.All{})
	for range rapid.IntRange(0, 2).Draw(t, "parts") {
		x = query.And(x, rapid.SampledFrom(leaves).Draw(t, "part")(t))
	}
	return x
}

func beyond(list, of []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(of, s) })
}

// zeroAccess: without Permit there is nothing, and with None neither.
func zeroAccess(f *fixture) {
	ref := f.create("Patient", patientBody)
	for name, a := range map[string]storage.Access{"zero": {}, "none": f.permit(query.None{}), "nil": f.permit(nil)} {
		if f.sees(a, ref) {
			f.Errorf("%s: read", name)
		}
		found, _, page := f.search(a, query.Query{Type: "Patient", Where: query.All{}, Total: query.TotalAccurate})
		if len(found) > 0 || page.Total != 0 {
			f.Errorf("%s: search found %v of %d", name, found, page.Total)
		}
		if found, _, _ := f.search(a, query.Query{Where: query.All{}}); len(found) > 0 {
			f.Errorf("%s: system search found %v", name, found)
		}
		_, err := f.History(f.ctx, a, storage.HistoryQuery{Type: "Patient", ID: ref.ID})
		wantKind(f, err, fhir.NotFound)
		page, err = f.History(f.ctx, a, storage.HistoryQuery{})
		if err != nil || len(page.Entries) > 0 {
			f.Errorf("%s: history %v, %v", name, page.Entries, err)
		}
		wantKind(f, f.tryApply(f.change("Patient", patientBody, of(ref), under(a))), fhir.NotFound)
		wantKind(f, f.tryApply(f.deletion(ref, under(a))), fhir.NotFound)
		wantKind(f, f.tryApply(f.change("Patient", patientBody, under(a))), fhir.Forbidden)
	}
	if _, _, page := f.search(f.all(), query.Query{Type: "Patient", Where: nil, Total: query.TotalAccurate}); page.Total != 0 {
		f.Errorf("a search for nothing found %d", page.Total)
	}
}

// readBack: bytes come back with the three elements rewritten, and the page
// tells custodian and person.
func readBack(f *fixture) {
	c := f.change("Patient", `{"resourceType":"Patient","id":"mine","meta":{"versionId":"9","tag":[{"code":"x"}]},"active":true}`)
	result := f.apply(c)[0]
	want := `"active":true}`
	page, err := f.Read(f.ctx, f.all(), fhir.Ref{Type: "Patient", ID: c.ID})
	if err != nil {
		f.Fatal(err)
	}
	e := page.Entries[0]
	body := string(e.Resource.Body)
	if body != string(result.Resource.Body) || !strings.HasSuffix(body, want) || !strings.Contains(body, `"id":"`+c.ID+`"`) || !strings.Contains(body, `"versionId":"1"`) {
		f.Errorf("body %s", body)
	}
	if e.Resource.Version != 1 || e.Resource.Method != "POST" || !e.Resource.Updated.Equal(now) || e.Custodian != here || !result.Created {
		f.Errorf("entry %+v, created %t", e, result.Created)
	}
	if len(page.Persons) != 1 || fmt.Sprint(e.Persons) != "[0]" || page.Persons[0].Patient.ID != c.ID || page.Persons[0].Holders[0] != here {
		f.Errorf("persons %+v", page.Persons)
	}
	if len(result.Persons) != 1 || result.Persons[0].Patient.ID != c.ID {
		f.Errorf("persons of the result %+v", result.Persons)
	}
	if v, err := f.Read(f.ctx, f.all(), fhir.Ref{Type: "Patient", ID: c.ID, Version: 1}); err != nil || string(v.Entries[0].Resource.Body) != body {
		f.Errorf("the same version: %v", err)
	}
	if f.sees(f.all(), fhir.Ref{Type: "Patient", ID: c.ID, Version: 2}) || f.sees(f.all(), fhir.Ref{Type: "Observation", ID: c.ID}) {
		f.Error("a version or type that is not there")
	}
}
