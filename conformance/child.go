package conformance

import (
	"slices"
	"strings"
)

// Child is what R4 says of one element of a type.
type Child struct {
	Name string // in FHIRPath: value
	Key  string // in JSON: valueQuantity
	Type Type   // the zero Type where any resource may stand
	Many bool
}

// Children lists the elements that a name of FHIRPath can mean: one, or one for
// each type of a choice, sorted by their names in JSON. None means that R4 has
// no such element. A primitive has the children of Element.
func (t Type) Children(name string) []Child {
	s := t.structure
	if s == nil {
		s = loadStructures()["Element"]
	}
	if f := s.fields[name]; f != nil && !f.choice {
		return []Child{f.child(name)}
	}
	var out []Child
	for key, f := range s.fields {
		if f.choice && f.name == name {
			out = append(out, f.child(key))
		}
	}
	slices.SortFunc(out, func(a, b Child) int { return strings.Compare(a.Key, b.Key) })
	return out
}

func (f *field) child(key string) Child {
	c := Child{Name: f.name, Key: key, Many: f.many}
	if !f.anyResource() {
		c.Type = Type{structure: f.to, name: f.typeName}
	}
	return c
}
