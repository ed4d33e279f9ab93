package storagetest

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"

	"sluis/conformance"
	"sluis/fhir"
	"sluis/fhir/query"
	"sluis/storage"
)

// pages walks a search to its end and returns the matches in order.
func (f *fixture) pages(a storage.Access, q query.Query) []string {
	f.Helper()
	var all []string
	for range 1000 {
		matches, _, page := f.search(a, q)
		if len(matches) > q.Count || page.Next != nil && len(matches) != q.Count {
			f.Fatalf("a page of %d holds %d, next %v", q.Count, len(matches), page.Next)
		}
		all = append(all, matches...)
		if page.Next == nil {
			return all
		}
		q.After = page.Next
	}
	f.Fatal("the pages do not end")
	return nil
}

// pagesUnite: what is there throughout is on exactly one page, whatever others
// write meanwhile.
func pagesUnite(f *fixture) {
	var there []string
	patient := f.create("Patient", patientBody)
	for range 40 {
		there = append(there, f.create("Observation", observation(patient)).String())
	}
	var busy sync.WaitGroup
	for w := range 3 {
		busy.Go(func() {
			if err := f.disturb(patient, there, w); err != nil {
				f.Error(err)
			}
		})
	}
	a := f.all()
	for count := 1; count <= 7; count += 3 {
		found := f.pages(a, query.Query{Type: "Observation", Where: query.All{}, Count: count})
		if dup := duplicates(found); len(dup) > 0 {
			f.Errorf("count %d: found twice: %v", count, dup)
		}
		if lost := beyond(there, found); len(lost) > 0 {
			f.Errorf("count %d: lost %v", count, lost)
		}
	}
	busy.Wait()
}

// snapshot: what is made after the first page is on none of the others.
func snapshot(f *fixture) {
	patient := f.create("Patient", patientBody)
	for range 3 {
		f.create("Observation", observation(patient))
	}
	q := f.parse("Observation", "_count", "2", "_total", "accurate")
	_, _, first := f.search(f.all(), q)
	late := f.create("Observation", observation(patient))
	q.After = first.Next
	matches, _, page := f.search(f.all(), q)
	if len(matches) != 1 || matches[0] == late.String() || page.Total != 3 || page.Next != nil {
		f.Errorf("second page %v of %d, next %v", matches, page.Total, page.Next)
	}
}

// disturb makes, changes and deletes resources of its own and rewrites others'.
func (f *fixture) disturb(patient fhir.Ref, there []string, w int) error {
	for i := range 15 {
		mine := f.change("Observation", observation(patient))
		other, _ := fhir.ParseRef(there[(i*7+w)%len(there)])
		rewrite := f.change("Observation", observation(patient, fmt.Sprintf(`"effectiveDateTime":"2024-01-%02d"`, i+1)), of(other))
		if err := errors.Join(f.tryApply(mine), f.tryApply(rewrite)); err != nil {
			return err
		}
		if i%2 == 0 {
			if err := f.tryApply(f.deletion(fhir.Ref{Type: mine.Type, ID: mine.ID})); err != nil {
				return err
			}
		}
	}
	return nil
}

func duplicates(list []string) []string {
	seen := map[string]bool{}
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool {
		again := seen[s]
		seen[s] = true
		return !again
	})
}

// sortedPages: for every kind of key and both directions, the pages are the
// whole in order, with equal and missing keys among it.
func sortedPages(f *fixture) {
	m := newModel(f)
	a := f.all()
	for _, sort := range []string{
		"_id", "-_id", "_lastUpdated", "-_lastUpdated", "date", "-date", "status", "-status", "value-quantity", "-value-quantity", "_profile", "-status,date,-value-quantity",
	} {
		q := f.parse("Observation", "_sort", sort, "_count", "5")
		found := f.pages(a, q)
		want := m.matches(query.All{}, query.Query{Type: "Observation", Where: query.All{}})
		if !same(found, want) {
			f.Errorf("%s: found %d, want %d", sort, len(found), len(want))
		}
		m.inOrder(sort, q.Sort[0], found)
	}
	q := f.parse("Patient", "_sort", "family", "_count", "3")
	found := f.pages(a, q)
	m.inOrder("family", q.Sort[0], found)
	_, err := f.Search(f.ctx, a, query.Query{Type: "Patient", Where: query.All{}, Sort: q.Sort, After: &query.Position{Keys: []string{"=a", "=b"}}})
	wantKind(f, err, fhir.Invalid)
}

