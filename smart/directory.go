package smart

import (
	"sync"

	"sluis/conformance"
)

// directoryTypes are the types without any patient, of which scopes alone
// decide, by the reviewed subject table of conformance.
var directoryTypes = sync.OnceValue(func() []string {
	var out []string
	for _, t := range conformance.Types() {
		if isDirectory(t) {
			out = append(out, t)
		}
	}
	return out
})

func isDirectory(resourceType string) bool {
	return conformance.Class(resourceType) == conformance.DirectoryClass
}
