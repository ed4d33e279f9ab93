// Package storage is the contract between the gate and the databases: Access,
// the key that opens a store; Store, the resources; Indexing, which makes their
// index anew; Log, the audit records; and the small stores beside them.
//
// It owns the types and their duties, which storage/storagetest proves for every
// backend. It does not know SQL, tokens, or what a consent says: policy inputs
// pass through as opaque bytes and plain edges.
//
// The one path through it: Policy tells what the decision needs; the gate makes
// an Access with Permit; every other method takes that Access and applies it to
// each row it touches, in one snapshot that still has the Access's Version.
package storage
