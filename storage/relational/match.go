package relational

import (
	"context"

	"sluis/fhir"
	"sluis/storage"
)

// matchAll resolves every conditional change before any row is written, under
// its access and within its custodian, and turns it into a plain one. Deletes
// come first: what they delete is not there for the other conditions (R4
// http.html#trules). The references of other changes to a change's provisional
// id follow.
func (a *application) matchAll(ctx context.Context) error {
	if err := a.matchWhere(ctx, func(c *storage.Change) bool { return c.Op == storage.Delete }); err != nil {
		return err
	}
	return a.matchWhere(ctx, func(c *storage.Change) bool { return c.Op != storage.Delete })
}

func (a *application) matchWhere(ctx context.Context, want func(*storage.Change) bool) error {
	matches := map[int][]string{}
	var steps []Step
	gone := a.deleting()
	for i := range a.changes {
		if a.changes[i].Match == nil || !want(&a.changes[i]) {
			continue
		}
		matches[i] = nil
		step, err := a.match(a.changes[i], gone, func(id string) { matches[i] = append(matches[i], id) })
		if err != nil {
			return err
		}
		steps = append(steps, step)
	}
	if len(steps) == 0 {
		return nil
	}
	if err := a.tx.Send(ctx, steps...); err != nil {
		return err
	}
	renames, err := a.settle(matches)
	if err != nil {
		return err
	}
	a.rename(renames)
	return a.tx.Send(ctx, a.lookup(a.conditional(matches))...)
}

// deleting are the rows that changes delete, as far as they are known yet.
func (a *application) deleting() []int64 {
	var out []int64
	for _, c := range a.changes {
		if s := a.found[fhir.Ref{Type: c.Type, ID: c.ID}]; s != nil && c.Op == storage.Delete {
			out = append(out, s.rid)
		}
	}
	return out
}

func (a *application) match(c storage.Change, gone []int64, found func(id string)) (Step, error) {
	r := newRenderer(a.store.conn.Dialect(), c.Access.Expr())
	r.gone = gone
	m := row{"c", c.Type}
	sql := "SELECT c.id FROM resource c WHERE c.type = " + r.text(c.Type) + " AND " + r.present("c") + " AND c.custodian = " + r.text(c.Custodian) +
		" AND " + r.matches(c.Match, m) + " AND " + r.permitted(m) + " LIMIT 2"
	return Step{SQL: sql, Args: r.args, Each: func(rows Rows) error {
		var id string
		err := rows.Scan(&id)
		found(id)
		return err
	}}, r.err
}

// settle gives each conditional change the id it is about: the one found, or
// its own.
func (a *application) settle(matches map[int][]string) (map[fhir.Ref]fhir.Ref, error) {
	renames := map[fhir.Ref]fhir.Ref{}
	for i := range a.changes {
		c := &a.changes[i]
		if _, asked := matches[i]; !asked {
			continue
		}
		switch len(matches[i]) {
		case 0:
			if c.IfMatch != 0 {
				return nil, &storage.ChangeError{Change: i, Err: fhir.NewError(fhir.Precondition, "conflict", "the criteria match nothing, so there is no version")}
			}
			if c.Op == storage.Delete {
				c.ID = ""
			}
			c.Upsert = true
		case 1:
			if c.Op == storage.Update && c.Named != "" && c.Named != matches[i][0] {
				return nil, &storage.ChangeError{Change: i, Err: fhir.NewError(fhir.Invalid, "value", "the id of the body is not that of the resource found", c.Type+".id")}
			}
			from, to := fhir.Ref{Type: c.Type, ID: c.ID}, fhir.Ref{Type: c.Type, ID: matches[i][0]}
			if c.ID != "" && from != to {
				renames[from] = to
			}
			c.ID = to.ID
		default:
			return nil, &storage.ChangeError{Change: i, Err: fhir.NewError(fhir.Precondition, "multiple-matches", "the criteria match more than one resource")}
		}
	}
	return renames, nil
}

func (a *application) conditional(matches map[int][]string) []fhir.Ref {
	var refs []fhir.Ref
	for i, c := range a.changes {
		if _, asked := matches[i]; asked && c.ID != "" {
			refs = append(refs, fhir.Ref{Type: c.Type, ID: c.ID})
		}
	}
	return refs
}
