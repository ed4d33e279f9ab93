package relational

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"sluis/conformance"
	"sluis/fhir"
	"sluis/fhir/query"
)

// maxIncluded is how many resources _include and _revinclude may add to one
// page, which is complete in memory, and maxRounds how often :iterate may go on
// from what came last. Beyond them the search is an error, never a page that is
// silently short.
const (
	maxIncluded = 1000
	maxRounds   = 20
)

// follow adds included resources to the page, each under the access before its
// limit. The first round starts from the matches, each later one from what the
// round before has added.
func (s *search) follow(ctx context.Context, tx Tx) error {
	from := 0
	for round := 0; ; round++ {
		to := len(s.built.rids)
		steps, err := s.round(from, to, round > 0)
		switch {
		case err != nil:
			return err
		case len(steps) == 0:
			return nil
		case round == maxRounds:
			return tooMany("the includes of one page go on for more than %d rounds", maxRounds)
		}
		if err := tx.Send(ctx, steps...); err != nil {
			return err
		}
		if s.included > maxIncluded {
			return tooMany("the includes of one page are more than %d resources; ask for fewer with _count", maxIncluded)
		}
		from = to
	}
}

func tooMany(format string, n int) error {
	return fhir.NewError(fhir.Unprocessable, "too-costly", fmt.Sprintf(format, n))
}

// round is what each include adds from the entries [from, to) of the page.
func (s *search) round(from, to int, again bool) ([]Step, error) {
	var steps []Step
	for _, in := range s.query.Includes {
		if again && !in.Iterate {
			continue
		}
		more, err := s.forward(in, from, to)
		if err != nil {
			return nil, err
		}
		steps = append(steps, more...)
	}
	for _, in := range s.query.RevIncl {
		if again && !in.Iterate {
			continue
		}
		more, err := s.backward(in, from, to)
		if err != nil {
			return nil, err
		}
		steps = append(steps, more...)
	}
	return steps, nil
}

// forward is an _include: what the entries refer to. Without an entry of the
// source type there is no step.
func (s *search) forward(in query.Include, from, to int) ([]Step, error) {
	sources := s.among(from, to, in.Source)
	if len(sources) == 0 {
		return nil, nil
	}
	var steps []Step
	for _, l := range linksOf(in) {
		r := newRenderer(s.dialect, s.access.Expr())
		join, cond := l.join(r, "f", row{"t", in.Target})
		cond += " AND " + r.inInts("f.rid", sources) + r.ofParam(in)
		step, err := s.including(r, join, cond, in.Target)
		if err != nil {
			return nil, err
		}
		steps = append(steps, step)
	}
	return steps, nil
}

// linksOf are the ways in which an include's references can name a target.
func linksOf(in query.Include) []link {
	if in.Target != "" || in.Param == nil {
		return links(in.Target)
	}
	for _, t := range in.Param.Targets {
		if ways := links(t); len(ways) > 1 {
			return ways
		}
	}
	return []link{literal}
}

// ofParam is the condition that the entry f is of the include's parameter or, for
// a wildcard, of any: not of those that the index has besides (R4
// search.html#include: "any search parameter of type=reference").
func (r *renderer) ofParam(in query.Include) string {
	if in.Param == nil {
		pseudo := slices.Concat(keysOf(conformance.AuthorCode), keysOf(conformance.RefersCode))
		return " AND NOT " + r.dialect.In("f.param", r.arg(pseudo))
	}
	return " AND " + r.keyed(in.Param, "f", row{"f", in.Source})
}

// among are the rids of the entries [from, to) that are of a type; "" is any.
func (s *search) among(from, to int, kind string) []int64 {
	var out []int64
	for i := from; i < to; i++ {
		if kind == "" || s.built.page.Entries[i].Resource.Type == kind {
			out = append(out, s.built.rids[i])
		}
	}
	return out
}

// backward is a _revinclude: what refers to the entries.
func (s *search) backward(in query.Include, from, to int) ([]Step, error) {
	targets := s.among(from, to, in.Target)
	if len(targets) == 0 {
		return nil, nil
	}
	var steps []Step
	for _, l := range linksOf(in) {
		r := newRenderer(s.dialect, s.access.Expr())
		join, cond := "", ""
		if l == literal {
			cond = "f.id <> '' AND " + s.referringTo(r, in, from, to)
		} else {
			join = "JOIN uri_entry u ON u.value = f.url "
			cond = r.inInts("u.rid", targets) + " AND " + r.names("f", "u", row{"t", in.Target})
		}
		cond += r.ofParam(in)
		if in.Source != "" {
			cond += " AND t.type = " + r.text(in.Source)
		}
		step, err := s.including(r, join+"JOIN resource t ON t.rid = f.rid", cond, in.Source)
		if err != nil {
			return nil, err
		}
		steps = append(steps, step)
	}
	return steps, nil
}

// referringTo is the condition that f names one of the entries by type and id.
func (s *search) referringTo(r *renderer, in query.Include, from, to int) string {
	byType := map[string][]string{}
	var types []string
	for _, e := range s.built.page.Entries[from:to] {
		t := e.Resource.Type
		if in.Target != "" && t != in.Target {
			continue
		}
		if !slices.Contains(types, t) {
			types = append(types, t)
		}
		byType[t] = append(byType[t], e.Resource.ID)
	}
	out := make([]string, len(types))
	for i, t := range types {
		out[i] = "(f.type = " + r.text(t) + " AND " + r.in("f.id", byType[t]) + ")"
	}
	return "(" + strings.Join(out, " OR ") + ")"
}

// including selects t, joined to the references f. What the page has already is
// left out in SQL: it must not use up the limit.
func (s *search) including(r *renderer, join, cond, kind string) (Step, error) {
	sql := "SELECT " + fmt.Sprintf(pageColumns, "r", "0") +
		" FROM policy_version v LEFT JOIN (SELECT DISTINCT t.rid FROM reference_entry f " + join +
		" WHERE " + cond + " AND NOT t.deleted AND NOT " + r.dialect.In("t.rid", r.arg(slices.Clone(s.built.rids))) +
		" AND " + r.permitted(row{"t", kind}) +
		" ORDER BY t.rid LIMIT " + r.arg(int64(maxIncluded+1)) + ") e ON TRUE" + pageJoins +
		" ORDER BY e.rid, s.patient"
	return Step{SQL: sql, Args: r.args, Each: s.readIncluded}, r.err
}

// readIncluded adds one row. A resource that an earlier include brought stays
// where it is.
func (s *search) readIncluded(rows Rows) error {
	var row pageRow
	if err := rows.Scan(row.destinations()...); err != nil {
		return err
	}
	snapshot := s.built.snapshot
	n := len(s.built.rids)
	if s.built.seen[row.rid] && (n == 0 || s.built.rids[n-1] != row.rid) {
		return nil
	}
	fresh, err := s.built.add(&row, true)
	s.built.snapshot = snapshot
	if fresh {
		s.included++
	}
	return err
}
