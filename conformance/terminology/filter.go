package terminology

import (
	"regexp"
	"slices"
	"strings"
)

// test judges a concept of one code system.
type test func(i int32) bool

type compiledKey struct {
	*clause
	*codeSystem
}

// maxPattern bounds a regular expression; Go matches it in linear time.
const maxPattern = 500

// tests makes the filters of a clause ready, once.
func (s *Service) tests(c *clause, cs *codeSystem) ([]test, error) {
	key := compiledKey{c, cs}
	if t, ok := s.compiled[key]; ok {
		return t, nil
	}
	out := make([]test, 0, len(c.filters))
	for _, f := range c.filters {
		t, err := s.test(cs, f)
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	s.compiled[key] = out
	return out, nil
}

func (s *Service) test(cs *codeSystem, f filter) (test, error) {
	switch f.op {
	case "is-a", "descendent-of", "is-not-a", "generalizes":
		return s.hierarchyTest(cs, f)
	}
	values, err := cs.values(f.property)
	if err != nil {
		return nil, err
	}
	some := func(holds func(string) bool) test {
		return func(i int32) bool { return slices.ContainsFunc(values(&cs.concepts[i]), holds) }
	}
	codes := strings.Split(f.value, ",")
	for i := range codes {
		codes[i] = strings.TrimSpace(codes[i])
	}
	switch f.op {
	case "=":
		return some(func(v string) bool { return v == f.value }), nil
	case "in":
		return some(func(v string) bool { return slices.Contains(codes, v) }), nil
	case "not-in":
		in := some(func(v string) bool { return slices.Contains(codes, v) })
		return func(i int32) bool { return !in(i) }, nil
	case "exists":
		return existsTest(cs, f, values)
	case "regex":
		whole, err := pattern(f.value)
		if err != nil {
			return nil, err
		}
		return some(whole.MatchString), nil
	}
	return nil, unsupported("the filter operator %s", shown(f.op))
}

// hierarchyTest is is-a and its like, which stand on the property concept (R4
// codesystem.html#implicit: every code system has it) or code.
func (s *Service) hierarchyTest(cs *codeSystem, f filter) (test, error) {
	if f.property != "concept" && f.property != "code" {
		return nil, unsupported("the filter %s on the property %s: it stands on concept", f.op, shown(f.property))
	}
	i, ok := cs.find(f.value)
	if !ok {
		return nil, defect("a filter names %s, which is no code of %s", shown(f.value), shown(cs.url))
	}
	related := cs.below
	if f.op == "generalizes" {
		related = cs.above
	}
	in := related(i)
	if err := s.spend(len(in)); err != nil {
		return nil, err
	}
	switch f.op {
	case "descendent-of":
		delete(in, i)
	case "is-not-a":
		return func(i int32) bool { return !in.has(i) }, nil
	}
	return in.has, nil
}

// existsTest: the property has a value, or, with the value false, has none.
func existsTest(cs *codeSystem, f filter, values func(*concept) []string) (test, error) {
	if f.value != "true" && f.value != "false" {
		return nil, defect("the filter exists has the value %s, neither true nor false", shown(f.value))
	}
	return func(i int32) bool { return len(values(&cs.concepts[i])) > 0 == (f.value == "true") }, nil
}

// pattern is a regular expression that must match the whole value.
func pattern(text string) (*regexp.Regexp, error) {
	if len(text) > maxPattern {
		return nil, costly("a regular expression of more than %d characters", maxPattern)
	}
	whole, err := regexp.Compile(`\A(?:` + text + `)\z`)
	if err != nil {
		return nil, defect("the regular expression %s cannot be used", shown(text))
	}
	return whole, nil
}

// values reads a property that a filter stands on: one that every code system
// has (R4 codesystem.html#defined-props), or one that this declares. Any other
// is an error: a filter is never left out.
func (cs *codeSystem) values(property string) (func(*concept) []string, error) {
	switch property {
	case "code", "concept":
		return func(c *concept) []string { return []string{c.code} }, nil
	case "display":
		return func(c *concept) []string { return given(c.display) }, nil
	case "definition":
		return func(c *concept) []string { return given(c.definition) }, nil
	case "parent":
		return func(c *concept) []string { return cs.codes(c.parents) }, nil
	case "child":
		return func(c *concept) []string { return cs.codes(c.children) }, nil
	case "inactive":
		return func(c *concept) []string { return []string{truth(c.inactive)} }, nil
	case "notSelectable":
		return func(c *concept) []string { return []string{truth(c.abstract)} }, nil
	}
	if _, ok := cs.properties[property]; !ok {
		return nil, unsupported("a filter on %s: the code system %s has no such property", shown(property), shown(cs.url))
	}
	return func(c *concept) []string {
		var out []string
		for _, p := range c.properties {
			if p.code == property {
				out = append(out, p.text)
			}
		}
		return out
	}, nil
}

func given(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

func truth(b bool) string {
	if b {
		return "true"
	}
	return "false"
}

// codes names concepts, in the order of the code system.
func (cs *codeSystem) codes(places []int32) []string {
	sorted := slices.Sorted(slices.Values(places))
	out := make([]string, len(sorted))
	for i, p := range sorted {
		out[i] = cs.concepts[p].code
	}
	return out
}
