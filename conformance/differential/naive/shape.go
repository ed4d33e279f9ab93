package naive

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"sluis/conformance"
)

// shape reads what says how the matches are handed out (R4
// search.html#return), and puts them in order.
func (s *search) shape(out *Result) {
	for _, p := range s.params {
		switch p.name {
		case "_count":
			out.Count, _ = strconv.Atoi(p.value)
			out.Only = out.Only || out.Count == 0
		case "_summary":
			out.Only = out.Only || p.value == "count"
		case "_total":
			out.Total = p.value == "accurate"
		case "_sort":
			s.sort(out, strings.Split(p.value, ","))
		}
	}
	out.Total = out.Total || out.Only
}

// sort orders by several keys. The least value counts going up, the greatest
// going down, and what has none comes last: rulings.md.
func (s *search) sort(out *Result, keys []string) {
	compare := func(a, b Resource) int {
		for _, key := range keys {
			code, descending := strings.CutPrefix(key, "-")
			x, hasX := s.key(a, code, descending)
			y, hasY := s.key(b, code, descending)
			c := 0
			switch {
			case hasX != hasY && hasX:
				return -1
			case hasX != hasY:
				return 1
			case hasX && descending:
				c = y.compare(x)
			case hasX:
				c = x.compare(y)
			}
			if c != 0 {
				return c
			}
		}
		return 0
	}
	slices.SortStableFunc(out.Matches, compare)
	rank := 0
	for i, m := range out.Matches {
		if i > 0 && compare(out.Matches[i-1], m) != 0 {
			rank++
		}
		out.Rank[m.Ref()] = rank
	}
}

// sortKey is a value to sort by: a text, or a place on the line of numbers.
type sortKey struct {
	text  string
	place point
	time  *time.Time
	open  int // of a time: -1 before all others, 1 after
}

func (k sortKey) compare(l sortKey) int {
	if k.place.at != nil || k.place.inf != 0 {
		return k.place.compare(l.place)
	}
	if c := cmp.Or(cmp.Compare(k.text, l.text), cmp.Compare(k.open, l.open)); c != 0 || k.time == nil || l.time == nil {
		return c
	}
	return k.time.Compare(*l.time)
}

// key is the value by which a resource stands in the order of one parameter.
func (s *search) key(r Resource, code string, descending bool) (sortKey, bool) {
	p, ok := conformance.Lookup(r.Type(), code)
	if !ok && code == "_lastUpdated" {
		p, ok = &conformance.Parameter{Base: r.Type(), Code: code, Type: conformance.DateParam, Expression: "Resource.meta.lastUpdated"}, true
	}
	if !ok {
		s.fail("%s cannot be sorted by %s", r.Type(), code)
		return sortKey{}, false
	}
	var all []sortKey
	for _, v := range inOneUnit(s.valuesOf(p, r)) {
		all = append(all, keysOf(p, v, descending)...)
	}
	if len(all) == 0 {
		return sortKey{}, false
	}
	if descending {
		return slices.MaxFunc(all, sortKey.compare), true
	}
	return slices.MinFunc(all, sortKey.compare), true
}

// inOneUnit puts quantities into base units; where some can be, the others do
// not count: rulings.md.
func inOneUnit(values []any) []any {
	var converted []any
	for _, v := range values {
		q, ok := v.(quantity)
		if !ok {
			return values
		}
		if m, ok := q.inBase(); ok {
			converted = append(converted, m)
		}
	}
	if converted == nil {
		return values
	}
	return converted
}

// keysOf are the keys that one value gives.
func keysOf(p *conformance.Parameter, v any, descending bool) []sortKey {
	var out []sortKey
	switch v := v.(type) {
	case concept:
		for _, t := range v.tokens {
			if t != (token{}) {
				out = append(out, sortKey{text: t.code})
			}
		}
		if out == nil {
			out = []sortKey{{}} // a text alone
		}
	case string:
		if p.Type == conformance.StringParam {
			v = fold(v)
		}
		out = append(out, sortKey{text: v})
	case reference:
		out = append(out, sortKey{text: v.id})
	case span:
		at, open := v.from, -1
		if descending {
			at, open = v.to, 1
		}
		if at != nil {
			open = 0
		}
		out = append(out, sortKey{time: at, open: open})
	case measure:
		for _, e := range v.ends {
			out = append(out, sortKey{place: e})
		}
	case quantity:
		for _, e := range v.ends {
			out = append(out, sortKey{place: e})
		}
	}
	return out
}
