package main

import (
	"slices"
	"strings"
)

// flagTable writes what definitions say of elements beside their cardinality and
// type, one line for each structure and flag: which are part of a summary, which
// change the meaning of others, which XML writes as attributes, and, of the
// structure itself, whether it is normative.
func flagTable(all []structureDefinition) []byte {
	t := newTable("STRUCTURE flag, then the elements that have it; normative has none")
	sorted := slices.SortedFunc(slices.Values(all), func(a, b structureDefinition) int { return strings.Compare(a.Name, b.Name) })
	for _, s := range sorted {
		if !wanted(s) {
			continue
		}
		if s.normative() {
			t.line("%s normative", s.Name)
		}
		flagLines(t, s, s.Snapshot.Element[0].Path)
		for _, e := range s.Snapshot.Element[1:] {
			if nested(e) {
				flagLines(t, s, e.Path)
			}
		}
	}
	return t.Bytes()
}

const standardsStatus = structurePrefix + "structuredefinition-standards-status"

func (s structureDefinition) normative() bool {
	return slices.ContainsFunc(s.Extension, func(x extension) bool { return x.URL == standardsStatus && x.ValueCode == "normative" })
}

// flagLines writes the lines of one structure: the elements directly below path.
func flagLines(t *table, s structureDefinition, path string) {
	flagged := map[string][]string{}
	for _, e := range s.Snapshot.Element {
		name, ok := strings.CutPrefix(e.Path, path+".")
		if !ok || strings.Contains(name, ".") || inherited(e, s) || e.Max == "0" {
			continue
		}
		name = strings.TrimSuffix(name, "[x]")
		if e.IsSummary {
			flagged["summary"] = append(flagged["summary"], name)
		}
		if e.IsModifier {
			flagged["modifier"] = append(flagged["modifier"], name)
		}
		if slices.Contains(e.Representation, "xmlAttr") {
			flagged["attribute"] = append(flagged["attribute"], name)
		}
	}
	for _, flag := range []string{"attribute", "modifier", "summary"} {
		if len(flagged[flag]) > 0 {
			t.line("%s %s %s", path, flag, strings.Join(flagged[flag], " "))
		}
	}
}
