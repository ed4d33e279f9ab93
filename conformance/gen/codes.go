package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

type valueSet struct {
	URL       string
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

// codeTable writes the codes of each value set; a set that HL7 could not
// expand as a whole (MIME types) is left open: it has no line.
func codeTable(bound []string, expansions map[string]valueSet) ([]byte, error) {
	t := newTable("VALUESET code code ...")
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
			continue
		}
		codes := slices.Compact(slices.Sorted(slices.Values(flatten(nil, v.Expansion.Contains))))
		if len(codes) == 0 {
			return nil, fmt.Errorf("value set %s is empty", u)
		}
		t.line("%s %s", shortName(u), strings.Join(codes, " "))
	}
	return t.Bytes(), nil
}

func flatten(out []string, in []concept) []string {
	for _, c := range in {
		if !c.Abstract && c.Code != "" {
			out = append(out, c.Code)
		}
		out = flatten(out, c.Contains)
	}
	return out
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
		bySystem := map[string][]string{}
		concepts(v.Expansion.Contains, bySystem)
		for _, system := range slices.Sorted(maps.Keys(bySystem)) {
			t.line("%s %s %s", shortName(u), system, strings.Join(slices.Compact(slices.Sorted(slices.Values(bySystem[system]))), " "))
		}
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
