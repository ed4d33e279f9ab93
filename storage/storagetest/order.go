package storagetest

import (
	"fmt"
	"slices"
	"time"

	"sluis/fhir/index"
	"sluis/fhir/query"
	"sluis/storage"
)

// orders: by every type of parameter, either way, with several keys, and what
// has no value last.
func orders(f *fixture) {
	patient := f.create("Patient", patientBody)
	subject, value, method := f.param("Observation", "encounter"), f.param("Observation", "value-quantity"), f.param("Observation", "method")
	make := func(add func(e *index.Entries)) string {
		return f.create("Observation", observation(patient), indexed(add)).String()
	}
	reference := func(id string) func(*index.Entries) {
		return func(e *index.Entries) {
			e.References = append(e.References, index.Reference{Param: subject.Key, Type: "Encounter", ID: id})
		}
	}
	quantity := func(n float64, unit string, base float64) func(*index.Entries) {
		return func(e *index.Entries) {
			e.Quantities = append(e.Quantities, index.Quantity{Param: value.Key, Value: n, System: index.UCUM, Code: unit},
				index.Quantity{Param: value.Key, Value: base, System: index.CanonicalUCUM, Code: "g"})
		}
	}
	both := func(list ...func(*index.Entries)) func(*index.Entries) {
		return func(e *index.Entries) {
			for _, add := range list {
				add(e)
			}
		}
	}
	a := make(both(reference("b"), quantity(5, "mg", 0.005)))
	b := make(both(reference("a"), reference("c"), quantity(2, "g", 2)))
	c := make(both(reference("a"), quantity(1, "kg", 1000)))
	d := make(func(*index.Entries) {})
	for _, x := range []struct {
		sort []query.Sort
		want []string
	}{
		{[]query.Sort{{Param: subject}, {Param: value}}, []string{b, c, a, d}},
		{[]query.Sort{{Param: subject, Desc: true}, {Param: value}}, []string{b, a, c, d}},
		{[]query.Sort{{Param: subject}, {Param: value, Desc: true}}, []string{c, b, a, d}},
		{[]query.Sort{{Param: value}}, []string{a, b, c, d}},
		{[]query.Sort{{Param: value, Desc: true}}, []string{c, b, a, d}},
		{[]query.Sort{{Param: method}, {Param: value, Desc: true}}, []string{c, b, a, d}}, // a key that none has
	} {
		for count := 1; count <= 5; count++ {
			for _, where := range []query.Expr{query.All{}, coded(f.param("Observation", "status"), "final")} {
				q := query.Query{Type: "Observation", Where: where, Sort: x.sort, Count: count}
				if got := f.pages(f.all(), q); !slices.Equal(got, x.want) {
					f.Errorf("sort %v by %d: %v, want %v", x.sort, count, got, x.want)
				}
			}
		}
	}
}

// denseOrder: where a filter leaves so much that the order's index is the better
// start, the pages are the same whole, in order, and hide what is hidden.
func denseOrder(f *fixture) {
	patient := f.create("Patient", patientBody)
	template := f.change("Observation", observation(patient))
	date := f.param("Observation", "date")
	const n = 2300
	changes := make([]storage.Change, n)
	for i := range changes {
		changes[i] = template
		changes[i].ID = fmt.Sprintf("o%04d", i)
		if day := int64(i * 7919 % n); day >= 300 { // the others have none
			changes[i].Entries.Dates = []index.Date{{Param: date.Key, Low: day, High: day + 5}, {Param: date.Key, Low: day, High: day + 1}, {Param: date.Key, Low: day + 1, High: day + 2}}
		}
	}
	f.apply(changes...)
	hidden := []string{"o0000", "o0001", "o1500"}
	access := f.permit(f.not(query.IDIs{IDs: hidden}))
	final := coded(f.param("Observation", "status"), "final")
	for _, sort := range [][]query.Sort{{{Param: date}}, {{Param: date, Desc: true}}, {{Param: date, Desc: true}, {Param: f.param("Observation", "_id")}}} {
		q := query.Query{Type: "Observation", Where: final, Sort: sort, Count: 500}
		got := f.pages(access, q)
		if len(got) != n-len(hidden) || len(duplicates(got)) > 0 {
			f.Errorf("%v: %d found, twice %v", sort, len(got), duplicates(got))
		}
		last := int64(-1)
		for i, ref := range got {
			var number int
			_, _ = fmt.Sscanf(ref, "Observation/o%d", &number)
			day := int64(number * 7919 % n)
			switch key := day; {
			case day < 300 && i < n-303:
				f.Fatalf("%s, which has no date, at %d", ref, i)
			case day < 300:
			case last >= 0 && (sort[0].Desc && key > last || !sort[0].Desc && key < last):
				f.Fatalf("%s at %d is out of order", ref, i)
			default:
				last = key
			}
		}
	}
	few := query.And(final, query.IDIs{IDs: []string{"o0007", "o0000"}})
	if got := f.pages(access, query.Query{Type: "Observation", Where: few, Sort: []query.Sort{{Param: date}}, Count: 10}); !same(got, []string{"Observation/o0007"}) {
		f.Errorf("few of many: %v", got)
	}
	rare := query.And(final, query.Compare{Param: date, Values: []query.Value{{Prefix: query.Lt, DateLow: 303}}})
	if got := f.pages(f.all(), query.Query{Type: "Observation", Where: rare, Count: 2}); len(got) != 3 {
		f.Errorf("a dense and a sparse filter: %v", got)
	}
}

