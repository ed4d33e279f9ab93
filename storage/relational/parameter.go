package relational

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"sluis/conformance"
	"sluis/storage"
)

// indexFormat counts the ways in which resources were read into the index. A
// database of another one is re-indexed, as it is when R4's table of parameters
// is another.
const indexFormat = 3

// r4Row is the row of parameter that stands for R4 itself.
const r4Row = 0

// adopt notes how this program reads R4. Where the database was written by
// another way, the index is to be made anew.
func adopt(ctx context.Context, tx Tx) error {
	empty := true
	rows, err := tx.Query(ctx, `SELECT 1 FROM resource LIMIT 1`)
	if err := each(rows, err, func(Rows) error { empty = false; return nil }); err != nil {
		return err
	}
	set := newRowSet()
	set.parameter(r4Row, &storage.Definition{}, r4Hash(), empty)
	return tx.Send(ctx, set.inserts(parameterTable)...)
}

// r4Hash names R4's parameters as this program has them.
func r4Hash() string {
	h := sha256.New()
	fmt.Fprintln(h, indexFormat)
	for _, t := range conformance.Types() {
		for _, p := range slices.Concat(conformance.Searchable(t), conformance.Pseudo(t)) {
			fmt.Fprintln(h, p.Base, p.Code, p.Type, p.Expression)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// parameter is a row that is yet to be indexed. One with the same hash that is
// there already stays as it is.
func (s *rowSet) parameter(rid int64, d *storage.Definition, hash string, ready bool) {
	s.row(parameterTable, rid, clean(d.URL), typeList(d.Types), notNil(d.Body), hash, int64(0), int64(unbegun), int64(0), int64(0), int64(0), ready)
}

// unbegun is the top of a run that has not yet looked how much there is.
const unbegun = -1

// typeList writes names so that one is found between spaces.
func typeList(types []string) string {
	if len(types) == 0 {
		return ""
	}
	return " " + strings.Join(types, " ") + " "
}

func definitionHash(d *storage.Definition) string {
	text, _ := json.Marshal(d) // strings and bytes: it cannot fail
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// parameters replaces the definitions that the writes hold, and counts the
// version of all of them on.
func (p *policyChange) parameters(ctx context.Context, writes []*write) error {
	set := newRowSet()
	var dropped []int64
	for _, w := range writes {
		d := w.change.Policy.Parameter
		switch {
		case w.inputs()&defines != 0:
			set.parameter(w.rid, d, definitionHash(d), false)
		case w.pre != nil && w.pre.inputs&defines != 0:
			dropped = append(dropped, w.rid)
		}
	}
	if len(dropped)+len(set.values) == 0 {
		return nil
	}
	p.bump = true
	steps := append(set.inserts(parameterTable), Step{SQL: `UPDATE policy_version SET parameters = parameters + 1`})
	if len(dropped) > 0 {
		steps = append(steps, Step{SQL: "DELETE FROM parameter WHERE " + p.store.conn.Dialect().In("rid", "$1"), Args: []any{dropped}})
	}
	return p.tx.Send(ctx, steps...)
}

// Definitions lists the custom parameters, oldest first.
func (s *Store) Definitions(ctx context.Context) ([]storage.IndexState, int64, error) {
	var out []storage.IndexState
	var version int64
	err := s.conn.Snapshot(ctx, func(tx Tx) error {
		return tx.Send(ctx,
			Step{SQL: `SELECT parameters FROM policy_version`, Each: func(r Rows) error { return r.Scan(&version) }},
			Step{SQL: `SELECT url, types, definition, done, total, failed, ready FROM parameter WHERE rid <> 0 ORDER BY rid`, Each: func(r Rows) error {
				var x storage.IndexState
				var types string
				err := r.Scan(&x.URL, &types, &x.Body, &x.Done, &x.Total, &x.Failed, &x.Ready)
				x.Types = strings.Fields(types)
				out = append(out, x)
				return err
			}})
	})
	return out, version, err
}
