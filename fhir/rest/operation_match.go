package rest

import (
	"strconv"

	"sluis/fhir"
	"sluis/gate"
)

// match answers Patient/$match (R4 patient-operation-match.html).
func (x *exchange) match(args arguments) ([]byte, error) {
	m, err := matching(args)
	if err != nil {
		return nil, err
	}
	page, likes, err := x.Gate.Match(x.r.Context(), x.caller, m)
	if err != nil {
		return nil, err
	}
	set := newSet("searchset", page.Total)
	for i, e := range page.Entries {
		set.likely(x.Base, e, likes[i])
	}
	return set.bytes(), nil
}

// matching reads the arguments; the error names everything at fault.
func matching(args arguments) (gate.Matching, error) {
	if err := args.known("resource", "onlyCertainMatches", "count"); err != nil {
		return gate.Matching{}, err
	}
	var m gate.Matching
	bad := &fhir.Error{Kind: fhir.Invalid}
	refuse := func(code, details, name string) {
		bad.Issues = append(bad.Issues, fhir.Issue{Code: code, Details: details, Expression: []string{name}})
	}
	if r, ok := args.resource("resource"); !ok || r.Get("resourceType").Text() != "Patient" {
		refuse("required", "a Patient to match is needed", "resource")
	} else if doc, err := fhir.ParseDocument(r.Raw()); err != nil {
		refuse("structure", "the Patient cannot be read", "resource")
	} else {
		m.Patient = doc
	}
	switch certain, err := args.text("onlyCertainMatches"); {
	case err != nil || certain != "" && certain != "true" && certain != "false":
		refuse("value", "true or false, once", "onlyCertainMatches")
	default:
		m.Certain = certain == "true"
	}
	if count, err := args.text("count"); err != nil {
		refuse("value", "a number, once", "count")
	} else if count != "" {
		if m.Count, err = strconv.Atoi(count); err != nil || m.Count < 1 {
			refuse("value", "a number from 1 on", "count")
		}
	}
	if len(bad.Issues) > 0 {
		return gate.Matching{}, bad
	}
	return m, nil
}
