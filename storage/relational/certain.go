package relational

import (
	"sluis/conformance"
	"sluis/fhir/query"
)

// An older version has no index rows of its own: it is judged by those of the
// current one. That is right as far as the access looks at what the two have in
// common, and the rule is this. An older version is visible when the current row
// satisfies the access and besides
//
//   - the access holds for the row whatever its data are (custodian, type and id
//     never change), or
//   - the version's fingerprint equals the current one's, and the access holds
//     whatever the data outside the fingerprint are.
//
// The fingerprint is index.Entries.Judged: subjects, codes, profiles and the
// labels in the body. Labels added beside the body count for every version.

// knowledge says how much of a row is known for an older version.
type knowledge int

const (
	identityOnly knowledge = iota // custodian, type and id
	fingerprint                   // and what the fingerprint covers
)

// certain is a predicate that holds only where x holds whatever the unknown
// data are. It never holds where x might not.
func certain(x query.Expr, k knowledge) query.Expr { return bound(x, k, false) }

// bound replaces each leaf that looks at unknown data by None (for the lower
// bound of x) or All (for the upper).
func bound(x query.Expr, k knowledge, upper bool) query.Expr {
	if query.Empty(x) {
		return query.None{}
	}
	switch x := x.(type) {
	case query.Conj:
		return query.And(boundAll(x.Parts, k, upper)...)
	case query.Disj:
		return query.Or(boundAll(x.Parts, k, upper)...)
	case query.Neg:
		return negate(bound(x.X, k, !upper), x)
	}
	if k.covers(x) {
		return x
	}
	return constant(upper)
}

func boundAll(parts []query.Expr, k knowledge, upper bool) []query.Expr {
	out := make([]query.Expr, len(parts))
	for i, p := range parts {
		out[i] = bound(p, k, upper)
	}
	return out
}

func (k knowledge) covers(leaf query.Expr) bool {
	switch leaf := leaf.(type) {
	case query.None, query.All, query.TypeIs, query.IDIs, query.Custodian:
		return true
	case query.PointedAtBy:
		return true // what others refer to, they refer to by type and id
	case query.Coded, query.Labelled, query.Subjects:
		return k == fingerprint
	case query.Compare:
		return leaf.Param.Code == idCode || k == fingerprint && fingerprinted(leaf.Param)
	case query.Missing:
		return leaf.Param.Code == idCode || k == fingerprint && fingerprinted(leaf.Param)
	}
	return false
}

// fingerprinted reports whether the fingerprint covers a parameter's entries.
func fingerprinted(p *conformance.Parameter) bool {
	switch p.Code {
	case conformance.CodedCode, profileCode, securityCode:
		return true
	}
	return false
}

const (
	profileCode  = "_profile"
	securityCode = "_security"
)
