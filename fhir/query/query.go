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
	Text         Modifier = "text"
	OfType       Modifier = "of-type"
	Above        Modifier = "above"
	Below        Modifier = "below"
	In           Modifier = "in"
)

// Modifiers that only _filter makes (R4 search_filter.html#ops).
const (
	EndsWith Modifier = "ew" // string: it ends with the value
	Equals   Modifier = "eq" // string: it is the value, folded
	Differs  Modifier = "ne" // string, token, uri: it is another than the value
	From     Modifier = "ge" // string: folded, it comes at or after the value
	Until    Modifier = "lt" // string: folded, it comes before the value
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

// Prefixes that only _filter makes.
const (
	Co Prefix = "co" // number, date: the entry contains the value
	Po Prefix = "po" // date: the entry and the value overlap
)

// Value is one of the comma-separated values of a parameter, parsed by the
// parameter's type. Only the fields of that type are set.
type Value struct {
	Raw    string // number, date, quantity: as written without the prefix, for printing
	Prefix Prefix // number, date, quantity

	// token: [System|]Code; AnySystem when no bar was written; Code "" with a
	// bar means any code of the system. quantity: number|System|Code, in base
	// units of index.CanonicalUCUM where a unit of UCUM was written.
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
	Type       string // "" for a system or compartment search, then Where narrows it
	Where      Expr
	Includes   []Include
	RevIncl    []Include
	Sort       []Sort
	Count      int // page size; 0 means the default, MaxCount is the most
	Total      Total
	Summary    Summary
	Elements   []string  // of _elements: top-level elements to hand out; nil: all
	After      *Position // nil: the first page
	MaxMatches int       // >0: stop after so many matches, for conditional operations

	language Language // that parsed it, and prints it
	filters  []filterOf
}

// filterOf keeps the text of a filter over several types: what it became for
// each of them cannot be told from others that say the same.
type filterOf struct {
	x    Expr
	text string
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

// Summary is _summary; only count changes what storage does, the others are for
// the surface.
type Summary string

// The values of _summary.
const (
	SummaryNone  Summary = ""
	SummaryCount Summary = "count"
	SummaryTrue  Summary = "true"
	SummaryText  Summary = "text"
	SummaryData  Summary = "data"
)

// Position is where a page ended: the last row's sort keys and its surrogate
// key, and the highest surrogate key that existed when the first page was
// made. It carries no authority.
type Position struct {
	Keys     []string
	Row      int64
	Snapshot int64
}
