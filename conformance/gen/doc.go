// Command gen writes the tables of package conformance from HL7's own R4
// definitions, the npm package hl7.fhir.r4.examples@4.0.1 (CC0):
//
//	go run ./conformance/gen -definitions DIR -out conformance/data
//
// DIR holds that package's Bundle-*.json.gz. The output is plain text in a
// stable order, so that a change of the definitions reads well as a diff.
//
// It owns the reading of the definitions and the form of the tables. It does not
// judge: what is our own choice stands in conformance/reviewed, and it never
// runs when Sluis does.
//
// The one path through it: each Bundle is read once, each table written whole,
// and data/PROVENANCE.md names inputs and outputs with their hashes.
package main
