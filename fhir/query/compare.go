package query

import (
	"math"
	"slices"
	"strings"

	"sluis/fhir"
	"sluis/fhir/index"
)

// This file is the one definition of what it means that an index entry matches
// a value. Match evaluates it and storage/relational renders it; nothing else
// may compare a value with an entry.
//
// A Compare holds for a resource when SOME entry of its parameter matches SOME
// of its values. That is also how ne works: one entry that differs is enough
// (R4 search.html#prefix); "no entry equals" is :not, hence Neg.
//
// # Dates: entry [t.Low, t.High], value [s.Low, s.High], inclusive microseconds UTC
//
//	eq  t.Low >= s.Low AND t.High <= s.High     the value contains the entry
//	ne  t.Low <  s.Low OR  t.High >  s.High     it does not
//	gt  t.High > s.High                         a part lies after the value
//	lt  t.Low  < s.Low                          a part lies before the value
//	ge  t.High >= s.Low                         a part lies not before the value
//	le  t.Low  <= s.High                        a part lies not after the value
//	sa  t.Low  > s.High                         the whole lies after the value
//	eb  t.High < s.Low                          the whole lies before the value
//	ap  t.High >= s.Low-w AND t.Low <= s.High+w  overlap, w = the value's width, at least a day
//	co  t.Low <= s.Low AND t.High >= s.High     the entry contains the value   (_filter only)
//	po  t.High >= s.Low AND t.Low <= s.High     they overlap                   (_filter only)
//
// R4 words ge as "gt or eq", which would leave out a period that begins before
// and ends within the value although it goes on after the value began; ge and
// le here take those in, as R4's own examples do for open periods. R4
// recommends for ap a tenth of the distance to now but leaves the choice to the
// server; ours needs no clock, so that a page and the next one agree.
//
// The column _lastUpdated compares as an entry whose Low and High are both the
// instant in microseconds.
//
// # Numbers and quantities: entry [t.Low, t.High) around t.Value, value [s.Low, s.High) around n
//
//	eq  t.Low >= s.Low AND t.High <= s.High     the value contains the entry
//	ne  t.Low <  s.Low OR  t.High >  s.High
//	gt  t.Value > n        lt  t.Value < n      R4: ordering ignores the precision written
//	ge  t.Value >= n       le  t.Value <= n
//	sa  t.Low  > n         eb  t.High <= n      the whole lies after, before
//	ap  t.High > a AND t.Low < b                overlap with [a, b) = the value widened to n ± 10 %
//	co  t.Low <= n AND t.High > n               the entry contains the value   (_filter only)
//
// So 7.1 finds 7.10 and 7.10 does not find 7.1, which may have been 7.14. A
// Range is two entries with the same Low and High, whose Values are its ends
// (see index): then gt and its like hold when one end does, which is R4's
// overlap. The quantity's unit must match as well:
//
//	number                the same number, whatever the unit
//	number||unit          code or unit the same, whatever the system
//	number|system|        the same system
//	number|system|code    system and code the same
//
// A quantity in UCUM has a second entry, of the system index.CanonicalUCUM, in
// the base units of its dimension, and a value in a UCUM unit is parsed into
// that system: so 1 g is 1000 mg. An entry of that system matches a value of
// that system only. A sort is by it where a resource has one.
//
// # The other types
//
//	token      code          the same code, any system
//	           system|code   both the same
//	           |code         the same code, no system
//	           system|       any code of the system
//	           :text         a String t of TextKey: t.Folded starts with s.Folded
//	           :of-type      a Token t of OfTypeKey: t.System equals s.System and
//	                         t.Code equals s.Code|s.Text
//	           :in :above :below  nothing: the gate turns them into codes
//	           ne            not what (none) has: another system or code
//	string     (none)        t.Folded starts with s.Folded
//	           :contains     t.Folded contains s.Folded
//	           :exact        t.Exact equals s.Text
//	           ew eq ne ge lt  t.Folded ends with, is, is not, is at or after, is
//	                         before s.Folded, by Unicode code points
//	uri        (none)        t.Value equals s.Text
//	           :below        t.Value equals s.Text or starts with it and a slash,
//	                         a slash at the end of s.Text apart
//	           :above        t.Value is one of Ancestors(s.Text)
//	           ne            t.Value is not s.Text
//	reference  Type/id       the same type and id; with a version, also the version
//	           id            the same id, any type the parameter may point at
//	           URL           t.URL equals s.URL
//	           :identifier   as a token, on t.System and t.Identifier
//
// # Other predicates
//
//	Composite  some element e: for each part i, an entry t of Parts[i].Key with
//	           t.Element = e matches Values[…][i], of the same Values […]
//	Words      each word of one of Any is among Entries.Narrative, or .Content
//	Near       a position t: (t.X-x)² + (t.Y-y)² + (t.Z-z)² <= c², where x, y, z
//	           and c are those of Point.Sphere
//	Has        a resource of Source for which X holds has an entry of Param whose
//	           Type and ID are those of this one
//
// Tokens are compared exactly, in the case written: consent rules and security
// labels ride on them. A value Patient/x matches references to every Patient
// linked with x when x may be seen by the caller, otherwise to x alone.

