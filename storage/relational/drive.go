package relational

import (
	"sluis/conformance"
	"sluis/fhir/query"
)

// driverRank orders the leaves by how few rows they usually leave: the best one
// drives a statement, the others are checked row by row. 0 drives none.
func driverRank(x query.Expr) int {
	switch x := x.(type) {
	case query.Composite:
		return 6 // two conditions in one
	case query.Compare:
		return compareRank(x)
	case query.Has, query.Near, query.Words:
		return 3
	case query.Chain:
		return 2
	}
	return 0
}

func compareRank(x query.Compare) int {
	if x.Param.Code == idCode || x.Param.Code == updatedCode {
		return 0
	}
	switch asStored(x).Param.Type {
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
	return 0
}

// drive renders a search's predicate so that its best leaf is a set of rids
// from an index, which both planners can start from. SQLite does not turn
// EXISTS into such a set by itself.
func (r *renderer) drive(x query.Expr, row row) string {
	parts := conjuncts(x)
	return r.driven(parts, driver(parts), row)
}

// driven is the conjunction of the parts, the one at the place by as a set; none
// is one where by is less than 0.
func (r *renderer) driven(parts []query.Expr, by int, row row) string {
	var out []string
	if by >= 0 {
		out = append(out, row.alias+".rid IN ("+r.set(parts[by], row)+")")
	}
	for i, p := range parts {
		if i != by {
			out = append(out, r.predicate(p, row))
		}
	}
	return balanced(out, " AND ")
}

func conjuncts(x query.Expr) []query.Expr {
	if c, ok := x.(query.Conj); ok {
		return c.Parts
	}
	return []query.Expr{x}
}

// driver is the place of the best leaf, or -1.
func driver(parts []query.Expr) int {
	best, rank := -1, 0
	for i, p := range parts {
		if n := driverRank(p); n > rank && !query.Empty(p) {
			best, rank = i, n
		}
	}
	return best
}

// set selects the rids of one leaf that driverRank accepts.
func (r *renderer) set(x query.Expr, row row) string {
	switch x := x.(type) {
	case query.Chain:
		return r.chainSet(x, row)
	case query.Has:
		return r.hasSet(x)
	case query.Composite:
		return r.compositeSet(x, row)
	case query.Near:
		return r.nearSet(x, row)
	case query.Words:
		return r.wordsSet(x)
	}
	c := asStored(x.(query.Compare))
	table, ok := tableOf(c.Param.Type)
	if !ok {
		return r.refuse("parameter %s of type %s", c.Param.Code, c.Param.Type)
	}
	a := r.alias("x")
	return "SELECT " + a + ".rid FROM " + table.Name + " " + a + " WHERE " + r.entry(c, a, row)
}
