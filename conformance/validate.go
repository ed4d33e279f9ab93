package conformance

import (
	"bytes"
	"slices"
	"strconv"

	"sluis/fhir"
)

// maxIssues bounds what one document can make us write.
const maxIssues = 200

// Validate holds a document to R4's definition of its resource type, in one
// walk: known elements, kinds of JSON values, cardinality, formats of
// primitives, one type per choice, extensions of primitives with their null
// padding, nothing empty, required bindings, contained and enclosed
// resources, targets of literal references, and narrative that cannot carry
// script. It returns every problem, each with its FHIRPath location, up to 200;
// none means valid.
//
// It does not look at profiles, invariants written in FHIRPath, bindings that are
// not required or to value sets without a list (UCUM, LOINC, MIME types), or
// whether what is referred to exists: package profile does.
func Validate(doc *fhir.Document) []fhir.Issue {
	v := validation{doc: doc, structures: loadStructures()}
	v.resource(doc.Root(), false)
	return v.issues
}

type validation struct {
	doc        *fhir.Document
	structures map[string]*structure
	issues     []fhir.Issue
	contained  bool // within a contained resource
	text       []byte
}

// report adds an issue about a value, or about a member of it that is missing.
func (v *validation) report(n fhir.Node, missing, code, details string) {
	if len(v.issues) >= maxIssues {
		return
	}
	at := v.locate(n)
	if missing != "" {
		at += "." + missing
	}
	v.issues = append(v.issues, fhir.Issue{Severity: "error", Code: code, Details: details, Expression: []string{at}})
}

// resource validates a resource by its own resourceType.
func (v *validation) resource(n fhir.Node, contained bool) {
	if !v.isObject(n) {
		return
	}
	s := v.typeOf(n)
	if s == nil {
		v.report(n, "resourceType", "structure", "resourceType must name a resource type of R4")
		return
	}
	outer := v.contained
	v.contained = contained
	v.object(n, s)
	v.contained = outer
}

// typeOf is the structure that an object's resourceType names, or nil.
func (v *validation) typeOf(n fhir.Node) *structure {
	t := n.Get("resourceType")
	if t.Kind() != fhir.String {
		return nil
	}
	raw := t.Raw()
	if s := v.structures[string(raw[1:len(raw)-1])]; s != nil && s.resource {
		return s
	}
	return nil
}

func (v *validation) isObject(n fhir.Node) bool {
	if n.Kind() == fhir.Object {
		return true
	}
	v.report(n, "", "structure", "an object is expected")
	return false
}

// object validates every member of an object, and that none is missing.
func (v *validation) object(n fhir.Node, s *structure) {
	var seen elementSet
	empty := true
	for m := range n.All() {
		empty = false
		if len(v.issues) >= maxIssues {
			return
		}
		v.member(n, m, s, &seen)
	}
	if empty {
		v.report(n, "", "structure", "an object must not be empty")
	}
	if missing := s.required.without(seen); !missing.empty() {
		for i, name := range s.elements {
			if missing.has(uint8(i)) {
				v.report(n, name, "required", name+" is required")
			}
		}
	}
}

func (v *validation) member(parent, m fhir.Node, s *structure, seen *elementSet) {
	key := m.RawKey()
	extends := len(key) > 0 && key[0] == '_'
	if extends {
		key = key[1:]
	}
	f := s.fields[string(key)]
	if f == nil || extends && f.primitive == 0 {
		if s.resource && string(m.RawKey()) == "resourceType" {
			return
		}
		v.report(m, "", "structure", "unknown element "+strconv.Quote(m.Key()))
		return
	}
	if f.choice && seen.has(f.ordinal) && v.hasOtherType(parent, f, s) {
		v.report(m, "", "structure", "only one type of "+f.name+"[x] may be given")
	}
	seen.add(f.ordinal)
	switch {
	case extends:
		v.extensions(parent, m, f)
	case f.many:
		v.array(parent, m, f)
	default:
		v.value(m, f)
	}
}

