// Package subset leaves parts out of a resource as _summary and _elements ask (R4
// search.html#summary, #elements), on its bytes, along the tables of conformance.
//
// It owns what belongs to a summary, what is never left out, and the tag SUBSETTED
// that says that something may be. It adds nothing and moves nothing: what stays
// has the bytes it had. It does not choose resources, and grants nothing.
//
// The one path through it: Parse reads the parameters, Apply writes the part.
package subset
