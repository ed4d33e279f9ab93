package relational

import (
	"context"

	"sluis/conformance"
	"sluis/fhir"
	"sluis/fhir/index"
	"sluis/fhir/query"
)

// covered refuses a predicate that needs entries which a former program did not
// make, until all resources have them: what they would not find is not absent.
func (s *Store) covered(ctx context.Context, x query.Expr) error {
	if s.current.Load() || !newer(x) {
		return nil
	}
	ready := true
	rows, err := s.conn.Query(ctx, `SELECT ready FROM parameter WHERE rid = 0`)
	if err := each(rows, err, func(rows Rows) error { return rows.Scan(&ready) }); err != nil {
		return err
	}
	if !ready {
		return fhir.NewError(fhir.Unavailable, "transient", "the index is being made anew; this search can be answered later")
	}
	s.current.Store(true)
	return nil
}

// newer reports whether a predicate looks at entries of format 2.
func newer(x query.Expr) bool {
	found := false
	query.Walk(x, func(x query.Expr) bool {
		switch x := x.(type) {
		case query.Composite, query.Near, query.Words:
			found = true
		case query.Missing:
			found = found || x.Param != nil && (x.Param.Type == conformance.CompositeParam || isPosition(x.Param))
		case query.Compare:
			found = found || x.Modifier == query.Text || x.Modifier == query.OfType || inBaseUnits(x.Values)
		}
		return !found
	})
	return found
}

func inBaseUnits(values []query.Value) bool {
	for _, v := range values {
		if v.System == index.CanonicalUCUM {
			return true
		}
	}
	return false
}
