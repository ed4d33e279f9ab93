package suite

import (
	_ "embed"
	"strings"
	"sync"
)

//go:embed minimal.txt
var minimalText string

// minimal holds the least resource of each type, as JSON. {patient} in it is a
// reference to a Patient.
var minimal = sync.OnceValue(func() map[string]string {
	out := map[string]string{}
	for line := range strings.Lines(minimalText) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "{") {
			out[resourceType(line)] = line
		}
	}
	return out
})

// withID is a resource of minimal that carries the id of a variable.
func withID(body, name string) string { return `{"id":"{` + name + `.id}",` + body[1:] }
