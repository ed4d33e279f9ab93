package rest

import (
	"net/http"

	"sluis/fhir"
	"sluis/fhir/query"
)

// search answers searches by GET and POST, at type and system level (R4
// search.html). A continuation link holds the whole search, sealed; it is
// authorised like the first page.
func (x *exchange) search() error {
	ask, err := x.asking()
	if err != nil {
		return err
	}
	if ask.Type == "AuditEvent" {
		return x.searchRecords(ask)
	}
	q, ignored, err := x.parse(ask)
	if err != nil {
		return err
	}
	page, err := x.Gate.Search(x.r.Context(), x.caller, q)
	if err != nil {
		return err
	}
	set := newSet("searchset", page.Total)
	set.link("self", x.self(ask))
	if page.Next != nil {
		set.link("next", x.next(ask, *page.Next))
	}
	for _, e := range page.Entries {
		set.match(x.Base, e)
	}
	if len(ignored) > 0 {
		set.outcome(ignored)
	}
	x.write(http.StatusOK, set.bytes())
	return nil
}

// parse reads the search strictly, or, when asked with handling=lenient,
// without the parameters it does not know, which it then names.
func (x *exchange) parse(ask asked) (query.Query, []fhir.Issue, error) {
	for _, p := range ask.Params {
		if query.IsSurface(p.Name) {
			return query.Query{}, nil, fhir.NewError(fhir.Invalid, "not-supported", "not supported", p.Name)
		}
	}
	parse := func(resourceType string, params []fhir.Param) (query.Query, []string, error) {
		q, err := query.Parse(resourceType, params)
		return q, nil, err
	}
	if prefer(x.r, "handling") == "lenient" {
		parse = query.ParseLenient
	}
	q, unknown, err := parse(ask.Type, ask.Params)
	if err != nil {
		return query.Query{}, nil, err
	}
	var ignored []fhir.Issue
	for _, name := range unknown {
		ignored = append(ignored, fhir.Issue{Severity: "warning", Code: "not-supported", Details: "ignored the unknown parameter " + name})
	}
	q.After = ask.After
	return q, ignored, nil
}
