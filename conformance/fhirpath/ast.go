package fhirpath

import (
	"fmt"

	"sluis/fhir"
)

type literal struct{ value any }

func (l literal) eval(m *machine, _ frame) (Collection, error) { return valueOf(l.value), m.step(0) }

type nothing struct{}

func (nothing) eval(m *machine, _ frame) (Collection, error) { return nil, m.step(0) }

type thisNode struct{}

func (thisNode) eval(m *machine, f frame) (Collection, error) { return f.this, m.step(0) }

type indexNode struct{}

func (indexNode) eval(m *machine, f frame) (Collection, error) { return integer(f.index), m.step(0) }

type totalNode struct{}

func (totalNode) eval(m *machine, f frame) (Collection, error) { return f.total, m.step(0) }

// typeNode is the argument of is, as and ofType.
type typeNode typeSpec

func (typeNode) eval(*machine, frame) (Collection, error) {
	return nil, fmt.Errorf("a type is no value")
}

// constant is %name.
type constant string

// The constants of R4 (fhirpath.html#vars).
var constants = map[string]string{
	"sct": "http://snomed.info/sct", "loinc": "http://loinc.org", "ucum": ucumSystem,
}

func (c constant) eval(m *machine, _ frame) (Collection, error) {
	if err := m.step(0); err != nil {
		return nil, err
	}
	name := string(c)
	switch name {
	case "resource":
		return Collection{m.scope.Resource}, nil
	case "rootResource":
		return Collection{m.scope.Root}, nil
	case "context":
		return Collection{m.scope.Focus}, nil
	}
	if s, ok := constants[name]; ok {
		return valueOf(s), nil
	}
	if len(name) > 3 && name[:3] == "vs-" {
		return valueOf("http://hl7.org/fhir/ValueSet/" + name[3:]), nil
	}
	if len(name) > 4 && name[:4] == "ext-" {
		return valueOf("http://hl7.org/fhir/StructureDefinition/" + name[4:]), nil
	}
	if v, ok := m.scope.Constants[name]; ok {
		return v, nil
	}
	return nil, fmt.Errorf("unknown constant %%%s", name)
}

// operand evaluates what a member, index or function is applied to: $this where
// nothing stands before it.
func operand(m *machine, f frame, of node) (Collection, error) {
	if of == nil {
		return f.this, m.step(0)
	}
	return of.eval(m, f)
}

// member is .name; at the start of a path, the name may be the type of $this.
type member struct {
	of   node
	name string
}

func (n *member) eval(m *machine, f frame) (Collection, error) {
	input, err := operand(m, f, n.of)
	if err != nil {
		return nil, err
	}
	if n.of == nil && f.top && len(input) == 1 && isTypeOf(input[0], n.name) {
		return input, nil
	}
	var out Collection
	for _, item := range input {
		if t, ok := item.value.(typeInfo); ok {
			out = append(out, t.member(n.name)...)
			continue
		}
		for name, child := range item.Element.Children() {
			if err := m.step(0); err != nil {
				return nil, err
			}
			if name == n.name {
				out = append(out, Of(child))
			}
		}
	}
	return out, m.step(len(out))
}

func (t typeInfo) member(name string) Collection {
	switch name {
	case "namespace":
		return valueOf(t.namespace)
	case "name":
		return valueOf(t.name)
	}
	return nil
}

func isTypeOf(i Item, name string) bool {
	return i.isElement() && name != "" && name[0] >= 'A' && name[0] <= 'Z' && typeSpec{"FHIR", name}.is(i)
}

type indexer struct{ of, index node }

func (n *indexer) eval(m *machine, f frame) (Collection, error) {
	input, err := n.of.eval(m, f)
	if err != nil {
		return nil, err
	}
	at, err := n.index.eval(m, f)
	if err != nil {
		return nil, err
	}
	v, err := single(at)
	if err != nil {
		return nil, err
	}
	i, ok := v.(int64)
	switch {
	case len(at) == 0:
		return nil, nil
	case !ok:
		return nil, fmt.Errorf("an index is an integer")
	case i < 0 || i >= int64(len(input)):
		return nil, nil
	}
	return input[i : i+1], nil
}

type negation struct{ of node }

func (n *negation) eval(m *machine, f frame) (Collection, error) {
	c, err := n.of.eval(m, f)
	if err != nil || len(c) == 0 {
		return nil, err
	}
	v, err := single(c)
	if err != nil {
		return nil, err
	}
	return arithmetic("-", int64(0), v)
}

