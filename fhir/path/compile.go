package path

import (
	"strconv"

	"sluis/fhir"
)

// Program is a compiled expression. It is safe for concurrent use.
type Program struct {
	source string
	body   expr
}

// Compile reads an expression as it applies to resources of type base. Parts of
// a union that concern another type are dropped, since they are empty on base;
// an expression of which nothing remains, or that leaves the subset, is an
// *UnsupportedError.
func Compile(expression, base string) (*Program, error) {
	tokens, err := tokenize(expression)
	if err != nil {
		return nil, err
	}
	c := &compiler{source: expression, base: base, tokens: tokens}
	body, err := c.conjunction()
	if err != nil {
		return nil, err
	}
	if t := c.peek(); t.kind != endToken {
		return nil, c.unsupported(t, "unexpected "+strconv.Quote(t.text))
	}
	if _, none := body.(foreign); none {
		return nil, c.unsupported(token{}, "says nothing about "+base)
	}
	return &Program{expression, body}, nil
}

// String is the expression as it was given to Compile.
func (p *Program) String() string { return p.source }

// Run evaluates the program with the resource at root. Values come in document
// order for each part of a union, duplicates included.
func (p *Program) Run(root fhir.Node) []Value {
	return p.body.run(Value{Node: root}, nil)
}

// compiler is a recursive-descent parser with FHIRPath's precedence: and, then
// equality, then union, then as and is, then invocation.
type compiler struct {
	source string
	base   string
	tokens []token
	pos    int
	depth  int // of parentheses and where
	inner  int // >0: within where, names start at the item
}

// maxNesting bounds parentheses and where within where.
const maxNesting = 16

func (c *compiler) peek() token { return c.tokens[c.pos] }

func (c *compiler) next() token {
	t := c.tokens[c.pos]
	if t.kind != endToken {
		c.pos++
	}
	return t
}

// accept consumes a symbol or an operator's name.
func (c *compiler) accept(text string) bool {
	if t := c.peek(); t.text == text && (t.kind == symbolToken || t.kind == nameToken) {
		c.pos++
		return true
	}
	return false
}

func (c *compiler) expect(text string) error {
	if t := c.peek(); !c.accept(text) {
		return c.unsupported(t, "expected "+strconv.Quote(text))
	}
	return nil
}

func (c *compiler) unsupported(t token, reason string) error {
	return &UnsupportedError{c.source, t.at, reason}
}

func (c *compiler) conjunction() (expr, error) {
	left, err := c.equality()
	for err == nil && c.accept("and") {
		var right expr
		right, err = c.equality()
		left = and{left, right}
	}
	return left, err
}

func (c *compiler) equality() (expr, error) {
	left, err := c.union()
	if err != nil {
		return nil, err
	}
	unequal := c.accept("!=")
	if !unequal && !c.accept("=") {
		return left, nil
	}
	t := c.next()
	switch {
	case t.kind == stringToken:
		return equal{left, literal{Value{Type: "string", text: t.text}}, unequal}, nil
	case t.kind == nameToken && (t.text == "true" || t.text == "false"):
		return equal{left, literal{Value{Type: "boolean", text: t.text}}, unequal}, nil
	}
	return nil, c.unsupported(t, "only a string or a boolean may be compared with")
}

func (c *compiler) union() (expr, error) {
	var parts []expr
	for {
		p, err := c.typed()
		if err != nil {
			return nil, err
		}
		if _, none := p.(foreign); !none {
			parts = append(parts, p)
		}
		if c.accept("|") {
			continue
		}
		switch len(parts) {
		case 0:
			return foreign{}, nil
		case 1:
			return parts[0], nil
		}
		return union{parts}, nil
	}
}

func (c *compiler) typed() (expr, error) {
	x, err := c.invocation()
	for err == nil {
		switch {
		case c.accept("as"):
			x, err = c.cast(x)
		case c.accept("is"):
			x, err = c.is(x)
		default:
			return c.settled(x)
		}
	}
	return nil, err
}

// settled refuses a resolve() that is not asked for its type: this package
// follows no references.
func (c *compiler) settled(x expr) (expr, error) {
	if _, bare := x.(resolve); bare {
		return nil, c.unsupported(c.peek(), "resolve() without is")
	}
	return x, nil
}

// cast reads the type after as. Only an element can be cast, and a choice of
// that type is one member in JSON, so the cast becomes part of the step.
func (c *compiler) cast(x expr) (expr, error) {
	t := c.next()
	suffix := choiceSuffix(t.text)
	if t.kind != nameToken || suffix == "" {
		return nil, c.unsupported(t, "not a type: "+strconv.Quote(t.text))
	}
	switch x := x.(type) {
	case foreign:
		return x, nil
	case member:
		if x.choice {
			return member{of: x.of, name: x.name + suffix, as: t.text}, nil
		}
	}
	return nil, c.unsupported(t, "as "+t.text+" on what is no choice")
}

func (c *compiler) is(x expr) (expr, error) {
	t := c.next()
	if _, ok := x.(resolve); !ok {
		return nil, c.unsupported(t, "is without resolve()")
	}
	if t.kind != nameToken || !fhir.IsTypeName(t.text) {
		return nil, c.unsupported(t, "not a resource type: "+strconv.Quote(t.text))
	}
	return is{x, t.text}, nil
}
