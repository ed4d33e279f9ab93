package profile

import (
	"strconv"

	"sluis/conformance"
)

func itoa(i int) string { return strconv.Itoa(i) }

// base holds an element, and what is below it, to R4's own definition: the
// constraints and bindings. Cardinality, types and the required bindings of
// codes are those that conformance.Validate has checked.
func (r *run) base(at *place, n *node) {
	if r.full() || !r.enter(at) {
		r.leave()
		return
	}
	defer r.leave()
	r.constraints(at, n.Constraints, true)
	r.bound(at, n.Binding, true)
	of := n
	if !n.expanded {
		if of = r.definition(n, at.element.Type); of == nil {
			return
		}
		r.constraints(at, without(of.Constraints, n.Constraints), true)
	}
	for _, c := range at.below() {
		switch d := of.named(c.name); {
		case c.element.Type.IsResource():
			r.resource(c)
		case d == nil: // conformance.Validate has said that there is no such element
		default:
			r.base(c, d)
			if c.name == "extension" || c.name == "modifierExtension" {
				r.extension(c)
			}
		}
	}
}

// named is the child of a name as FHIRPath has it: value for value[x].
func (n *node) named(name string) *node {
	if c := n.child(name); c != nil {
		return c
	}
	return n.child(name + "[x]")
}

// definition is the element that defines the children of one whose own are not
// in the tree: what its contentReference names, or its type.
func (r *run) definition(n *node, t conformance.Type) *node {
	if n.ContentReference != "" {
		return n.root().at(n.ContentReference)
	}
	p, _, ok := r.library.Profile(structurePrefix + t.Name())
	if !ok {
		return nil
	}
	return p.root
}

// without leaves out the constraints of keys that were evaluated already.
func without(constraints, done []Constraint) []Constraint {
	var out []Constraint
next:
	for _, c := range constraints {
		for _, d := range done {
			if c.Key == d.Key {
				continue next
			}
		}
		out = append(out, c)
	}
	return out
}
