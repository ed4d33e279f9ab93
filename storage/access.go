package storage

import (
	"sluis/fhir/query"
)

// Version counts the changes to everything a decision depends on: consents,
// treatment relations, memberships, links of persons. It only grows.
type Version int64

// Access is the key to the store: what may be seen, decided at one Version.
// Only Permit makes one; the zero Access opens nothing.
type Access struct {
	expr    query.Expr
	version Version
	at      bool
}

// Permit turns a decision into an Access. Only gate may call it, which the
// floors test enforces.
func Permit(expr query.Expr, decided Version) Access {
	if expr == nil {
		expr = query.None{}
	}
	return Access{expr: expr, version: decided, at: true}
}

// Expr is the predicate every row must satisfy.
func (a Access) Expr() query.Expr {
	if !a.at {
		return query.None{}
	}
	return a.expr
}

// Version is the one the decision was made at. A statement whose snapshot has
// another one must answer ErrStale.
func (a Access) Version() Version { return a.version }
