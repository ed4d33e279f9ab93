// Package cast is the standing company of the tests: two patients, two
// custodians, practitioners with and without a treatment relation, an app and
// the patients themselves, around a whole server in one process.
//
// It owns World, which wires the rooms as cmd/sluis does, and the tests of
// promises.md and attacks.md that need a whole server. It is for tests only.
//
// The one path through it: New(t, backend) → tokens → Do, which sends a request
// through the same handler that serves.
package cast
