package fhirpath

import (
	"strconv"
	"strings"

	"github.com/cockroachdb/apd/v3"
)

// Expression is a parsed expression. It is safe for concurrent use.
type Expression struct {
	source string
	root   node
}

// Parse reads an expression. The error is a *SyntaxError; a function that is
// not known is one.
func Parse(source string) (*Expression, error) {
	tokens, err := tokenize(source)
	if err != nil {
		return nil, err
	}
	p := parser{source: source, tokens: tokens}
	root, err := p.expression(0)
	if err != nil {
		return nil, err
	}
	if t := p.peek(); t.kind != endToken {
		return nil, p.fail(t, "unexpected "+strconv.Quote(t.text))
	}
	return &Expression{source, root}, nil
}

// String is the expression as it was given to Parse.
func (e *Expression) String() string { return e.source }

type parser struct {
	source string
	tokens []token
	at     int
	depth  int
}

func (p *parser) fail(t token, problem string) error { return &SyntaxError{p.source, t.pos, problem} }
func (p *parser) peek() token                        { return p.tokens[p.at] }

func (p *parser) take() token {
	t := p.tokens[p.at]
	if t.kind != endToken {
		p.at++
	}
	return t
}

func (p *parser) accept(symbol string) bool {
	if t := p.peek(); t.kind == symbolToken && t.text == symbol {
		p.at++
		return true
	}
	return false
}

func (p *parser) expect(symbol string) error {
	if !p.accept(symbol) {
		return p.fail(p.peek(), strconv.Quote(symbol)+" is expected")
	}
	return nil
}

// levels are the binary operators with their precedence; the higher binds the
// closer (N1, grammar).
var levels = map[string]int{
	"implies": 1, "or": 2, "xor": 2, "and": 3, "in": 4, "contains": 4,
	"=": 5, "~": 5, "!=": 5, "!~": 5, "<": 6, "<=": 6, ">": 6, ">=": 6,
	"|": 7, "is": 8, "as": 8, "+": 9, "-": 9, "&": 9, "*": 10, "/": 10, "div": 10, "mod": 10,
}

const unaryLevel = 11

func (p *parser) operator() (string, int) {
	if t := p.peek(); t.kind == symbolToken || t.kind == nameToken {
		return t.text, levels[t.text]
	}
	return "", 0
}

// expression reads operators that bind closer than a level.
func (p *parser) expression(above int) (node, error) {
	if p.depth++; p.depth > maxNesting {
		return nil, p.fail(p.peek(), "nested too deep")
	}
	defer func() { p.depth-- }()
	left, err := p.unary()
	chain := 0
	for err == nil {
		name, level := p.operator()
		if level <= above || level == 0 {
			return left, nil
		}
		if chain++; chain > maxNesting*4 {
			return nil, p.fail(p.peek(), "too many operators")
		}
		p.take()
		left, err = p.binary(left, name, level)
	}
	return nil, err
}

func (p *parser) binary(left node, name string, level int) (node, error) {
	if name == "is" || name == "as" {
		t, err := p.typeName()
		if err != nil {
			return nil, err
		}
		return &typeTest{operand: left, cast: name == "as", want: t}, nil
	}
	right, err := p.expression(level)
	if err != nil {
		return nil, err
	}
	return newBinary(name, left, right), nil
}

func (p *parser) unary() (node, error) {
	switch {
	case p.accept("-"):
		operand, err := p.expression(unaryLevel)
		return &negation{operand}, err
	case p.accept("+"):
		operand, err := p.expression(unaryLevel)
		return &negation{&negation{operand}}, err
	}
	return p.postfix()
}

// postfix reads a term and what is invoked on it.
func (p *parser) postfix() (node, error) {
	left, err := p.term()
	for err == nil {
		switch {
		case p.accept("."):
			left, err = p.invocation(left)
		case p.accept("["):
			var index node
			if index, err = p.expression(0); err == nil {
				left, err = &indexer{left, index}, p.expect("]")
			}
		default:
			return left, nil
		}
		if p.at > maxSource {
			return nil, p.fail(p.peek(), "too long")
		}
	}
	return nil, err
}

