package main

import (
	"crypto/sha256"
	"hash/maphash"

	"sluis/gate"
)

// names holds what a run has stored, so that within it a name stands for one
// resource: the first that was met. Files that tell of one resource twice, and
// differently, would else overwrite each other, and do so again in every later
// run. It takes about 40 bytes a resource.
type names struct {
	seed   maphash.Seed
	bodies map[nameKey]uint64
}

// nameKey is a digest of type and source name, long enough that no two meet.
type nameKey [16]byte

func newNames() names { return names{maphash.MakeSeed(), map[nameKey]uint64{}} }

func keyOf(e gate.ImportEntry) nameKey {
	sum := sha256.Sum256([]byte(e.Type + "\x00" + e.Source))
	return nameKey(sum[:16])
}

func (n names) add(entries []gate.ImportEntry) {
	for _, e := range entries {
		n.bodies[keyOf(e)] = maphash.Bytes(n.seed, e.Body)
	}
}

// known reports whether the run has stored a resource of that name, and whether
// it was the same, byte for byte.
func (n names) known(e gate.ImportEntry) (known, same bool) {
	body, known := n.bodies[keyOf(e)]
	return known, known && body == maphash.Bytes(n.seed, e.Body)
}

// fresh leaves out what stands in the store under its name since earlier in this
// run, and tells of what differs.
func (r *importRun) fresh(list []named) []named {
	var out []named
	for _, e := range list {
		known, same := r.names.known(e.ImportEntry)
		if !known {
			out = append(out, e)
			continue
		}
		r.report.again(e.place, e.Source, same)
	}
	return out
}
