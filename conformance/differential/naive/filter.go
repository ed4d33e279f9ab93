package naive

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"sluis/conformance"
)

// This file evaluates _filter by R4 search_filter.html.

var filterTokens = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|[()\[\]]|[^\s()\[\]"]+`)

// filter asks a resource about a filter.
func (s *search) filter(r Resource, text string) bool {
	f := &filterParser{search: s, tokens: filterTokens.FindAllString(text, -1)}
	out := f.logical(r)
	if len(f.tokens) > 0 {
		return s.fail("_filter ends before %q", f.tokens)
	}
	return out
}

// filterParser evaluates while it reads: every part is read, whatever the parts
// before it have said.
type filterParser struct {
	*search
	tokens []string
}

func (f *filterParser) peek() string {
	if len(f.tokens) == 0 {
		return ""
	}
	return f.tokens[0]
}

func (f *filterParser) take() string {
	t := f.peek()
	if t != "" {
		f.tokens = f.tokens[1:]
	}
	return t
}

// logical is terms joined by and and or, from left to right without precedence.
func (f *filterParser) logical(r Resource) bool {
	out := f.term(r)
	for f.peek() == "and" || f.peek() == "or" {
		if f.take() == "and" {
			right := f.term(r)
			out = out && right
			continue
		}
		right := f.term(r)
		out = out || right
	}
	return out
}

func (f *filterParser) term(r Resource) bool {
	negated := f.peek() == "not"
	if negated {
		f.take()
	}
	if f.peek() != "(" {
		return f.test(r) != negated
	}
	f.take()
	out := f.logical(r)
	if f.take() != ")" {
		return f.fail("_filter: a parenthesis is open")
	}
	return out != negated
}

// test is path operator value.
func (f *filterParser) test(r Resource) bool {
	path, op, raw := f.take(), f.take(), f.take()
	if strings.HasPrefix(raw, `"`) {
		var text string
		if err := json.Unmarshal([]byte(raw), &text); err != nil {
			return f.fail("_filter: %s is no string", raw)
		}
		raw = text
	}
	return f.follow(r, strings.Split(path, "."), op, raw)
}

// follow walks a chain to the last parameter and compares there.
func (s *search) follow(r Resource, path []string, op, raw string) bool {
	code, _, _ := strings.Cut(path[0], ":")
	p, ok := conformance.Lookup(r.Type(), code)
	if !ok && code != "_id" {
		return false
	}
	if len(path) == 1 {
		return s.operate(p, r, code, op, raw)
	}
	_, kind, _ := strings.Cut(path[0], ":")
	for _, ref := range s.referencesOf(p, r) {
		for _, target := range s.Resources {
			if target.Type() == ref.kind && target.ID() == ref.id && (kind == "" || kind == ref.kind) && s.follow(target, path[1:], op, raw) {
				return true
			}
		}
	}
	return false
}

// operate is the table of operators.
func (s *search) operate(p *conformance.Parameter, r Resource, code, op, raw string) bool {
	if code == "_id" {
		return (r.ID() == raw) == (op == "eq")
	}
	values := s.valuesOf(p, r)
	some := func(modifier, want string) bool {
		return slices.ContainsFunc(values, func(v any) bool { return s.match(p, r, modifier, v, want) })
	}
	escaped := strings.NewReplacer(`\`, `\\`, `,`, `\,`, `$`, `\$`).Replace(raw)
	switch op {
	case "pr":
		return (len(values) > 0) == (raw == "true")
	case "co":
		return some("contains", escaped)
	case "sw":
		return some("", escaped)
	case "ew":
		return some("ends", escaped)
	case "eq", "re":
		return some(equality(p), escaped)
	case "in", "ss", "sb":
		return some(map[string]string{"in": "in", "ss": "above", "sb": "below"}[op], escaped)
	case "ne":
		return s.unequal(p, r, values, escaped)
	case "gt", "lt", "ge", "le", "ap", "sa", "eb", "po":
		return some("", op+escaped)
	}
	return s.fail("_filter has no operator %q", op)
}

// equality is eq of a string: the whole of it, case and accents apart.
func equality(p *conformance.Parameter) string {
	if p.Type == conformance.StringParam {
		return "equal"
	}
	return ""
}

// unequal is ne: some value differs. Of a concept with several codes each is a
// value: rulings.md.
func (s *search) unequal(p *conformance.Parameter, r Resource, values []any, want string) bool {
	return slices.ContainsFunc(values, func(v any) bool {
		c, coded := v.(concept)
		if !coded {
			return !s.match(p, r, equality(p), v, want)
		}
		return len(c.tokens) == 0 || slices.ContainsFunc(c.tokens, func(t token) bool { return !t.match(want) })
	})
}
