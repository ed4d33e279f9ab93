package patch

import (
	"fmt"

	"sluis/conformance"
	"sluis/fhir"
)

// build makes an element of a name from the part that gives its value: a data
// type, a resource, or, for an element that R4 gives no type of its own, parts
// for its children.
func build(t conformance.Type, name string, part fhir.Node) (conformance.Child, element, error) {
	children := t.Children(name)
	if len(children) == 0 {
		return conformance.Child{}, element{}, inapplicable(fmt.Sprintf("%s has no element %s", typeName(t), quote(name)))
	}
	given, e := datum(part)
	switch nested := part.Get("part"); {
	case given.Name != "":
		for _, c := range children {
			if accepts(c.Type, given.Type) {
				return c, e, nil
			}
		}
	case !part.Get("resource").IsZero() && children[0].Type == (conformance.Type{}):
		return children[0], element{value: received(part.Get("resource"))}, nil
	case !nested.IsZero() && len(children) == 1 && !children[0].Type.IsPrimitive() && children[0].Type != (conformance.Type{}):
		v, err := assemble(children[0].Type, nested)
		return children[0], element{value: v}, err
	}
	return conformance.Child{}, element{}, inapplicable("the value is of the wrong type for " + quote(name))
}

// datum is the value[x] of a part: which of the types it has, and its element.
// Without one the Child has no name.
func datum(part fhir.Node) (conformance.Child, element) {
	holder, _ := conformance.TypeNamed("Parameters.parameter")
	for _, c := range holder.Children("value") {
		e := element{}
		if n := part.Get(c.Key); !n.IsZero() {
			e.value = received(n)
		}
		if n := part.Get("_" + c.Key); !n.IsZero() {
			e.beside = received(n)
		}
		if !e.isEmpty() {
			return c, e
		}
	}
	return conformance.Child{}, element{}
}

// accepts reports whether a value of a type can stand where another is asked
// for: the same, or one that specialises it. Narrative has no type that
// Parameters could carry, so a string stands for it.
func accepts(wanted, given conformance.Type) bool {
	if wanted == (conformance.Type{}) {
		return false
	}
	return conformance.IsSubtype(given.Name(), wanted.Name()) || wanted.Name() == "xhtml" && given.Name() == "string"
}

// assemble makes an element of its parts, each the value of a child.
func assemble(t conformance.Type, parts fhir.Node) (*value, error) {
	p := &place{element: element{value: newObject()}, typ: t}
	for part := range parts.All() {
		if err := p.add(part.Get("name").Text(), part); err != nil {
			return nil, err
		}
	}
	return p.value, nil
}
