package main

import (
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

// compartmentTable writes the parameters that put a resource into the Patient
// compartment; types outside it have no line.
func compartmentTable(all []compartmentDefinition) ([]byte, error) {
	at := slices.IndexFunc(all, func(c compartmentDefinition) bool { return c.Code == "Patient" })
	if at < 0 {
		return nil, fmt.Errorf("no CompartmentDefinition for Patient")
	}
	t := newTable("TYPE parameter parameter ...")
	for _, r := range all[at].Resource {
		if len(r.Param) > 0 {
			t.line("%s %s", r.Code, strings.Join(slices.Sorted(slices.Values(r.Param)), " "))
		}
	}
	return t.Bytes(), nil
}
