// Package files reads what is to be imported: transaction, batch and collection
// Bundles and single resources (.json), NDJSON (.ndjson, one resource a line),
// HL7 v2 (.hl7, any number of messages), each also compressed (.gz), and
// directories and archives (.tar, .tgz) of these.
//
// It owns finding and opening the files, cutting them into items of bounded size,
// and naming file and line of what is wrong. It does not judge resources, order
// them (bulk does), or write anything.
//
// The one path through it: Read(paths) yields Items one at a time; no more than
// one is in memory.
package files