// whenCurrent: _at leaves the versions that were current in a period, and a
// history can begin with the oldest.
func whenCurrent(f *fixture) {
	ref := f.create("Patient", patientBody)
	later := func(hours int) time.Time { return now.Add(time.Duration(hours) * time.Hour) }
	for i := 1; i <= 3; i++ {
		c := f.change("Patient", patientBody, of(ref))
		if _, err := f.Apply(f.ctx, storage.Tx{Changes: []storage.Change{c}, At: later(i)}); err != nil {
			f.Fatal(err)
		}
	}
	d := f.deletion(ref)
	if _, err := f.Apply(f.ctx, storage.Tx{Changes: []storage.Change{d}, At: later(4)}); err != nil {
		f.Fatal(err)
	}
	half := 30 * time.Minute
	for _, c := range []struct {
		at   storage.Period
		want string
	}{
		{storage.Period{}, "[5 4 3 2 1]"},
		{storage.Period{Start: later(1).Add(half), End: later(1).Add(half)}, "[2]"},
		{storage.Period{Start: later(1), End: later(2)}, "[3 2]"},
		{storage.Period{Start: now.Add(-half), End: now.Add(half)}, "[1]"},
		{storage.Period{End: now.Add(-half)}, "[]"},
		{storage.Period{Start: later(9)}, "[5]"},
		{storage.Period{Start: later(2).Add(half)}, "[5 4 3]"},
	} {
		for _, h := range []storage.HistoryQuery{{Type: "Patient", ID: ref.ID}, {Type: "Patient"}, {Since: now.Add(-half), Type: "Patient"}} {
			h.At, h.Count = c.at, 2
			if got := f.numbers(h); fmt.Sprint(got) != c.want {
				f.Errorf("%+v: versions %v, want %s", h, got, c.want)
			}
			h.Oldest = true
			back := f.numbers(h)
			slices.Reverse(back)
			if fmt.Sprint(back) != c.want {
				f.Errorf("%+v, oldest first: versions %v, want %s backwards", h, back, c.want)
			}
		}
	}
	whole := f.versions(f.all(), storage.HistoryQuery{Count: 2})
	back := f.versions(f.all(), storage.HistoryQuery{Count: 2, Oldest: true})
	slices.Reverse(back)
	if !slices.Equal(whole, back) || len(whole) != 7 {
		f.Errorf("history of everything %v, and oldest first %v", whole, back)
	}
}

// numbers are the versions that a history of one resource shows.
func (f *fixture) numbers(h storage.HistoryQuery) []int64 {
	f.Helper()
	out := []int64{}
	for range 100 {
		page, err := f.History(f.ctx, f.all(), h)
		if err != nil {
			f.Fatal(err)
		}
		for _, e := range page.Entries {
			out = append(out, e.Resource.Version)
		}
		if h.After = page.Next; h.After == nil {
			return out
		}
	}
	f.Fatal("the history does not end")
	return nil
}

// acrossTypes: a search over all types, by what all types have.
func acrossTypes(f *fixture) {
	tagged := `"meta":{"profile":["http://example.org/p"]}`
	p := f.create("Patient", `{"resourceType":"Patient",`+tagged+`}`)
	o := f.create("Observation", observation(p, tagged))
	f.create("Observation", observation(p))
	profile := func(kind string) query.Expr {
		return query.And(query.TypeIs{Types: []string{kind}}, query.Compare{Param: f.param(kind, "_profile"), Values: []query.Value{{Text: "http://example.org/p"}}})
	}
	x := query.Or(profile("Patient"), profile("Observation"), profile("Device"))
	f.expect("by profile", x, query.All{}, "", p, o)
	f.expect("by profile, hidden", x, f.without(o), "", p)
	every := f.param("Patient", "_profile")
	common := *every
	common.Base = "Resource"
	f.expect("by a common parameter", query.Compare{Param: &common, Values: []query.Value{{Text: "http://example.org/p"}}}, query.All{}, "", p, o)
	for _, desc := range []bool{false, true} {
		for _, code := range []string{"_id", "_lastUpdated"} {
			q := query.Query{Where: query.All{}, Sort: []query.Sort{{Param: f.param("Patient", code), Desc: desc}}, Count: 2}
			if got := f.pages(f.all(), q); len(got) != 5 || len(duplicates(got)) > 0 {
				f.Errorf("by %s, %t: %v", code, desc, got)
			}
		}
	}
}
