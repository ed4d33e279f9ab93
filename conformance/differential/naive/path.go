package naive

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"sluis/conformance"
)

// This file evaluates the part of FHIRPath that R4's SearchParameters are
// written in: paths, |, as, is, =, !=, and, [n], where(), exists(), resolve(),
// as(), is().

// step evaluates a part of an expression in a context.
type step func(in scope, from []value) []value

// scope is the resource that an expression is about.
type scope struct{ root Resource }

var tokens = regexp.MustCompile(`'[^']*'|!=|[A-Za-z][A-Za-z0-9]*|[0-9]+|[().|=\[\]]`)

var compiled sync.Map // expression → step

// evaluate runs an expression over a resource, beginning at one of its
// elements; the error names what of FHIRPath is not known here.
func evaluate(expression string, root Resource, at value) ([]value, error) {
	s, ok := compiled.Load(expression)
	if !ok {
		p := &pathParser{tokens: tokens.FindAllString(expression, -1)}
		parsed := p.or()
		if len(p.tokens) > 0 || p.bad != "" {
			return nil, fmt.Errorf("naive: FHIRPath %q: unexpected %q", expression, p.bad+strings.Join(p.tokens, " "))
		}
		s = parsed
		compiled.Store(expression, s)
	}
	return s.(step)(scope{root}, []value{at}), nil
}

type pathParser struct {
	tokens []string
	bad    string
}

func (p *pathParser) peek() string {
	if len(p.tokens) == 0 {
		return ""
	}
	return p.tokens[0]
}

func (p *pathParser) take() string {
	t := p.peek()
	if t != "" {
		p.tokens = p.tokens[1:]
	}
	return t
}

func (p *pathParser) skip(t string) bool {
	if p.peek() != t {
		return false
	}
	p.take()
	return true
}

func (p *pathParser) want(t string) {
	if !p.skip(t) && p.bad == "" {
		p.bad = p.peek() + " for " + t + " "
	}
}

func (p *pathParser) or() step {
	left := p.equality()
	for p.skip("and") {
		a, b := left, p.equality()
		left = func(in scope, from []value) []value { return truth(isTrue(a(in, from)) && isTrue(b(in, from))) }
	}
	return left
}

func (p *pathParser) equality() step {
	left := p.union()
	for {
		op := p.peek()
		if op != "=" && op != "!=" {
			return left
		}
		p.take()
		a, b := left, p.union()
		left = func(in scope, from []value) []value {
			x, y := a(in, from), b(in, from)
			if len(x) == 0 || len(y) == 0 {
				return nil
			}
			return truth((len(x) == 1 && len(y) == 1 && x[0].json == y[0].json) == (op == "="))
		}
	}
}

func (p *pathParser) union() step {
	left := p.typed()
	for p.skip("|") {
		a, b := left, p.typed()
		left = func(in scope, from []value) []value { return slices.Concat(a(in, from), b(in, from)) }
	}
	return left
}

// typed reads the infix as and is.
func (p *pathParser) typed() step {
	left := p.path()
	for {
		switch {
		case p.skip("as"):
			left = then(left, ofKind(p.take()))
		case p.skip("is"):
			left = then(left, isKind(p.take()))
		default:
			return left
		}
	}
}

func then(a, b step) step {
	return func(in scope, from []value) []value { return b(in, a(in, from)) }
}

func ofKind(kind string) step {
	return func(_ scope, from []value) []value {
		return slices.DeleteFunc(slices.Clone(from), func(v value) bool { return !v.is(kind) })
	}
}

func isKind(kind string) step {
	return func(_ scope, from []value) []value { return truth(len(from) == 1 && from[0].is(kind)) }
}

func (p *pathParser) path() step {
	left := p.first()
	for {
		switch {
		case p.skip("."):
			left = then(left, p.member(p.take()))
		case p.skip("["):
			left = then(left, nth(p.take()))
			p.want("]")
		default:
			return left
		}
	}
}

func nth(n string) step {
	return func(_ scope, from []value) []value {
		for i, v := range from {
			if fmt.Sprint(i) == n {
				return []value{v}
			}
		}
		return nil
	}
}

// first is what a path begins with: a parenthesis, a literal, the type of the
// resource, or an element of the context.
func (p *pathParser) first() step {
	t := p.take()
	switch {
	case t == "(":
		inner := p.or()
		p.want(")")
		return inner
	case strings.HasPrefix(t, "'"):
		return func(scope, []value) []value { return []value{{json: strings.Trim(t, "'")}} }
	case t == "true" || t == "false":
		return func(scope, []value) []value { return truth(t == "true") }
	case conformance.IsType(t):
		return func(in scope, _ []value) []value {
			if in.root.Type() != t {
				return nil
			}
			return []value{{json: in.root}}
		}
	case t == "Resource" || t == "DomainResource":
		return func(in scope, _ []value) []value { return []value{{json: in.root}} }
	}
	return p.member(t)
}

// member is an element or a function of what stands before it.
func (p *pathParser) member(name string) step {
	if !p.skip("(") {
		return func(_ scope, from []value) []value {
			var out []value
			for _, v := range from {
				out = append(out, v.children(name)...)
			}
			return out
		}
	}
	defer p.want(")")
	switch name {
	case "where":
		cond := p.or()
		return func(in scope, from []value) []value {
			return slices.DeleteFunc(slices.Clone(from), func(v value) bool { return !isTrue(cond(in, []value{v})) })
		}
	case "exists":
		return func(_ scope, from []value) []value { return truth(len(from) > 0) }
	case "as", "ofType":
		return ofKind(p.take())
	case "is":
		return isKind(p.take())
	case "resolve":
		return resolved
	}
	p.bad = name
	return func(scope, []value) []value { return nil }
}

// resolved is what references point at, as far as their text tells: only the
// type is ever asked.
func resolved(in scope, from []value) []value {
	var out []value
	for _, v := range from {
		text := str(object(v.json)["reference"])
		if id, ok := strings.CutPrefix(text, "#"); ok {
			for _, c := range list(in.root["contained"]) {
				if str(dig(c, "id")) == id {
					out = append(out, value{json: c})
				}
			}
			continue
		}
		if kind := targetKind(text, str(object(v.json)["type"])); kind != "" {
			out = append(out, value{json: map[string]any{"resourceType": kind}})
		}
	}
	return out
}

var lastSegments = regexp.MustCompile(`(?:^|/)([A-Za-z]+)/[A-Za-z0-9\-.]{1,64}(?:/_history/[A-Za-z0-9\-.]{1,64})?$`)

// targetKind is the type of what a reference points at, by its text, here or
// elsewhere, or by Reference.type: rulings.md.
func targetKind(text, stated string) string {
	if text == "" {
		return stated
	}
	if m := lastSegments.FindStringSubmatch(text); m != nil && conformance.IsType(m[1]) {
		return m[1]
	}
	return ""
}

func truth(b bool) []value { return []value{{json: b}} }

func isTrue(vs []value) bool { return len(vs) == 1 && vs[0].json == true }
