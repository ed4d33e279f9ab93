package profile

import (
	"strings"

	"sluis/conformance"
	"sluis/fhir"
)

// target is what a reference points at: contained, in the same Bundle, or found
// by the request.
func (r *run) target(at *place, reference conformance.Element) (conformance.Element, bool) {
	literal := reference.Node.Get("reference").Text()
	if reference.Node.Kind() == fhir.String {
		literal = reference.Node.Text()
	}
	if literal == "" {
		return conformance.Element{}, false
	}
	if id, ok := strings.CutPrefix(literal, "#"); ok {
		return contained(at.scope.root, id)
	}
	if e, ok := r.entry(at, literal); ok {
		return e, true
	}
	if r.request.Resolve == nil {
		return conformance.Element{}, false
	}
	doc, ok := r.request.Resolve(literal)
	if !ok {
		return conformance.Element{}, false
	}
	return conformance.RootElement(doc), true
}

func contained(root conformance.Element, id string) (conformance.Element, bool) {
	if id == "" {
		return root, true
	}
	for _, c := range root.Get("contained") {
		if c.Node.Get("id").Text() == id {
			return c, true
		}
	}
	return conformance.Element{}, false
}

// entry finds a literal reference among the fullUrls of the Bundle that is
// validated (bundle.html#references), a relative one by its end.
func (r *run) entry(at *place, literal string) (conformance.Element, bool) {
	top := at.top()
	if top.element.Type.Name() != "Bundle" {
		return conformance.Element{}, false
	}
	if *r.entries == nil {
		*r.entries = entries(top.element)
	}
	e, ok := (*r.entries)[literal]
	return e, ok
}

// entries lists the resources of a Bundle by fullUrl, and by the Type/id at its
// end; of two the first counts.
func entries(bundle conformance.Element) map[string]conformance.Element {
	out := map[string]conformance.Element{}
	for _, e := range bundle.Get("entry") {
		url := e.Node.Get("fullUrl").Text()
		resource := e.Get("resource")
		if url == "" || len(resource) == 0 {
			continue
		}
		keys := []string{url}
		if parts := strings.Split(url, "/"); len(parts) > 2 {
			keys = append(keys, strings.Join(parts[len(parts)-2:], "/"))
		}
		for _, key := range keys {
			if _, taken := out[key]; !taken {
				out[key] = resource[0]
			}
		}
	}
	return out
}

// targets holds a reference to the profiles of what it may point at: always by
// the type that it says, and by the target itself where that can be found.
func (r *run) targets(at *place, profiles []string) {
	if at.element.Type.Name() != "Reference" {
		return // a canonical's target is a definition
	}
	target, found := r.target(at, at.element)
	name := target.Type.Name()
	if !found {
		name = literalType(at.element.Node)
	}
	if name == "" {
		return
	}
	typed := false
	for _, canonical := range profiles {
		p, _, ok := r.library.Profile(canonical)
		if !ok {
			return // what is not known cannot be refused
		}
		if !conformance.IsSubtype(name, p.Type) {
			continue
		}
		typed = true
		if !found || !p.Constraint || r.try(&place{parent: at, name: "resolve()", index: -1, element: target, scope: &scope{target, target}}, p) {
			return
		}
	}
	if !typed {
		r.issue(at, "error", "structure", "it refers to a "+name+", which is none of "+strings.Join(profiles, ", "))
		return
	}
	r.issue(at, "error", "structure", "what it refers to meets none of "+strings.Join(profiles, ", "))
}

// literalType is the type that a reference says itself: by Reference.type, or by
// Type/id at the end of its literal.
func literalType(n fhir.Node) string {
	if t := n.Get("type").Text(); conformance.IsType(t) {
		return t
	}
	parts := strings.Split(n.Get("reference").Text(), "/")
	if i := len(parts) - 2; i >= 0 && conformance.IsType(parts[i]) {
		return parts[i]
	}
	return ""
}
