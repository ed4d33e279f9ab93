// Package r4 reads FHIR R4 resources that say who may do what: Consent into
// consent.Rules, and CareTeam, EpisodeOfCare, PractitionerRole, Organization,
// Group, RelatedPerson and Patient into plain edges.
//
// It owns what the elements of a Consent mean before anything is decided, our
// own invariants on Consents that are written (Check), and which numbers denote
// a person (ValidBSN). It does not decide, and knows no storage.
//
// Reading is total: what cannot be read becomes a rule that denies, with the
// reason. Consents, few and intricate, are read through google/fhir's typed
// protos; edges, which come with every imported Patient and Organization, from
// the document that the gate has already parsed.
//
// The one path through it: Check(body) names what may not be stored;
// Derive(doc) is what a resource contributes to decisions.
package r4
