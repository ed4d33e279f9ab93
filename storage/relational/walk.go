package relational

import (
	"context"
	"slices"
	"strings"

	"sluis/conformance"
	"sluis/fhir/query"
)

// walkable reports whether the index of a key's entries has the key's order.
// Quantities have two orders, in canonical units and as written, and so none.
func walkable(s query.Sort) bool {
	_, ok := tableOf(s.Param.Type)
	return ok && s.Param.Type != conformance.QuantityParam && !everyType(s.Param) && s.Param.Code != idCode && s.Param.Code != updatedCode
}

// walk fills a page along the index of the first key, and only then with what
// lacks it: so a page costs what it shows, however many resources there are.
func (s *search) walk(ctx context.Context, on querier) error {
	if at := s.query.After; at == nil || len(at.Keys) > 0 && at.Keys[0] != absentKey {
		if err := s.walkEntries(ctx, on); err != nil || s.overflow || len(s.built.rids) > s.limit {
			return err
		}
	}
	return s.walkMissing(ctx, on)
}

// walkEntries takes the entries of the first key in their order, of each
// resource the first.
func (s *search) walkEntries(ctx context.Context, on querier) error {
	r := newRenderer(s.dialect, s.access.Expr())
	row := row{"c", s.query.Type}
	keys := r.sortKeysFrom(s.query.Sort, row, func(k sortKey) string { return "x." + k.value })
	first := &keys[0]
	first.always = true
	from := first.table.Name + " x CROSS JOIN resource c WHERE c.rid = x.rid AND " + r.keyed(first.param, "x", row)
	if at := s.query.After; at != nil {
		bound, err := r.walkBound(*first, at)
		if err != nil {
			return err
		}
		from += bound
	}
	from += " AND NOT EXISTS (SELECT 1 FROM " + first.table.Name + " y WHERE y.rid = x.rid AND " + r.keyed(first.param, "y", row) +
		" AND " + tuple(*first, "y") + strings.TrimRight(than(!first.desc), " ") + " " + tuple(*first, "x") + ")"
	return s.fill(ctx, on, r, keys, "SELECT c.rid AS rid"+columnsOf(keys)+" FROM "+from+" AND "+s.matching(r, row, byNone), s.query.After)
}

// walkBound is where the index is entered.
func (r *renderer) walkBound(first sortKey, at *query.Position) (string, error) {
	if len(at.Keys) == 0 {
		return "", errPosition
	}
	value, err := keyValue(first, at.Keys[0])
	if err != nil {
		return "", err
	}
	return " AND x." + first.value + strings.TrimRight(than(first.desc), " ") + "= " + r.dialect.Cast(r.arg(value), first.kind), nil
}

// tuple is an entry as a row value, the key's column first: no two entries of a
// resource and a parameter are equal in it, so one of them is the least.
func tuple(k sortKey, alias string) string {
	out := []string{alias + "." + k.value}
	for _, c := range k.table.Columns {
		if !slices.Contains([]string{"rid", "param", k.value}, c.Name) {
			out = append(out, alias+"."+c.Name)
		}
	}
	return "(" + strings.Join(out, ", ") + ")"
}

// walkMissing takes the resources without an entry of the first key.
func (s *search) walkMissing(ctx context.Context, on querier) error {
	r := newRenderer(s.dialect, s.access.Expr())
	row := row{"c", s.query.Type}
	keys := r.sortKeysFrom(s.query.Sort, row, func(k sortKey) string { return r.dialect.Cast("NULL", k.kind) })
	first := keys[0]
	lacking := "NOT " + r.exists(first.table.Name, row, func(a string) string { return r.keyed(first.param, a, row) })
	after := s.query.After
	if after != nil && len(after.Keys) > 0 && after.Keys[0] != absentKey {
		after = nil // the page before ended among the entries
	}
	return s.fill(ctx, on, r, keys, "SELECT c.rid AS rid"+columnsOf(keys)+" FROM resource c WHERE "+s.matching(r, row, byNone)+" AND "+lacking, after)
}
