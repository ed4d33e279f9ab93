package patch

import (
	"slices"

	"sluis/fhir"
)

// value is a JSON value that can be changed. As long as nothing below it was,
// it is the bytes as they were received.
type value struct {
	kind     fhir.JSONKind
	node     fhir.Node // until opened
	open     bool
	members  []member // of an object
	elements []*value // of an array
}

// member is one of an object, by its name without quotes.
type member struct {
	name  string
	value *value
}

func received(n fhir.Node) *value { return &value{kind: n.Kind(), node: n} }

func newObject() *value { return &value{kind: fhir.Object, open: true} }

func newArray(elements []*value) *value {
	return &value{kind: fhir.Array, open: true, elements: elements}
}

// opened makes the value ready for change, one level deep.
func (v *value) opened() *value {
	if v.open {
		return v
	}
	v.open = true
	switch v.kind {
	case fhir.Object:
		for n := range v.node.All() {
			v.members = append(v.members, member{n.Key(), received(n)})
		}
	case fhir.Array:
		for n := range v.node.All() {
			v.elements = append(v.elements, received(n))
		}
	}
	return v
}

func (v *value) isScalar() bool { return v.kind < fhir.Array }

// get is the member of that name of an object, or nil.
func (v *value) get(name string) *value {
	if v == nil || v.kind != fhir.Object {
		return nil
	}
	if i := v.find(name); i >= 0 {
		return v.members[i].value
	}
	return nil
}

// find is the position of a member of an object, or -1.
func (v *value) find(name string) int {
	return slices.IndexFunc(v.opened().members, func(m member) bool { return m.name == name })
}

// set gives an object's member a value; nil takes the member away.
func (v *value) set(name string, to *value) {
	switch i := v.find(name); {
	case i >= 0 && to == nil:
		v.members = slices.Delete(v.members, i, i+1)
	case i >= 0:
		v.members[i].value = to
	case to != nil:
		v.members = append(v.members, member{name, to})
	}
}

// append writes the value.
func (v *value) append(out []byte) []byte {
	switch {
	case !v.open || v.isScalar():
		return append(out, v.node.Raw()...)
	case v.kind == fhir.Object:
		out = append(out, '{')
		for i, m := range v.members {
			if i > 0 {
				out = append(out, ',')
			}
			out = append(append(append(out, '"'), m.name...), '"', ':')
			out = m.value.append(out)
		}
		return append(out, '}')
	}
	out = append(out, '[')
	for i, e := range v.elements {
		if i > 0 {
			out = append(out, ',')
		}
		out = e.append(out)
	}
	return append(out, ']')
}

// size is at least how many bytes append writes.
func (v *value) size() int {
	if !v.open || v.isScalar() {
		return len(v.node.Raw())
	}
	n := 2
	for _, m := range v.members {
		n += len(m.name) + 4 + m.value.size()
	}
	for _, e := range v.elements {
		n += 1 + e.size()
	}
	return n
}

// clone is a copy that can be changed on its own.
func (v *value) clone() *value {
	c := *v
	c.members, c.elements = slices.Clone(v.members), slices.Clone(v.elements)
	for i := range c.members {
		c.members[i].value = c.members[i].value.clone()
	}
	for i := range c.elements {
		c.elements[i] = c.elements[i].clone()
	}
	return &c
}

// equal compares as RFC 6902 §4.6 has it: strings by their characters, numbers
// by their value, objects without regard to order.
func (v *value) equal(o *value) bool {
	if v.kind != o.kind {
		return false
	}
	switch v.kind {
	case fhir.Number:
		return sameNumber(string(v.node.Raw()), string(o.node.Raw()))
	case fhir.Array:
		return slices.EqualFunc(v.opened().elements, o.opened().elements, (*value).equal)
	case fhir.Object:
		if len(v.opened().members) != len(o.opened().members) {
			return false
		}
		return !slices.ContainsFunc(v.members, func(m member) bool {
			other := o.get(m.name)
			return other == nil || !m.value.equal(other)
		})
	}
	return v.node.Text() == o.node.Text()
}
