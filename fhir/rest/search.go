package rest

import (
	"net/http"
	"slices"
	"strings"

	"sluis/conformance"
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
	q, unknown, err := x.parse(ask)
	if err != nil {
		return err
	}
	ask.Params = slices.DeleteFunc(slices.Clone(ask.Params), func(p fhir.Param) bool { return slices.Contains(unknown, p.Name) })
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
	if len(unknown) > 0 {
		set.outcome(ignored(unknown))
	}
	x.write(http.StatusOK, set.bytes())
	return nil
}

// parse reads the search strictly, or, when asked with handling=lenient,
// without the parameters it does not know, which it then names.
func (x *exchange) parse(ask asked) (query.Query, []string, error) {
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
	q.After = ask.After
	return q, unknown, err
}

// ignored says what was left out; the self link leaves it out as well (R4
// search.html#conformance).
func ignored(unknown []string) []fhir.Issue {
	var out []fhir.Issue
	for _, name := range unknown {
		out = append(out, fhir.Issue{Severity: "warning", Code: "not-supported", Details: "ignored the unknown parameter " + name})
	}
	return out
}

// local adds the relative form to references that are URLs of this server: both
// name the same resource (R4 search.html#reference).
func (x *exchange) local(params []fhir.Param) []fhir.Param {
	for i, p := range params {
		def, ok := conformance.Lookup(x.ix.Type, p.Name)
		if !ok || def.Type != conformance.ReferenceParam || strings.Contains(p.Value, `\`) {
			continue
		}
		values := strings.Split(p.Value, ",")
		for _, v := range values {
			if relative, own := strings.CutPrefix(v, x.Base+"/"); own {
				values = append(values, relative)
			}
		}
		params[i].Value = strings.Join(values, ",")
	}
	return params
}
