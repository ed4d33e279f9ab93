// Package r4 reads FHIR R4 resources that say who may do what: Consent into
// consent.Rules, and CareTeam, EpisodeOfCare, PractitionerRole, Organization,
// Group, RelatedPerson and Patient into plain edges.
//
// Reading is total: what cannot be read becomes a rule that denies, with the
// reason. Our own invariants on Consent (422) stand here too.
package r4
