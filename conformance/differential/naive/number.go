package naive

import (
	"math/big"
	"regexp"
	"strconv"
	"strings"
)

// point is a place on the line of numbers: a number, a hair above (1) or below
// (-1) it, or, with inf, one of the ends of the line.
type point struct {
	at   *big.Rat
	hair int
	inf  int
}

func (p point) compare(q point) int {
	switch {
	case p.inf != q.inf:
		return sign(p.inf - q.inf)
	case p.inf != 0:
		return 0
	case p.at.Cmp(q.at) != 0:
		return p.at.Cmp(q.at)
	}
	return sign(p.hair - q.hair)
}

func sign(n int) int { return min(max(n, -1), 1) }

func (p point) times(factor *big.Rat) point {
	if p.inf != 0 {
		return p
	}
	return point{at: new(big.Rat).Mul(p.at, factor), hair: p.hair}
}

// measure is a number with the interval [low, high) that it stands for, or an
// interval of which only the ends are known.
type measure struct {
	low, high point
	ends      []point // the number, or the ends of an interval
}

func (m measure) times(factor *big.Rat) measure {
	out := measure{low: m.low.times(factor), high: m.high.times(factor)}
	for _, e := range m.ends {
		out.ends = append(out.ends, e.times(factor))
	}
	return out
}

var decimal = regexp.MustCompile(`^-?(?:0|[1-9][0-9]*)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$`)

// parseNumber reads a decimal: it stands for all that rounds to it by its last
// digit (R4 search.html#number).
func parseNumber(s string) (measure, bool) {
	m := decimal.FindStringSubmatch(s)
	if m == nil {
		return measure{}, false
	}
	at, ok := new(big.Rat).SetString(s)
	exponent, _ := strconv.Atoi(m[2]) // "" is 0
	if m[2] != "" && len(strings.Trim(s[:strings.IndexAny(s, "eE")], "-")) == 1 {
		exponent-- // 1e2 is 1.0e2: rulings.md
	}
	half, okHalf := new(big.Rat).SetString("0.5e" + strconv.Itoa(exponent-len(m[1])))
	if !ok || !okHalf {
		return measure{}, false
	}
	low, high := new(big.Rat).Sub(at, half), new(big.Rat).Add(at, half)
	return measure{low: point{at: low}, high: point{at: high}, ends: []point{{at: at}}}, true
}

// matchNumber is R4 search.html#prefix for numbers: eq and ne go by what is
// contained, the ordering ones ignore the precision written.
func matchNumber(prefix string, t, s measure) bool {
	n := s.ends[0]
	some := func(holds func(c int) bool) bool {
		for _, e := range t.ends {
			if holds(e.compare(n)) {
				return true
			}
		}
		return false
	}
	inside := t.low.compare(s.low) >= 0 && t.high.compare(s.high) <= 0
	switch prefix {
	case "eq":
		return inside
	case "ne":
		return !inside
	case "gt":
		return some(func(c int) bool { return c > 0 })
	case "lt":
		return some(func(c int) bool { return c < 0 })
	case "ge":
		return some(func(c int) bool { return c >= 0 })
	case "le":
		return some(func(c int) bool { return c <= 0 })
	case "sa":
		return t.low.compare(n) > 0
	case "eb":
		return t.high.compare(n) <= 0
	case "ap":
		return about(t, s)
	}
	return false
}

// about is ap: within a tenth of the value, or within what it stands for.
func about(t, s measure) bool {
	n := s.ends[0].at
	tenth := new(big.Rat).Abs(new(big.Rat).Quo(n, big.NewRat(10, 1)))
	low, high := s.low, s.high
	if wider := (point{at: new(big.Rat).Sub(n, tenth)}); wider.compare(low) < 0 {
		low = wider
	}
	if wider := (point{at: new(big.Rat).Add(n, tenth)}); wider.compare(high) > 0 {
		high = wider
	}
	return t.high.compare(low) > 0 && t.low.compare(high) < 0
}

