package relational

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"math"
	"slices"
	"sync"
	"time"

	"sluis/storage"
)

// changesPolicy reports whether the transaction may change what decisions
// depend on. Then it takes the policy lock alone.
func (a *application) changesPolicy() bool {
	a.newCustodians = a.store.known.missing(a.writes)
	return len(a.newCustodians) > 0 || len(a.affecting()) > 0
}

// affecting are the writes with policy inputs, now or before.
func (a *application) affecting() []*write {
	var out []*write
	for _, w := range a.writes {
		if !w.same && (w.inputs() != 0 || w.pre != nil && w.pre.inputs != 0 || w.comesOrGoes()) {
			out = append(out, w)
		}
	}
	return out
}

// comesOrGoes: a Patient that is deleted, or comes back. Whether a token of its
// own is anybody's turns on it.
func (w *write) comesOrGoes() bool {
	return w.change.Type == patientType && w.pre != nil && (w.op == storage.Delete) != w.pre.resource.Deleted
}

// applyPolicy replaces the policy inputs of what was written, joins and parts
// persons, and computes the shapes of those it touched. It runs under the
// policy lock, so each statement sees every transaction that came before.
//
// The version grows with every change of rules, relations, members or
// representations, with every new custodian, when persons are joined or parted,
// and when a Patient is deleted or comes back. A new person changes no decision
// made before: nothing could name it.
func (a *application) applyPolicy(ctx context.Context) error {
	writes := a.affecting()
	if len(writes) == 0 && len(a.newCustodians) == 0 {
		return nil
	}
	p := &policyChange{application: a, touched: map[int64]bool{}, bump: slices.ContainsFunc(writes, (*write).comesOrGoes)}
	if err := p.addCustodians(ctx); err != nil {
		return err
	}
	if err := p.link(ctx, writes); err != nil {
		return err
	}
	if err := p.replace(ctx, writes); err != nil {
		return err
	}
	if err := p.parameters(ctx, writes); err != nil {
		return err
	}
	if err := p.refresh(ctx); err != nil {
		return err
	}
	if !p.bump {
		return nil
	}
	_, err := a.tx.Exec(ctx, `UPDATE policy_version SET version = version + 1`)
	return err
}

// policyChange is the policy part of one transaction.
type policyChange struct {
	*application
	touched map[int64]bool // persons whose shape or card may have changed
	bump    bool
}

func (p *policyChange) addCustodians(ctx context.Context) error {
	for _, id := range p.newCustodians {
		n, err := p.tx.Exec(ctx, `INSERT INTO custodian (id) VALUES ($1) ON CONFLICT DO NOTHING`, clean(id))
		if err != nil {
			return err
		}
		p.bump = p.bump || n > 0
	}
	return nil
}

// replace drops the inputs that resources had and writes those they have now.
// Subjects are read again: link may have given them other persons.
func (p *policyChange) replace(ctx context.Context, writes []*write) error {
	var rids []int64
	for _, w := range writes {
		if w.inputs()&decides != 0 || w.pre != nil && w.pre.inputs&decides != 0 {
			rids = append(rids, w.rid)
		}
	}
	if len(rids) == 0 {
		return nil
	}
	p.bump = true
	d := p.store.conn.Dialect()
	in := d.In("rid", "$1")
	subjects := map[int64][]patientRow{}
	steps := []Step{{SQL: "SELECT rid, patient, person FROM subject WHERE " + in, Args: []any{rids}, Each: func(rows Rows) error {
		var rid int64
		var s patientRow
		err := rows.Scan(&rid, &s.rid, &s.person)
		subjects[rid] = append(subjects[rid], s)
		return err
	}}, {SQL: "SELECT person FROM consent WHERE " + in, Args: []any{rids}, Each: func(rows Rows) error {
		var person int64
		err := rows.Scan(&person)
		p.touched[person] = true
		return err
	}}}
	for _, t := range []*Table{consentTable, relationTable, memberTable, representsTable} {
		steps = append(steps, Step{SQL: "DELETE FROM " + t.Name + " WHERE " + in, Args: []any{rids}})
	}
	if err := p.tx.Send(ctx, steps...); err != nil {
		return err
	}
	rows := newRowSet()
	for _, w := range writes {
		if w.op != storage.Delete {
			p.inputs(rows, w, subjects[w.rid])
		}
	}
	return p.tx.Send(ctx, rows.inserts(consentTable, relationTable, memberTable, representsTable)...)
}

