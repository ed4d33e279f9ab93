// Package differential compares the server with readings of the specification
// that share no code with it: random searches with the evaluator in naive,
// stored resources with what was sent, and what many clients do at once with
// what some order of them could have done.
//
// It owns the random data and searches, the comparison of sets, orders, totals
// and pages, the reduction of a difference to its smallest form, the round
// trips of the published examples, and the races. It has tests only.
//
// The one path through it: a World of conformance/cast is filled by maker, asker
// draws searches whose values are taken from the data, compare asks the server
// and the evaluator, shrink makes what differs small.
//
// SLUIS_DIFFERENTIAL=10m makes the random searches last that long, each backend
// its share; SLUIS_SEED repeats a run.
package differential
