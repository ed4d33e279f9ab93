package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

type valueSet struct {
	URL     string
	Compose struct {
		Include []struct{ System string }
	}
	Expansion *struct {
		Extension []struct{ URL string }
		Contains  []concept
	}
}

type concept struct {
	System   string
	Code     string
	Abstract bool
	Contains []concept
}

// codeTable writes the codes of each value set by the systems that they imply. A
// set that HL7 could not expand as a whole (MIME types) is left open: of it the
// systems stand there alone, each with a star.
func codeTable(bound []string, expansions map[string]valueSet) ([]byte, error) {
	t := newTable("VALUESET system code code ...")
	seen := map[string]string{}
	for _, u := range bound {
		if other, ok := seen[shortName(u)]; ok {
			return nil, fmt.Errorf("value sets %s and %s share a name", u, other)
		}
		seen[shortName(u)] = u
		v, ok := expansions[u]
		if !ok || v.Expansion == nil {
			return nil, fmt.Errorf("value set %s has no expansion", u)
		}
		if len(v.Expansion.Extension) > 0 { // too costly or unclosed
			t.open(u, v)
		} else if !t.codes(u, v) {
			return nil, fmt.Errorf("value set %s is empty", u)
		}
	}
	return t.Bytes(), nil
}

// open writes the systems of a value set without their codes.
func (t *table) open(u string, v valueSet) {
	for _, include := range v.Compose.Include {
		if include.System != "" {
			t.line("%s %s *", shortName(u), include.System)
		}
	}
}

// codes writes a line for each system of a value set, and reports whether it has
// any.
func (t *table) codes(u string, v valueSet) bool {
	bySystem := map[string][]string{}
	concepts(v.Expansion.Contains, bySystem)
	for _, system := range slices.Sorted(maps.Keys(bySystem)) {
		t.line("%s %s %s", shortName(u), system, strings.Join(slices.Compact(slices.Sorted(slices.Values(bySystem[system]))), " "))
	}
	return len(bySystem) > 0
}

// conceptTable writes the codes of each value set by their systems, for elements
// that say the system. What HL7 could not expand (UCUM, LOINC) is left open.
func conceptTable(bound []string, expansions map[string]valueSet) []byte {
	t := newTable("VALUESET system code code ...")
	for _, u := range bound {
		v, ok := expansions[u]
		if !ok || v.Expansion == nil || len(v.Expansion.Extension) > 0 {
			continue
		}
		t.codes(u, v)
	}
	return t.Bytes()
}

func concepts(in []concept, bySystem map[string][]string) {
	for _, c := range in {
		if !c.Abstract && c.Code != "" {
			bySystem[c.System] = append(bySystem[c.System], c.Code)
		}
		concepts(c.Contains, bySystem)
	}
}
