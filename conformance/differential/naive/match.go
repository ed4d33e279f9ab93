package naive

import (
	"slices"
	"strings"

	"sluis/conformance"
)

// found are the elements that the expression of a parameter selects.
func (s *search) found(p *conformance.Parameter, r Resource) []value {
	out, err := evaluate(p.Expression, r, value{json: r})
	if err != nil {
		s.fail("%s.%s: %v", p.Base, p.Code, err)
	}
	return out
}

// Element is what the expression of a parameter selects in a resource: as JSON
// has it, with the type where a choice element (valueQuantity) names it.
type Element struct {
	JSON any
	Kind string
}

// Found are the elements that a parameter selects.
func (d *Data) Found(p *conformance.Parameter, r Resource) ([]Element, error) {
	s := &search{Data: d}
	var out []Element
	for _, v := range s.found(p, r) {
		out = append(out, Element{v.json, v.kind})
	}
	return out, s.err
}

// Indexed reports whether the resource has a value of the parameter that a
// search can find.
func (d *Data) Indexed(p *conformance.Parameter, r Resource) bool {
	s := &search{Data: d}
	return len(s.valuesOf(p, r)) > 0
}

// valuesOf are the values of a parameter, of the kind that its type has:
// []concept and so on, one element each.
func (s *search) valuesOf(p *conformance.Parameter, r Resource) []any {
	return s.read(p, s.found(p, r))
}

func (s *search) read(p *conformance.Parameter, found []value) []any {
	var out []any
	for _, v := range found {
		switch p.Type {
		case conformance.TokenParam:
			out = appendAll(out, concepts(v))
		case conformance.StringParam:
			out = appendAll(out, texted(v))
		case conformance.DateParam:
			out = appendAll(out, dates(v))
		case conformance.NumberParam:
			out = appendAll(out, numbers(v))
		case conformance.QuantityParam:
			out = appendAll(out, quantities(v))
		case conformance.ReferenceParam:
			out = appendAll(out, s.references(v))
		case conformance.URIParam:
			out = appendAll(out, canonical(primitive(v.json)))
		case conformance.CompositeParam:
			out = append(out, v)
		default:
			s.fail("parameter %s of type %s", p.Code, p.Type)
		}
	}
	return out
}

func appendAll[T any](out []any, more []T) []any {
	for _, m := range more {
		out = append(out, m)
	}
	return out
}

func (s *search) referencesOf(p *conformance.Parameter, r Resource) []reference {
	var out []reference
	for _, v := range s.found(p, r) {
		out = append(out, s.references(v)...)
	}
	return out
}

// any reports whether some value of the resource matches some of those that
// are asked for.
func (s *search) any(p *conformance.Parameter, r Resource, modifier, raw string) bool {
	values := s.valuesOf(p, r)
	for _, want := range split(raw, ',') {
		if slices.ContainsFunc(values, func(v any) bool { return s.match(p, r, modifier, v, want) }) {
			return true
		}
	}
	return false
}

// match compares one value of the resource with one that is asked for.
func (s *search) match(p *conformance.Parameter, r Resource, modifier string, v any, want string) bool {
	switch v := v.(type) {
	case concept:
		return v.match(s.Data, modifier, want)
	case string:
		if p.Type == conformance.URIParam {
			return matchURI(modifier, v, want)
		}
		return matchString(modifier, v, want)
	case reference:
		return s.matchReference(p, modifier, []reference{v}, want)
	case span:
		prefix, rest := cutPrefix(want)
		asked, ok := parseDate(rest)
		return ok && matchDate(prefix, v, asked) || !ok && s.fail("%q is not a date", want)
	case measure:
		prefix, rest := cutPrefix(want)
		asked, ok := parseNumber(rest)
		return ok && matchNumber(prefix, v, asked) || !ok && s.fail("%q is not a number", want)
	case quantity:
		prefix, rest := cutPrefix(want)
		return matchQuantity(prefix, v, rest)
	case value:
		return s.matchComposite(p, r, v, want)
	}
	return s.fail("a value %T", v)
}

var prefixes = []string{"eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"}

// cutPrefix takes the prefix off a number, date or quantity; none is eq.
func cutPrefix(s string) (prefix, rest string) {
	for _, p := range prefixes {
		if rest, ok := strings.CutPrefix(s, p); ok {
			return p, rest
		}
	}
	return "eq", s
}
