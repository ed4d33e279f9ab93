package patch

import (
	"strconv"

	"sluis/conformance"
	"sluis/fhir"
)

// parser reads a path by recursive descent.
type parser struct {
	tokens []token
	pos    int
	depth  int // of parentheses
}

// maxNesting bounds parentheses within parentheses.
const maxNesting = 16

// parsePath reads the path of an operation. It starts at the resource: with its
// type, or at once with the name of an element.
func parsePath(source string) (path, error) {
	tokens, err := tokenize(source)
	if err != nil {
		return path{}, err
	}
	p := &parser{tokens: tokens}
	x, err := p.path(true)
	if err == nil && p.peek().kind != endToken {
		err = p.unexpected()
	}
	x.source = source
	return x, err
}

func (p *parser) peek() token { return p.tokens[p.pos] }

func (p *parser) next() token {
	t := p.tokens[p.pos]
	if t.kind != endToken {
		p.pos++
	}
	return t
}

// at reports whether a symbol or a word comes next.
func (p *parser) at(text string) bool {
	t := p.peek()
	return t.text == text && (t.kind == symbolToken || t.kind == nameToken)
}

func (p *parser) accept(text string) bool {
	if p.at(text) {
		p.pos++
		return true
	}
	return false
}

func (p *parser) expect(text string) error {
	if !p.accept(text) {
		return p.unexpected()
	}
	return nil
}

func (p *parser) unexpected() error {
	if t := p.peek(); t.kind != endToken {
		return malformed("the path has " + quote(t.text) + " where that cannot stand")
	}
	return malformed("the path ends too soon")
}

// path reads steps; outermost says that the first may be the resource's type.
func (p *parser) path(outermost bool) (path, error) {
	x, err := p.start(outermost)
	for err == nil {
		switch {
		case p.accept("."):
			err = p.step(&x)
		case p.accept("["):
			err = p.subscript(&x)
		default:
			return x, nil
		}
	}
	return path{}, err
}

// start reads the first step: a parenthesis, $this, a type or a name.
func (p *parser) start(outermost bool) (path, error) {
	switch t := p.peek(); {
	case p.accept("("):
		return p.cast(outermost)
	case t.kind != nameToken:
		return path{}, p.unexpected()
	case !outermost && p.accept("$this"):
		return path{}, nil
	case outermost && fhir.IsTypeName(t.text):
		p.next()
		if t.text == "Resource" || t.text == "DomainResource" {
			return path{}, nil
		}
		return path{steps: []step{typed{t.text}}}, nil
	}
	var x path
	return x, p.step(&x)
}

// cast reads (path as Type), of which the opening parenthesis is gone.
func (p *parser) cast(outermost bool) (path, error) {
	if p.depth++; p.depth > maxNesting {
		return path{}, malformed("the path is nested too deep")
	}
	defer func() { p.depth-- }()
	x, err := p.path(outermost)
	if err == nil && p.accept("as") {
		err = p.ofType(&x)
	}
	if err != nil {
		return path{}, err
	}
	return x, p.expect(")")
}

// step reads a name or a function behind a dot.
func (p *parser) step(x *path) error {
	t := p.next()
	if t.kind != nameToken || t.text == "$this" {
		p.pos--
		return p.unexpected()
	}
	if !p.accept("(") {
		x.steps = append(x.steps, named{t.text})
		return nil
	}
	if err := p.function(x, t.text); err != nil {
		return err
	}
	return p.expect(")")
}

// function reads the arguments of a function.
func (p *parser) function(x *path, name string) error {
	switch name {
	case "first":
		x.steps = append(x.steps, nth{0})
	case "last":
		x.steps = append(x.steps, nth{-1})
	case "single":
		x.steps = append(x.steps, single{})
	case "ofType", "as":
		return p.ofType(x)
	case "extension":
		t := p.next()
		if t.kind != stringToken {
			return malformed("extension() takes the URL of the extension")
		}
		url := path{steps: []step{named{"url"}}}
		x.steps = append(x.steps, named{"extension"},
			filter{compare{left: operand{path: &url}, right: operand{literal: literal{fhir.String, t.text}}}})
	case "where":
		c, err := p.disjunction()
		x.steps = append(x.steps, filter{c})
		return err
	default:
		return malformed("a path of a patch cannot use " + quote(name+"()"))
	}
	return nil
}

