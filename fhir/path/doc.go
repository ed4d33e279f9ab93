// Package path compiles the FHIRPath expressions of SearchParameters and runs
// them over a fhir.Document without decoding it.
//
// It owns the subset of FHIRPath that R4's definitions use: paths, choice
// elements, where(x = 'y'), where(resolve() is T), as and ofType, unions,
// [n], exists(), = and != with a literal, and "and". Anything else is an
// *UnsupportedError at Compile; nothing is skipped.
//
// It does not know what a search parameter is, nor the types of elements beyond
// what JSON shows: the suffix of a choice (valueQuantity is a Quantity).
//
// The one path through it: Compile(expression, type) → Program; Program.Run on
// the root of each document of that type → Values.
package path
