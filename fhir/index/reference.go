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
