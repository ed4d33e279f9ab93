// Package fhir is the language the rooms of Sluis share: Resource, Ref,
// Interaction, Document and Error.
//
// It owns the shape of a request (ParseInteraction is the only code that knows
// FHIR's URL grammar), the strict reading of a JSON body (ParseDocument) and
// the rewriting of the three elements a server may rewrite (Template).
//
// It does not know principals, storage, clocks or HTTP.
//
// The one path through it: method, path and query become an Interaction; the
// body becomes a Document; whatever is wrong becomes an *Error whose Kind the
// surface turns into a status.
package fhir
