// Package demodata makes people who do not exist, with the records that a
// hospital and a general practice would keep of them over some years.
//
// It owns the generator: the same seed gives the same data on every machine,
// and patient i is made without making those before, so that 64,000 of them
// stream through little memory. Names and addresses are made-up combinations;
// the citizen service numbers (BSN) pass the 11-test and begin with a 9, as the
// published test numbers do.
//
// It does not talk to a server and takes nothing from outside.
//
// The one path through it: Make(seed, n) → Data; a Patient is readable as it is
// (charts, visits, results, medications), and Data writes it as FHIR R4
// transactions, as HL7 v2 messages or as NDJSON.
package demodata
