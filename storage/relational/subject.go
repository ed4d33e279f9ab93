package relational

import (
	"context"
	"slices"

	"sluis/fhir"
	"sluis/storage"
)

// attach resolves the subjects of everything written: Patients of this
// transaction, Patients that were subjects of the resource before, and
// otherwise those that exist and the caller may see. For all others there is
// one answer.
func (a *application) attach(ctx context.Context) error {
	made := map[string]patientRow{}
	gone := map[string]bool{}
	for _, w := range a.writes {
		if w.same || w.change.Type != patientType {
			continue
		}
		switch {
		case w.op == storage.Delete:
			gone[w.change.ID] = true
		case w.pre == nil:
			made[w.change.ID] = patientRow{rid: w.rid, person: a.next(), id: w.change.ID}
		}
	}
	visible, err := a.visiblePatients(ctx, made)
	if err != nil {
		return err
	}
	for i, w := range a.writes {
		if err := w.attach(made, gone, visible); err != nil {
			return &storage.ChangeError{Change: i, Err: err}
		}
	}
	return nil
}

func (w *write) attach(made map[string]patientRow, gone map[string]bool, visible map[*write]map[string]patientRow) error {
	if w.same || w.op == storage.Delete {
		return nil
	}
	if w.change.Type == patientType {
		w.subjects = w.ownSubject(made)
		return nil
	}
	for _, ref := range w.change.Entries.Subjects {
		p, ok := made[ref.ID]
		if !ok {
			p, ok = w.former(ref)
		}
		if !ok && !gone[ref.ID] {
			p, ok = visible[w][ref.ID]
		}
		if !ok || ref.Type != patientType {
			return fhir.NewError(fhir.Unprocessable, "not-found", "a patient that the resource is about is not known: "+ref.Latest().String())
		}
		w.subjects = append(w.subjects, p)
	}
	return nil
}

// ownSubject of a Patient is itself.
func (w *write) ownSubject(made map[string]patientRow) []patientRow {
	if w.pre != nil {
		return w.pre.subjects
	}
	return []patientRow{made[w.change.ID]}
}

// former finds a Patient among the subjects that the resource has already.
func (w *write) former(ref fhir.Ref) (patientRow, bool) {
	if w.pre == nil {
		return patientRow{}, false
	}
	i := slices.IndexFunc(w.pre.subjects, func(p patientRow) bool { return p.id == ref.ID })
	if i < 0 {
		return patientRow{}, false
	}
	return w.pre.subjects[i], true
}

// visiblePatients finds, for each write, the Patients that its Subjects access
// shows, one statement for each different access.
func (a *application) visiblePatients(ctx context.Context, made map[string]patientRow) (map[*write]map[string]patientRow, error) {
	var asking []*write
	for _, w := range a.writes {
		if !w.same && w.op != storage.Delete && w.change.Type != patientType && len(w.unresolved(made)) > 0 {
			asking = append(asking, w)
		}
	}
	out := map[*write]map[string]patientRow{}
	var steps []Step
	for _, g := range group(asking, func(w *write) storage.Access { return w.change.Subjects }) {
		found := map[string]patientRow{}
		var ids []string
		for _, w := range g.writes {
			out[w] = found
			ids = append(ids, w.unresolved(made)...)
		}
		slices.Sort(ids)
		r := newRenderer(a.store.conn.Dialect(), g.access.Expr())
		sql := "SELECT p.rid, p.person, p.id FROM patient p JOIN resource c ON c.rid = p.rid WHERE " +
			r.in("p.id", slices.Compact(ids)) + " AND NOT c.deleted AND " + r.permitted(row{"c", patientType})
		if r.err != nil {
			return nil, r.err
		}
		steps = append(steps, Step{SQL: sql, Args: r.args, Each: func(rows Rows) error {
			var p patientRow
			err := rows.Scan(&p.rid, &p.person, &p.id)
			found[p.id] = p
			return err
		}})
	}
	return out, a.tx.Send(ctx, steps...)
}

// unresolved are the subjects that only the database can resolve.
func (w *write) unresolved(made map[string]patientRow) []string {
	var ids []string
	for _, ref := range w.change.Entries.Subjects {
		_, here := made[ref.ID]
		if _, before := w.former(ref); !here && !before {
			ids = append(ids, ref.ID)
		}
	}
	return ids
}
