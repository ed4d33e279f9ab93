package relational

import (
	"slices"

	"sluis/conformance"
	"sluis/fhir/query"
)

// narrow simplifies a predicate for rows known to be of one type: what is about
// other types becomes None or All and vanishes. The result holds for exactly
// the same rows of that type. A policy names many types; a statement is about
// one, and its text should be no longer than its question.
func narrow(x query.Expr, kind string) query.Expr {
	switch {
	case kind == "":
		return x
	case query.Empty(x):
		return query.None{} // And would make All of no parts
	}
	switch x := x.(type) {
	case query.TypeIs:
		return constant(slices.Contains(x.Types, kind))
	case query.Compare:
		if foreign(x.Param, kind) {
			return query.None{}
		}
	case query.Chain:
		if foreign(x.Param, kind) {
			return query.None{}
		}
	case query.Missing:
		if foreign(x.Param, kind) {
			return query.All{}
		}
	case query.Conj:
		return query.And(narrowAll(x.Parts, kind)...)
	case query.Disj:
		return query.Or(narrowAll(x.Parts, kind)...)
	case query.Neg:
		return negate(narrow(x.X, kind), x)
	}
	return x
}

func narrowAll(parts []query.Expr, kind string) []query.Expr {
	out := make([]query.Expr, len(parts))
	for i, p := range parts {
		out[i] = narrow(p, kind)
	}
	return out
}

// negate is the negation of a predicate that narrowing has simplified. The
// negation of what was empty before stays as it is, for the renderer to refuse.
func negate(simplified query.Expr, was query.Neg) query.Expr {
	if query.Empty(was.X) {
		return was
	}
	switch simplified.(type) {
	case query.None:
		return query.All{}
	case query.All:
		return query.None{}
	}
	return query.Neg{X: simplified}
}

func constant(holds bool) query.Expr {
	if holds {
		return query.All{}
	}
	return query.None{}
}

// foreign reports whether no resource of the type can have an entry of the
// parameter.
func foreign(p *conformance.Parameter, kind string) bool {
	return p.Base != kind && !everyType(p) && p.Code != idCode && p.Code != updatedCode
}

// driverRank orders the leaves by how few rows they usually leave: the best one
// drives a statement, the others are checked row by row.
func driverRank(x query.Expr) int {
	switch x := x.(type) {
	case query.Chain:
		return 2
	case query.Compare:
		if x.Param.Code == idCode || x.Param.Code == updatedCode {
			return 0
		}
		switch x.Param.Type {
		case conformance.ReferenceParam:
			return 5
		case conformance.TokenParam, conformance.URIParam:
			return 4
		case conformance.StringParam:
			return 3
		case conformance.QuantityParam, conformance.NumberParam:
			return 2
		case conformance.DateParam:
			return 1
		}
	}
	return 0
}

// drive renders a search's predicate so that its best leaf is a set of rids
// from an index, which both planners can start from. SQLite does not turn
// EXISTS into such a set by itself.
func (r *renderer) drive(x query.Expr, row row) string {
	parts := []query.Expr{x}
	if c, ok := x.(query.Conj); ok {
		parts = c.Parts
	}
	best, rank := -1, 0
	for i, p := range parts {
		if n := driverRank(p); n > rank && !query.Empty(p) {
			best, rank = i, n
		}
	}
	if best < 0 {
		return r.predicate(x, row)
	}
	cond := row.alias + ".rid IN (" + r.set(parts[best], row) + ")"
	for i, p := range parts {
		if i != best {
			cond += " AND " + r.predicate(p, row)
		}
	}
	return "(" + cond + ")"
}

// set selects the rids of one leaf that driverRank accepts.
func (r *renderer) set(x query.Expr, row row) string {
	if chain, ok := x.(query.Chain); ok {
		hop := r.hop(chain, row)
		return "SELECT " + hop.from + ".rid FROM " + hop.tables + " WHERE " + hop.condition
	}
	c := x.(query.Compare)
	table, _ := tableOf(c.Param.Type)
	a := r.alias("x")
	return "SELECT " + a + ".rid FROM " + table.Name + " " + a + " WHERE " + r.entry(c, a, row)
}