// hasOtherType reports whether a choice stands in parent with another type.
func (v *validation) hasOtherType(parent fhir.Node, f *field, s *structure) bool {
	for m := range parent.All() {
		key := m.RawKey()
		if len(key) > 0 && key[0] == '_' {
			key = key[1:]
		}
		if o := s.fields[string(key)]; o != nil && o != f && o.ordinal == f.ordinal {
			return true
		}
	}
	return false
}

// array validates a repeating element. A null among primitives must have its
// extension at the same place of _name.
func (v *validation) array(parent, m fhir.Node, f *field) {
	if m.Kind() != fhir.Array {
		v.report(m, "", "structure", "an array is expected")
		return
	}
	var beside []fhir.Node // the elements of _name, read at the first null
	i := 0
	for e := range m.All() {
		if f.primitive == 0 || e.Kind() != fhir.Null {
			v.value(e, f)
		} else {
			if beside == nil {
				beside = elements(parent.Get("_" + m.Key()))
			}
			if i >= len(beside) || beside[i].Kind() != fhir.Object {
				v.report(e, "", "structure", "null stands only for a value that has an extension instead")
			}
		}
		i++
	}
	if i == 0 {
		v.report(m, "", "structure", "an array must not be empty")
	}
}

// elements lists an array's elements; none for what is no array.
func elements(n fhir.Node) []fhir.Node {
	if n.Kind() != fhir.Array {
		return nil
	}
	return slices.Collect(n.All())
}

// value validates one value, not an array of them.
func (v *validation) value(n fhir.Node, f *field) {
	switch {
	case f.primitive != 0:
		v.primitive(n, f)
	case f.to == nil:
		v.enclosed(n, f)
	case v.isObject(n):
		v.object(n, f.to)
		if f.to.name == "Reference" {
			v.literal(n, f.targets)
		}
		if f.concepts != nil {
			v.concept(n, f)
		}
	}
}

// concept holds a CodeableConcept to its required binding: one of its codings is
// of the value set. One that says by an extension why it has no code is left
// alone.
func (v *validation) concept(n fhir.Node, f *field) {
	for c := range n.Get("coding").All() {
		system, code := text(c.Get("system")), text(c.Get("code"))
		if _, ok := f.concepts[string(system)][string(code)]; ok {
			return
		}
	}
	if n.Get("extension").IsZero() {
		v.report(n, "", "code-invalid", "no coding of the value set that "+f.name+" is bound to")
	}
}

// text is a string's bytes without quotes; codes and their systems have no
// escapes that anyone writes.
func text(n fhir.Node) []byte {
	if n.Kind() != fhir.String {
		return nil
	}
	raw := n.Raw()
	if bytes.IndexByte(raw, '\\') >= 0 {
		return []byte(n.Text())
	}
	return raw[1 : len(raw)-1]
}

// enclosed validates a resource within another: contained, of a Bundle's entry
// or of Parameters.
func (v *validation) enclosed(n fhir.Node, f *field) {
	contained := f.name == "contained"
	if contained && v.contained {
		v.report(n, "", "structure", "a contained resource must not contain another") // dom-2
		return
	}
	v.resource(n, contained || v.contained)
}

// extensions validates the member _name beside a primitive: its id and
// extensions, in an array with null padding where the element repeats
// (json.html#primitive).
func (v *validation) extensions(parent, m fhir.Node, f *field) {
	if !f.many {
		v.extension(m)
		return
	}
	if m.Kind() != fhir.Array {
		v.report(m, "", "structure", "an array is expected")
		return
	}
	value := parent.Get(m.Key()[1:])
	values, own := elements(value), elements(m)
	for i, e := range own {
		switch {
		case e.Kind() != fhir.Null:
			v.extension(e)
		case i >= len(values) || values[i].Kind() == fhir.Null:
			v.report(e, "", "structure", "null stands only beside a value")
		}
	}
	if len(own) == 0 {
		v.report(m, "", "structure", "an array must not be empty")
	}
	if !value.IsZero() && len(values) != len(own) {
		v.report(m, "", "structure", m.Key()+" and "+m.Key()[1:]+" must be of the same length")
	}
}

func (v *validation) extension(n fhir.Node) {
	if v.isObject(n) {
		v.object(n, v.structures["Element"])
	}
}
