package rest

import (
	"slices"
	"strings"
	"time"

	"sluis/fhir"
	"sluis/fhir/index"
	"sluis/fhir/query"
	"sluis/gate"
)

// everything answers Patient/[id]/$everything and Encounter/[id]/$everything
// (R4 patient-operation-everything.html), a page at a time.
func (x *exchange) everything(args arguments) ([]byte, error) {
	ask, err := x.askingEverything(args)
	if err != nil {
		return nil, err
	}
	body, _, err := x.everythingPage(ask)
	return body, err
}

// askingEverything is what is asked, or what a continuation link holds.
func (x *exchange) askingEverything(args arguments) (asked, error) {
	ask := asked{Type: x.ix.Type, ID: x.ix.ID, Params: args.params()}
	if i := slices.IndexFunc(x.asked, func(p fhir.Param) bool { return p.Name == pageParam }); i >= 0 {
		var err error
		if ask, err = x.open(x.asked[i].Value); err != nil || ask.Type != x.ix.Type || ask.ID != x.ix.ID || len(args.params()) > 0 {
			return asked{}, fhir.NewError(fhir.Invalid, "value", "this is not a continuation link of this operation", pageParam)
		}
	}
	return ask, nil
}

func (x *exchange) everythingPage(ask asked) ([]byte, *asked, error) {
	e, err := everythingOf(ask)
	if err != nil {
		return nil, nil, err
	}
	page, err := x.Gate.Everything(x.r.Context(), x.caller, e)
	if err != nil {
		return nil, nil, err
	}
	set := newSet("searchset", page.Total)
	set.link("self", x.operationLink(ask))
	next := ask.after(page.Next)
	if next != nil {
		set.link("next", x.operationLink(*next))
	}
	for _, e := range page.Entries {
		set.match(x.Base, e)
	}
	return set.bytes(), next, nil
}

// operationLink is the address of a page of an operation.
func (x *exchange) operationLink(ask asked) string {
	link := x.address(ask) + "/$" + x.ix.Operation
	switch {
	case ask.After != nil:
		return link + "?" + pageParam + "=" + x.seal(ask)
	case len(ask.Params) > 0:
		return link + "?" + encode(ask.Params)
	}
	return link
}

// everythingOf reads the parameters; the error names everyone at fault.
func everythingOf(ask asked) (gate.Everything, error) {
	e := gate.Everything{Of: fhir.Ref{Type: ask.Type, ID: ask.ID}, After: ask.After}
	bad := &fhir.Error{Kind: fhir.Invalid}
	refuse := func(code, details, name string) {
		bad.Issues = append(bad.Issues, fhir.Issue{Code: code, Details: details, Expression: []string{name}})
	}
	var types []string
	for _, p := range ask.Params {
		switch p.Name {
		case "start", "end":
			low, high, ok := index.DateRange(p.Value)
			if !ok || ask.Type != "Patient" {
				refuse("value", "a date is expected, and the $everything of a Patient", p.Name)
				continue
			}
			prefix := query.Ge
			if p.Name == "end" {
				prefix = query.Le
			}
			e.Care = append(e.Care, query.Value{Raw: p.Value, Prefix: prefix, DateLow: low, DateHigh: high})
		case "_since":
			if _, err := time.Parse(time.RFC3339Nano, p.Value); err != nil {
				refuse("value", "an instant", p.Name)
			}
			e.Params = append(e.Params, fhir.Param{Name: "_lastUpdated", Value: "ge" + p.Value})
		case "_type":
			types = append(types, p.Value)
		case "_count":
			e.Params = append(e.Params, p)
		default:
			refuse("not-supported", "unknown parameter of the operation", p.Name)
		}
	}
	if len(bad.Issues) > 0 {
		return gate.Everything{}, bad
	}
	if len(types) > 0 {
		e.Params = append(e.Params, fhir.Param{Name: "_type", Value: strings.Join(types, ",")})
	}
	return e, nil
}
