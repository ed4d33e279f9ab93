package index

import (
	"strings"

	"sluis/conformance"
	"sluis/fhir"
	"sluis/fhir/path"
)

// reference indexes a Reference by its literal form and by its identifier, a
// canonical or uri, and a resource that stands inline in a Bundle. References
// to contained resources are left out: nothing outside can be found by them.
func (x *extraction) reference(param int32, v path.Value) bool {
	n := v.Node
	switch {
	case n.Kind() == fhir.String:
		for _, s := range canonicalForms(n.Text()) {
			x.addReference(x.literal(param, s))
		}
	case v.Type != "" && v.Type != "Reference":
		// A choice that is no reference, such as Consent.sourceAttachment.
	case !n.Get("resourceType").IsZero():
		x.addReference(Reference{Param: param, Type: n.Get("resourceType").Text(), ID: n.Get("id").Text()})
	default:
		r := x.literal(param, n.Get("reference").Text())
		r.System = n.At("identifier", "system").Text()
		r.Identifier = n.At("identifier", "value").Text()
		x.addReference(r)
	}
	return true
}

// literal reads the string of a reference (R4 references.html#literal).
func (x *extraction) literal(param int32, s string) Reference {
	ref, ok := x.base.Ref(s)
	switch {
	case ok && conformance.IsType(ref.Type):
		return Reference{Param: param, Type: ref.Type, ID: ref.ID, Version: ref.Version}
	case strings.HasPrefix(s, "#"):
		return Reference{Param: param}
	}
	return Reference{Param: param, URL: s}
}

func (x *extraction) addReference(r Reference) {
	if r.ID != "" || r.URL != "" || r.System != "" || r.Identifier != "" {
		r.Element = x.element
		x.entries.References = append(x.entries.References, r)
	}
}

// author indexes who is named as an author. One whom nothing tells (a contained
// resource, a text alone) is an entry too, with the URL "#": a rule about authors
// must know that there was one.
func (x *extraction) author(param int32, v path.Value) bool {
	before := len(x.entries.References)
	if !x.reference(param, v) || len(x.entries.References) == before {
		x.addReference(Reference{Param: param, URL: "#"})
	}
	return true
}

// refers indexes the resources named anywhere in the document, contained ones
// and extensions included, that no parameter of R4 found.
func (x *extraction) refers(root fhir.Node) {
	known := map[fhir.Ref]bool{}
	for _, r := range x.entries.References {
		known[fhir.Ref{Type: r.Type, ID: r.ID}] = true
	}
	key := conformance.ParameterKey(x.entries.Type, conformance.RefersCode)
	for n := range root.Walk() {
		if n.Kind() != fhir.String || string(n.RawKey()) != "reference" {
			continue
		}
		ref, ok := x.base.Ref(n.Text())
		if ref = ref.Latest(); ok && conformance.IsType(ref.Type) && !known[ref] {
			known[ref] = true
			x.addReference(Reference{Param: key, Type: ref.Type, ID: ref.ID})
		}
	}
}
