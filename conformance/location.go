package conformance

import (
	"strconv"
	"strings"

	"sluis/fhir"
)

// locate is the FHIRPath location of a value (R4 operationoutcome.html,
// issue.expression): Patient.name[0].given[1]. A choice is known by its element,
// value, and _given[1] is given[1]. It is found by descending from the root, so
// that a document without problems pays nothing for it.
func (v *validation) locate(target fhir.Node) string {
	n := v.doc.Root()
	s := v.typeOf(n)
	var b strings.Builder
	b.WriteString(rootName(s))
	var f *field
	for {
		child, i := towards(n, target)
		switch {
		case child.IsZero():
			return b.String()
		case n.Kind() == fhir.Array:
			b.WriteString("[" + strconv.Itoa(i) + "]")
		default:
			name := strings.TrimPrefix(child.Key(), "_")
			if f = s.field(name); f != nil {
				name = f.name
			}
			b.WriteString("." + name)
		}
		n = child
		if n.Kind() == fhir.Object {
			s = v.structureOf(n, f)
		}
	}
}

func rootName(s *structure) string {
	if s == nil {
		return "Resource"
	}
	return s.name
}

func (s *structure) field(name string) *field {
	if s == nil {
		return nil
	}
	return s.fields[name]
}

// structureOf is the structure of an object that stands in a field.
func (v *validation) structureOf(n fhir.Node, f *field) *structure {
	switch {
	case f == nil:
		return nil
	case f.anyResource():
		return v.typeOf(n)
	case f.primitive != 0:
		return v.structures["Element"]
	}
	return f.to
}

// towards is the child of n that is or holds the target, and its position;
// zero when n is the target.
func towards(n, target fhir.Node) (fhir.Node, int) {
	start, end := target.Span()
	if from, to := n.Span(); from == start && to == end {
		return fhir.Node{}, 0
	}
	i := 0
	for c := range n.All() {
		if from, to := c.Span(); from <= start && end <= to {
			return c, i
		}
		i++
	}
	return fhir.Node{}, 0
}
