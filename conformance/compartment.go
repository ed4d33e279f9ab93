package conformance

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// compartment is one CompartmentDefinition of R4.
type compartment struct {
	params map[string][]*Parameter // by type
	types  []string                // with parameters, and its own; sorted
}

var loadCompartments = sync.OnceValue(func() map[string]compartment {
	all := map[string]compartment{}
	for line := range lines("data/compartments.txt") {
		f := strings.Fields(line)
		c := all[f[0]]
		if c.params == nil {
			c.params = map[string][]*Parameter{}
		}
		for _, code := range f[2:] {
			if code == "{def}" { // every resource is in its own
				continue
			}
			p, ok := Lookup(f[1], code)
			if !ok || p.Type != ReferenceParam {
				panic(fmt.Sprintf("data/compartments.txt: %s has no reference parameter %s", f[1], code))
			}
			c.params[f[1]] = append(c.params[f[1]], p)
		}
		c.types = append(c.types, f[1])
		all[f[0]] = c
	}
	return all
})

// Compartments lists the types that have a compartment (R4
// compartmentdefinition.html), sorted.
func Compartments() []string { return slices.Sorted(maps.Keys(loadCompartments())) }

// CompartmentTypes lists the types of which resources can be in the compartment
// of a type, sorted; it is empty for what has no compartment.
func CompartmentTypes(of string) []string { return loadCompartments()[of].types }

// Compartment lists the parameters by which a resource of a type is in the
// compartment of another, for compartment search. For access there is Subjects.
// Every resource is also in its own compartment.
func Compartment(of, resourceType string) []*Parameter {
	return loadCompartments()[of].params[resourceType]
}

// PatientCompartment lists the codes of Compartment("Patient", resourceType).
func PatientCompartment(resourceType string) []string {
	var out []string
	for _, p := range Compartment("Patient", resourceType) {
		out = append(out, p.Code)
	}
	return out
}
