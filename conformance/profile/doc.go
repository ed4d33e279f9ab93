// Package profile holds resources to all that R4 and a profile say: invariants,
// bindings, and StructureDefinitions, R4's own and uploaded ones. It is what
// $validate answers with.
//
// It owns the reading of a StructureDefinition, the snapshot made of a
// differential, and the validation of a document: cardinality, types, fixed
// values and patterns, slicing, bindings, constraints, extensions.
//
// It does not know code systems, which a Terminology lends it, nor storage: a
// resolver hands it the StructureDefinitions that were uploaded. The structure of
// JSON is conformance.Validate's, which Library.Validate calls first.
//
// The one path through it: NewLibrary over a resolver, then Library.Validate for
// each document. Snapshot stands alone.
package profile
