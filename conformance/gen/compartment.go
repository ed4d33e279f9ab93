package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

type compartmentDefinition struct {
	Code     string
	Resource []struct {
		Code  string
		Param []string
	}
}

// itself stands among the parameters of a compartment's own type: the resource
// that the compartment is named after is in it.
const itself = "{def}"

// compartmentTable writes, for each compartment, the parameters that put a
// resource into it; types outside it have no line.
func compartmentTable(all []compartmentDefinition) ([]byte, error) {
	if len(all) != 5 {
		return nil, fmt.Errorf("%d CompartmentDefinitions, R4 has 5", len(all))
	}
	slices.SortFunc(all, func(a, b compartmentDefinition) int { return cmp.Compare(a.Code, b.Code) })
	t := newTable("COMPARTMENT TYPE parameter parameter ...; " + itself + " is the resource itself")
	for _, c := range all {
		for _, r := range c.Resource {
			params := r.Param
			if r.Code == c.Code && !slices.Contains(params, itself) {
				params = append(params, itself)
			}
			if len(params) > 0 {
				t.line("%s %s %s", c.Code, r.Code, strings.Join(slices.Sorted(slices.Values(params)), " "))
			}
		}
	}
	return t.Bytes(), nil
}
