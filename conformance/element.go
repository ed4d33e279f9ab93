package conformance

import (
	"iter"

	"sluis/fhir"
)

// Element is a value of a document with its R4 type, named as FHIRPath names
// it: what expressions and profiles walk along. The zero Element is absent.
type Element struct {
	Node   fhir.Node // the value; zero where a primitive has only extensions
	Beside fhir.Node // the member _name of a primitive: its id and extensions
	Type   Type      // zero where R4 knows no such element
}

// RootElement is the resource that a document is.
func RootElement(doc *fhir.Document) Element { return resourceElement(doc.Root()) }

func resourceElement(n fhir.Node) Element {
	raw := n.Get("resourceType").Raw()
	if len(raw) < 2 {
		return Element{Node: n}
	}
	if s := loadStructures()[string(raw[1:len(raw)-1])]; s != nil && s.resource {
		return Element{Node: n, Type: Type{structure: s, name: s.name}}
	}
	return Element{Node: n}
}

// IsZero reports that there is no such element.
func (e Element) IsZero() bool { return e.Node.IsZero() && e.Beside.IsZero() }

// Place is the node by which the element is located in its document.
func (e Element) Place() fhir.Node {
	if e.Node.IsZero() || e.Node.Kind() == fhir.Null {
		return e.Beside
	}
	return e.Node
}

// HasValue reports whether a primitive has a value of its own.
func (e Element) HasValue() bool {
	switch e.Node.Kind() {
	case fhir.String, fhir.Number, fhir.Bool:
		return true
	}
	return false
}

// Children yields the element's children with their names, in document order;
// a choice has its name without the type, and a repeating element is yielded
// once for each of its values. A member that R4 does not know is yielded under
// its own name, without a type; resourceType is none.
func (e Element) Children() iter.Seq2[string, Element] {
	return func(yield func(string, Element) bool) {
		for _, object := range [2]fhir.Node{e.Node, e.Beside} {
			if object.Kind() != fhir.Object {
				continue
			}
			for m := range object.All() {
				if !e.member(object, m, yield) {
					return
				}
			}
		}
	}
}

// Get lists the children of one name.
func (e Element) Get(name string) []Element {
	var out []Element
	for child, c := range e.Children() {
		if child == name {
			out = append(out, c)
		}
	}
	return out
}

// member yields the elements of one JSON member.
func (e Element) member(object, m fhir.Node, yield func(string, Element) bool) bool {
	key := m.Key()
	extends := len(key) > 1 && key[0] == '_'
	if extends {
		key = key[1:]
	}
	f := e.fieldOf(key)
	switch {
	case key == "resourceType" && e.Type.IsResource():
		return true
	case f == nil:
		return yieldUnknown(m, key, yield)
	case extends && !object.Get(key).IsZero():
		return true // beside a value, and yielded with it
	}
	t := Type{structure: f.to, name: f.typeName}
	if f.anyResource() {
		t = Type{}
	}
	if extends {
		return yieldValues(fhir.Node{}, m, f, t, yield)
	}
	var beside fhir.Node
	if f.primitive != 0 {
		beside = object.Get("_" + key)
	}
	return yieldValues(m, beside, f, t, yield)
}

// fieldOf is what R4 says of a member; the child elements of a primitive are
// those of Element.
func (e Element) fieldOf(key string) *field {
	if e.Type.structure != nil {
		return e.Type.structure.fields[key]
	}
	if e.Type.name != "" {
		return loadStructures()["Element"].fields[key]
	}
	return nil
}

func yieldUnknown(m fhir.Node, key string, yield func(string, Element) bool) bool {
	if m.Kind() != fhir.Array {
		return yield(key, Element{Node: m})
	}
	for v := range m.All() {
		if !yield(key, Element{Node: v}) {
			return false
		}
	}
	return true
}

// yieldValues pairs the values of a member with what stands beside them.
func yieldValues(value, beside fhir.Node, f *field, t Type, yield func(string, Element) bool) bool {
	if value.Kind() != fhir.Array && beside.Kind() != fhir.Array {
		return yieldOne(value, beside, f, t, yield)
	}
	values, own := elements(value), elements(beside)
	for i := range max(len(values), len(own)) {
		var v, b fhir.Node
		if i < len(values) {
			v = values[i]
		}
		if i < len(own) && own[i].Kind() == fhir.Object {
			b = own[i]
		}
		if v.Kind() == fhir.Null {
			v = fhir.Node{}
		}
		if v.IsZero() && b.IsZero() {
			continue
		}
		if !yieldOne(v, b, f, t, yield) {
			return false
		}
	}
	return true
}

func yieldOne(value, beside fhir.Node, f *field, t Type, yield func(string, Element) bool) bool {
	if f.anyResource() {
		return yield(f.name, resourceElement(value))
	}
	return yield(f.name, Element{Node: value, Beside: beside, Type: t})
}

// Type is a type of R4: a resource, a data type, a primitive, or an element
// with children of its own such as Patient.contact. The zero Type is unknown.
type Type struct {
	structure *structure
	name      string
}

// TypeNamed finds a type by its name, or that of a nested element by its path.
func TypeNamed(name string) (Type, bool) {
	if primitives[name] != 0 {
		return Type{name: name}, true
	}
	s := loadStructures()[name]
	return Type{structure: s, name: name}, s != nil
}

// Path is the name under which R4 defines the type: Patient.contact where Name
// is BackboneElement.
func (t Type) Path() string { return t.name }

// Name is the type as FHIRPath knows it.
func (t Type) Name() string {
	switch {
	case t.structure == nil:
		return t.name
	case t.structure.kind == "nested":
		return t.structure.parent
	case t.structure.name == "SimpleQuantity":
		return "Quantity"
	}
	return t.structure.name
}

// IsPrimitive reports whether it is one of R4's primitive types.
func (t Type) IsPrimitive() bool { return t.structure == nil && t.name != "" }

// IsResource reports whether it is a resource type.
func (t Type) IsResource() bool { return t.structure != nil && t.structure.resource }

// Repeats reports whether a child of that name may stand more than once.
func (t Type) Repeats(child string) bool {
	s := t.structure
	if s == nil {
		s = loadStructures()["Element"]
	}
	f := s.fields[child]
	return f != nil && f.many
}

// Has reports whether the type has a child of that name, as FHIRPath names it.
func (t Type) Has(child string) bool {
	s := t.structure
	if s == nil {
		s = loadStructures()["Element"]
	}
	for _, name := range s.elements {
		if name == child {
			return true
		}
	}
	return false
}

// primitiveParents are the primitives that specialise another (R4
// datatypes.html#primitive).
var primitiveParents = map[string]string{
	"code": "string", "id": "string", "markdown": "string",
	"url": "uri", "canonical": "uri", "oid": "uri", "uuid": "uri",
	"positiveInt": "integer", "unsignedInt": "integer",
}

// ParentType is the type that another specialises: Quantity for Age, Element
// for string; "" for Element, Resource and what R4 does not know.
func ParentType(name string) string {
	if parent, ok := primitiveParents[name]; ok {
		return parent
	}
	if primitives[name] != 0 {
		return "Element"
	}
	if s := loadStructures()[name]; s != nil && s.parent != "-" {
		return s.parent
	}
	return ""
}

// IsSubtype reports whether a type is another or specialises it.
func IsSubtype(name, of string) bool {
	for ; name != ""; name = ParentType(name) {
		if name == of {
			return true
		}
	}
	return false
}
