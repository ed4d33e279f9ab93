// Package naive evaluates FHIR searches the slow way: every parameter of every
// resource anew, over plain decoded JSON, as R4's search.html says it. It is
// what the server is compared with, so it shares nothing with the server but
// the table of SearchParameters: it must not know fhir/query, fhir/index or
// fhir/path, and a test holds it to that.
//
// It owns Data.Search and the reading of the specification behind it; where R4
// leaves a choice, rulings.md names the one taken. It does not know HTTP, SQL,
// tokens or consent: Data is what somebody may see. It is for tests only.
//
// The one path through it: a query string becomes a search (parse.go), each
// resource is asked whether it matches (match.go, and a file for each type of
// parameter), the matches are put in order (sort.go), and a page of them is
// completed with what it includes (include.go).
package naive
