package relational

import (
	"context"
	"fmt"
	"strings"

	"sluis/fhir"
	"sluis/fhir/query"
	"sluis/storage"
)

// defaultCount is the page size of a search or history that names none.
const defaultCount = 50

// Search is one statement, or, with includes or a total, one round trip more in
// the same snapshot.
func (s *Store) Search(ctx context.Context, a storage.Access, q query.Query) (storage.Page, error) {
	if q.Summary == query.SummaryCount {
		return s.count(ctx, a, q)
	}
	search, err := newSearch(s.conn.Dialect(), a, q)
	if err != nil {
		return storage.Page{}, err
	}
	if !search.wantsMore() {
		rows, err := s.conn.Query(ctx, search.sql, search.args...)
		if err := search.read(rows, err); err != nil {
			return storage.Page{}, err
		}
		return search.finish()
	}
	err = s.conn.Snapshot(ctx, func(tx Tx) error {
		rows, err := tx.Query(ctx, search.sql, search.args...)
		if err := search.read(rows, err); err != nil {
			return err
		}
		steps, err := search.more()
		if err != nil {
			return err
		}
		return tx.Send(ctx, steps...)
	})
	if err != nil {
		return storage.Page{}, err
	}
	return search.finish()
}

// search is one page of a search on its way.
type search struct {
	dialect Dialect
	access  storage.Access
	query   query.Query
	limit   int
	keys    []sortKey
	sql     string
	args    []any

	built    *pageBuilder
	scanner  *keyScanner
	last     []string // keys of the last match of the page
	overflow bool     // there is a match beyond the page
	included int
}

func newSearch(d Dialect, a storage.Access, q query.Query) (*search, error) {
	s := &search{dialect: d, access: a, query: q, limit: q.Count, built: newPageBuilder()}
	if s.limit <= 0 {
		s.limit = defaultCount
	}
	if q.MaxMatches > 0 {
		s.limit = q.MaxMatches
	}
	err := s.render()
	return s, err
}

// render writes the page's statement: the candidates with their keys, those
// beyond the last page, the first of them and one more, joined to what a page
// shows.
func (s *search) render() error {
	r := newRenderer(s.dialect, s.access.Expr())
	row := row{"c", s.query.Type}
	s.keys = r.sortKeys(s.query.Sort, row)
	s.scanner = newKeyScanner(s.keys)
	var columns strings.Builder
	for _, k := range s.keys {
		fmt.Fprintf(&columns, ", %s AS %s", k.sql, k.column)
	}
	candidates := "SELECT c.rid AS rid" + columns.String() + " FROM resource c WHERE " + s.matching(r, row)
	beyond := "TRUE"
	snapshot := "(SELECT coalesce(max(rid), 0) FROM resource)"
	if at := s.query.After; at != nil {
		var err error
		if beyond, err = r.beyond(s.keys, at, "d"); err != nil {
			return err
		}
		snapshot = r.dialect.Cast(r.arg(at.Snapshot), "bigint")
	}
	s.sql = "SELECT " + fmt.Sprintf(pageColumns, "r", snapshot) + keyColumns(s.keys, "e") +
		" FROM policy_version v LEFT JOIN (SELECT d.* FROM (" + candidates + ") d WHERE " + beyond +
		" ORDER BY " + orderBy(s.keys, "d") + " LIMIT " + r.arg(int64(s.limit+1)) + ") e ON TRUE" + pageJoins +
		" ORDER BY " + orderBy(s.keys, "e") + ", s.patient"
	s.args = r.args
	return r.err
}

// matching is what every match satisfies, access included; the total uses the
// same.
func (s *search) matching(r *renderer, row row) string {
	cond := "NOT " + row.alias + ".deleted"
	if s.query.Type != "" {
		cond += " AND " + row.alias + ".type = " + r.text(s.query.Type)
	}
	if at := s.query.After; at != nil {
		cond += " AND " + row.alias + ".rid <= " + r.arg(at.Snapshot)
	}
	where := s.query.Where
	if where == nil {
		where = query.None{}
	}
	return cond + " AND " + r.matches(where, row) + " AND " + r.permitted(row)
}

func (s *search) read(rows Rows, err error) error {
	return each(rows, err, func(rows Rows) error {
		var row pageRow
		if err := rows.Scan(row.destinations(s.scanner.destinations()...)...); err != nil {
			return err
		}
		if n := len(s.built.rids); n == s.limit && row.rid != s.built.rids[n-1] {
			s.overflow = true
			return nil
		}
		fresh, err := s.built.add(&row, false)
		if fresh {
			s.last = s.scanner.position()
		}
		return err
	})
}

func (s *search) wantsMore() bool {
	return len(s.query.Includes)+len(s.query.RevIncl) > 0 || s.wantsTotal()
}

func (s *search) wantsTotal() bool {
	return s.query.Total == query.TotalAccurate || s.query.Total == query.TotalEstimate
}

// more is what follows the page within its snapshot.
func (s *search) more() ([]Step, error) {
	steps, err := s.includes()
	if err != nil || !s.wantsTotal() {
		return steps, err
	}
	r := newRenderer(s.dialect, s.access.Expr())
	sql := "SELECT count(*) FROM resource c WHERE " + s.matching(r, row{"c", s.query.Type})
	return append(steps, Step{SQL: sql, Args: r.args, Each: func(rows Rows) error {
		return rows.Scan(&s.built.page.Total)
	}}), r.err
}

func (s *search) finish() (storage.Page, error) {
	if stale(s.access, s.built.policy) {
		return storage.Page{}, storage.ErrStale
	}
	if s.included > maxIncluded {
		return storage.Page{}, fhir.NewError(fhir.Unprocessable, "too-costly",
			fmt.Sprintf("the includes of one page are more than %d resources; ask for fewer with _count", maxIncluded))
	}
	page := s.built.page
	if s.overflow && s.query.MaxMatches == 0 {
		page.Next = &query.Position{Keys: s.last, Row: s.lastMatch(), Snapshot: s.built.snapshot}
	}
	return page, nil
}

// lastMatch is the rid of the last match: includes stand behind the matches.
func (s *search) lastMatch() int64 {
	for i := len(s.built.rids) - 1; i >= 0; i-- {
		if !s.built.page.Entries[i].Included {
			return s.built.rids[i]
		}
	}
	return 0
}

// count answers _summary=count: the total alone.
func (s *Store) count(ctx context.Context, a storage.Access, q query.Query) (storage.Page, error) {
	q.After = nil
	search := &search{dialect: s.conn.Dialect(), access: a, query: q}
	r := newRenderer(search.dialect, a.Expr())
	sql := "SELECT v.version, (SELECT count(*) FROM resource c WHERE " + search.matching(r, row{"c", q.Type}) + ") FROM policy_version v"
	if r.err != nil {
		return storage.Page{}, r.err
	}
	var page storage.Page
	var version int64
	rows, err := s.conn.Query(ctx, sql, r.args...)
	err = each(rows, err, func(rows Rows) error { return rows.Scan(&version, &page.Total) })
	if err == nil && stale(a, version) {
		err = storage.ErrStale
	}
	return page, err
}