// Column is a column of an index entry of type date, number or quantity.
type Column string

// The columns that prefixes compare. Dates have no value column.
const (
	LowColumn   Column = "low"
	HighColumn  Column = "high"
	ValueColumn Column = "value"
)

// Op is a comparison operator, spelled as in SQL.
type Op string

// The operators that prefixes use.
const (
	Less    Op = "<"
	AtMost  Op = "<="
	Greater Op = ">"
	AtLeast Op = ">="
)

const dayMicros = 24 * 60 * 60 * 1_000_000

// Test compares one column of an entry with a constant: Column Op Than.
type Test[T int64 | float64] struct {
	Column Column
	Op     Op
	Than   T
}

// Tests is a disjunction of conjunctions. The zero Tests holds for nothing.
type Tests[T int64 | float64] [][]Test[T]

func all[T int64 | float64](tests ...Test[T]) Tests[T] { return Tests[T]{tests} }

// contained holds for entries within [low, high]; both table kinds use it.
func contained[T int64 | float64](low, high T) Tests[T] {
	return all(Test[T]{LowColumn, AtLeast, low}, Test[T]{HighColumn, AtMost, high})
}

func outside[T int64 | float64](low, high T) Tests[T] {
	return Tests[T]{{{LowColumn, Less, low}}, {{HighColumn, Greater, high}}}
}

// DateTests is the table for dates. An unknown prefix holds for nothing.
func DateTests(v Value) Tests[int64] {
	low, high := v.DateLow, v.DateHigh
	switch v.Prefix {
	case Eq, "":
		return contained(low, high)
	case Ne:
		return outside(low, high)
	case Gt:
		return all(Test[int64]{HighColumn, Greater, high})
	case Lt:
		return all(Test[int64]{LowColumn, Less, low})
	case Ge:
		return all(Test[int64]{HighColumn, AtLeast, low})
	case Le:
		return all(Test[int64]{LowColumn, AtMost, high})
	case Sa:
		return all(Test[int64]{LowColumn, Greater, high})
	case Eb:
		return all(Test[int64]{HighColumn, Less, low})
	case Ap:
		w := max(high-low+1, dayMicros)
		return all(Test[int64]{HighColumn, AtLeast, low - w}, Test[int64]{LowColumn, AtMost, high + w})
	case Co:
		return all(Test[int64]{LowColumn, AtMost, low}, Test[int64]{HighColumn, AtLeast, high})
	case Po:
		return all(Test[int64]{HighColumn, AtLeast, low}, Test[int64]{LowColumn, AtMost, high})
	}
	return nil
}

// NumberTests is the table for numbers and for the number of a quantity.
func NumberTests(v Value) Tests[float64] {
	switch v.Prefix {
	case Eq, "":
		return contained(v.Low, v.High)
	case Ne:
		return outside(v.Low, v.High)
	case Gt:
		return all(Test[float64]{ValueColumn, Greater, v.Number})
	case Lt:
		return all(Test[float64]{ValueColumn, Less, v.Number})
	case Ge:
		return all(Test[float64]{ValueColumn, AtLeast, v.Number})
	case Le:
		return all(Test[float64]{ValueColumn, AtMost, v.Number})
	case Sa:
		return all(Test[float64]{LowColumn, Greater, v.Number})
	case Eb:
		return all(Test[float64]{HighColumn, AtMost, v.Number})
	case Ap:
		tenth := math.Abs(v.Number) / 10
		low := max(min(v.Low, v.Number-tenth), -math.MaxFloat64)
		high := min(max(v.High, v.Number+tenth), math.MaxFloat64)
		return all(Test[float64]{HighColumn, Greater, low}, Test[float64]{LowColumn, Less, high})
	case Co:
		return all(Test[float64]{LowColumn, AtMost, v.Number}, Test[float64]{HighColumn, Greater, v.Number})
	}
	return nil
}

