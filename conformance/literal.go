package conformance

import (
	"bytes"
	"slices"
	"strings"

	"sluis/fhir"
)

// literal holds a Reference's literal to the types its element may point at
// (references.html#literal). Only a relative one says its type for certain:
// Type/id or Type/id/_history/version. Absolute, urn:, contained (#) and
// conditional (Type?…) references are left alone.
func (v *validation) literal(reference fhir.Node, targets []string) {
	n := reference.Get("reference")
	if n.Kind() != fhir.String {
		return
	}
	raw := n.Raw()
	text := raw[1 : len(raw)-1]
	name, rest, ok := bytes.Cut(text, []byte("/"))
	if !ok || !fhir.IsTypeName(name) {
		return
	}
	if s := v.structures[string(name)]; s == nil || !s.resource || !isInstancePath(rest) {
		v.report(n, "", "value", "not a relative reference: Type/id, or Type/id/_history/version")
		return
	}
	if targets != nil && !slices.ContainsFunc(targets, func(t string) bool { return t == string(name) }) {
		v.report(n, "", "value", "must refer to "+strings.Join(targets, " or "))
	}
}

// isInstancePath is id or id/_history/version.
func isInstancePath(b []byte) bool {
	id, version, versioned := bytes.Cut(b, []byte("/_history/"))
	return fhir.IsID(id) && (!versioned || fhir.IsID(version))
}
