// Package fhirpath evaluates FHIRPath 2.0 (http://hl7.org/fhirpath/N1) over R4
// documents, within a budget: the language of invariants, whose expressions may
// come from outside.
//
// It owns the grammar, the types of FHIRPath's own values, the functions, and
// the budget that ends every evaluation: a step for each node of the expression
// that is evaluated, each item of a collection and each piece of a string, so
// that neither time nor memory can grow beyond it. What it cannot evaluate is an
// error, never an empty result.
//
// It does not know profiles or terminology, which a Scope lends it as functions,
// nor a clock. The SearchParameters' subset, compiled for speed, is fhir/path.
//
// The one path through it: Parse once, keep the Expression, Evaluate with a
// Scope for each element.
package fhirpath