// Hold evaluates the tests for one entry. Dates have no value: pass any.
func (ts Tests[T]) Hold(low, high, value T) bool {
	return slices.ContainsFunc(ts, func(conj []Test[T]) bool {
		for _, t := range conj {
			if !t.holds(low, high, value) {
				return false
			}
		}
		return true
	})
}

func (t Test[T]) holds(low, high, value T) bool {
	column := value
	switch t.Column {
	case LowColumn:
		column = low
	case HighColumn:
		column = high
	}
	switch t.Op {
	case Less:
		return column < t.Than
	case AtMost:
		return column <= t.Than
	case Greater:
		return column > t.Than
	case AtLeast:
		return column >= t.Than
	}
	return false
}

// codeMatches is the token table, on a token or on a logical reference.
func codeMatches(v Value, system, code string) bool {
	switch {
	case v.AnySystem:
		return v.Code != "" && code == v.Code
	case v.Code == "":
		return v.System != "" && system == v.System
	}
	return system == v.System && code == v.Code
}

func stringMatches(m Modifier, v Value, t index.String) bool {
	switch m {
	case Exact:
		return v.Text != "" && t.Exact == v.Text
	case Contains:
		return v.Folded != "" && strings.Contains(t.Folded, v.Folded)
	case EndsWith:
		return v.Folded != "" && strings.HasSuffix(t.Folded, v.Folded)
	case Equals:
		return v.Folded != "" && t.Folded == v.Folded
	case Differs:
		return v.Folded != "" && t.Folded != v.Folded
	case From:
		return v.Folded != "" && t.Folded >= v.Folded
	case Until:
		return v.Folded != "" && t.Folded < v.Folded
	}
	return v.Folded != "" && strings.HasPrefix(t.Folded, v.Folded)
}

// quantityMatches adds the unit to the number: none written, any unit will do;
// number||unit means that code or unit text are the same (R4
// search.html#quantity).
func quantityMatches(v Value, t index.Quantity) bool {
	switch {
	case v.System == "" && t.System == index.CanonicalUCUM:
		return false
	case v.System != "" && t.System != v.System:
		return false
	case v.System != "" && v.Code != "" && t.Code != v.Code:
		return false
	case v.System == "" && v.Code != "" && t.Code != v.Code && t.Unit != v.Code:
		return false
	}
	return NumberTests(v).Hold(t.Low, t.High, t.Value)
}

// uriMatches is the uri table.
func uriMatches(m Modifier, v Value, t index.URI) bool {
	switch {
	case v.Text == "":
		return false
	case m == Below:
		branch := strings.TrimSuffix(v.Text, "/")
		return t.Value == branch || strings.HasPrefix(t.Value, branch+"/")
	case m == Above:
		return slices.Contains(Ancestors(v.Text), t.Value)
	case m == Differs:
		return t.Value != v.Text
	}
	return t.Value == v.Text
}

// Ancestors lists what is above a URL in its path, itself first: each parent,
// with and without a slash at its end, up to scheme and host (R4
// search.html#uri).
func Ancestors(url string) []string {
	url = strings.TrimSuffix(url, "/")
	out := []string{url, url + "/"}
	_, rest, _ := strings.Cut(url, "://")
	for strings.Contains(rest, "/") {
		cut := strings.LastIndexByte(rest, '/')
		url, rest = url[:len(url)-len(rest)+cut], rest[:cut]
		out = append(out, url, url+"/")
	}
	return out
}

// earthRadius is the mean radius of WGS 84 in metres.
const earthRadius = 6_371_008.8

// Sphere is the point as a unit vector, and the chord that spans the distance.
func (p Point) Sphere() (x, y, z, chord float64) {
	x, y, z = index.Vector(p.Latitude, p.Longitude)
	if half := p.Metres / (2 * earthRadius); half < math.Pi/2 {
		return x, y, z, 2 * math.Sin(half)
	}
	return x, y, z, 2
}

func (p Point) covers(t index.Position) bool {
	x, y, z, chord := p.Sphere()
	dx, dy, dz := t.X-x, t.Y-y, t.Z-z
	return dx*dx+dy*dy+dz*dz <= chord*chord
}

// referenceMatches compares with one of the references that the value denotes.
func referenceMatches(v Value, target fhir.Ref, t index.Reference) bool {
	if v.URL != "" {
		return t.URL == v.URL
	}
	if target.ID == "" || t.ID != target.ID || target.Type != "" && t.Type != target.Type {
		return false
	}
	return target.Version == 0 || t.Version == target.Version
}
