package path

import "sluis/fhir"

// Value is one result of a Program.
type Value struct {
	// Node is the value in the document; the zero Node for a computed boolean.
	Node fhir.Node
	// Type is the FHIR type where the expression tells it: the suffix of a
	// choice element, or boolean for a computed one; otherwise "".
	Type string

	text string // of a computed or literal value
}

// Text is the text of a primitive, and "" for an object.
func (v Value) Text() string {
	if v.Node.IsZero() {
		return v.text
	}
	return v.Node.Text()
}

func boolean(b bool) Value {
	if b {
		return Value{Type: "boolean", text: "true"}
	}
	return Value{Type: "boolean", text: "false"}
}

// isBool reports whether v is a boolean, in JSON or computed.
func (v Value) isBool() bool {
	return v.Node.Kind() == fhir.Bool || v.Node.IsZero() && v.Type == "boolean"
}

// expr appends what it selects, seen from one value, to out.
type expr interface {
	run(in Value, out []Value) []Value
}

type (
	focus   struct{} // where evaluation stands: the resource, or the item of where
	foreign struct{} // a path of another type: empty on this one
	literal struct{ value Value }
	union   struct{ parts []expr }
	member  struct {
		of     expr
		name   string
		choice bool   // R4 has a choice element of that name
		as     string // the type, when the name is that of a choice with its suffix
	}
	at struct {
		of expr
		n  int
	}
	where   struct{ of, condition expr }
	exists  struct{ of expr }
	resolve struct{ of expr }
	is      struct {
		of     expr
		target string
	}
	equal struct {
		left    expr
		right   literal
		unequal bool
	}
	and struct{ left, right expr }
)

func (focus) run(in Value, out []Value) []Value    { return append(out, in) }
func (foreign) run(_ Value, out []Value) []Value   { return out }
func (l literal) run(_ Value, out []Value) []Value { return append(out, l.value) }
func (e exists) run(in Value, out []Value) []Value {
	return append(out, boolean(len(e.of.run(in, nil)) > 0))
}

func (u union) run(in Value, out []Value) []Value {
	for _, p := range u.parts {
		out = p.run(in, out)
	}
	return out
}

func (m member) run(in Value, out []Value) []Value {
	if _, direct := m.of.(focus); direct {
		return m.children(in.Node, out)
	}
	for _, v := range m.of.run(in, nil) {
		out = m.children(v.Node, out)
	}
	return out
}

// children appends the elements of the member's name, array or not, and those
// of a choice by that name: valueQuantity for value, with its type.
func (m member) children(n fhir.Node, out []Value) []Value {
	if n.Kind() != fhir.Object {
		return out
	}
	if !m.choice {
		return flatten(n.Get(m.name), m.as, out)
	}
	for c := range n.All() {
		key := c.RawKey()
		if len(key) < len(m.name) || string(key[:len(m.name)]) != m.name {
			continue
		}
		if suffix := key[len(m.name):]; len(suffix) == 0 {
			out = flatten(c, "", out)
		} else if t := choiceType(string(suffix)); t != "" {
			out = flatten(c, t, out)
		}
	}
	return out
}

// flatten appends an element, or each of an array; null there is padding for a
// primitive that has only extensions (R4 json.html#primitive).
func flatten(n fhir.Node, typ string, out []Value) []Value {
	switch n.Kind() {
	case fhir.Array:
		for e := range n.All() {
			out = flatten(e, typ, out)
		}
	case fhir.Null:
	default:
		out = append(out, Value{Node: n, Type: typ})
	}
	return out
}

func (a at) run(in Value, out []Value) []Value {
	if vs := a.of.run(in, nil); a.n < len(vs) {
		out = append(out, vs[a.n])
	}
	return out
}

func (w where) run(in Value, out []Value) []Value {
	for _, v := range w.of.run(in, nil) {
		if truth(w.condition.run(v, nil)) == yes {
			out = append(out, v)
		}
	}
	return out
}

// run of resolve gives the reference itself; only is may look at it.
func (r resolve) run(in Value, out []Value) []Value { return r.of.run(in, out) }

func (i is) run(in Value, out []Value) []Value {
	for _, v := range i.of.run(in, nil) {
		out = append(out, boolean(targetType(v.Node) == i.target))
	}
	return out
}

// run of equal compares single values; without one on the left it is empty, as
// FHIRPath has it (equality).
func (e equal) run(in Value, out []Value) []Value {
	vs := e.left.run(in, nil)
	if len(vs) != 1 {
		return out
	}
	v, l := vs[0], e.right.value
	same := v.isBool() == l.isBool() && v.Node.Kind() < fhir.Array && v.Text() == l.Text()
	return append(out, boolean(same != e.unequal))
}

func (a and) run(in Value, out []Value) []Value {
	l, r := truth(a.left.run(in, nil)), truth(a.right.run(in, nil))
	switch {
	case l == no || r == no:
		return append(out, boolean(false))
	case l == yes && r == yes:
		return append(out, boolean(true))
	}
	return out
}

type answer int8

const (
	unknown answer = iota
	yes
	no
)

func truth(vs []Value) answer {
	switch {
	case len(vs) != 1 || !vs[0].isBool():
		return unknown
	case vs[0].Text() == "true":
		return yes
	}
	return no
}
