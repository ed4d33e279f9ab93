package relational

import (
	"fmt"
	"strings"

	"sluis/fhir/query"
)

// maxIncluded is how many resources _include and _revinclude may add to one
// page, which is complete in memory. Beyond it the search is an error, never a
// page that is silently short.
const maxIncluded = 1000

// includes are the steps that add included resources to the page, each under
// the access before its limit.
func (s *search) includes() ([]Step, error) {
	var steps []Step
	add := func(step Step, ok bool, err error) error {
		if ok {
			steps = append(steps, step)
		}
		return err
	}
	for _, in := range s.query.Includes {
		if err := add(s.forward(in)); err != nil {
			return nil, err
		}
	}
	for _, in := range s.query.RevIncl {
		if err := add(s.backward(in)); err != nil {
			return nil, err
		}
	}
	return steps, nil
}

// forward is an _include: what the matches refer to. Without a match of the
// source type there is no step.
func (s *search) forward(in query.Include) (Step, bool, error) {
	var from []int64
	for i, e := range s.built.page.Entries {
		if in.Source == "" || e.Resource.Type == in.Source {
			from = append(from, s.built.rids[i])
		}
	}
	if len(from) == 0 {
		return Step{}, false, nil
	}
	r := newRenderer(s.dialect, s.access.Expr())
	cond := r.inInts("f.rid", from) + " AND f.id <> ''"
	if in.Target != "" {
		cond += " AND f.type = " + r.text(in.Target)
	}
	if in.Param != nil {
		cond += " AND " + r.keyed(in.Param, "f", row{"f", in.Source})
	}
	step, err := s.including(r, "t.type = f.type AND t.id = f.id", cond, in.Target)
	return step, true, err
}

// backward is a _revinclude: what refers to the matches.
func (s *search) backward(in query.Include) (Step, bool, error) {
	byType := map[string][]string{}
	var types []string
	for _, e := range s.built.page.Entries {
		t := e.Resource.Type
		if in.Target != "" && t != in.Target {
			continue
		}
		if byType[t] == nil {
			types = append(types, t)
		}
		byType[t] = append(byType[t], e.Resource.ID)
	}
	if len(types) == 0 {
		return Step{}, false, nil
	}
	r := newRenderer(s.dialect, s.access.Expr())
	targets := make([]string, len(types))
	for i, t := range types {
		targets[i] = "(f.type = " + r.text(t) + " AND " + r.in("f.id", byType[t]) + ")"
	}
	cond := "f.id <> '' AND (" + strings.Join(targets, " OR ") + ")"
	if in.Param != nil {
		cond += " AND " + r.keyed(in.Param, "f", row{"f", in.Source})
	}
	if in.Source != "" {
		cond += " AND t.type = " + r.text(in.Source)
	}
	step, err := s.including(r, "t.rid = f.rid", cond, in.Source)
	return step, true, err
}

// including selects t, joined to the references f. Matches of the page are left
// out in SQL: they must not use up the limit.
func (s *search) including(r *renderer, join, cond, kind string) (Step, error) {
	sql := "SELECT " + fmt.Sprintf(pageColumns, "r", "0") +
		" FROM policy_version v LEFT JOIN (SELECT DISTINCT t.rid FROM reference_entry f JOIN resource t ON " + join +
		" WHERE " + cond + " AND NOT t.deleted AND NOT " + r.dialect.In("t.rid", r.arg(s.built.rids)) +
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
