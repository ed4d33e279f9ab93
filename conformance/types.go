package conformance

import (
	"slices"
	"strings"
	"sync"
)

var loadTypes = sync.OnceValue(func() []string {
	var out []string
	for line := range lines("data/structures.txt") {
		if f := strings.Fields(line); line[0] != ' ' && f[1] == "resource" {
			out = append(out, f[0])
		}
	}
	slices.Sort(out)
	return out
})

// Types lists R4's 146 concrete resource types, sorted. The caller must not
// change the slice.
func Types() []string { return loadTypes() }

// IsType reports whether s is a concrete resource type of R4; names are
// case-sensitive.
func IsType(s string) bool {
	_, ok := slices.BinarySearch(loadTypes(), s)
	return ok
}
