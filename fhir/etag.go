package fhir

import "strings"

// ParseETag reads the version out of an If-Match or If-None-Match. The tag may
// be written without W/, as some clients do. Lists and '*' are refused as
// Invalid; a well-formed tag that is no version of ours matches nothing, which
// is Precondition.
func ParseETag(s string) (int64, error) {
	opaque, ok := strings.CutPrefix(strings.TrimPrefix(strings.TrimSpace(s), "W/"), `"`)
	opaque, closed := strings.CutSuffix(opaque, `"`)
	if !ok || !closed || strings.ContainsAny(opaque, "\"\\, \t") {
		return 0, NewError(Invalid, "invalid", `one entity tag was expected, such as W/"3"`)
	}
	v, ok := parseVersion(opaque)
	if !ok {
		return 0, NewError(Precondition, "conflict", "the entity tag is of no version here")
	}
	return v, nil
}
