package patch

import (
	"fmt"
	"slices"

	"sluis/conformance"
	"sluis/fhir"
)

// element is one element as R4 means it: a value and, for a primitive, what
// stands beside it under the name with an underscore (R4 json.html#primitive).
// Either may be nil.
type element struct{ value, beside *value }

func (e element) isEmpty() bool { return e.value == nil && e.beside == nil }

// children is the object that holds what is below an element; made where a
// primitive has none yet and create asks for it.
func (p *place) children(create bool) *value {
	if !p.typ.IsPrimitive() {
		return p.value
	}
	if p.beside == nil && create {
		p.beside = newObject()
		list := p.siblings()
		list[p.index].beside = p.beside
		p.holder.children(true).setList(p.child, list)
	}
	return p.beside
}

// place is where an element stands: one of those of a name within another.
type place struct {
	element
	typ    conformance.Type
	holder *place // nil for the resource
	child  conformance.Child
	index  int
}

// resource is the place of the whole.
func (t *target) resource() *place {
	return &place{element: element{value: t.root}, typ: typeOf(t.root)}
}

// typeOf is the type that a resource names.
func typeOf(v *value) conformance.Type {
	name := v.get("resourceType")
	if name == nil || name.kind != fhir.String {
		return conformance.Type{}
	}
	t, _ := conformance.TypeNamed(name.node.Text())
	return t
}

// siblings are the elements of the place's name, itself among them.
func (p *place) siblings() []element { return p.holder.children(false).list(p.child.Key) }

// list is the elements of one name in JSON; those of a list whose value and
// whose beside are both null are kept, so that positions stay what they are.
func (v *value) list(key string) []element {
	values, beside := v.get(key).items(), v.get("_"+key).items()
	out := make([]element, max(len(values), len(beside)))
	for i, x := range values {
		out[i].value = x
	}
	for i, x := range beside {
		out[i].beside = x
	}
	return out
}

// items are the elements of an array, or the one value that stands without;
// null is nil.
func (v *value) items() []*value {
	switch {
	case v == nil:
		return nil
	case v.kind != fhir.Array:
		return []*value{notNull(v)}
	}
	out := make([]*value, len(v.opened().elements))
	for i, e := range v.elements {
		out[i] = notNull(e)
	}
	return out
}

func notNull(v *value) *value {
	if v.kind == fhir.Null {
		return nil
	}
	return v
}

// setList writes the elements of one name.
func (v *value) setList(c conformance.Child, list []element) {
	values, beside := make([]*value, len(list)), make([]*value, len(list))
	for i, e := range list {
		values[i], beside[i] = e.value, e.beside
	}
	v.set(c.Key, joined(values, c.Many))
	if c.Type.IsPrimitive() {
		v.set("_"+c.Key, joined(beside, c.Many))
	}
}

// joined is what stands in JSON for some values: nothing where there are none,
// and null where only others of the list have one.
func joined(values []*value, many bool) *value {
	switch {
	case !slices.ContainsFunc(values, func(v *value) bool { return v != nil }):
		return nil
	case !many:
		return values[0]
	}
	for i, v := range values {
		if v == nil {
			values[i] = &value{kind: fhir.Null, node: null}
		}
	}
	return newArray(values)
}

// null is a null as a document has it.
var null = func() fhir.Node {
	doc, err := fhir.ParseDocument([]byte(`{"null":null}`))
	if err != nil {
		panic(err) // a constant: cannot be
	}
	return doc.Root().Get("null")
}()

// below appends the elements that a name of FHIRPath means within a place.
func (t *target) below(p *place, name string, out []*place) ([]*place, error) {
	children := p.typ.Children(name)
	if len(children) == 0 {
		return nil, inapplicable(fmt.Sprintf("%s has no element %s", typeName(p.typ), quote(name)))
	}
	inside := p.children(false)
	if inside == nil || inside.kind != fhir.Object {
		return out, nil
	}
	for _, c := range children {
		for i, e := range inside.list(c.Key) {
			if t.looked++; t.looked > maxVisited {
				return nil, tooCostly("the paths of the patch look at too many elements")
			}
			if !e.isEmpty() {
				out = append(out, newPlace(p, c, i, e))
			}
		}
	}
	return out, nil
}

func newPlace(holder *place, c conformance.Child, index int, e element) *place {
	p := &place{element: e, typ: c.Type, holder: holder, child: c, index: index}
	if p.typ == (conformance.Type{}) && e.value != nil {
		p.typ = typeOf(e.value)
	}
	return p
}

func typeName(t conformance.Type) string {
	if name := t.Path(); name != "" {
		return name
	}
	return "what stands there"
}

// remove takes an element away, and what has become empty with it: an element
// is never empty (R4 element.html).
func (p *place) remove() {
	inside := p.holder.children(false)
	list := slices.Delete(p.siblings(), p.index, p.index+1)
	inside.setList(p.child, list)
	if len(inside.members) > 0 || p.holder.holder == nil {
		return
	}
	if p.holder.typ.IsPrimitive() && p.holder.value != nil {
		p.holder.put(element{value: p.holder.value})
		return
	}
	p.holder.remove()
}

// put replaces the element.
func (p *place) put(e element) {
	list := p.siblings()
	list[p.index] = e
	p.holder.children(false).setList(p.child, list)
}