func (p *parser) ofType(x *path) error {
	t := p.next()
	if _, known := conformance.TypeNamed(t.text); t.kind != nameToken || !known {
		return malformed(quote(t.text) + " is not a type of R4")
	}
	x.steps = append(x.steps, typed{t.text})
	return nil
}

func (p *parser) subscript(x *path) error {
	t := p.next()
	n, err := strconv.ParseUint(t.text, 10, 31)
	if t.kind != numberToken || err != nil {
		return malformed("a position in the path must be a whole number")
	}
	x.steps = append(x.steps, nth{int(n)})
	return p.expect("]")
}

func (p *parser) disjunction() (condition, error) {
	left, err := p.conjunction()
	for err == nil && p.accept("or") {
		var right condition
		right, err = p.conjunction()
		left = either{left, right}
	}
	return left, err
}

func (p *parser) conjunction() (condition, error) {
	left, err := p.equality()
	for err == nil && p.accept("and") {
		var right condition
		right, err = p.equality()
		left = both{left, right}
	}
	return left, err
}

// equality reads one comparison, a parenthesis, or a path that is a condition
// by itself.
func (p *parser) equality() (condition, error) {
	if from := p.pos; p.accept("(") {
		if c, err := p.grouped(); err == nil {
			return c, nil
		}
		p.pos = from // (value as Quantity).value = 1
	}
	left, err := p.operand()
	if err != nil {
		return nil, err
	}
	unequal := p.accept("!=")
	if !unequal && !p.accept("=") {
		return p.asCondition(left)
	}
	right, err := p.operand()
	return compare{left, right, unequal}, err
}

func (p *parser) grouped() (condition, error) {
	if p.depth++; p.depth > maxNesting {
		return nil, malformed("the path is nested too deep")
	}
	defer func() { p.depth-- }()
	c, err := p.disjunction()
	if err != nil {
		return nil, err
	}
	if err := p.expect(")"); err != nil {
		return nil, err
	}
	if p.at("=") || p.at("!=") || p.at(".") && p.tokens[p.pos+1].text != "not" {
		return nil, p.unexpected()
	}
	return p.negations(c)
}

// negations reads .not() as often as it stands.
func (p *parser) negations(c condition) (condition, error) {
	for p.accept(".") {
		for _, text := range []string{"not", "(", ")"} {
			if err := p.expect(text); err != nil {
				return nil, err
			}
		}
		c = negated{c}
	}
	return c, nil
}

// operand reads a literal or a path.
func (p *parser) operand() (operand, error) {
	sign := ""
	if p.accept("-") {
		sign = "-"
	}
	switch t := p.peek(); {
	case t.kind == numberToken:
		p.next()
		return operand{literal: literal{fhir.Number, sign + t.text}}, nil
	case sign != "":
		return operand{}, p.unexpected()
	case t.kind == stringToken || t.kind == dateToken:
		p.next()
		return operand{literal: literal{fhir.String, t.text}}, nil
	case t.kind == nameToken && (t.text == "true" || t.text == "false"):
		p.next()
		return operand{literal: literal{fhir.Bool, t.text}}, nil
	}
	x, err := p.relative()
	return operand{path: &x}, err
}

// relative reads a path within where, up to a function that is a condition.
func (p *parser) relative() (path, error) {
	x, err := p.start(false)
	for err == nil {
		switch {
		case p.at(".") && p.isCondition(p.tokens[p.pos+1].text):
			return x, nil
		case p.accept("."):
			err = p.step(&x)
		case p.accept("["):
			err = p.subscript(&x)
		default:
			return x, nil
		}
	}
	return path{}, err
}

func (p *parser) isCondition(name string) bool {
	return name == "exists" || name == "empty" || name == "not"
}

// asCondition reads what makes a condition of a path: exists(), empty(), or
// nothing where the element is a boolean.
func (p *parser) asCondition(o operand) (condition, error) {
	if o.path == nil {
		return nil, malformed("a literal in the path is compared with nothing")
	}
	var c condition = truth{*o.path}
	if name := p.tokens[min(p.pos+1, len(p.tokens)-1)].text; p.at(".") && name != "not" {
		p.pos += 2
		c = exists{*o.path, name == "empty"}
		for _, text := range []string{"(", ")"} {
			if err := p.expect(text); err != nil {
				return nil, err
			}
		}
	}
	return p.negations(c)
}
