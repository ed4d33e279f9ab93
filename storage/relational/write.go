package relational

import (
	"context"
	"slices"
	"strconv"
	"time"

	"sluis/fhir"
	"sluis/fhir/index"
	"sluis/storage"
)

// Bits of resource.inputs.
const (
	decides    = 1 // consents, relations, members, representation
	identifies = 2 // identities of a Patient
	defines    = 4 // a search parameter
)

// policyLock is held alone by who changes what decisions depend on, and shared
// by every other writer, from here to the commit.
const policyLock = 0x706f6c696379 // "policy"

// portion is how much of a transaction's rows stand in memory at a time: those
// of some thousand resources. What is sent before the transaction ends, no one
// else sees.
const portion = 8 << 20 // bytes, as rowSet counts them

// storeRows writes all rows, in one round trip where they are no more than a
// portion, judges the after-image, and makes sure, under the policy lock, that no
// policy changed since the transaction began. The after-image is judged before
// this transaction's own policy inputs count: an access is a decision about one
// version of policy, and what a link to another's Patient or a new consent would
// do to it is not told to the writer.
func (a *application) storeRows(ctx context.Context) error {
	rows := newRowSet()
	var judged []*write
	changes := 0
	for _, w := range a.writes {
		if w.same {
			continue
		}
		if rows.size > portion {
			if err := a.tx.Send(ctx, rows.steps(a.store.conn.Dialect())...); err != nil {
				return err
			}
			rows = newRowSet()
		}
		a.stamp(w)
		rows.add(w)
		if a.request.Bare {
			w.result.Resource.Body = nil // it stands in rows as long as it is needed
		}
		changes++
		if w.op != storage.Delete {
			judged = append(judged, w)
		}
	}
	if changes == 0 {
		return nil
	}
	now, parameters := a.version, a.request.Parameters
	lock := Lock{Key: policyLock, Exclusive: a.changesPolicy()}
	after := append(a.store.conn.Dialect().Lock(lock),
		Step{SQL: `SELECT version, parameters FROM policy_version`, Each: func(r Rows) error { return r.Scan(&now, &parameters) }})
	hidden, err := a.judge(ctx, judged, rows.steps(a.store.conn.Dialect()), after)
	switch {
	case err != nil:
		return err
	case now != a.version, len(judged) > 0 && parameters != a.request.Parameters:
		return storage.ErrStale
	case len(hidden) > 0:
		return fhir.NewError(fhir.Forbidden, "forbidden", "the access does not reach what would be written")
	}
	return nil
}

// stamp gives a write its version, time and bytes.
func (a *application) stamp(w *write) {
	c := w.change
	version, updated := int64(1), a.at
	if w.pre != nil {
		version, updated = w.pre.resource.Version+1, max(a.at, w.pre.updated)
	}
	w.updated = updated
	r := fhir.Resource{Type: c.Type, ID: c.ID, Version: version, Updated: time.UnixMicro(updated).UTC(), Method: "PUT"}
	custodian := c.Custodian
	if w.pre != nil {
		custodian = w.pre.custodian
	}
	switch {
	case w.op == storage.Delete:
		r.Method, r.Deleted = "DELETE", true
	case c.Op == storage.Create:
		r.Method = "POST"
	case c.Patched:
		r.Method = "PATCH"
	}
	if !r.Deleted {
		c.Entries.Type = c.Type
		r.Body = c.Body.Stamp(r.ID, version, r.Updated)
		w.labels = effective(c, w.before())
	}
	w.result = storage.Result{Resource: r, Created: w.pre == nil || w.pre.resource.Deleted, Custodian: custodian}
}

func (w *write) before() []labelRow {
	if w.pre == nil {
		return nil
	}
	return w.pre.labels
}

// inputs tells what the written resource contributes to decisions.
func (w *write) inputs() int64 {
	p := w.change.Policy
	var bits int64
	if len(p.Rules) > 0 || len(p.Relations) > 0 || len(p.Members) > 0 || p.Represents != nil {
		bits |= decides
	}
	if len(p.Identities) > 0 {
		bits |= identifies
	}
	if p.Parameter != nil {
		bits |= defines
	}
	switch {
	case w.op != storage.Delete:
		return bits
	case w.pre != nil: // identities outlive their Patient: see link
		return w.pre.inputs & identifies
	}
	return 0
}

// fingerprintOf is the fingerprint in 64 bits.
func fingerprintOf(e index.Entries) int64 {
	n, _ := strconv.ParseUint(e.Judged()[:16], 16, 64) // hex by its contract
	return int64(n)
}

// rowSet collects the rows of a transaction, table by table.
type rowSet struct {
	values  map[*Table][][]any
	changed []int64 // rows that existed: their versions go to history
	indexed []int64 // of these, the ones that get new index rows
	size    int     // in memory, more or less, in bytes
}

func newRowSet() *rowSet { return &rowSet{values: map[*Table][][]any{}} }