// quantity is a measure with its unit.
type quantity struct {
	measure
	system, code, unit string
}

// numbers reads a value of a number parameter.
func numbers(v value) []measure {
	if m := object(v.json); m != nil {
		if q, ok := between(m); ok {
			return []measure{q.measure}
		}
		return nil
	}
	if n, ok := parseNumber(primitive(v.json)); ok {
		return []measure{n}
	}
	return nil
}

// quantities reads a value of a quantity parameter: a Quantity, Money, a Range
// or a SampledData (R4 search.html#quantity).
func quantities(v value) []quantity {
	m := object(v.json)
	var q quantity
	var ok bool
	switch {
	case v.kind == "SampledData":
		q, ok = sampled(m)
	case v.kind == "Range":
		q, ok = between(m)
	case m["currency"] != nil:
		q, ok = simple(m)
		q.system, q.code = "urn:iso:std:iso:4217", str(m["currency"])
	default:
		q, ok = simple(m)
	}
	if !ok {
		return nil
	}
	return []quantity{q}
}

// simple reads a Quantity. A comparator leaves one end open.
func simple(v any) (quantity, bool) {
	n, ok := parseNumber(primitive(dig(v, "value")))
	if !ok {
		return quantity{}, false
	}
	at := n.ends[0]
	switch str(dig(v, "comparator")) {
	case "<":
		n = measure{low: point{inf: -1}, high: at, ends: []point{{inf: -1}, {at: at.at, hair: -1}}}
	case "<=":
		n = measure{low: point{inf: -1}, high: point{at: at.at, hair: 1}, ends: []point{{inf: -1}, at}}
	case ">":
		n = measure{low: point{at: at.at, hair: 1}, high: point{inf: 1}, ends: []point{{at: at.at, hair: 1}, {inf: 1}}}
	case ">=":
		n = measure{low: at, high: point{inf: 1}, ends: []point{at, {inf: 1}}}
	}
	return quantity{n, str(dig(v, "system")), str(dig(v, "code")), str(dig(v, "unit"))}, true
}

// between reads a Range, of which one end may be open.
func between(v any) (quantity, bool) {
	low, hasLow := simple(dig(v, "low"))
	high, hasHigh := simple(dig(v, "high"))
	q := low
	switch {
	case !hasLow && !hasHigh:
		return quantity{}, false
	case !hasLow:
		q = high
		q.low, q.ends = point{inf: -1}, []point{{inf: -1}, high.ends[0]}
	case !hasHigh:
		q.high, q.ends = point{inf: 1}, []point{low.ends[0], {inf: 1}}
	default:
		q.high, q.ends = high.high, []point{low.ends[0], high.ends[0]}
	}
	return q, true
}

// sampled is a SampledData: what lies between the least and the greatest of its
// values, in the unit of its origin.
func sampled(v any) (quantity, bool) {
	origin, ok := simple(dig(v, "origin"))
	if !ok {
		return quantity{}, false
	}
	factor, ok := parseNumber(primitive(dig(v, "factor")))
	if !ok {
		factor = measure{ends: []point{{at: big.NewRat(1, 1)}}}
	}
	var low, high *big.Rat
	for _, text := range strings.Fields(str(dig(v, "data"))) {
		n, ok := parseNumber(text)
		if !ok {
			continue // E, U and L are no values
		}
		at := new(big.Rat).Mul(n.ends[0].at, factor.ends[0].at)
		at.Add(at, origin.ends[0].at)
		if low == nil || at.Cmp(low) < 0 {
			low = at
		}
		if high == nil || at.Cmp(high) > 0 {
			high = at
		}
	}
	if low == nil {
		return quantity{}, false
	}
	origin.measure = measure{low: point{at: low}, high: point{at: high, hair: 1}, ends: []point{{at: low}, {at: high}}}
	return origin, true
}
