package relational

import (
	"context"
	"strings"

	"sluis/fhir"
	"sluis/fhir/query"
	"sluis/storage"
)

// standings fills in the persons of every result, as they stand after the
// transaction.
func (a *application) standings(ctx context.Context) error {
	var rids []int64
	for _, w := range a.writes {
		if w.rid != 0 {
			rids = append(rids, w.rid)
		}
	}
	if len(rids) == 0 {
		return nil
	}
	persons := map[int64][]storage.Standing{}
	known := map[string]storage.Standing{} // by the id of the Patient: most often one has many rows
	steps := Step{SQL: "SELECT " + standingColumns + " WHERE " + a.store.conn.Dialect().In("s.rid", "$1") + " ORDER BY s.rid, s.patient",
		Args: []any{rids}, Each: func(rows Rows) error {
			var rid int64
			var s subjectRow
			if err := rows.Scan(&rid, &s.person, &s.patient, &s.shape, &s.card); err != nil {
				return err
			}
			standing, ok := known[s.patient]
			if !ok {
				var err error
				if standing, err = s.standing(); err != nil {
					return err
				}
				known[s.patient] = standing
			}
			if !listed(persons[rid], standing) {
				persons[rid] = append(persons[rid], standing)
			}
			return nil
		}}
	if err := a.tx.Send(ctx, steps); err != nil {
		return err
	}
	for _, w := range a.writes {
		w.result.Persons = persons[w.rid]
	}
	return nil
}

const standingColumns = `s.rid, s.person, p.id, q.shape, q.card
	FROM subject s JOIN patient p ON p.rid = s.patient JOIN person q ON q.person = s.person`

// listed reports whether the person is in the list: one person of two Patients
// is one Standing, under the first.
func listed(list []storage.Standing, s storage.Standing) bool {
	for _, have := range list {
		if len(have.Linked) > 0 && len(s.Linked) > 0 && have.Linked[0] == s.Linked[0] {
			return true
		}
	}
	return false
}

// Standings is one statement. It asks no access: the record of a denial names
// the person whose data were denied.
func (s *Store) Standings(ctx context.Context, refs []fhir.Ref, rel query.Related) ([]storage.Standing, error) {
	if len(refs) == 0 {
		return nil, nil
	}
	wanted := map[fhir.Ref]bool{}
	byType := map[string][]string{}
	for _, ref := range refs {
		if !wanted[ref.Latest()] {
			wanted[ref.Latest()] = true
			byType[ref.Type] = append(byType[ref.Type], ref.ID)
		}
	}
	r := newRenderer(s.conn.Dialect(), query.None{})
	related := r.related(rel, "s")
	var named []string
	for kind, ids := range byType {
		named = append(named, "SELECT c.rid FROM resource c WHERE c.type = "+r.text(kind)+" AND "+r.in("c.id", ids))
	}
	// A set of rids, and an order that no index has: otherwise SQLite reads every
	// subject there is.
	sql := "SELECT CASE WHEN " + related + " THEN 1 ELSE 0 END, " + standingColumns +
		" WHERE s.rid IN (" + strings.Join(named, " UNION ALL ") + ") ORDER BY s.patient + 0"
	var out []storage.Standing
	rows, err := s.conn.Query(ctx, sql, r.args...)
	err = each(rows, err, func(rows Rows) error {
		var related, rid int64
		var s subjectRow
		if err := rows.Scan(&related, &rid, &s.person, &s.patient, &s.shape, &s.card); err != nil {
			return err
		}
		standing, err := s.standing()
		standing.Related = related == 1
		if err == nil && !listed(out, standing) {
			out = append(out, standing)
		}
		return err
	})
	return out, err
}
