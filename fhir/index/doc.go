// Package index turns a resource into the rows it is found by.
//
// It owns the Entry types and Extract, which runs the compiled SearchParameter
// expressions of a type over a document: token, string, date range, reference,
// number, quantity, uri, and the patients who are its subject.
//
// It does not store rows and knows no SQL.
//
// The one path through it: fhir.Document → Extract → Entries.
package index
