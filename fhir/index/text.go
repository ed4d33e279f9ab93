package index

import (
	"strings"

	"sluis/fhir"
	"sluis/fhir/path"
)

// searchedParts are the string elements of HumanName and Address that a string
// search reaches (R4 search.html#string).
var searchedParts = map[string]bool{
	"text": true, "family": true, "given": true, "prefix": true, "suffix": true,
	"line": true, "city": true, "district": true, "state": true, "postalCode": true, "country": true,
}

// text indexes a string, or each part of a HumanName or Address.
func (x *extraction) text(param int32, v path.Value) bool {
	if v.Node.Kind() == fhir.String {
		x.addString(param, v.Node)
		return true
	}
	for m := range v.Node.All() {
		if !searchedParts[m.Key()] {
			continue
		}
		if m.Kind() == fhir.Array {
			for e := range m.All() {
				x.addString(param, e)
			}
			continue
		}
		x.addString(param, m)
	}
	return true
}

func (x *extraction) addString(param int32, n fhir.Node) {
	if t := x.textOf(n); t.exact != "" {
		x.entries.Strings = append(x.entries.Strings, String{Param: param, Element: x.element, Folded: t.fold(), Exact: t.exact})
	}
}

// uri indexes a uri as it stands. A canonical with a version is found with and
// without it (R4 references.html#canonical).
func (x *extraction) uri(param int32, v path.Value) bool {
	for _, s := range canonicalForms(v.Text()) {
		x.entries.URIs = append(x.entries.URIs, URI{Param: param, Element: x.element, Value: s})
	}
	return true
}

func canonicalForms(s string) []string {
	bare, _, versioned := strings.Cut(s, "|")
	switch {
	case s == "":
		return nil
	case versioned && bare != "":
		return []string{s, bare}
	}
	return []string{s}
}