func (s *rowSet) inserts(tables ...*Table) []Step {
	var steps []Step
	for _, t := range tables {
		if len(s.values[t]) > 0 {
			steps = append(steps, Step{Into: t, Values: s.values[t]})
		}
	}
	return steps
}

// inputs are the rows of one resource's policy inputs.
func (p *policyChange) inputs(rows *rowSet, w *write, subjects []patientRow) {
	in, custodian := w.change.Policy, w.result.Custodian
	for _, s := range subjects {
		if len(in.Rules) > 0 {
			rows.row(consentTable, w.rid, s.rid, s.person, in.Rules)
			p.touched[s.person] = true
		}
		for _, r := range in.Relations {
			rows.row(relationTable, w.rid, s.rid, s.person, custodian, clean(r.Party.Type), clean(r.Party.ID), micros(r.Start, math.MinInt64), micros(r.End, math.MaxInt64))
		}
		if in.Represents != nil {
			rows.row(representsTable, w.rid, s.rid, s.person, micros(in.Represents.Start, math.MinInt64), micros(in.Represents.End, math.MaxInt64))
		}
	}
	for _, m := range in.Members {
		rows.row(memberTable, w.rid, custodian, clean(m.Member.Type), clean(m.Member.ID), clean(m.Of.Type), clean(m.Of.ID),
			micros(m.Start, math.MinInt64), micros(m.End, math.MaxInt64))
	}
}

// micros is a time in microseconds; an open end is one beyond all times.
func micros(t time.Time, open int64) int64 {
	if t.IsZero() {
		return open
	}
	return t.UnixMicro()
}

// refresh computes shape and card of the persons touched.
func (p *policyChange) refresh(ctx context.Context) error {
	if len(p.touched) == 0 {
		return nil
	}
	persons := make([]int64, 0, len(p.touched))
	for id := range p.touched {
		persons = append(persons, id)
	}
	slices.Sort(persons)
	states := map[int64]*personState{}
	if err := p.tx.Send(ctx, p.personSteps(persons, states)...); err != nil {
		return err
	}
	shapes, err := p.shapes(ctx, states)
	if err != nil {
		return err
	}
	rows := newRowSet()
	for _, id := range persons {
		s := states[id]
		if s == nil {
			if _, err := p.tx.Exec(ctx, `DELETE FROM person WHERE person = $1`, id); err != nil {
				return err
			}
			continue // all its Patients went to another person
		}
		rows.row(personTable, id, shapes[string(s.hash())], s.card().String())
	}
	return p.tx.Send(ctx, rows.inserts(personTable)...)
}

// personState is what a person's shape and card are made of.
type personState struct {
	patients []cardPatient
	consents []consentRow
}

type consentRow struct {
	rid   int64
	ref   cardConsent
	rules []byte
}

func (p *policyChange) personSteps(persons []int64, states map[int64]*personState) []Step {
	d := p.store.conn.Dialect()
	return []Step{
		{SQL: "SELECT person, id, custodian FROM patient WHERE " + d.In("person", "$1") + " ORDER BY rid", Args: []any{persons},
			Each: func(rows Rows) error {
				var person int64
				var c cardPatient
				err := rows.Scan(&person, &c.ID, &c.Custodian)
				if states[person] == nil {
					states[person] = &personState{}
				}
				states[person].patients = append(states[person].patients, c)
				return err
			}},
		{SQL: `SELECT DISTINCT k.person, k.rid, k.rules, c.type, c.id, c.version FROM consent k JOIN resource c ON c.rid = k.rid
			WHERE ` + d.In("k.person", "$1"), Args: []any{persons},
			Each: func(rows Rows) error {
				var person int64
				var k consentRow
				err := rows.Scan(&person, &k.rid, &k.rules, &k.ref.Type, &k.ref.ID, &k.ref.Version)
				if s := states[person]; s != nil {
					s.consents = append(s.consents, k)
				}
				return err
			}},
	}
}

