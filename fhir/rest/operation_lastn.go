package rest

import (
	"slices"
	"strconv"

	"sluis/fhir"
)

// lastN answers Observation/$lastn (R4 observation-operation-lastn.html): the
// parameters of a search, and max, which is 1 where it is not given. A patient
// and a category or code are needed.
func (x *exchange) lastN(args arguments) ([]byte, error) {
	most, params, err := lastParams(args.params())
	if err != nil {
		return nil, err
	}
	ask := asked{Type: "Observation", Params: append(slices.Clone(params), fhir.Param{Name: "_sort", Value: "-date"})}
	q, _, err := x.parse(ask)
	if err != nil {
		return nil, err
	}
	page, err := x.Gate.LastN(x.r.Context(), x.caller, q, most)
	if err != nil {
		return nil, err
	}
	set := newSet("searchset", page.Total)
	set.link("self", x.address(asked{Type: "Observation"})+"/$lastn?"+encode(args.params()))
	for _, e := range page.Entries {
		set.match(x.Base, e)
	}
	return set.bytes(), nil
}

// lastParams takes max off; the error names everything at fault.
func lastParams(url []fhir.Param) (most int, rest []fhir.Param, err error) {
	most = 1
	bad := &fhir.Error{Kind: fhir.Invalid}
	refuse := func(code, details, name string) {
		bad.Issues = append(bad.Issues, fhir.Issue{Code: code, Details: details, Expression: []string{name}})
	}
	has := map[string]bool{}
	for _, p := range url {
		switch has[baseName(p.Name)] = true; p.Name {
		case "max":
			if most, err = strconv.Atoi(p.Value); err != nil || most < 1 {
				refuse("value", "max is a number from 1 on", "max")
			}
		case "_sort", "_count", "_total", "_summary":
			refuse("not-supported", "the operation orders and counts by itself", p.Name)
		default:
			rest = append(rest, p)
		}
	}
	if !has["patient"] && !has["subject"] {
		refuse("required", "a patient or subject is needed", "patient")
	}
	if !has["category"] && !has["code"] {
		refuse("required", "a category or code is needed", "category")
	}
	if len(bad.Issues) > 0 {
		return 0, nil, bad
	}
	return most, rest, nil
}