type typeTest struct {
	operand node
	cast    bool
	want    typeSpec
}

func (n *typeTest) eval(m *machine, f frame) (Collection, error) {
	c, err := n.operand.eval(m, f)
	if err != nil || len(c) == 0 {
		return nil, err
	}
	if n.cast {
		return ofType(m, c, n.want)
	}
	if len(c) > 1 {
		return nil, fmt.Errorf("is: one item is expected, %d are given", len(c))
	}
	return boolean(n.want.is(c[0])), m.step(0)
}

func ofType(m *machine, c Collection, want typeSpec) (Collection, error) {
	var out Collection
	for _, item := range c {
		if want.selects(item) {
			out = append(out, item)
		}
	}
	return out, m.step(len(c))
}

// call is a function with its arguments.
type call struct {
	of       node
	name     string
	function function
	args     []node
	pattern  *pattern // of a regular expression that stands as a literal
}

func (n *call) eval(m *machine, f frame) (Collection, error) {
	input, err := operand(m, f, n.of)
	if err != nil {
		return nil, err
	}
	if err := m.step(len(input)); err != nil {
		return nil, err
	}
	out, err := n.function.run(m, invoked{call: n, input: input, frame: f})
	if err != nil {
		return nil, err
	}
	return out, m.step(len(out))
}

// prepare reads a pattern that stands as a literal once, and so refuses a bad
// one when it is parsed.
func (n *call) prepare() error {
	if !n.function.pattern || len(n.args) == 0 {
		return nil
	}
	l, ok := n.args[0].(literal)
	if !ok {
		return nil
	}
	s, ok := l.value.(string)
	if !ok {
		return fmt.Errorf("%s: a pattern is a string", n.name)
	}
	var err error
	n.pattern, err = compilePattern(s, n.name == "matchesFull")
	return err
}

// invoked is one invocation of a function.
type invoked struct {
	*call
	input Collection
	frame frame
}

// arg evaluates an argument that is no lambda: in the frame of the call.
func (i invoked) arg(m *machine, n int) (Collection, error) { return i.args[n].eval(m, i.frame) }

// value is an argument of one value, or nil.
func (i invoked) value(m *machine, n int) (any, error) {
	c, err := i.arg(m, n)
	if err != nil {
		return nil, err
	}
	return single(c)
}

// text is an argument that is a string; ok is false where it is empty.
func (i invoked) text(m *machine, n int) (s string, ok bool, err error) {
	v, err := i.value(m, n)
	if v == nil || err != nil {
		return "", false, err
	}
	if s, ok = v.(string); !ok {
		return "", false, fmt.Errorf("%s: a string is expected", i.name)
	}
	return s, true, nil
}

// integer is an argument that is an integer; ok is false where it is empty.
func (i invoked) integer(m *machine, n int) (v int64, ok bool, err error) {
	x, err := i.value(m, n)
	if x == nil || err != nil {
		return 0, false, err
	}
	if v, ok = x.(int64); !ok {
		return 0, false, fmt.Errorf("%s: an integer is expected", i.name)
	}
	return v, true, nil
}

// each evaluates a lambda with an item as $this.
func (i invoked) each(m *machine, n int, item Item, index int) (Collection, error) {
	return i.args[n].eval(m, i.frame.each(item, index))
}

// isObject tells an element with children from a primitive.
func isObject(i Item) bool { return i.node().Kind() == fhir.Object }

// memo is a part that is the same wherever it stands in one evaluation, such as
// %resource.descendants(): R4's dom-3 asks for that once for each contained
// resource.
type memo struct{ node }

func (n *memo) eval(m *machine, f frame) (Collection, error) {
	if c, ok := m.memory[n]; ok {
		return c, m.step(0)
	}
	c, err := n.node.eval(m, f)
	if err == nil {
		if m.memory == nil {
			m.memory = map[*memo]Collection{}
		}
		m.memory[n] = c
	}
	return c, err
}

// closed reports whether a part depends on nothing but the document: it starts
// from a constant, and its functions have no arguments but types.
func closed(n node) bool {
	switch n := n.(type) {
	case constant, *memo:
		return true
	case *member:
		return n.of != nil && closed(n.of)
	case *call:
		for _, arg := range n.args {
			if _, ofType := arg.(typeNode); !ofType {
				return false
			}
		}
		return n.of != nil && closed(n.of)
	}
	return false
}
