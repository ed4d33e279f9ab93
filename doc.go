// Package sluis is the house of a FHIR R4 interoperability server in which
// every byte that leaves has passed four gates: who asks (smart), what the
// patient and the law allow (consent), what the query says (fhir/query), and
// what the log has recorded (audit).
//
// It owns the plan of the house and the tests that hold it; it has no code of
// its own. The rooms stand on floors, and a room knows only those below:
//
//	4  cmd/sluis  conformance/cast  conformance/noninterference
//	3  fhir/rest  smart/authserver  feed  portal  conformance/suite
//	2  gate  storage/relational, storage/sqlite, storage/postgres
//	1  smart  consent  audit  storage
//	0  fhir  fhir/path  fhir/index  fhir/query  conformance
//
// The one path through it: a surface of floor 3 turns what arrives into a
// fhir.Interaction and hands it to gate with a verified Grant; gate decides,
// makes the storage.Access that the decision is, calls the store once, records
// the access, and hands back the stored bytes. docs/adr tells why.
package sluis
