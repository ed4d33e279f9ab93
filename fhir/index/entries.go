package index

import "sluis/fhir"

// Entries is everything by which one resource is found and judged.
type Entries struct {
	Type string // the resource type

	Tokens     []Token
	Strings    []String
	Dates      []Date
	Numbers    []Number
	Quantities []Quantity
	References []Reference
	URIs       []URI

	// Subjects are the patients the resource is about by the subject table of
	// conformance: literal relative references, each once. For a Patient it is
	// the resource itself, left out here because its id is not yet known: see
	// IsPatient.
	Subjects []fhir.Ref

	// IsPatient: the resource is a Patient and so its own subject.
	IsPatient bool
}

// Token is a code, an identifier, a boolean or an id. System "" is none.
type Token struct {
	Param        int32
	System, Code string
	Text         string // display or text, for :text; may be ""
}

// String is a folded value (lower case, no accents, single spaces) and the
// value as it stands, for :exact.
type String struct {
	Param         int32
	Folded, Exact string
}

// Date is the interval [Low, High] that a date, dateTime, instant, Period or
// Timing covers, in microseconds since 1970 UTC; an open end is math.MinInt64
// or math.MaxInt64.
type Date struct {
	Param     int32
	Low, High int64
}

// Number is the interval that a number covers by its written precision:
// 7.10 covers [7.095, 7.105). A Range is two Numbers of the same interval, from
// the low of its low end to the high of its high end; their Values are the two
// ends. An open end is ±math.MaxFloat64.
type Number struct {
	Param     int32
	Low, High float64
	Value     float64
}

// Quantity is a Number (or, for a Range or SampledData, two) with a unit: System
// and Code where coded, Unit as text.
type Quantity struct {
	Param              int32
	Low, High, Value   float64
	System, Code, Unit string
}

// Reference is a literal reference to a resource here (Type and ID), an
// absolute URL or canonical (URL), or a logical one (System, Identifier).
type Reference struct {
	Param              int32
	Type, ID           string
	Version            int64
	URL                string
	System, Identifier string
}

// URI is a uri, url, canonical or oid, as it stands.
type URI struct {
	Param int32
	Value string
}
