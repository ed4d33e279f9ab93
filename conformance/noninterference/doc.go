// Package noninterference holds the one property that subsumes most attacks: two
// servers that differ only in what a token may not see answer every request of
// it with the same status, headers, order, ids, totals, links and bytes.
//
// It owns the pairs of servers (scenes), the random requests, the comparison,
// and the proof that the comparison finds leaks that are planted on purpose. It
// decides nothing of what is visible: a scene that hides something visible fails
// like a leak. It has tests only.
//
// The one path through it: a scene stages two Worlds of conformance/cast, a
// generator draws requests from the words of both, twins asks each request of
// both and compares.
//
// SLUIS_NONINTERFERENCE=10m makes the random runs last that long, each scene and
// backend its share; SLUIS_SEED repeats a run.
package noninterference
