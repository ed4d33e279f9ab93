// Package story tells what Sluis does as one story, with real HTTP and MLLP
// exchanges against a running server, and checks every step of it.
//
// It owns the steps, what they print and what they expect. It reaches the server
// as anyone would: over the network, with tokens.
//
// The one path through it: Run loads the demo data as the two custodians' EPDs,
// then the EPD, the patient, the practitioners and the log have a chapter each;
// what failed is in the error.
package story
