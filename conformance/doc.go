// Package conformance holds what R4 says, as data: resource types and their
// elements, SearchParameters, the compartments, and our reviewed table
// of who is the subject of a resource.
//
// It owns the derived tables in data/ (made by the generator in gen/, with
// provenance and hash in data/PROVENANCE.md), the tables in reviewed/ that are
// judgements of ours (who is the subject, what a resource is about), Validate,
// and the rows from which the CapabilityStatement is written: Types and
// Searchable.
//
// It does not store, authorise or speak HTTP.
//
// The one path through it: fhir.ParseDocument, then Validate, which names all
// problems at once; Parameters tells fhir/index what to extract and fhir/query
// what may be asked.
package conformance
