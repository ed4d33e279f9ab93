package relational

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"sluis/fhir"
	"sluis/fhir/query"
	"sluis/storage"
)

// Read is a search by type and id in one statement, whatever the answer will
// be: what is absent and what is hidden cost the same.
func (s *Store) Read(ctx context.Context, a storage.Access, ref fhir.Ref) (storage.Page, error) {
	r := newRenderer(s.conn.Dialect(), a.Expr())
	var sql string
	if ref.Version == 0 {
		c := row{"c", ref.Type}
		sql = "SELECT " + fmt.Sprintf(pageColumns, "r", "0") + " FROM policy_version v LEFT JOIN (SELECT c.rid FROM resource c WHERE " +
			r.named(ref, c) + " AND " + r.permitted(c) + ") e ON TRUE" + pageJoins + " ORDER BY s.patient"
	} else {
		sql = r.versions(storage.HistoryQuery{Type: ref.Type, ID: ref.ID, Count: 1}, ref.Version)
	}
	if r.err != nil {
		return storage.Page{}, r.err
	}
	b := newPageBuilder()
	rows, err := s.conn.Query(ctx, sql, r.args...)
	if err := each(rows, err, b.readVersion); err != nil {
		return storage.Page{}, err
	}
	switch {
	case stale(a, b.policy):
		return storage.Page{}, storage.ErrStale
	case len(b.page.Entries) == 0:
		return storage.Page{}, fhir.ErrNotFound()
	case b.page.Entries[0].Resource.Deleted:
		return storage.Page{}, fhir.NewError(fhir.Gone, "deleted", "the resource was deleted")
	}
	return b.page, nil
}

func (b *pageBuilder) readVersion(rows Rows) error {
	var row pageRow
	if err := rows.Scan(row.destinations()...); err != nil {
		return err
	}
	_, err := b.add(&row, false)
	return err
}

func (r *renderer) named(ref fhir.Ref, c row) string {
	return c.alias + ".type = " + r.text(ref.Type) + " AND " + c.alias + ".id = " + r.text(ref.ID)
}

// History pages by time, resource and version. A history of one
// resource that the access does not show is NotFound.
func (s *Store) History(ctx context.Context, a storage.Access, h storage.HistoryQuery) (storage.Page, error) {
	if h.Count <= 0 {
		h.Count = defaultCount
	}
	limit := h.Count
	h.Count++
	if h.After != nil && len(h.After.Keys) != 2 {
		return storage.Page{}, errPosition
	}
	r := newRenderer(s.conn.Dialect(), a.Expr())
	sql := r.versions(h, 0)
	if r.err != nil {
		return storage.Page{}, r.err
	}
	b := newPageBuilder()
	rows, err := s.conn.Query(ctx, sql, r.args...)
	if err := each(rows, err, b.readVersion); err != nil {
		return storage.Page{}, err
	}
	if stale(a, b.policy) {
		return storage.Page{}, storage.ErrStale
	}
	if h.ID != "" && b.snapshot == 0 {
		return storage.Page{}, fhir.ErrNotFound()
	}
	b.cut(limit)
	return b.page, nil
}

// cut ends the page after limit versions, with a position when there are more.
func (b *pageBuilder) cut(limit int) {
	if len(b.page.Entries) <= limit {
		return
	}
	b.page.Entries = b.page.Entries[:limit]
	last := b.page.Entries[limit-1].Resource
	b.page.Next = &query.Position{
		Keys: []string{strconv.FormatInt(last.Updated.UnixMicro(), 10), strconv.FormatInt(last.Version, 10)},
		Row:  b.rids[limit-1],
	}
}

