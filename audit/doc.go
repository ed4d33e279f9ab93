// Package audit says what happened: the Record of an access, its canonical
// bytes and leaf hash, the chain that makes a log tamper-evident, the signed
// checkpoints, the verifier, and the export that it reads offline.
//
// It does not store records (storage.Log does), and it knows no FHIR types
// beyond fhir.Ref: audit/balp renders AuditEvents.
//
// The one path through it: gate makes Records; storage keeps them Compact, with
// their Leaf; a sealer links leaves with Link and signs checkpoints; WriteExport
// hands the log to an auditor; Verify, or VerifyExport without the database,
// reads it all again and names what does not fit.
package audit