// sorted are the consents in the order of the shape: by rules, then by age.
func (s *personState) sorted() []consentRow {
	slices.SortFunc(s.consents, func(x, y consentRow) int {
		if n := bytes.Compare(x.rules, y.rules); n != 0 {
			return n
		}
		return int(min(max(x.rid-y.rid, -1), 1))
	})
	return s.consents
}

func (s *personState) card() card {
	c := card{Patients: s.patients}
	for _, k := range s.sorted() {
		c.Consents = append(c.Consents, k.ref)
	}
	return c
}

// hash names the shape: SHA-256 over the sorted rules; nil without consents.
func (s *personState) hash() []byte {
	if len(s.consents) == 0 {
		return nil
	}
	sum := sha256.Sum256(s.rules())
	return sum[:]
}

// rules writes the sorted rules, each behind its length.
func (s *personState) rules() []byte {
	var out []byte
	for _, k := range s.sorted() {
		out = append(binary.AppendUvarint(out, uint64(len(k.rules))), k.rules...)
	}
	return out
}

// splitRules undoes personState.rules.
func splitRules(b []byte) [][]byte {
	var out [][]byte
	for len(b) > 0 {
		n, size := binary.Uvarint(b)
		if size <= 0 || uint64(len(b)-size) < n {
			return nil
		}
		out = append(out, b[size:size+int(n)])
		b = b[size+int(n):]
	}
	return out
}

// shapes returns the id of each shape by its hash, making those that are new.
// The empty hash is shape 0.
func (p *policyChange) shapes(ctx context.Context, states map[int64]*personState) (map[string]int64, error) {
	ids := map[string]int64{"": 0}
	rows := newRowSet()
	wanted := map[string]*personState{}
	for _, s := range states {
		if h := s.hash(); h != nil {
			wanted[string(h)] = s
		}
	}
	if len(wanted) == 0 {
		return ids, nil
	}
	if err := p.reserve(ctx, len(wanted)); err != nil {
		return nil, err
	}
	for h, s := range wanted {
		rows.row(shapeTable, p.next(), []byte(h), s.rules())
	}
	steps := rows.inserts(shapeTable)
	for h := range wanted {
		steps = append(steps, Step{SQL: `SELECT id FROM shape WHERE hash = $1`, Args: []any{[]byte(h)}, Each: func(rows Rows) error {
			var id int64
			err := rows.Scan(&id)
			ids[h] = id
			return err
		}})
	}
	return ids, p.tx.Send(ctx, steps...)
}

// reserve makes sure of n surrogate keys.
func (a *application) reserve(ctx context.Context, n int) error {
	if len(a.ids) >= n {
		return nil
	}
	return a.tx.Send(ctx, Step{SQL: a.store.conn.Dialect().Allot(), Args: []any{int64(n)}, Each: a.allotted})
}

// custodians remembers which ones the database knows, so that a new one, which
// changes what decisions depend on, is noticed without asking each time.
type custodians struct {
	mu    sync.RWMutex
	known map[string]bool
}

func (c *custodians) missing(writes []*write) []string {
	c.mu.RLock()
	defer c.mu.RUnlock()
	var out []string
	for _, w := range writes {
		id := w.result.Custodian
		if !w.same && !c.known[id] && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

func (c *custodians) add(ids []string) {
	if len(ids) == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil {
		c.known = map[string]bool{}
	}
	for _, id := range ids {
		c.known[id] = true
	}
}
