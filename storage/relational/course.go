package relational

import (
	"context"
	"slices"
	"strings"

	"sluis/fhir"
	"sluis/fhir/query"
)

// A search starts from an index: that of a part of its predicate, of the persons
// its access is about, or of its order. Which one is good depends on the data:
// status=final may hold for three resources or for all. Where the kind of a
// parameter does not tell, a search counts, up to probeLimit, what each index
// would give.

// course is from where a search starts.
type course struct {
	parts   []query.Expr // the predicate's, narrowed to the type
	best    int          // the part to start from, byPersons or byNone
	dense   bool         // best gives many rows
	persons []string     // ids of the Patients of which the access needs one
	probes  []int        // parts of which a count decides which is best
	ordered bool         // an index could give the first key's order
}

// Values of course.best that are no part.
const (
	byNone    = -1
	byPersons = -2
)

// probeLimit is how far a probe counts: a set of so many rids is cheap to sort.
const probeLimit = 2000

// certainRank is that of a part which needs no probe to start from.
const certainRank = 5

func courseOf(access query.Expr, q query.Query) course {
	where := q.Where
	if where == nil {
		where = query.None{}
	}
	c := course{parts: conjuncts(narrow(where, q.Type)), best: byNone}
	c.best = driver(c.parts)
	ids := slices.ContainsFunc(c.parts, func(x query.Expr) bool { _, ok := x.(query.IDIs); return ok })
	switch {
	case ids:
		c.best = byNone // the index of ids is better than any
		return c
	case c.best >= 0 && driverRank(c.parts[c.best]) >= certainRank:
		return c
	}
	if persons, ok := personsOf(narrow(access, q.Type)); ok && len(persons) > 0 {
		c.best, c.persons = byPersons, persons
		return c
	}
	c.ordered = q.Type != "" && len(q.Sort) > 0 && walkable(q.Sort[0])
	for i, x := range c.parts {
		if compare, ok := x.(query.Compare); ok && driverRank(compare) > 0 {
			c.probes = append(c.probes, i)
		}
	}
	return c
}

// mayProbe reports whether counting could change the course: there is a choice,
// or the set may be so large that an order is better.
func (c *course) mayProbe() bool { return len(c.probes) > 0 }

// mayWalk reports whether the order's index may turn out to be the start.
func (c *course) mayWalk() bool { return c.ordered && (c.best == byNone || c.mayProbe()) }

func (c *course) walks() bool { return c.ordered && c.driver() == byNone }

// driver is the part that the page starts from: a dense one fills a page sooner
// when rows are taken as they come.
func (c *course) driver() int {
	if c.dense {
		return byNone
	}
	return c.best
}

// probe counts what each candidate would give and settles the course.
func (s *search) probe(ctx context.Context, tx Tx) error {
	if !s.mayProbe() {
		return nil
	}
	r := newRenderer(s.dialect, s.access.Expr())
	counts, into := make([]int64, len(s.probes)), make([]any, len(s.probes))
	selects := make([]string, len(s.probes))
	for i, part := range s.probes {
		into[i] = &counts[i]
		selects[i] = "(SELECT count(*) FROM (SELECT 1 FROM (" + r.set(s.parts[part], row{"c", s.query.Type}) + ") p LIMIT " + r.arg(int64(probeLimit)) + ") n)"
	}
	if r.err != nil {
		return r.err
	}
	rows, err := tx.Query(ctx, "SELECT "+strings.Join(selects, ", "), r.args...)
	if err := each(rows, err, func(rows Rows) error { return rows.Scan(into...) }); err != nil {
		return err
	}
	least := slices.Index(counts, slices.Min(counts))
	if counts[least] < probeLimit {
		s.best = s.probes[least]
		return nil
	}
	// All of them are large. A part that was not counted keeps its place.
	s.dense = slices.Contains(s.probes, s.best)
	for i, x := range s.parts {
		if n := driverRank(x); s.dense && n > 0 && !slices.Contains(s.probes, i) {
			s.best, s.dense = i, false
		}
	}
	return nil
}

// personsOf are ids of Patients such that every row that a predicate holds for
// is about the person of one of them; ok is false when it says no such thing.
func personsOf(x query.Expr) (ids []string, ok bool) {
	switch x := x.(type) {
	case query.Subjects:
		return personsOf(x.X)
	case query.Person:
		for _, p := range x.Patients {
			if p.Type == patientType {
				ids = append(ids, p.ID)
			}
		}
		return ids, true
	case query.Conj:
		for _, part := range x.Parts {
			if ids, ok = personsOf(part); ok {
				return ids, true
			}
		}
	case query.Disj:
		for _, part := range x.Parts {
			more, ok := personsOf(part)
			if !ok {
				return nil, false
			}
			ids = append(ids, more...)
		}
		return ids, true
	}
	return nil, false
}

// ofPersons is the condition that a row is about the person of one of the
// Patients.
func (r *renderer) ofPersons(ids []string, row row) string {
	s := r.alias("s")
	var refs []fhir.Ref
	for _, id := range ids {
		refs = append(refs, fhir.Ref{Type: patientType, ID: id})
	}
	return row.alias + ".rid IN (SELECT " + s + ".rid FROM subject " + s + " WHERE " + r.person(query.Person{Patients: refs}, s) + ")"
}
