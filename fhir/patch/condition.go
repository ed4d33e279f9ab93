package patch

import (
	"strings"

	"sluis/fhir"
)

// answer is FHIRPath's three-valued truth: empty is unknown.
type answer int8

const (
	unknown answer = iota
	yes
	no
)

func answerOf(b bool) answer {
	if b {
		return yes
	}
	return no
}

func (a answer) not() answer {
	switch a {
	case yes:
		return no
	case no:
		return yes
	}
	return unknown
}

// condition is what where(…) asks of an element.
type condition interface {
	holds(t *target, p *place) (answer, error)
}

type (
	both    struct{ left, right condition } // and
	either  struct{ left, right condition } // or
	negated struct{ of condition }          // not()
	exists  struct {
		of    path
		empty bool // empty() instead
	}
	truth   struct{ of path } // a boolean element
	compare struct {
		left, right operand
		unequal     bool
	}
)

// operand is a path or a literal.
type operand struct {
	path    *path
	literal literal
}

type literal struct {
	kind fhir.JSONKind // String, Number or Bool
	text string
}

func (b both) holds(t *target, p *place) (answer, error) {
	l, r, err := b.sides(t, p)
	switch {
	case l == no || r == no:
		return no, err
	case l == yes && r == yes:
		return yes, err
	}
	return unknown, err
}

func (b both) sides(t *target, p *place) (l, r answer, err error) {
	if l, err = b.left.holds(t, p); err == nil {
		r, err = b.right.holds(t, p)
	}
	return l, r, err
}

func (e either) holds(t *target, p *place) (answer, error) {
	l, r, err := both(e).sides(t, p)
	switch {
	case l == yes || r == yes:
		return yes, err
	case l == no && r == no:
		return no, err
	}
	return unknown, err
}

func (n negated) holds(t *target, p *place) (answer, error) {
	a, err := n.of.holds(t, p)
	return a.not(), err
}

func (e exists) holds(t *target, p *place) (answer, error) {
	found, err := e.of.find(t, p)
	return answerOf((len(found) > 0) != e.empty), err
}

func (b truth) holds(t *target, p *place) (answer, error) {
	found, err := b.of.find(t, p)
	if err != nil || len(found) != 1 || found[0].value == nil || found[0].value.kind != fhir.Bool {
		return unknown, err
	}
	return answerOf(found[0].value.node.Text() == "true"), nil
}

// holds compares as FHIRPath's equality does: empty with anything is unknown,
// and of several elements nothing else is equal to one.
func (c compare) holds(t *target, p *place) (answer, error) {
	left, err := c.left.values(t, p)
	if err != nil || len(left) == 0 {
		return unknown, err
	}
	right, err := c.right.values(t, p)
	if err != nil || len(right) == 0 {
		return unknown, err
	}
	same := len(left) == len(right)
	for i := 0; same && i < len(left); i++ {
		same = left[i].equal(right[i])
	}
	return answerOf(same != c.unequal), nil
}

// values are what an operand comes to; an element without a value is one that
// nothing is equal to.
func (o operand) values(t *target, p *place) ([]side, error) {
	if o.path == nil {
		return []side{{literal: o.literal}}, nil
	}
	found, err := o.path.find(t, p)
	out := make([]side, len(found))
	for i, f := range found {
		out[i] = side{value: f.value}
	}
	return out, err
}

// side is one side of a comparison: a value of the resource or a literal.
type side struct {
	value   *value
	literal literal
}

func (a side) equal(b side) bool {
	switch {
	case a.literal.kind != fhir.Null && b.literal.kind != fhir.Null:
		return a.literal.equal(b.literal)
	case b.literal.kind != fhir.Null:
		return a.value != nil && a.value.isScalar() && literalOf(a.value).equal(b.literal)
	case a.literal.kind != fhir.Null:
		return b.equal(a)
	}
	return a.value != nil && b.value != nil && a.value.equal(b.value)
}

func literalOf(v *value) literal { return literal{v.kind, v.node.Text()} }

func (l literal) equal(o literal) bool {
	if l.kind == fhir.Number && o.kind == fhir.Number {
		return sameNumber(strings.TrimPrefix(l.text, "+"), o.text)
	}
	return l == o
}
