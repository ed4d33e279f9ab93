package query

import (
	"slices"
	"strings"
	"unicode/utf8"

	"sluis/conformance"
	"sluis/fhir/index"
)

// filter reads _filter (R4 search_filter.html) for resources of a type.
func (r *reader) filter(resourceType, raw string) (Expr, *problem) {
	n, bad := parseFilterText(raw)
	if bad != nil {
		return nil, bad
	}
	f := filterMeaning{r, raw}
	x, bad := f.of(n, resourceType, 0)
	if bad != nil {
		bad.unknown = false // what stands in a filter is never left out of it
	}
	return x, bad
}

// filterMeaning turns the tree of a filter into a predicate.
type filterMeaning struct {
	*reader
	text string
}

func (f filterMeaning) of(n filterNode, resourceType string, hops int) (Expr, *problem) {
	switch n := n.(type) {
	case logical:
		left, bad := f.of(n.left, resourceType, hops)
		if bad != nil {
			return nil, bad
		}
		right, bad := f.of(n.right, resourceType, hops)
		if bad != nil {
			return nil, bad
		}
		if n.or {
			return Or(left, right), nil
		}
		return And(left, right), nil
	case negation:
		x, bad := negate(f.of(n.of, resourceType, hops))
		if _, none := x.(None); bad == nil && none {
			bad = invalid("the filter matches nothing")
		}
		return x, bad
	}
	t := n.(test)
	return f.walk(t, t.path, resourceType, hops)
}

// walk follows the path of a test to its last parameter.
func (f filterMeaning) walk(t test, path []step, resourceType string, hops int) (Expr, *problem) {
	s, rest := path[0], path[1:]
	if len(rest) == 0 {
		return f.test(t, s, resourceType)
	}
	p, ok := f.lookup(resourceType, s.name)
	switch {
	case !ok:
		return nil, f.place(unknownParameter(resourceType, s.name), s.at)
	case hops >= maxHops:
		return nil, tooCostly("too many hops")
	case p.Type != conformance.ReferenceParam:
		return nil, f.place(invalid("%s is not a reference, so nothing can follow it", s.name), s.at)
	case s.target != "" && !slices.Contains(p.Targets, s.target):
		return nil, f.place(invalid("%s cannot point at %s", s.name, quote(s.target)), s.at)
	}
	targets := p.Targets
	if s.target != "" {
		targets = []string{s.target}
	}
	return f.branch(p, targets, rest[0].name, func(target string) (Expr, *problem) {
		x, bad := f.walk(t, rest, target, hops+1)
		if bad != nil || s.criteria == nil {
			return x, bad
		}
		there, bad := f.of(s.criteria, target, hops+1)
		return And(there, x), bad
	})
}

// place says where in the filter a problem is.
func (f filterMeaning) place(bad *problem, at int) *problem {
	p := filterParser{text: f.text}
	placed := p.failAt(at, "%s", bad.text)
	bad.text = placed.text
	return bad
}

func (f filterMeaning) test(t test, s step, resourceType string) (Expr, *problem) {
	p, ok := f.lookup(resourceType, s.name)
	if !ok {
		return nil, f.place(unknownParameter(resourceType, s.name), s.at)
	}
	x, bad := f.operate(p, t)
	if bad != nil {
		return nil, f.place(bad, t.at)
	}
	return x, nil
}

// operate is the table of operators by the type of the parameter.
func (f filterMeaning) operate(p *conformance.Parameter, t test) (Expr, *problem) {
	switch {
	case !sortable(p): // composites, positions and words have no values of a type
		return nil, unsupported("%s in a filter", p.Code)
	case t.operator == "pr":
		return present(p, t.value)
	case p.Code == "_id":
		return identified(t)
	}
	m, prefix, ok := filterOperator(p.Type, t.operator)
	if !ok {
		return nil, unsupported("the operator %s on a %s parameter", t.operator, p.Type)
	}
	vs, bad := f.valuesOf(p, m, prefix, t)
	if bad != nil {
		return nil, bad
	}
	x := Compare{Param: p, Modifier: m, Values: vs}
	if t.operator == "ni" {
		return negate(x, nil)
	}
	return x, nil
}

