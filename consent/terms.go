package consent

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
)

//go:embed purposes.txt
var purposeEdges string

//go:embed sensitivity.txt
var sensitivityEdges string

// hierarchy maps a code to the codes that subsume it directly.
type hierarchy map[string][]string

var (
	purposes    = sync.OnceValue(func() hierarchy { return readHierarchy(purposeEdges) })
	sensitivity = sync.OnceValue(func() hierarchy { return readHierarchy(sensitivityEdges) })
)

func readHierarchy(text string) hierarchy {
	h := hierarchy{}
	for line := range strings.Lines(text) {
		if f := strings.Fields(line); len(f) == 2 && !strings.HasPrefix(line, "#") {
			h[f[0]] = append(h[f[0]], f[1])
		}
	}
	return h
}

// subsumes reports whether code is general or lies below it.
func (h hierarchy) subsumes(general, code string) bool {
	if general == code {
		return true
	}
	return slices.ContainsFunc(h[code], func(parent string) bool { return h.subsumes(general, parent) })
}

// below lists a code and all codes it subsumes, sorted.
func (h hierarchy) below(code string) []string {
	out := []string{code}
	for c := range h {
		if c != code && h.subsumes(code, c) {
			out = append(out, c)
		}
	}
	slices.Sort(out)
	return out
}

// levels are the codes of v3-Confidentiality, least confidential first.
var levels = []string{"U", "L", "M", "N", "R", "V"}

// unlabelled is the confidentiality of what carries no such label.
const unlabelled = "N"

// IsConfidentiality reports whether a code of v3-Confidentiality is a level:
// U, L, M, N, R or V.
func IsConfidentiality(code string) bool { return slices.Contains(levels, code) }