// inOrder checks the first key by the model's entries.
func (m *model) inOrder(name string, key query.Sort, found []string) {
	for i := 1; i < len(found); i++ {
		before, after := m.key(key, found[i-1]), m.key(key, found[i])
		if before == "" && after != "" || after != "" && (before > after && !key.Desc || before < after && key.Desc) {
			m.Errorf("sort %s: %s (%q) before %s (%q)", name, found[i-1], before, found[i], after)
		}
	}
}

// key is a sortable text of the resource's least or greatest value; "" for none.
func (m *model) key(s query.Sort, ref string) string {
	parsed, _ := fhir.ParseRef(ref)
	r, _ := m.find(parsed)
	var keys []string
	p := s.Param
	switch {
	case p.Code == "_id":
		keys = append(keys, r.ID)
	case p.Code == "_lastUpdated":
		keys = append(keys, sortable(float64(r.Updated.UnixMicro())))
	case p.Type == conformance.DateParam:
		for _, d := range r.Entries.Dates {
			if d.Param == p.Key {
				keys = append(keys, sortable(float64(map[bool]int64{false: d.Low, true: d.High}[s.Desc])))
			}
		}
	case p.Type == conformance.QuantityParam:
		for _, n := range r.Entries.Quantities {
			if n.Param == p.Key {
				keys = append(keys, sortable(n.Value))
			}
		}
	case p.Type == conformance.StringParam:
		for _, n := range r.Entries.Strings {
			if n.Param == p.Key {
				keys = append(keys, n.Folded)
			}
		}
	case p.Type == conformance.TokenParam:
		for _, n := range r.Entries.Tokens {
			if n.Param == p.Key {
				keys = append(keys, n.Code)
			}
		}
	}
	if len(keys) == 0 {
		return ""
	}
	if s.Desc {
		return slices.Max(keys)
	}
	return slices.Min(keys)
}

// sortable writes a non-negative number so that texts compare as numbers do.
func sortable(x float64) string { return fmt.Sprintf("%016x", math.Float64bits(x)) }

// totals counts under the access, on every page alike.
func totals(f *fixture) {
	patient := f.create("Patient", patientBody)
	for range 5 {
		f.create("Observation", observation(patient))
	}
	f.create("Observation", observation(patient), labelled(secrecy, "R"))
	a := f.permit(f.not(query.Labelled{Labels: []query.Coding{{System: secrecy, Code: "R"}}}))
	q := f.parse("Observation", "_count", "2", "_total", "accurate")
	_, _, first := f.search(a, q)
	q.After = first.Next
	_, _, second := f.search(a, q)
	if first.Total != 5 || second.Total != 5 {
		f.Errorf("totals %d and %d, want 5", first.Total, second.Total)
	}
	matches, _, page := f.search(a, f.parse("Observation", "_summary", "count"))
	if page.Total != 5 || len(matches) > 0 || page.Next != nil {
		f.Errorf("summary: total %d, %d matches", page.Total, len(matches))
	}
	_, _, page = f.search(a, f.parse("Observation"))
	if page.Total != -1 {
		f.Errorf("total %d without asking", page.Total)
	}
	matches, _, page = f.search(a, query.Query{Type: "Observation", Where: query.All{}, MaxMatches: 2})
	if len(matches) != 2 || page.Next != nil {
		f.Errorf("at most two matches: %d, next %v", len(matches), page.Next)
	}
}

