package profile

import (
	"sluis/conformance"
	"sluis/fhir"
)

// coding is a code as an element gives it.
type coding struct{ system, code string }

// codings lists the codes of a value of a type that can be bound; bindable is
// false for other types. A CodeableConcept may have none.
func codings(e conformance.Element) (codes []coding, bindable bool) {
	n := e.Node
	switch e.Type.Name() {
	case "code", "string", "uri", "id", "markdown", "url", "canonical", "oid", "uuid":
		if n.Kind() == fhir.String {
			codes = append(codes, coding{"", n.Text()})
		}
	case "Coding", "Quantity", "Age", "Count", "Distance", "Duration":
		if code := n.Get("code"); !code.IsZero() {
			codes = append(codes, coding{n.Get("system").Text(), code.Text()})
		}
	case "CodeableConcept":
		for c := range n.Get("coding").All() {
			if code := c.Get("code"); !code.IsZero() {
				codes = append(codes, coding{c.Get("system").Text(), code.Text()})
			}
		}
	default:
		return nil, false
	}
	return codes, true
}

// bound holds an element to a binding: required is an error, extensible a
// warning, preferred information, example nothing. The required bindings of
// R4's own elements are checked by conformance.Validate where it has the list; for
// a code it lacks that of MIME types alone, beside which R4 allows xml and json.
func (r *run) bound(at *place, b Binding, core bool) {
	if r.request.Terminology == nil || b.ValueSet == "" && b.MaxValueSet == "" {
		return
	}
	if core && b.Strength == "required" && (conformance.ChecksBinding(b.ValueSet) || at.element.Type.Name() == "code") {
		return
	}
	codes, ok := codings(at.element)
	if !ok {
		return
	}
	switch b.Strength {
	case "required":
		r.within(at, codes, b.ValueSet, "error")
	case "extensible":
		r.within(at, codes, b.ValueSet, "warning")
	case "preferred":
		r.within(at, codes, b.ValueSet, "information")
	}
	if b.MaxValueSet != "" && b.Strength != "required" && len(codes) > 0 {
		r.within(at, codes, b.MaxValueSet, "error")
	}
}

func (r *run) within(at *place, codes []coding, valueSet, severity string) {
	if valueSet == "" {
		return
	}
	if len(codes) == 0 {
		if severity == "error" && !extended(at.element) {
			r.issue(at, severity, "code-invalid", "a code of "+valueSet+" is required")
		}
		return
	}
	unknown := false
	for _, c := range codes {
		member, known := r.request.Terminology.ValidateCode(valueSet, c.system, c.code)
		if known && member {
			return
		}
		unknown = unknown || !known
	}
	switch {
	case !unknown:
		r.issue(at, severity, "code-invalid", "not a code of "+valueSet)
	case severity == "error":
		r.issue(at, "warning", "not-supported", "the code could not be looked up in "+valueSet)
	}
}

// member answers memberOf() of an expression, and tells slices apart: whether a
// code of an element is in a value set.
func (r *run) member(e conformance.Element, valueSet string) (member, known bool) {
	if r.request.Terminology == nil {
		return false, false
	}
	codes, ok := codings(e)
	if !ok {
		return false, true
	}
	known = true
	for _, c := range codes {
		in, told := r.request.Terminology.ValidateCode(valueSet, c.system, c.code)
		if told && in {
			return true, true
		}
		known = known && told
	}
	return false, known
}

// extended reports whether an extension stands where a code is missing: data
// absent reasons do.
func extended(e conformance.Element) bool {
	return len(e.Get("extension")) > 0
}