// valuesOf reads the value of a test; a token may stand for several.
func (f filterMeaning) valuesOf(p *conformance.Parameter, m Modifier, prefix Prefix, t test) ([]Value, *problem) {
	text := inFull(p.Type, t.value)
	if p.Type == conformance.StringParam || p.Type == conformance.URIParam {
		text = escape(t.value)
	}
	switch {
	case m == From || m == Until:
		v, bad := bound(Prefix(t.operator), t.value)
		return []Value{v}, bad
	case prefix == "":
		return f.meanings(p, m, "", text)
	}
	v, bad := f.value(p, m, "", text)
	if bad != nil {
		return nil, bad
	}
	if v.Prefix != Eq || strings.HasPrefix(t.value, string(Eq)) {
		return nil, invalid("%s has a prefix besides the operator", quote(t.value))
	}
	v, bad = f.value(p, m, "", prefixed(prefix, text))
	v.Prefix = prefix
	return []Value{v}, bad
}

// prefixed puts a prefix of R4 before a value, so that it is read under it; those
// of _filter alone are added when it is read.
func prefixed(p Prefix, value string) string {
	if p == Co || p == Po {
		return value
	}
	return string(p) + value
}

// filterOperator is what an operator means for a type (R4
// search_filter.html#ops); the rest of the table is n/a.
func filterOperator(kind conformance.ParamType, operator string) (Modifier, Prefix, bool) {
	switch kind {
	case conformance.StringParam:
		m, ok := map[string]Modifier{"eq": Equals, "ne": Differs, "co": Contains, "sw": NoModifier, "ew": EndsWith, "gt": From, "ge": From, "lt": Until, "le": Until}[operator]
		return m, "", ok
	case conformance.TokenParam:
		m, ok := map[string]Modifier{"eq": NoModifier, "ne": Differs, "ss": Below, "sb": Above, "in": In, "ni": In}[operator]
		return m, "", ok
	case conformance.URIParam:
		m, ok := map[string]Modifier{"eq": NoModifier, "ne": Differs}[operator]
		return m, "", ok
	case conformance.ReferenceParam:
		return NoModifier, "", operator == "re"
	case conformance.DateParam:
		return NoModifier, Prefix(operator), operator == "co" || operator == "po" || slices.Contains(prefixes, Prefix(operator))
	case conformance.NumberParam:
		return NoModifier, Prefix(operator), operator == "co" || slices.Contains(prefixes, Prefix(operator))
	case conformance.QuantityParam:
		return NoModifier, Prefix(operator), slices.Contains(prefixes, Prefix(operator))
	}
	return "", "", false
}

// present is pr: whether there is any value.
func present(p *conformance.Parameter, value string) (Expr, *problem) {
	switch {
	case value != "true" && value != "false":
		return nil, invalid("pr is followed by true or false")
	case index.IsColumn(p.Code) && value == "true":
		return All{}, nil
	case index.IsColumn(p.Code):
		return nil, invalid("every resource has %s, so the filter matches nothing", p.Code)
	case value == "true":
		return negate(Missing{p}, nil)
	}
	return Missing{p}, nil
}

// identified compares the id, which is a column.
func identified(t test) (Expr, *problem) {
	x, bad := identity("", strings.ReplaceAll(t.value, ",", "/")) // one id, no list
	switch {
	case bad != nil:
		return nil, bad
	case t.operator == "eq":
		return x, nil
	case t.operator == "ne":
		return negate(x, nil)
	}
	return nil, unsupported("the operator %s on _id", t.operator)
}

// bound is the value of gt, lt, ge and le on a string, which compare its first
// character by code point. What comes after a character begins with the next.
func bound(operator Prefix, text string) (Value, *problem) {
	first, size := utf8.DecodeRuneInString(index.Fold(text))
	if size == 0 {
		return Value{}, invalid("%s has no letter or digit to compare with", quote(text))
	}
	if operator == Gt || operator == Le {
		if first++; first == 0xD800 { // no characters but surrogates
			first = 0xE000
		}
	}
	if first > utf8.MaxRune {
		return Value{}, invalid("nothing comes after %s", quote(text))
	}
	return Value{Prefix: operator, Text: text, Folded: string(first)}, nil
}

// namespaces are predefined for values of a filter (R4 search_filter.html).
var namespaces = map[string]string{
	"loinc": "http://loinc.org", "snomed": "http://snomed.info/sct",
	"rxnorm": "http://www.nlm.nih.gov/research/umls/rxnorm", "ucum": index.UCUM,
}

// inFull writes a predefined namespace in full.
func inFull(kind conformance.ParamType, value string) string {
	at := 0
	if kind == conformance.QuantityParam {
		at = 1
	} else if kind != conformance.TokenParam {
		return value
	}
	parts := split(value, '|')
	if full, ok := namespaces[parts[min(at, len(parts)-1)]]; ok && len(parts) > at+1 {
		parts[at] = full
	}
	return strings.Join(parts, "|")
}
