// Package terminology answers for codes: which there are, what they mean, how
// they stand to each other and which value sets they are in.
//
// It owns the reading of CodeSystem and ValueSet resources, those of R4 (which
// lie compressed in the binary and are read one at a time, when first asked for)
// and those that are uploaded, and the operations of R4 on them: $expand,
// $validate-code, $lookup and $subsumes.
//
// It does not store resources, know who asks, have a clock or reach out: what is
// uploaded it gets from a Resolver, the time as an argument. A code system of
// which neither R4 nor an upload carries the content (SNOMED CT, LOINC, ATC) it
// does not judge, and says so.
//
// The one path through it: a Service is made for one request; Run reads the
// arguments of an operation, does it and returns the bytes of the answer;
// Member, Codes, Below and Above serve validation and search. All work is
// bounded by a budget, and past it the answer is too-costly.
package terminology
