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
	Positions  []Position

	// Narrative and Content are the folded words of the narrative, and of every
	// string of the resource that speaks to people, narrative included; each once,
	// sorted. See Words.
	Narrative, Content []string

	// Subjects are the patients the resource is about by the subject table of
	// conformance: literal relative references, each once. For a Patient it is
	// the resource itself, left out here because its id is not yet known: see
	// IsPatient.
	Subjects []fhir.Ref

	// IsPatient: the resource is a Patient and so its own subject.
	IsPatient bool
}

// Element numbers, in every entry of a component of a composite parameter, the
// element that gave it, from 1 on: the components of one element belong
// together. It is 0 in all other entries.
type Element = int32

// Token is a code, an identifier, a boolean or an id. System "" is none. Its
// texts are String entries under conformance.TextKey, and identifiers with a
// type are Tokens of that type's system under conformance.OfTypeKey, with the
// code "type|value".
type Token struct {
	Param        int32
	Element      Element
	System, Code string
}

// String is a folded value (lower case, no accents, single spaces) and the
// value as it stands, for :exact.
type String struct {
	Param         int32
	Element       Element
	Folded, Exact string
}

// Date is the interval [Low, High] that a date, dateTime, instant, Period or
// Timing covers, in microseconds since 1970 UTC; an open end is math.MinInt64
// or math.MaxInt64.
type Date struct {
	Param     int32
	Element   Element
	Low, High int64
}

// Number is the interval that a number covers by its written precision:
// 7.10 covers [7.095, 7.105). A Range is two Numbers of the same interval, from
// the low of its low end to the high of its high end; their Values are the two
// ends. An open end is ±math.MaxFloat64.
type Number struct {
	Param     int32
	Element   Element
	Low, High float64
	Value     float64
}

// Quantity is a Number (or, for a Range or SampledData, two) with a unit: System
// and Code where coded, Unit as text.
type Quantity struct {
	Param              int32
	Element            Element
	Low, High, Value   float64
	System, Code, Unit string
}

// Reference is a literal reference to a resource here (Type and ID), an
// absolute URL or canonical (URL), or a logical one (System, Identifier).
type Reference struct {
	Param              int32
	Element            Element
	Type, ID           string
	Version            int64
	URL                string
	System, Identifier string
}

// URI is a uri, url, canonical or oid, as it stands.
type URI struct {
	Param   int32
	Element Element
	Value   string
}

// Position is a point on the earth as a unit vector: a distance is then a
// comparison of chords, the same arithmetic everywhere.
type Position struct {
	Param   int32
	X, Y, Z float64
}
