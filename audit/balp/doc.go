// Package balp renders audit records as FHIR AuditEvents by IHE BALP with what
// NEN 7513 adds, whole or as the patient's projection, and reads the search
// parameters the log answers to.
//
// It does not store, find or hide records: which ones a caller may see is the
// gate's; how they are found is storage's. It does not judge who asks.
//
// The one path through it: ParseSearch makes a Filter of a request; the gate
// turns it into a storage.LogFilter; Render writes each record found.
package balp