func (p *parser) term() (node, error) {
	t := p.peek()
	switch t.kind {
	case stringToken:
		p.take()
		return literal{t.text}, nil
	case numberToken:
		return p.numeric()
	case temporalToken:
		p.take()
		v, ok := parseTemporalLiteral(t.text)
		if !ok {
			return nil, p.fail(t, "not a date or time: @"+t.text)
		}
		return literal{v}, nil
	case constantToken:
		p.take()
		return constant(t.text), nil
	case symbolToken:
		return p.bracketed(t)
	case nameToken:
		if t.text == "true" || t.text == "false" {
			p.take()
			return literal{t.text == "true"}, nil
		}
	case endToken:
		return nil, p.fail(t, "the expression ends too soon")
	}
	return p.invocation(nil)
}

func (p *parser) bracketed(t token) (node, error) {
	switch {
	case p.accept("("):
		inner, err := p.expression(0)
		if err != nil {
			return nil, err
		}
		return inner, p.expect(")")
	case p.accept("{"):
		return nothing{}, p.expect("}")
	}
	return nil, p.fail(t, "unexpected "+strconv.Quote(t.text))
}

// numeric reads a number, or a quantity: 4 days, 10 'mg'.
func (p *parser) numeric() (node, error) {
	t := p.take()
	unit := p.peek()
	d, _, err := apd.NewFromString(t.text)
	if err != nil || !sane(d) {
		return nil, p.fail(t, "not a number")
	}
	if unit.kind == stringToken {
		p.take()
		return literal{quantity{d, unit.text, false}}, nil
	}
	if calendar, ok := calendarUnits[unit.text]; ok && unit.kind == nameToken {
		p.take()
		return literal{quantity{d, calendar, true}}, nil
	}
	if strings.Contains(t.text, ".") {
		return literal{d}, nil
	}
	i, err := strconv.ParseInt(t.text, 10, 64)
	if err != nil {
		return nil, p.fail(t, "the integer is too large")
	}
	return literal{i}, nil
}

// invocation reads a member, a function or a variable, of left or, where that
// is nil, of $this.
func (p *parser) invocation(left node) (node, error) {
	t := p.take()
	switch t.kind {
	case variableToken:
		if left != nil {
			return nil, p.fail(t, "a variable stands alone")
		}
		return variableNode(p, t)
	case nameToken, quotedNameToken:
	default:
		return nil, p.fail(t, "a name is expected")
	}
	if t.kind == nameToken && p.accept("(") {
		return p.call(left, t)
	}
	return &member{of: left, name: t.text}, nil
}

func variableNode(p *parser, t token) (node, error) {
	switch t.text {
	case "this":
		return thisNode{}, nil
	case "index":
		return indexNode{}, nil
	case "total":
		return totalNode{}, nil
	}
	return nil, p.fail(t, "unknown variable $"+t.text)
}

// call reads the arguments of a function.
func (p *parser) call(left node, name token) (node, error) {
	f, ok := functions[name.text]
	if !ok {
		return nil, p.fail(name, "unknown function "+strconv.Quote(name.text))
	}
	c := &call{of: left, name: name.text, function: f}
	for !p.accept(")") {
		if len(c.args) > 0 {
			if err := p.expect(","); err != nil {
				return nil, err
			}
		}
		arg, err := p.argument(f, name.text)
		if err != nil {
			return nil, err
		}
		c.args = append(c.args, arg)
	}
	if len(c.args) < f.least || len(c.args) > f.most {
		return nil, p.fail(name, "wrong number of arguments for "+name.text)
	}
	if err := c.prepare(); err != nil {
		return nil, p.fail(name, err.Error())
	}
	if closed(c) {
		return &memo{c}, nil
	}
	return c, nil
}

func (p *parser) argument(f function, name string) (node, error) {
	if f.ofType {
		t, err := p.typeName()
		return typeNode(t), err
	}
	arg, err := p.expression(0)
	if err != nil || name != "sort" {
		return arg, err
	}
	if t := p.peek(); t.kind == nameToken && (t.text == "asc" || t.text == "desc") {
		p.take()
		return &ordering{arg, t.text == "desc"}, nil
	}
	return arg, nil
}

// typeName reads Quantity, FHIR.Quantity or System.Quantity.
func (p *parser) typeName() (typeSpec, error) {
	first := p.take()
	if first.kind != nameToken && first.kind != quotedNameToken {
		return typeSpec{}, p.fail(first, "a type is expected")
	}
	spec := typeSpec{name: first.text}
	if p.accept(".") {
		second := p.take()
		spec = typeSpec{first.text, second.text}
	}
	if !spec.known() {
		return spec, p.fail(first, "unknown type "+strconv.Quote(spec.name))
	}
	return spec, nil
}