// includes: hidden candidates use up no limit and never appear; what matches is
// not included again; one resource is included once.
func includes(f *fixture) {
	open := f.create("Patient", patientBody)
	hidden := f.create("Patient", patientBody, labelled(secrecy, "R"))
	seen := f.create("Observation", observation(open))
	f.create("Observation", observation(open), labelled(secrecy, "R"))
	orphan := f.create("Observation", observation(hidden))
	f.bulk(hidden, 1100) // more than a page may include, all hidden
	a := f.permit(f.not(query.Labelled{Labels: []query.Coding{{System: secrecy, Code: "R"}}}))

	matches, included, page := f.search(a, f.parse("Observation", "_include", "Observation:subject", "_include", "Observation:patient"))
	if !same(matches, []string{seen.String(), orphan.String()}) || !same(included, []string{open.String()}) {
		f.Errorf("matches %v, included %v", matches, included)
	}
	if len(page.Persons) != 2 {
		f.Errorf("%d persons on the page, want 2", len(page.Persons))
	}
	matches, included, _ = f.search(a, f.parse("Patient", "_revinclude", "Observation:subject"))
	if !same(matches, []string{open.String()}) || !same(included, []string{seen.String()}) {
		f.Errorf("matches %v, included back %v", matches, included)
	}
	_, err := f.Search(f.ctx, f.all(), f.parse("Patient", "_revinclude", "Observation:subject"))
	wantKind(f, err, fhir.Unprocessable)
	q := f.parse("Observation", "_include", "Observation:subject", "_count", "1")
	_, _, first := f.search(a, q)
	q.After = first.Next
	if matches, included, _ := f.search(a, q); len(matches) != 1 || len(included) != 0 {
		f.Errorf("second page: matches %v, included %v", matches, included)
	}
}

// bulk makes labelled observations in one transaction.
func (f *fixture) bulk(patient fhir.Ref, n int) {
	f.Helper()
	changes := make([]storage.Change, n)
	template := f.change("Observation", observation(patient), labelled(secrecy, "R"))
	for i := range changes {
		changes[i] = template
		changes[i].ID = newID()
	}
	f.apply(changes...)
}

// personEquality: a Patient named in a search stands for the person when it may
// be seen, and for itself when not.
func personEquality(f *fixture) {
	mine := f.create("Patient", patientBody, identified("1"))
	theirs := f.create("Patient", patientBody, identified("1"), by(there), labelled(secrecy, "R"))
	a, b := f.create("Observation", observation(mine)), f.create("Observation", observation(theirs), by(there))
	both := []string{a.String(), b.String()}
	blind := f.permit(f.not(query.Labelled{Labels: []query.Coding{{System: secrecy, Code: "R"}}}))
	for _, c := range []struct {
		name, value string
		access      storage.Access
		want        []string
	}{
		{"subject", mine.String(), f.all(), both},
		{"subject", theirs.String(), f.all(), both},
		{"patient", theirs.ID, f.all(), both},
		{"subject", mine.String(), blind, both},
		{"subject", theirs.String(), blind, []string{b.String()}},
		{"subject", "Patient/nobody", f.all(), nil},
	} {
		if found, _, _ := f.search(c.access, f.parse("Observation", c.name, c.value)); !same(found, c.want) {
			f.Errorf("%s=%s found %v, want %v", c.name, c.value, found, c.want)
		}
	}
}

// oddTexts: what no index can hold as it is must be found all the same, and
// nothing else with it.
func oddTexts(f *fixture) {
	long := strings.Repeat("é", 3000)
	a := f.create("Patient", `{"resourceType":"Patient","identifier":[{"system":"http://x/`+long+`","value":"`+long+`1"}],"name":[{"family":"`+long+`1"}]}`)
	f.create("Patient", `{"resourceType":"Patient","identifier":[{"system":"http://x/`+long+`","value":"`+long+`2"}],"name":[{"family":"`+long+`2"}]}`)
	c := f.create("Patient", `{"resourceType":"Patient","name":[{"family":"100%_\\\\x","given":["\ud83d\ude00"]}]}`)
	for _, s := range [][3]string{
		{"identifier", "http://x/" + long + "|" + long + "1", a.String()}, {"identifier", long + "1", a.String()},
		{"family", long + "1", a.String()}, {"family:exact", long + "1", a.String()}, {"family:contains", strings.Repeat("e", 100) + "1", a.String()},
		{"family", "100%_", c.String()}, {"family:contains", "%_", c.String()}, {"given", "\U0001F600", c.String()},
		{"family:contains", "0_", ""}, {"family", "\U0010FFFF", ""}, {"identifier", long, ""},
	} {
		var want []string
		if s[2] != "" {
			want = []string{s[2]}
		}
		if found, _, _ := f.search(f.all(), f.parse("Patient", s[0], s[1])); !same(found, want) {
			f.Errorf("%s=%.20s… found %v, want %v", s[0], s[1], found, want)
		}
	}
}
