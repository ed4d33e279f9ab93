package query

import (
	"strings"

	"sluis/conformance"
	"sluis/fhir"
)

// ParseFilter reads the search of a granular SMART scope, such as
// category=http://…|laboratory (SMART App Launch 2.2, "finer-grained resource
// constraints"), for one resource type. It takes plain parameters of R4 only: no
// modifiers, no chains, no composites, nothing that shapes a result. The result
// never is All: an empty filter is an error. The error is an *fhir.Error of kind
// Invalid that names every parameter at fault.
func ParseFilter(resourceType, raw string) (Expr, error) {
	if !conformance.IsType(resourceType) {
		return nil, fhir.NewError(fhir.Invalid, "value", quote(resourceType)+" is not a resource type")
	}
	params, err := fhir.ParseParams(raw)
	switch {
	case err != nil:
		return nil, err
	case len(params) == 0:
		return nil, fhir.NewError(fhir.Invalid, "value", "an empty filter")
	case len(params) > MaxParams:
		return nil, fhir.NewError(fhir.Invalid, "too-costly", "too many parameters in a scope")
	}
	var parts []Expr
	var issues []fhir.Issue
	for _, p := range params {
		x, bad := filterPart(resourceType, p)
		if bad != nil {
			issues = append(issues, bad.issue(p.Name))
			continue
		}
		parts = append(parts, x)
	}
	if len(issues) > 0 {
		return nil, &fhir.Error{Kind: fhir.Invalid, Issues: issues}
	}
	return And(parts...), nil
}

func filterPart(resourceType string, p fhir.Param) (Expr, *problem) {
	if bad := legible(p.Name, p.Value); bad != nil {
		return nil, bad
	}
	if strings.ContainsAny(p.Name, ":.") || p.Name == "_filter" || p.Name == "_list" {
		return nil, unsupported("a modifier or chain in a scope")
	}
	x, bad := (&reader{}).comparison(resourceType, p.Name, p.Value)
	switch x.(type) {
	case Compare, IDIs, nil:
		return x, bad
	}
	return nil, unsupported("%s in a scope", p.Name)
}
