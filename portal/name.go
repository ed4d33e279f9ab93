package portal

import (
	"slices"
	"strings"

	"sluis/fhir"
)

// uses of a HumanName, best first; old and nickname are no way to call
// somebody in a record.
var uses = []string{"official", "usual", "", "temp", "anonymous", "maiden"}

// humanName chooses one name and writes it. The Dutch prefixes ("van der")
// are part of family already (R4 datatypes.html#HumanName).
func humanName(names fhir.Node) string {
	for _, use := range uses {
		for n := range names.All() {
			if n.Get("use").Text() != use {
				continue
			}
			if text := written(n); text != "" {
				return text
			}
		}
	}
	return ""
}

func written(n fhir.Node) string {
	if text := n.Get("text").Text(); text != "" {
		return text
	}
	parts := append(texts(n.Get("prefix")), given(n)...)
	parts = append(parts, n.Get("family").Text())
	parts = append(parts, texts(n.Get("suffix"))...)
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " ")
}

func texts(list fhir.Node) (out []string) {
	for n := range list.All() {
		out = append(out, n.Text())
	}
	return out
}

// qualifier marks given names as initials (IN) or otherwise.
const qualifier = "http://hl7.org/fhir/StructureDefinition/iso21090-EN-qualifier"

// given leaves out initials that stand beside names in full, as nl-core writes
// them.
func given(n fhir.Node) (out []string) {
	all := texts(n.Get("given"))
	marks := slices.Collect(n.Get("_given").All())
	for i, name := range all {
		if i >= len(marks) || !initials(marks[i]) {
			out = append(out, name)
		}
	}
	if len(out) == 0 {
		return all
	}
	return out
}

func initials(element fhir.Node) bool {
	for e := range element.Get("extension").All() {
		if e.Get("url").Text() == qualifier && e.Get("valueCode").Text() == "IN" {
			return true
		}
	}
	return false
}