// versions selects versions in the order asked for: those of each table that can
// be on the page, and the first of these. The column of the snapshot tells
// whether the resource named, if one is, may be seen at all.
func (r *renderer) versions(h storage.HistoryQuery, version int64) string {
	c, limit, order := row{"c", h.Type}, " LIMIT "+r.arg(int64(h.Count)), newest
	if h.Oldest {
		order = oldest
	}
	scope := func() string { return r.scope(h, c) + " AND " + r.permitted(c) }
	versionOf := func(alias string) string {
		if version == 0 {
			return r.window(h, alias)
		}
		return alias + ".version = " + r.arg(version)
	}
	current := "SELECT c.rid, c.version, c.updated, c.method, c.deleted, c.body FROM resource c WHERE " + scope() + " AND " + versionOf("c") +
		" ORDER BY " + order("c", "updated", "rid") + limit
	older := "SELECT h.rid, h.version, h.updated, h.method, h.deleted, h.body FROM history h JOIN resource c ON c.rid = h.rid WHERE " +
		scope() + " AND " + versionOf("h") + r.notSuperseded(h) + " AND " + r.knowable(c) +
		" ORDER BY " + order("h", "updated", "rid", "version") + limit
	visible := "1"
	if h.ID != "" {
		visible = "(SELECT count(*) FROM resource c WHERE " + scope() + ")"
	}
	return "SELECT " + fmt.Sprintf(pageColumns, "e", visible) +
		" FROM policy_version v LEFT JOIN (SELECT * FROM (SELECT * FROM (" + current + ") x UNION ALL SELECT * FROM (" + older + ") y) a" +
		" ORDER BY " + order("a", "updated", "rid", "version") + limit + ") e ON TRUE" + pageJoins +
		" ORDER BY " + order("e", "updated", "rid", "version") + ", s.patient"
}

// newest and oldest write an ORDER BY.
func newest(alias string, columns ...string) string {
	return alias + "." + strings.Join(columns, " DESC, "+alias+".") + " DESC"
}

func oldest(alias string, columns ...string) string {
	return alias + "." + strings.Join(columns, ", "+alias+".")
}

func (r *renderer) scope(h storage.HistoryQuery, c row) string {
	cond := "TRUE"
	if h.Type != "" {
		cond += " AND " + c.alias + ".type = " + r.text(h.Type)
	}
	if h.ID != "" {
		cond += " AND " + c.alias + ".id = " + r.text(h.ID)
	}
	return cond
}

// window is the part of a history that a page covers.
func (r *renderer) window(h storage.HistoryQuery, alias string) string {
	cond := "TRUE"
	if !h.Since.IsZero() {
		cond += " AND " + alias + ".updated >= " + r.arg(h.Since.UnixMicro())
	}
	if !h.At.End.IsZero() {
		cond += " AND " + alias + ".updated <= " + r.arg(h.At.End.UnixMicro())
	}
	if h.After != nil {
		cond += r.afterVersion(h, alias)
	}
	return cond
}

// afterVersion is the condition that a version comes after the last one of the
// page before. The time alone stands there once more for the index.
func (r *renderer) afterVersion(h storage.HistoryQuery, alias string) string {
	updated, err1 := strconv.ParseInt(h.After.Keys[0], 10, 64)
	version, err2 := strconv.ParseInt(h.After.Keys[1], 10, 64)
	if err1 != nil || err2 != nil {
		r.err = errPosition
	}
	than := "<"
	if h.Oldest {
		than = ">"
	}
	at := r.dialect.Cast(r.arg(updated), "bigint")
	return fmt.Sprintf(" AND %[1]s.updated %[2]s= %[3]s AND (%[1]s.updated, %[1]s.rid, %[1]s.version) %[2]s (%[3]s, %[4]s, %[5]s)", alias, than, at,
		r.dialect.Cast(r.arg(h.After.Row), "bigint"), r.dialect.Cast(r.arg(version), "bigint"))
}

// notSuperseded is the condition that h, an older version of c, was still
// current when the period of _at began: the next version came later.
func (r *renderer) notSuperseded(h storage.HistoryQuery) string {
	if h.At.Start.IsZero() {
		return ""
	}
	start := r.arg(h.At.Start.UnixMicro())
	return " AND NOT (c.version = h.version + 1 AND c.updated <= " + start + ")" +
		" AND NOT EXISTS (SELECT 1 FROM history n WHERE n.rid = h.rid AND n.version = h.version + 1 AND n.updated <= " + start + ")"
}

// knowable is the condition on h, an older version of c, that the access can be
// known to hold for it (see certain.go).
func (r *renderer) knowable(c row) string {
	return "(" + r.permission(certain(r.access, identityOnly), c) + " OR h.judged = c.judged AND " +
		r.permission(certain(r.access, fingerprint), c) + ")"
}
