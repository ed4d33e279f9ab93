package relational

import (
	"context"
	"fmt"
	"strings"

	"sluis/fhir/query"
	"sluis/storage"
)

// defaultCount is the page size of a search or history that names none.
const defaultCount = 50

// Search is one statement, or, where the answer needs several, some round trips
// in one snapshot.
func (s *Store) Search(ctx context.Context, a storage.Access, q query.Query) (storage.Page, error) {
	if err := s.covered(ctx, q.Where); err != nil {
		return storage.Page{}, err
	}
	if q.Summary == query.SummaryCount {
		return s.count(ctx, a, q)
	}
	search := newSearch(s.conn.Dialect(), a, q)
	var err error
	if search.oneStatement() {
		err = search.page(ctx, s.conn)
	} else {
		err = s.conn.Snapshot(ctx, func(tx Tx) error { return search.run(ctx, tx) })
	}
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
	course

	built    *pageBuilder
	scanner  *keyScanner
	last     []string // keys of the last match of the page
	overflow bool     // there is a match beyond the page
	included int
}

func newSearch(d Dialect, a storage.Access, q query.Query) *search {
	s := &search{dialect: d, access: a, query: q, limit: q.Count, course: courseOf(a.Expr(), q), built: newPageBuilder()}
	if s.limit <= 0 {
		s.limit = defaultCount
	}
	if q.MaxMatches > 0 {
		s.limit = q.MaxMatches
	}
	return s
}

// oneStatement reports whether the page is all that is asked, and how to find it
// is known.
func (s *search) oneStatement() bool {
	return len(s.query.Includes)+len(s.query.RevIncl) == 0 && !s.wantsTotal() && !s.mayProbe() && !s.mayWalk()
}

// run finds the page and what goes with it.
func (s *search) run(ctx context.Context, tx Tx) error {
	if err := s.probe(ctx, tx); err != nil {
		return err
	}
	find := s.page
	if s.walks() {
		find = s.walk
	}
	if err := find(ctx, tx); err != nil {
		return err
	}
	if err := s.follow(ctx, tx); err != nil {
		return err
	}
	return s.total(ctx, tx)
}

// page runs the page's statement: the candidates with their keys, those beyond
// the last page, the first of them and one more, joined to what a page shows.
func (s *search) page(ctx context.Context, on querier) error {
	r := newRenderer(s.dialect, s.access.Expr())
	row := row{"c", s.query.Type}
	keys := r.sortKeys(s.query.Sort, row)
	candidates := "SELECT c.rid AS rid" + columnsOf(keys) + " FROM resource c WHERE " + s.matching(r, row, s.driver())
	return s.fill(ctx, on, r, keys, candidates, s.query.After)
}

func columnsOf(keys []sortKey) string {
	var columns strings.Builder
	for _, k := range keys {
		fmt.Fprintf(&columns, ", %s AS %s", k.sql, k.column)
	}
	return columns.String()
}

// fill adds the first of the candidates after a position to the page, as many as
// it still takes and one more.
func (s *search) fill(ctx context.Context, on querier, r *renderer, keys []sortKey, candidates string, after *query.Position) error {
	s.scanner = newKeyScanner(keys)
	beyond := "TRUE"
	snapshot := "(SELECT coalesce(max(rid), 0) FROM resource)"
	if after != nil {
		var err error
		if beyond, err = r.beyond(keys, after, "d"); err != nil {
			return err
		}
	}
	if at := s.query.After; at != nil {
		snapshot = r.dialect.Cast(r.arg(at.Snapshot), "bigint")
	}
	sql := "SELECT " + fmt.Sprintf(pageColumns, "r", snapshot) + keyColumns(keys, "e") +
		" FROM policy_version v LEFT JOIN (SELECT d.* FROM (" + candidates + ") d WHERE " + beyond +
		" ORDER BY " + orderBy(keys, "d") + " LIMIT " + r.arg(int64(s.limit-len(s.built.rids)+1)) + ") e ON TRUE" + pageJoins +
		" ORDER BY " + orderBy(keys, "e") + ", s.patient"
	if r.err != nil {
		return r.err
	}
	rows, err := on.Query(ctx, sql, r.args...)
	return s.read(rows, err)
}

// matching is what every match satisfies, access included; the total uses the
// same.
func (s *search) matching(r *renderer, row row, by int) string {
	cond := []string{r.present(row.alias)}
	if s.query.Type != "" {
		cond = append(cond, row.alias+".type = "+r.text(s.query.Type))
	}
	if at := s.query.After; at != nil {
		cond = append(cond, row.alias+".rid <= "+r.arg(at.Snapshot))
	}
	if by == byPersons {
		cond = append(cond, r.ofPersons(s.persons, row))
	}
	return strings.Join(append(cond, r.driven(s.parts, by, row), r.permitted(row)), " AND ")
}

func (s *search) read(rows Rows, err error) error {
	return each(rows, err, func(rows Rows) error {
		var row pageRow
		if err := rows.Scan(row.destinations(s.scanner.destinations()...)...); err != nil {
			return err
		}
		if n := len(s.built.rids); n == s.limit && row.rid != 0 && row.rid != s.built.rids[n-1] {
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

func (s *search) wantsTotal() bool {
	return s.query.Total == query.TotalAccurate || s.query.Total == query.TotalEstimate
}

// total counts within the page's snapshot.
func (s *search) total(ctx context.Context, tx Tx) error {
	if !s.wantsTotal() {
		return nil
	}
	r := newRenderer(s.dialect, s.access.Expr())
	sql := "SELECT count(*) FROM resource c WHERE " + s.matching(r, row{"c", s.query.Type}, s.best)
	if r.err != nil {
		return r.err
	}
	rows, err := tx.Query(ctx, sql, r.args...)
	return each(rows, err, func(rows Rows) error { return rows.Scan(&s.built.page.Total) })
}

func (s *search) finish() (storage.Page, error) {
	if stale(s.access, s.built.policy) {
		return storage.Page{}, storage.ErrStale
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
	search := newSearch(s.conn.Dialect(), a, q)
	r := newRenderer(search.dialect, a.Expr())
	sql := "SELECT v.version, (SELECT count(*) FROM resource c WHERE " + search.matching(r, row{"c", q.Type}, search.best) + ") FROM policy_version v"
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
