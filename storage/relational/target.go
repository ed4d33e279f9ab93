package relational

import (
	"context"
	"errors"
	"hash/fnv"
	"slices"
	"time"

	"sluis/fhir"
	"sluis/storage"
)

// receive takes the inbox key, or tells what became of it the first time. A
// delivery that comes twice at a time waits here for the first to commit.
func (a *application) receive(ctx context.Context) error {
	in := a.request.Inbox
	if in == nil {
		return nil
	}
	fresh, err := a.tx.Exec(ctx, `INSERT INTO inbox (source, key, outcome) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
		clean(in.Source), clean(in.Key), notNil(in.Outcome))
	if err != nil || fresh > 0 {
		return err
	}
	return a.seen(ctx, in)
}

// begin reads, in one round trip, the version and the rows that changes name.
func (a *application) begin(ctx context.Context) error {
	if len(a.changes) == 0 {
		return nil
	}
	steps := a.store.conn.Dialect().Lock(a.locks()...)
	steps = append(steps,
		Step{SQL: `SELECT version FROM policy_version`, Each: func(rows Rows) error { return rows.Scan(&a.version) }},
		Step{SQL: a.store.conn.Dialect().Allot(), Args: []any{int64(2 * len(a.changes))}, Each: a.allotted})
	var named []fhir.Ref
	for _, c := range a.changes {
		if c.Match == nil {
			named = append(named, fhir.Ref{Type: c.Type, ID: c.ID})
		}
	}
	steps = append(steps, a.lookup(named)...)
	if err := a.tx.Send(ctx, steps...); err != nil {
		return err
	}
	return a.current()
}

func (a *application) seen(ctx context.Context, in *storage.InboxKey) error {
	var outcome []byte
	rows, err := a.tx.Query(ctx, `SELECT outcome FROM inbox WHERE source = $1 AND key = $2`, clean(in.Source), clean(in.Key))
	if err := each(rows, err, func(rows Rows) error { return rows.Scan(&outcome) }); err != nil {
		return err
	}
	return &storage.SeenError{Outcome: outcome}
}

// current refuses a transaction of which an access was decided at another
// version.
func (a *application) current() error {
	for _, c := range a.changes {
		if stale(c.Access, a.version) || stale(c.Subjects, a.version) {
			return storage.ErrStale
		}
	}
	return nil
}

// locks are one for each custodian and type of the changes: alone where a
// conditional change searches it, shared with other writers where not.
func (a *application) locks() []Lock {
	byKey := map[int64]bool{}
	for _, c := range a.changes {
		h := fnv.New64a()
		h.Write([]byte(c.Custodian + "\x00" + c.Type))
		k := int64(h.Sum64())
		byKey[k] = byKey[k] || c.Match != nil
	}
	locks := make([]Lock, 0, len(byKey))
	for k, exclusive := range byKey {
		locks = append(locks, Lock{k, exclusive})
	}
	slices.SortFunc(locks, func(x, y Lock) int {
		if x.Key < y.Key {
			return -1
		}
		return 1
	})
	return locks
}

func (a *application) allotted(rows Rows) error {
	var from, to int64
	if err := rows.Scan(&from, &to); err != nil {
		return err
	}
	for ; from <= to; from++ {
		a.ids = append(a.ids, from)
	}
	return nil
}

// next is a fresh surrogate key.
func (a *application) next() int64 {
	id := a.ids[0]
	a.ids = a.ids[1:]
	return id
}

const storedColumns = `c.rid, c.type, c.id, c.version, c.updated, c.method, c.deleted, c.custodian, c.judged, c.inputs, c.body`

// lookup reads and locks the rows of some refs, with their labels and subjects.
// Locking before anything is decided makes two changes of one resource take
// turns.
func (a *application) lookup(refs []fhir.Ref) []Step {
	if len(refs) == 0 {
		return nil
	}
	d := a.store.conn.Dialect()
	types, ids := make([]string, len(refs)), make([]string, len(refs))
	wanted := map[fhir.Ref]bool{}
	for i, ref := range refs {
		types[i], ids[i], wanted[ref] = ref.Type, ref.ID, true
	}
	slices.Sort(types)
	args := []any{slices.Compact(types), ids}
	where := " WHERE " + d.In("c.type", "$1") + " AND " + d.In("c.id", "$2")
	byRow := map[int64]*stored{}
	return []Step{
		{SQL: "SELECT " + storedColumns + " FROM resource c" + where + " ORDER BY c.rid " + d.ForUpdate("c"), Args: args,
			Each: func(rows Rows) error {
				s, err := scanStored(rows)
				if err == nil && wanted[fhir.Ref{Type: s.resource.Type, ID: s.resource.ID}] {
					a.found[fhir.Ref{Type: s.resource.Type, ID: s.resource.ID}] = s
					byRow[s.rid] = s
				}
				return err
			}},
		{SQL: "SELECT l.rid, l.system, l.code, l.origin FROM resource c JOIN label l ON l.rid = c.rid" + where, Args: args,
			Each: func(rows Rows) error { return scanLabel(rows, byRow) }},
		{SQL: "SELECT s.rid, p.rid, s.person, p.id FROM resource c JOIN subject s ON s.rid = c.rid JOIN patient p ON p.rid = s.patient" + where, Args: args,
			Each: func(rows Rows) error { return scanSubject(rows, byRow) }},
	}
}

func scanStored(rows Rows) (*stored, error) {
	var s stored
	r := &s.resource
	err := rows.Scan(&s.rid, &r.Type, &r.ID, &r.Version, &s.updated, &r.Method, &r.Deleted, &s.custodian, &s.judged, &s.inputs, &r.Body)
	r.Updated = time.UnixMicro(s.updated).UTC()
	return &s, err
}

func scanLabel(rows Rows, byRow map[int64]*stored) error {
	var rid int64
	var l labelRow
	err := rows.Scan(&rid, &l.system, &l.code, &l.origin)
	if s := byRow[rid]; s != nil {
		s.labels = append(s.labels, l)
	}
	return err
}

func scanSubject(rows Rows, byRow map[int64]*stored) error {
	var rid int64
	var p patientRow
	err := rows.Scan(&rid, &p.rid, &p.person, &p.id)
	if s := byRow[rid]; s != nil {
		s.subjects = append(s.subjects, p)
	}
	return err
}

// choose makes each change a write, or refuses the transaction. Of several
// reasons to refuse it the one that cannot depend on what is hidden comes first:
// that something is not there, or not to be seen. A version and a double that
// stand beside it are told of nobody's data then.
func (a *application) choose(ctx context.Context) error {
	var found []error
	taken, kept := map[fhir.Ref]bool{}, map[fhir.Ref]bool{}
	for i := range a.changes {
		c := &a.changes[i]
		w := &write{change: c, op: c.Op, pre: a.found[fhir.Ref{Type: c.Type, ID: c.ID}]}
		a.writes = append(a.writes, w)
		if err := w.plan(); err != nil {
			found = append(found, &storage.ChangeError{Change: i, Err: err})
		}
		if w.pre != nil {
			w.rid = w.pre.rid
		} else if !w.same {
			w.rid = a.next()
		}
		ref := fhir.Ref{Type: c.Type, ID: c.ID}
		if taken[ref] && !w.same {
			found = append(found, &storage.ChangeError{Change: i, Err: twoChanges()})
		}
		taken[ref], kept[ref] = taken[ref] || !w.same, kept[ref] || w.same
		// A conditional create stands for what it found, which must not be
		// deleted beside it.
		if taken[ref] && kept[ref] && a.deletes(ref) {
			found = append(found, &storage.ChangeError{Change: i, Err: twoChanges()})
		}
	}
	preconditions, err := a.checkPreimages(ctx)
	if err != nil {
		return err
	}
	return foremost(append(preconditions, found...))
}

func twoChanges() *fhir.Error {
	return fhir.NewError(fhir.Invalid, "duplicate", "two changes are of the same resource")
}

// deletes reports whether a change of the transaction deletes the resource.
func (a *application) deletes(ref fhir.Ref) bool {
	return slices.ContainsFunc(a.changes, func(c storage.Change) bool {
		return c.Op == storage.Delete && c.Type == ref.Type && c.ID == ref.ID
	})
}

// foremost is the error to answer with: of those that say not found, before
// anything else, the first in the order of the changes.
func foremost(found []error) error {
	var first *storage.ChangeError
	for _, err := range found {
		var of *storage.ChangeError
		if errors.As(err, &of) && fhir.KindOf(err) == fhir.NotFound && (first == nil || of.Change < first.Change) {
			first = of
		}
	}
	switch {
	case first != nil:
		return first
	case len(found) > 0:
		return found[0]
	}
	return nil
}

// plan decides what a change does by what is there. What cannot be seen is
// sorted out afterwards, by the access.
func (w *write) plan() error {
	c := w.change
	switch {
	case c.Op == storage.Create && w.pre != nil && c.Match != nil:
		w.keep()
	case c.Op == storage.Create && w.pre != nil:
		return fhir.NewError(fhir.Conflict, "conflict", "the id is in use")
	case c.Op == storage.Delete && c.ID == "":
		w.same, w.result = true, storage.Result{Resource: fhir.Resource{Type: c.Type}, Unchanged: true}
	case c.Op == storage.Update && w.pre == nil && c.Upsert && c.IfMatch == 0:
		w.op = storage.Create
	case c.Op != storage.Create && (w.pre == nil || w.foreign()):
		return fhir.ErrNotFound()
	}
	return nil
}

// foreign reports whether the row is another custodian's to change.
func (w *write) foreign() bool {
	return w.pre.custodian != w.change.Custodian && !w.change.AnyCustodian
}

func (w *write) keep() {
	w.same = true
	w.result = storage.Result{Resource: w.pre.resource, Unchanged: true, Custodian: w.pre.custodian}
}

// checkPreimages holds each access against the row it would change, and the
// version asked for. It returns every reason to refuse; err is a failure to look.
func (a *application) checkPreimages(ctx context.Context) (found []error, err error) {
	var changed []*write
	var places []int
	for i, w := range a.writes {
		if w.pre != nil && !w.same {
			changed, places = append(changed, w), append(places, i)
		}
	}
	hidden, err := a.judge(ctx, changed, nil, nil)
	if err != nil {
		return nil, err
	}
	for i, w := range changed {
		err := w.mayChange(hidden[w.rid])
		switch {
		case err != nil:
			found = append(found, &storage.ChangeError{Change: places[i], Err: err})
		case w.unchanged() || w.op == storage.Delete && w.pre.resource.Deleted:
			w.keep()
		}
	}
	return found, nil
}

// mayChange holds a write against the row that it would change.
func (w *write) mayChange(hidden bool) error {
	switch m := w.change.IfMatch; {
	case hidden:
		return fhir.ErrNotFound()
	case m > 0 && m != w.pre.resource.Version:
		return fhir.NewError(fhir.Precondition, "conflict", "the resource has another version")
	case m == fhir.AnyVersion && w.pre.resource.Deleted:
		return fhir.NewError(fhir.Precondition, "conflict", "the resource is deleted: it has no current version")
	}
	return nil
}

// judge evaluates each write's access on its row as it stands, between the
// steps before and after it, in one round trip; it returns the rids not shown.
func (a *application) judge(ctx context.Context, writes []*write, before, after []Step) (map[int64]bool, error) {
	hidden := map[int64]bool{}
	steps := before
	for _, g := range group(writes, func(w *write) storage.Access { return w.change.Access }) {
		step, err := a.permittedStep(g, hidden)
		if err != nil {
			return nil, err
		}
		steps = append(steps, step)
	}
	return hidden, a.tx.Send(ctx, append(steps, after...)...)
}

// unchanged reports whether a KeepSame update would write the stored bytes.
func (w *write) unchanged() bool {
	if !w.change.KeepSame || w.op != storage.Update || w.pre.resource.Deleted {
		return false
	}
	r := w.pre.resource
	return string(w.change.Body.Stamp(r.ID, r.Version, r.Updated)) == string(r.Body)
}
