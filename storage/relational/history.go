package relational

import (
	"context"
	"fmt"
	"strconv"

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

// History pages by time, resource and version, newest first. A history of one
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

// versions selects versions, newest first. The column of the snapshot tells
// whether the resource named, if one is, may be seen at all.
func (r *renderer) versions(h storage.HistoryQuery, version int64) string {
	c := row{"c", h.Type}
	scope := func() string { return r.scope(h, c) + " AND " + r.permitted(c) }
	versionOf := func(alias string) string {
		if version == 0 {
			return r.window(h, alias)
		}
		return alias + ".version = " + r.arg(version)
	}
	current := "SELECT c.rid, c.version, c.updated, c.method, c.deleted, c.body FROM resource c WHERE " + scope() + " AND " + versionOf("c")
	older := "SELECT h.rid, h.version, h.updated, h.method, h.deleted, h.body FROM history h JOIN resource c ON c.rid = h.rid WHERE " +
		scope() + " AND " + versionOf("h") + " AND " + r.knowable(c)
	visible := "1"
	if h.ID != "" {
		visible = "(SELECT count(*) FROM resource c WHERE " + scope() + ")"
	}
	return "SELECT " + fmt.Sprintf(pageColumns, "e", visible) +
		" FROM policy_version v LEFT JOIN (SELECT * FROM (" + current + " UNION ALL " + older + ") a" +
		" ORDER BY a.updated DESC, a.rid DESC, a.version DESC LIMIT " + r.arg(int64(h.Count)) + ") e ON TRUE" + pageJoins +
		" ORDER BY e.updated DESC, e.rid DESC, e.version DESC, s.patient"
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
	if at := h.After; at != nil {
		updated, err1 := strconv.ParseInt(at.Keys[0], 10, 64)
		version, err2 := strconv.ParseInt(at.Keys[1], 10, 64)
		if err1 != nil || err2 != nil {
			r.err = errPosition
		}
		cond += fmt.Sprintf(" AND (%[1]s.updated, %[1]s.rid, %[1]s.version) < (%[2]s, %[3]s, %[4]s)", alias,
			r.dialect.Cast(r.arg(updated), "bigint"), r.dialect.Cast(r.arg(at.Row), "bigint"), r.dialect.Cast(r.arg(version), "bigint"))
	}
	return cond
}

// knowable is the condition on h, an older version of c, that the access can be
// known to hold for it (see certain.go).
func (r *renderer) knowable(c row) string {
	return "(" + r.permission(certain(r.access, identityOnly), c) + " OR h.judged = c.judged AND " +
		r.permission(certain(r.access, fingerprint), c) + ")"
}
