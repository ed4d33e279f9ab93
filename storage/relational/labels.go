package relational

import (
	"context"

	"sluis/fhir"
	"sluis/storage"
)

// Labels is one statement: the version it saw, whether the resource is there for
// the access, and its labels.
func (s *Store) Labels(ctx context.Context, a storage.Access, ref fhir.Ref) ([]storage.Label, error) {
	r := newRenderer(s.conn.Dialect(), a.Expr())
	t := row{"r", ref.Type}
	sql := "SELECT v.version, r.rid IS NOT NULL, COALESCE(l.system, ''), COALESCE(l.code, ''), COALESCE(l.origin, '')" +
		" FROM policy_version v LEFT JOIN resource r ON r.type = " + r.text(ref.Type) + " AND r.id = " + r.text(ref.ID) +
		" AND NOT r.deleted AND " + r.permitted(t) + " LEFT JOIN label l ON l.rid = r.rid ORDER BY l.system, l.code, l.origin"
	if r.err != nil {
		return nil, r.err
	}
	var out []storage.Label
	var version int64
	var there bool
	rows, err := s.conn.Query(ctx, sql, r.args...)
	err = each(rows, err, func(rows Rows) error {
		var l storage.Label
		if err := rows.Scan(&version, &there, &l.System, &l.Code, &l.Origin); err != nil {
			return err
		}
		if n := len(out); l.Code != "" && (n == 0 || out[n-1].System != l.System || out[n-1].Code != l.Code) {
			out = append(out, l)
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case stale(a, version):
		return nil, storage.ErrStale
	case !there:
		return nil, fhir.ErrNotFound()
	}
	return out, nil
}
