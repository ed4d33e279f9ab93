package relational

import (
	"context"
	"slices"

	"sluis/storage"
)

// link writes the identities of Patients and makes persons of those that share
// one: the connected sets of Patients. A deleted Patient keeps its identities,
// because what was recorded about it stays under the consents of the person.
func (p *policyChange) link(ctx context.Context, writes []*write) error {
	rows := newRowSet()
	var patients []int64
	for _, w := range writes {
		before := w.pre != nil && w.pre.inputs&identifies != 0
		if w.change.Type != patientType || w.op == storage.Delete || !before && len(w.change.Policy.Identities) == 0 {
			continue
		}
		patients = append(patients, w.rid)
		for _, id := range w.change.Policy.Identities {
			rows.row(identityTable, w.rid, key(id.System), key(id.Value))
		}
	}
	if len(patients) == 0 {
		return nil
	}
	d := p.store.conn.Dialect()
	steps := []Step{{SQL: "DELETE FROM identity WHERE " + d.In("patient", "$1"), Args: []any{patients}}}
	net := &identityNet{holders: map[[2]string][]int64{}, person: map[int64]int64{}}
	steps = append(steps, rows.inserts(identityTable)...)
	if err := p.tx.Send(ctx, append(steps, net.step(d, patients))...); err != nil {
		return err
	}
	return p.move(ctx, net)
}

// identityNet is the Patients of all persons concerned, with their identities.
type identityNet struct {
	patients []int64 // ascending
	person   map[int64]int64
	holders  map[[2]string][]int64 // identity → Patients
}

// step reads the net: every Patient of the persons of the given Patients, and of
// the persons with whom one of these shares an identity.
func (n *identityNet) step(d Dialect, patients []int64) Step {
	return Step{Args: []any{patients}, SQL: `SELECT p.rid, p.person, coalesce(i.system, ''), coalesce(i.value, '')
		FROM patient p LEFT JOIN identity i ON i.patient = p.rid
		WHERE p.person IN (
			SELECT o.person FROM patient o WHERE ` + d.In("o.rid", "$1") + `
			UNION SELECT q.person FROM identity x
				JOIN identity y ON y.value = x.value AND y.system = x.system
				JOIN patient q ON q.rid = y.patient WHERE ` + d.In("x.patient", "$1") + `)
		ORDER BY p.rid`,
		Each: func(rows Rows) error {
			var rid, person int64
			var identity [2]string
			if err := rows.Scan(&rid, &person, &identity[0], &identity[1]); err != nil {
				return err
			}
			if _, seen := n.person[rid]; !seen {
				n.patients = append(n.patients, rid)
				n.person[rid] = person
			}
			if identity[1] != "" {
				n.holders[identity] = append(n.holders[identity], rid)
			}
			return nil
		}}
}

// groups are the connected sets, each ascending, in order of their first.
func (n *identityNet) groups() [][]int64 {
	leader := map[int64]int64{}
	for _, rid := range n.patients {
		leader[rid] = rid
	}
	find := func(rid int64) int64 {
		for leader[rid] != rid {
			rid = leader[rid]
		}
		return rid
	}
	for _, holders := range n.holders {
		for _, rid := range holders[1:] {
			x, y := find(holders[0]), find(rid)
			leader[max(x, y)] = min(x, y)
		}
	}
	var out [][]int64
	at := map[int64]int{}
	for _, rid := range n.patients {
		l := find(rid)
		i, ok := at[l]
		if !ok {
			i = len(out)
			at[l] = i
			out = append(out, nil)
		}
		out[i] = append(out[i], rid)
	}
	return out
}

// move gives each connected set one person: the first of its persons that no
// set before it took, or a new one. Every table that repeats a Patient's person
// follows.
func (p *policyChange) move(ctx context.Context, net *identityNet) error {
	groups := net.groups()
	if err := p.reserve(ctx, len(groups)); err != nil {
		return err
	}
	taken := map[int64]bool{}
	var moved []int64
	var steps []Step
	for _, g := range groups {
		person := int64(0)
		for _, rid := range g {
			if !taken[net.person[rid]] {
				person = net.person[rid]
				break
			}
		}
		if person == 0 {
			person = p.next()
		}
		taken[person] = true
		for _, rid := range g {
			if old := net.person[rid]; old != person {
				p.touched[old], p.touched[person] = true, true
				moved = append(moved, rid)
				steps = append(steps, Step{SQL: `UPDATE patient SET person = $1 WHERE rid = $2`, Args: []any{person, rid}})
			}
		}
	}
	if len(moved) == 0 {
		return nil
	}
	p.bump = true
	slices.Sort(moved)
	for _, table := range []string{"subject", "consent", "relation", "represents"} {
		steps = append(steps, Step{Args: []any{moved}, SQL: "UPDATE " + table + " SET person = p.person FROM patient p WHERE p.rid = " +
			table + ".patient AND " + p.store.conn.Dialect().In("p.rid", "$1")})
	}
	return p.tx.Send(ctx, steps...)
}
