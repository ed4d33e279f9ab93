// Package patch changes resources by R4's two patch languages (http.html#patch):
// JSON Patch (RFC 6902) and FHIRPath Patch (fhirpatch.html).
//
// It owns both languages, strictly, and the bounds on what a patch can cost.
// What a patch does not touch keeps its bytes: numbers their digits, members
// their order, strings their escapes.
//
// It does not know who may patch what, nor whether the outcome is valid: the
// result is held to R4 as an update is, by whoever stores it.
//
// The one path through it: ParseJSON or ParseParameters → Patch; Patch.Apply on
// the document of the current version → the bytes of the next.
package patch
