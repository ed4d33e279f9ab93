package path

import (
	"strings"

	"sluis/fhir"
)

// targetType is the resource type at which a Reference or canonical points, as
// far as it says itself: by its literal form, Type/id at the end of a relative
// or absolute one (R4 references.html#literal), else by Reference.type. It is
// "" for what only resolving could tell.
func targetType(n fhir.Node) string {
	if n.Kind() == fhir.String {
		return literalType(n.Text())
	}
	if literal := n.Get("reference").Text(); literal != "" {
		return literalType(literal)
	}
	return n.Get("type").Text()
}

func literalType(s string) string {
	if i := strings.Index(s, "/_history/"); i >= 0 {
		s = s[:i]
	}
	segments := strings.Split(s, "/")
	if len(segments) < 2 {
		return ""
	}
	ref, ok := fhir.ParseRef(strings.Join(segments[len(segments)-2:], "/"))
	if !ok {
		return ""
	}
	return ref.Type
}
