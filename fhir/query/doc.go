// Package query is the one predicate language of Sluis. A search from a URL, a
// SMART scope and a consent decision are all Exprs; storage/relational turns an
// Expr into SQL, Match judges one resource in memory, and the two must agree:
// compare.go defines, once, when an index entry matches a value.
//
// It owns Expr, Query, Language (Parse, ParseLenient and ParseCompartment, from
// URL parameters, _filter among them), ParseFilter (from a SMART scope), Params
// and String (back to a URL), Validate, Walk, Named and Match.
//
// It does not know who asks, nor any database, nor the clock.
//
// The one path through it: Language.Parse(type, params) → Query → storage. A
// Language holds the search parameters of one server, and its base. Expressions
// are two-valued: nothing is unknown, and Not of something that matches nothing
// is refused at construction, because it would turn fail-closed inside out.
package query
