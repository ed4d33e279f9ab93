package fhir

import "strings"

// AnyVersion is the version that If-Match: * asks for: the current one, if there
// is one (RFC 9110 §13.1.1).
const AnyVersion = -1

// ParseIfMatch reads an If-Match: a star is AnyVersion, else it is as for
// ParseETag.
func ParseIfMatch(s string) (int64, error) {
	if strings.TrimSpace(s) == "*" {
		return AnyVersion, nil
	}
	return ParseETag(s)
}

// ParseETag reads the version out of an entity tag. The tag may
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
