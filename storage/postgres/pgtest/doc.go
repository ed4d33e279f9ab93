// Package pgtest gives tests a PostgreSQL database. It is for tests only.
//
// It owns a private cluster, made of the machine's own PostgreSQL once for a
// test process and gone with it. It does not own the server that
// SLUIS_TEST_DATABASE_URL names, if it does: there it makes databases only.
//
// The one path through it: URL(t) returns the address of a database that no
// other test has.
package pgtest
