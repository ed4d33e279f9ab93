package main

import (
	"fmt"
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
