// Package audit says what happened: the Record of an access, its canonical
// bytes and leaf hash, the chain that makes a log tamper-evident, and the
// verifier.
//
// It does not store records (storage.Log does), and it knows no FHIR types
// beyond fhir.Ref: audit/balp renders AuditEvents.
//
// The one path through it: gate makes Records; storage appends them with
// Leaf; a sealer links leaves with Link and signs checkpoints; Verify reads the
// whole log again and names what does not fit.
package audit
