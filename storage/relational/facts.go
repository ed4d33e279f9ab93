package relational

import (
	"context"

	"sluis/fhir"
	"sluis/storage"
)

// Policy reads the facts in one snapshot, in one round trip of it.
func (s *Store) Policy(ctx context.Context, actor storage.Actor) (storage.Facts, storage.Version, error) {
	f := &facts{dialect: s.conn.Dialect(), at: actor.At.UnixMicro(), out: storage.Facts{Ancestors: map[string][]string{}}}
	steps := []Step{
		{SQL: `SELECT version, parameters FROM policy_version`, Each: func(rows Rows) error { return rows.Scan(&f.version, &f.out.Parameters) }},
		{SQL: `SELECT h.id, h.rules FROM shape h WHERE EXISTS (SELECT 1 FROM person q WHERE q.shape = h.id) ORDER BY h.id`, Each: f.shape},
		f.ancestors(),
	}
	if parties, ok := f.parties(actor); ok {
		steps = append(steps, parties)
	}
	if patients, ok := f.patients(actor.User); ok {
		steps = append(steps, patients)
	}
	err := s.conn.Snapshot(ctx, func(tx Tx) error { return tx.Send(ctx, steps...) })
	if err != nil {
		return storage.Facts{}, 0, err
	}
	return f.out, storage.Version(f.version), nil
}

type facts struct {
	dialect Dialect
	at      int64
	version int64
	out     storage.Facts
}

func (f *facts) shape(rows Rows) error {
	var s storage.Shape
	var rules []byte
	if err := rows.Scan(&s.ID, &rules); err != nil {
		return err
	}
	s.Rules = splitRules(rules)
	f.out.Shapes = append(f.out.Shapes, s)
	return nil
}

// vouched is the rule for an edge m to count at $1: the group exists, and its
// custodian stated the edge.
const vouched = `JOIN resource g ON g.type = m.of_type AND g.id = m.of_id AND NOT g.deleted AND g.custodian = m.custodian
	WHERE m.starts <= $1 AND m.ends >= $1`

// parties follows memberships upwards from the user and from the organisation
// of the token.
func (f *facts) parties(actor storage.Actor) (Step, bool) {
	seeds := ""
	args := []any{f.at}
	seed := func(kind, id, placeKind, placeID string) {
		if id == "" {
			return
		}
		if seeds != "" {
			seeds += " UNION "
		}
		seeds += "SELECT " + f.dialect.Cast(placeKind, "text") + ", " + f.dialect.Cast(placeID, "text")
		args = append(args, clean(kind), clean(id))
	}
	seed(actor.User.Type, actor.User.ID, "$2", "$3")
	if len(args) == 1 {
		seed("Organization", actor.Organization, "$2", "$3")
	} else {
		seed("Organization", actor.Organization, "$4", "$5")
	}
	if seeds == "" {
		return Step{}, false
	}
	sql := `WITH RECURSIVE party(type, id) AS (` + seeds + ` UNION
		SELECT m.of_type, m.of_id FROM party a JOIN member m ON m.member_type = a.type AND m.member_id = a.id ` + vouched + `)
		SELECT type, id FROM party ORDER BY type, id`
	return Step{SQL: sql, Args: args, Each: func(rows Rows) error {
		var ref fhir.Ref
		err := rows.Scan(&ref.Type, &ref.ID)
		f.out.Parties = append(f.out.Parties, ref)
		return err
	}}, true
}

// patients are those of the person that a Patient is or a RelatedPerson
// represents.
func (f *facts) patients(user fhir.Ref) (Step, bool) {
	var persons string
	args := []any{clean(user.ID)}
	switch user.Type {
	case patientType:
		persons = `SELECT o.person FROM patient o JOIN resource g ON g.rid = o.rid WHERE o.id = $1 AND NOT g.deleted`
	case "RelatedPerson":
		persons = `SELECT o.person FROM represents o JOIN resource g ON g.rid = o.rid
			WHERE g.type = 'RelatedPerson' AND g.id = $1 AND NOT g.deleted AND o.starts <= $2 AND o.ends >= $2`
		args = append(args, f.at)
	default:
		return Step{}, false
	}
	sql := `SELECT p.id FROM patient p JOIN resource c ON c.rid = p.rid WHERE NOT c.deleted AND p.person IN (` + persons + `) ORDER BY p.rid`
	return Step{SQL: sql, Args: args, Each: func(rows Rows) error {
		ref := fhir.Ref{Type: patientType}
		err := rows.Scan(&ref.ID)
		f.out.Patients = append(f.out.Patients, ref)
		return err
	}}, true
}

func (f *facts) ancestors() Step {
	return Step{Args: []any{f.at}, SQL: `WITH RECURSIVE up(custodian, id) AS (
		SELECT id, id FROM custodian UNION
		SELECT a.custodian, m.of_id FROM up a
			JOIN member m ON m.member_type = 'Organization' AND m.member_id = a.id AND m.of_type = 'Organization' ` + vouched + `)
		SELECT custodian, id FROM up ORDER BY custodian, CASE WHEN id = custodian THEN 0 ELSE 1 END, id`,
		Each: func(rows Rows) error {
			var custodian, id string
			err := rows.Scan(&custodian, &id)
			f.out.Ancestors[custodian] = append(f.out.Ancestors[custodian], id)
			return err
		}}
}
