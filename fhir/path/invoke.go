package path

import (
	"strconv"

	"sluis/fhir"
)

// invocation reads a term and what is invoked on it: .name, .function(), [n].
func (c *compiler) invocation() (expr, error) {
	x, err := c.term()
	for err == nil {
		switch {
		case c.accept("."):
			x, err = c.step(x)
		case c.accept("["):
			x, err = c.subscript(x)
		default:
			return x, nil
		}
	}
	return nil, err
}

// term reads a parenthesis, a type's name or the first name of a path.
func (c *compiler) term() (expr, error) {
	t := c.next()
	switch {
	case t.kind == symbolToken && t.text == "(":
		return c.parenthesis()
	case t.kind != nameToken:
		return nil, c.unsupported(t, "expected a path")
	case c.peek().text == "(" && c.peek().kind == symbolToken:
		return c.function(focus{}, t)
	case !fhir.IsTypeName(t.text):
		return member{of: focus{}, name: t.text, choice: choices[t.text]}, nil
	case c.inner > 0:
		return nil, c.unsupported(t, "a type's name within where")
	case t.text == c.base || t.text == "Resource" || t.text == "DomainResource":
		return focus{}, nil
	}
	return foreign{}, nil
}

func (c *compiler) parenthesis() (expr, error) {
	if c.depth++; c.depth > maxNesting {
		return nil, c.unsupported(c.peek(), "nested too deep")
	}
	x, err := c.conjunction()
	if err != nil {
		return nil, err
	}
	c.depth--
	return x, c.expect(")")
}

func (c *compiler) step(x expr) (expr, error) {
	t := c.next()
	if t.kind != nameToken {
		return nil, c.unsupported(t, "expected a name")
	}
	if n := c.peek(); n.kind == symbolToken && n.text == "(" {
		return c.function(x, t)
	}
	if _, ok := x.(resolve); ok {
		return nil, c.unsupported(t, "a path through resolve()")
	}
	if _, none := x.(foreign); none {
		return x, nil
	}
	return member{of: x, name: t.text, choice: choices[t.text]}, nil
}

func (c *compiler) subscript(x expr) (expr, error) {
	t := c.next()
	n, err := strconv.Atoi(t.text)
	if t.kind != numberToken || err != nil {
		return nil, c.unsupported(t, "expected a position")
	}
	if _, none := x.(foreign); !none {
		x = at{x, n}
	}
	return x, c.expect("]")
}

// function reads the arguments of a function of the subset.
func (c *compiler) function(x expr, name token) (expr, error) {
	if err := c.expect("("); err != nil {
		return nil, err
	}
	var made expr
	var err error
	switch name.text {
	case "where":
		made, err = c.where(x)
	case "as", "ofType":
		made, err = c.cast(x)
	case "exists":
		made = exists{x}
	case "resolve":
		made = resolve{x}
	default:
		err = c.unsupported(name, "unsupported function "+name.text+"()")
	}
	if err != nil {
		return nil, err
	}
	if _, none := x.(foreign); none {
		made = x
	}
	return made, c.expect(")")
}

func (c *compiler) where(x expr) (expr, error) {
	if c.depth++; c.depth > maxNesting {
		return nil, c.unsupported(c.peek(), "nested too deep")
	}
	c.inner++
	condition, err := c.conjunction()
	c.inner--
	c.depth--
	return where{x, condition}, err
}
