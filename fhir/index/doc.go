// Package index turns a resource into the rows it is found by.
//
// It owns the Entry types; Extractor, which runs the compiled SearchParameter
// expressions of a type over a document; and Fold, Words, DateRange, NumberRange,
// UnitOf and Base, which give strings, dates, numbers, units and references their
// meaning for search. fhir/query reads values with the very same functions, so
// that both sides agree.
//
// It does not store rows, knows no SQL, and compares nothing: fhir/query does.
//
// The one path through it: fhir.Document → Extractor.Extract → Entries.
package index
