// Package smart says who asks and what the token grants: scopes as types, the
// verification of an access token, the Grant, and the predicate a Grant is.
//
// It is pure: keys and the time are arguments, and it reads neither clock nor
// network. It does not issue tokens to anybody (smart/authserver does, with
// Mint) and does not know what a patient permits (consent does).
//
// The one path through it: Verify(token, keys, expect, at) → Grant;
// Grant.Allows says whether any scope speaks of a type, Grant.Filter is the
// query.Expr that every row must satisfy. Nothing is "unrestricted": without a
// scope the predicate is None.
package smart