// rowValue is what a value takes that points to what stands elsewhere: as any,
// as a column, and as it is sent.
const rowValue = 48 // bytes

func (s *rowSet) row(t *Table, values ...any) {
	s.values[t] = append(s.values[t], values)
	s.size += rowValue * len(values)
}

func (s *rowSet) add(w *write) {
	r := w.result.Resource
	var judged int64
	body := r.Body
	if w.pre != nil {
		s.changed = append(s.changed, w.rid)
		judged = w.pre.judged
	}
	if r.Deleted {
		body = []byte{}
	} else {
		judged = fingerprintOf(w.change.Entries)
	}
	s.size += len(body)
	s.row(resourceTable, w.rid, r.Type, r.ID, r.Version, w.updated, r.Method, r.Deleted, w.result.Custodian, judged, w.inputs(), body)
	if r.Deleted {
		return // its index rows stay: they tell who may know that it is gone
	}
	if w.pre != nil {
		s.indexed = append(s.indexed, w.rid)
	} else if r.Type == patientType {
		p := w.subjects[0]
		s.row(patientTable, w.rid, r.ID, w.result.Custodian, p.person)
		s.row(personTable, p.person, int64(0), card{Patients: []cardPatient{{r.ID, w.result.Custodian}}}.String())
	}
	for _, p := range w.subjects {
		s.row(subjectTable, w.rid, p.rid, p.person)
	}
	s.labels(w)
	s.entries(w.rid, w.change.Entries)
}

// labels writes the effective labels, and the added ones among the tokens of
// _security as well.
func (s *rowSet) labels(w *write) {
	for _, l := range w.labels {
		s.row(labelTable, w.rid, l.system, l.code, l.origin)
		s.addedLabel(w.rid, w.change.Type, l)
	}
}

func (s *rowSet) entries(resource int64, e index.Entries) {
	rid := any(resource) // made a value once: there are many rows
	var param boxed
	for _, x := range e.Tokens {
		s.row(tokenTable, rid, param.of(x.Param), int64(x.Element), key(x.System), key(x.Code))
	}
	for _, x := range e.Strings {
		s.row(stringTable, rid, param.of(x.Param), int64(x.Element), clean(x.Folded), clean(x.Exact))
	}
	for _, x := range e.Dates {
		s.row(dateTable, rid, param.of(x.Param), int64(x.Element), x.Low, x.High)
	}
	for _, x := range e.Numbers {
		s.row(numberTable, rid, param.of(x.Param), int64(x.Element), x.Low, x.High, x.Value)
	}
	for _, x := range e.Quantities {
		s.row(quantityTable, rid, param.of(x.Param), int64(x.Element), x.Low, x.High, x.Value, key(x.System), key(x.Code), key(x.Unit))
	}
	for _, x := range e.References {
		s.row(referenceTable, rid, param.of(x.Param), int64(x.Element), x.Type, x.ID, x.Version, linkKey(x.URL), key(x.System), key(x.Identifier))
	}
	for _, x := range e.URIs {
		s.row(uriTable, rid, param.of(x.Param), int64(x.Element), linkKey(x.Value))
	}
	for _, x := range e.Positions {
		s.row(positionTable, rid, param.of(x.Param), x.X, x.Y, x.Z)
	}
	if len(e.Narrative)+len(e.Content) > 0 {
		s.row(wordsTable, rid, wordKeys(e.Narrative), wordKeys(e.Content))
	}
}

// boxed is a number as the value of a row, the same one for rows that follow each
// other: entries are in the order of their parameters.
type boxed struct {
	number int32
	value  any
}

func (b *boxed) of(n int32) any {
	if b.value == nil || b.number != n {
		b.number, b.value = n, int64(n)
	}
	return b.value
}

// writeOrder is the order of the tables. Locks on rows are taken in it.
var writeOrder = slices.Concat([]*Table{resourceTable, personTable, patientTable, subjectTable, labelTable}, entryTables)

// steps are the statements: old versions to history, and each table.
func (s *rowSet) steps(d Dialect) []Step {
	var steps []Step
	if len(s.changed) > 0 {
		steps = append(steps, Step{Args: []any{s.changed},
			SQL: `INSERT INTO history (rid, version, updated, method, deleted, judged, body)
			SELECT rid, version, updated, method, deleted, judged, body FROM resource WHERE ` + d.In("rid", "$1")})
	}
	for _, t := range writeOrder {
		step := Step{Into: t, Values: s.values[t]}
		if followsResource[t] {
			step.Of = s.indexed
		}
		if len(step.Values)+len(step.Of) > 0 {
			steps = append(steps, step)
		}
	}
	return steps
}

// followsResource are the tables of which an update replaces a resource's rows.
var followsResource = func() map[*Table]bool {
	out := map[*Table]bool{subjectTable: true, labelTable: true}
	for _, t := range entryTables {
		out[t] = true
	}
	return out
}()
