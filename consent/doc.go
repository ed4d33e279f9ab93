// Package consent decides what the patient and the law allow. It is pure: no
// clock, no I/O; the time is part of the Request.
//
// It owns Rules (one Consent, normalised), Decide, and the predicate a Decision
// is. consent/r4 reads FHIR Consents into Rules; consent/label puts sensitivity
// labels on what comes in.
//
// It does not know tokens, storage or FHIR JSON.
//
// The one path through it: Rules are stored as bytes (Encode) when a Consent is
// written; a request's Facts bring them back (Decode); Decide makes one
// predicate for all patients at once.
package consent
