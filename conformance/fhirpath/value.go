package fhirpath

import (
	"strconv"

	"github.com/cockroachdb/apd/v3"

	"sluis/conformance"
	"sluis/fhir"
)

// Item is one item of a collection: an element of a document, or a value of
// FHIRPath's own.
type Item struct {
	Element conformance.Element // zero for a value that was computed
	value   any                 // bool, string, int64, *apd.Decimal, temporal, quantity or typeInfo; nil for an element
}

// Collection is an ordered list of items, FHIRPath's only kind of result.
type Collection []Item

// Of makes an item of an element.
func Of(e conformance.Element) Item { return Item{Element: e} }

// typeInfo is what type() answers with.
type typeInfo struct{ namespace, name string }

func boolean(b bool) Collection  { return Collection{{value: b}} }
func integer(i int) Collection   { return Collection{{value: int64(i)}} }
func valueOf(v any) Collection   { return Collection{{value: v}} }
func (i Item) isElement() bool   { return i.value == nil }
func (i Item) isPrimitive() bool { return i.value != nil || i.Element.Node.Kind() < fhir.Array }
func (i Item) node() fhir.Node   { return i.Element.Node }
func (i Item) fhirType() string  { return i.Element.Type.Name() }

// scalar is the item as a value of FHIRPath: that of a primitive element by its
// type, of a Quantity as a quantity; nil for other elements and those without a
// value.
func (i Item) scalar() any {
	if i.value != nil {
		return i.value
	}
	n := i.node()
	switch n.Kind() {
	case fhir.Bool:
		return n.Text() == "true"
	case fhir.Number:
		return number(n.Text(), i.fhirType())
	case fhir.String:
		return text(n.Text(), i.fhirType())
	case fhir.Object:
		if conformance.IsSubtype(i.fhirType(), "Quantity") {
			return quantityOf(n)
		}
	}
	return nil
}

func number(s, fhirType string) any {
	if conformance.IsSubtype(fhirType, "integer") || fhirType == "" {
		if i, err := strconv.ParseInt(s, 10, 64); err == nil {
			return i
		}
	}
	d, _, err := apd.NewFromString(s)
	if err != nil || !sane(d) {
		return s
	}
	return d
}

func text(s, fhirType string) any {
	switch fhirType {
	case "date", "dateTime", "instant", "time":
		if t, ok := parseTemporal(s); ok {
			if fhirType != "date" && t.kind == dateKind {
				t.kind = dateTimeKind
			}
			return t
		}
	}
	return s
}

// Text is the text of a value: that of a primitive element, or of a value that
// was computed; "" for an element with children.
func (i Item) Text() string {
	s, _ := toText(i.scalar())
	return s
}

// Below reports whether a value is known to be less than another.
func (i Item) Below(o Item) bool {
	a, b := i.scalar(), o.scalar()
	if a == nil || b == nil {
		return false
	}
	order, told, _ := compare(a, b)
	return told && order < 0
}

// IsTrue reports whether the collection is the one value true.
func (c Collection) IsTrue() bool {
	if len(c) != 1 {
		return false
	}
	b, ok := c[0].scalar().(bool)
	return ok && b
}

// Holds reads the result of an invariant: true, or items that exist where no
// Boolean is answered. Empty is false: what cannot be told does not hold.
func (c Collection) Holds() bool {
	if len(c) == 1 {
		if b, ok := c[0].scalar().(bool); ok {
			return b
		}
	}
	return len(c) > 0
}

// typeOf is the item's type and the namespace of it.
func (i Item) typeOf() typeInfo {
	switch v := i.value.(type) {
	case nil:
		return typeInfo{"FHIR", i.fhirType()}
	case bool:
		return typeInfo{"System", "Boolean"}
	case string:
		return typeInfo{"System", "String"}
	case int64:
		return typeInfo{"System", "Integer"}
	case *apd.Decimal:
		return typeInfo{"System", "Decimal"}
	case quantity:
		return typeInfo{"System", "Quantity"}
	case temporal:
		return typeInfo{"System", v.kind.String()}
	}
	return typeInfo{"System", "Any"}
}

// typeSpec is a type as an expression names it.
type typeSpec struct{ namespace, name string }

var systemTypes = map[string]bool{
	"Boolean": true, "String": true, "Integer": true, "Decimal": true, "Quantity": true,
	"Date": true, "DateTime": true, "Time": true, "Any": true,
}

func (t typeSpec) known() bool {
	_, fhirType := conformance.TypeNamed(t.name)
	switch t.namespace {
	case "System":
		return true // of which Patient is none
	case "FHIR":
		return fhirType
	case "":
		return fhirType || systemTypes[t.name]
	}
	return false
}

// is reports whether an item is of a type; a specialisation is.
func (t typeSpec) is(i Item) bool {
	own := i.typeOf()
	if own.namespace == "System" {
		return t.namespace != "FHIR" && (own.name == t.name || t.name == "Any")
	}
	return t.namespace != "System" && conformance.IsSubtype(own.name, t.name)
}

// selects reports whether as and ofType keep an item. A primitive is not cast
// to what it specialises: a code is no string.
func (t typeSpec) selects(i Item) bool {
	if !t.is(i) {
		return false
	}
	return i.value != nil || !i.Element.Type.IsPrimitive() || i.fhirType() == t.name
}
