package query

import (
	"sluis/conformance"
	"sluis/fhir"
)

// Modifier follows a parameter's name after a colon (R4 search.html#modifiers).
type Modifier string

// The modifiers that a Compare can carry.
const (
	NoModifier   Modifier = ""
	Exact        Modifier = "exact"
	Contains     Modifier = "contains"
	IdentifierOf Modifier = "identifier"
	EndsWith     Modifier = "ew" // of _filter only: the string ends with the value
	Text         Modifier = "text"
	OfType       Modifier = "of-type"
	Above        Modifier = "above"
	Below        Modifier = "below"
	In           Modifier = "in"
)

// Prefix is the comparison before a number, date or quantity.
type Prefix string

// The prefixes of R4 search.html#prefix.
const (
	Eq Prefix = "eq"
	Ne Prefix = "ne"
	Gt Prefix = "gt"
	Lt Prefix = "lt"
	Ge Prefix = "ge"
	Le Prefix = "le"
	Sa Prefix = "sa"
	Eb Prefix = "eb"
	Ap Prefix = "ap"
)

// Value is one of the comma-separated values of a parameter, parsed by the
// parameter's type. Only the fields of that type are set.
type Value struct {
	Raw    string // number, date, quantity: the number or date as written, for printing
	Prefix Prefix // number, date, quantity

	// token: [System|]Code; AnySystem when no bar was written; Code "" with a
	// bar means any code of the system. quantity: number|System|Code.
	System, Code string
	AnySystem    bool

	// string: folded as in the index, and as written. uri: Text. Under the
	// modifier in, Text is the canonical of a ValueSet; under of-type, System and
	// Code are those of the identifier's type and Text is its value.
	Folded, Text string

	// date: microseconds since 1970 UTC, inclusive.
	DateLow, DateHigh int64

	// number, quantity: the interval of the written precision [Low, High) and
	// the value itself.
	Low, High, Number float64

	// reference: Type may be "" when only an id was written; URL for absolute
	// ones that are not of this server, and for canonicals.
	Ref fhir.Ref
	URL string
}

// Query is a search: what to match and how to hand it out.
type Query struct {
	Type       string // "" for a system search, then Types or Where narrow it
	Where      Expr
	Includes   []Include
	RevIncl    []Include
	Sort       []Sort
	Count      int // page size; 0 means the default, MaxCount is the most
	Total      Total
	Summary    Summary
	After      *Position // nil: the first page
	MaxMatches int       // >0: stop after so many matches, for conditional operations
}

// Include is one _include (Source:Param[:Target]) or _revinclude.
type Include struct {
	Source  string                 // "" for any (the wildcard *)
	Param   *conformance.Parameter // nil for every reference (Source:*)
	Target  string                 // "" for any
	Iterate bool                   // also from what was included
}

// Sort is one key of _sort.
type Sort struct {
	Param *conformance.Parameter
	Desc  bool
}

// Total is _total.
type Total string

// The values of _total. An estimate here is always exact.
const (
	TotalNone     Total = "none"
	TotalEstimate Total = "estimate"
	TotalAccurate Total = "accurate"
)

// Summary is _summary; only count changes what storage does.
type Summary string

// The values of _summary.
const (
	SummaryNone  Summary = ""
	SummaryCount Summary = "count"
)

// Position is where a page ended: the last row's sort keys and its surrogate
// key, and the highest surrogate key that existed when the first page was
// made. It carries no authority.
type Position struct {
	Keys     []string
	Row      int64
	Snapshot int64
}
