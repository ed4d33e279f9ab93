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
	case query.Composite:
		if foreign(x.Param, kind) {
			return query.None{}
		}
	case query.Near:
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
