package query

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// This file reads the text of _filter (R4 search_filter.html) into a tree. What
// the names in it mean depends on the type searched: see filtermeaning.go.
//
//	filter = term *( ("and" / "or") term )      from left to right, none binds closer
//	term   = "not" term / "(" filter ")" / path SP operator SP value
//	path   = name [":" Type] [ "[" filter "]" ] *( "." path )
//	value  = a JSON string, or characters without white space, ")" and "]"

// filterNode is a part of a filter.
type filterNode interface{ isFilter() }

type (
	logical struct {
		or          bool
		left, right filterNode
	}
	negation struct{ of filterNode }
	test     struct {
		path     []step // the last is the parameter that is tested
		operator string
		value    string
		at       int
	}
)

func (logical) isFilter()  {}
func (negation) isFilter() {}
func (test) isFilter()     {}

// step is a parameter on the way, the type it is taken to point at, and what
// must hold there besides.
type step struct {
	name, target string
	criteria     filterNode // or nil
	at           int
}

// Limits of one filter.
const (
	maxFilterDepth = 16
	maxFilterTests = 100
)

var operators = strings.Fields("eq ne co sw ew gt lt ge le ap sa eb pr po ss sb in ni re")

type filterParser struct {
	text  string
	pos   int
	depth int
	tests int
}

// parseFilterText reads a whole filter.
func parseFilterText(text string) (filterNode, *problem) {
	p := &filterParser{text: text}
	n, bad := p.filter()
	if bad != nil {
		return nil, bad
	}
	if p.space(); p.pos < len(text) {
		return nil, p.fail("unexpected %s", p.rest())
	}
	return n, nil
}

// fail says what is wrong where the parser stands, counted in characters from 1.
func (p *filterParser) fail(format string, args ...any) *problem {
	return p.failAt(p.pos, format, args...)
}

func (p *filterParser) failAt(at int, format string, args ...any) *problem {
	return invalid("%s at character %d", fmt.Sprintf(format, args...), utf8.RuneCountInString(p.text[:at])+1)
}

// rest is what follows, as an error shows it.
func (p *filterParser) rest() string {
	if p.pos == len(p.text) {
		return "end"
	}
	return quote(p.text[p.pos:])
}

func (p *filterParser) space() {
	p.pos = len(p.text) - len(strings.TrimLeftFunc(p.text[p.pos:], unicode.IsSpace))
}

// accept takes a sign.
func (p *filterParser) accept(sign string) bool {
	if !strings.HasPrefix(p.text[p.pos:], sign) {
		return false
	}
	p.pos += len(sign)
	return true
}

// word takes a word that white space or a parenthesis ends.
func (p *filterParser) word(word string) bool {
	rest, ok := strings.CutPrefix(p.text[p.pos:], word)
	next, _ := utf8.DecodeRuneInString(rest)
	if !ok || rest != "" && next != '(' && !unicode.IsSpace(next) {
		return false
	}
	p.pos += len(word)
	return true
}

func (p *filterParser) filter() (filterNode, *problem) {
	left, bad := p.term()
	for bad == nil {
		p.space()
		or := p.word("or")
		if !or && !p.word("and") {
			return left, nil
		}
		var right filterNode
		right, bad = p.term()
		left = logical{or, left, right}
	}
	return nil, bad
}

func (p *filterParser) term() (filterNode, *problem) {
	if p.depth++; p.depth > maxFilterDepth {
		return nil, tooCostly("nested too deep")
	}
	defer func() { p.depth-- }()
	p.space()
	switch {
	case p.accept("("):
		n, bad := p.filter()
		if bad == nil && !p.accept(")") {
			bad = p.fail("expected ) and found %s", p.rest())
		}
		return n, bad
	case p.word("not"):
		n, bad := p.term()
		return negation{n}, bad
	}
	return p.test()
}

// test reads path, operator and value.
func (p *filterParser) test() (filterNode, *problem) {
	t := test{at: p.pos}
	if p.tests++; p.tests > maxFilterTests {
		return nil, tooCostly("too many tests")
	}
	var bad *problem
	if t.path, bad = p.path(); bad != nil {
		return nil, bad
	}
	at := p.pos
	if p.space(); p.pos == at {
		return nil, p.fail("expected a space and an operator and found %s", p.rest())
	}
	at = p.pos
	t.operator = p.span(isNameRune)
	if !slices.Contains(operators, t.operator) {
		p.pos = at
		return nil, p.fail("expected an operator and found %s", p.rest())
	}
	at = p.pos
	if p.space(); p.pos == at {
		return nil, p.fail("expected a space and a value and found %s", p.rest())
	}
	t.value, bad = p.value()
	return t, bad
}

func (p *filterParser) span(in func(rune) bool) string {
	rest := p.text[p.pos:]
	end := strings.IndexFunc(rest, func(r rune) bool { return !in(r) })
	if end < 0 {
		end = len(rest)
	}
	p.pos += end
	return rest[:end]
}

func isNameRune(r rune) bool {
	return r == '_' || r == '-' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
}

func (p *filterParser) path() ([]step, *problem) {
	var out []step
	for {
		s := step{at: p.pos}
		if s.name = p.span(isNameRune); s.name == "" {
			return nil, p.fail("expected a parameter and found %s", p.rest())
		}
		if p.accept(":") {
			if s.target = p.span(isNameRune); s.target == "" {
				return nil, p.fail("expected a type and found %s", p.rest())
			}
		}
		filtered := p.accept("[")
		if filtered {
			var bad *problem
			if s.criteria, bad = p.filter(); bad != nil {
				return nil, bad
			}
			if !p.accept("]") {
				return nil, p.fail("expected ] and found %s", p.rest())
			}
		}
		out = append(out, s)
		if !p.accept(".") {
			if filtered || s.target != "" {
				return nil, p.fail("expected . and found %s", p.rest())
			}
			return out, nil
		}
	}
}

func (p *filterParser) value() (string, *problem) {
	if strings.HasPrefix(p.text[p.pos:], `"`) {
		return p.jsonString()
	}
	v := p.span(func(r rune) bool { return !unicode.IsSpace(r) && r != ')' && r != ']' })
	if v == "" {
		return "", p.fail("expected a value and found %s", p.rest())
	}
	return v, nil
}

func (p *filterParser) jsonString() (string, *problem) {
	rest := p.text[p.pos:]
	for end := 1; end < len(rest); end++ {
		switch rest[end] {
		case '\\':
			end++
		case '"':
			var s string
			if err := json.Unmarshal([]byte(rest[:end+1]), &s); err != nil || s == "" {
				return "", p.fail("%s is no JSON string with a value", quote(rest[:end+1]))
			}
			p.pos += end + 1
			return s, nil
		}
	}
	return "", p.fail("a string without an end")
}
