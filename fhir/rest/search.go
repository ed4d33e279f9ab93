package rest

import (
	"slices"

	"sluis/fhir"
	"sluis/fhir/query"
	"sluis/fhir/subset"
)

// search answers searches by GET and POST, of a type, of a compartment and of
// the whole system (R4 search.html, http.html#vsearch). A continuation link holds the whole search, sealed; it is
// authorised like the first page.
func (x *exchange) search() error { return x.paged((*exchange).searchPage) }

func (x *exchange) searchPage(ask asked) ([]byte, *asked, error) {
	if ask.Type == "AuditEvent" {
		return x.recordsPage(ask)
	}
	q, unknown, err := x.parse(ask)
	if err != nil {
		return nil, nil, err
	}
	ask = ask.without(unknown)
	page, err := x.Gate.Search(x.r.Context(), x.caller, q)
	if err != nil {
		return nil, nil, err
	}
	set := newSet("searchset", page.Total)
	set.link("self", x.self(ask))
	next := ask.after(page.Next)
	if next != nil {
		set.link("next", x.continuation(*next))
	}
	for _, e := range page.Entries {
		set.match(x.Base, e)
	}
	if len(unknown) > 0 {
		set.outcome(ignored(unknown))
	}
	return set.bytes(), next, nil
}

// parse reads the search strictly, or, when asked with handling=lenient,
// without the parameters it does not know, which it then names. What a
// continuation link or a request kept for later holds was understood once: where
// a parameter is no more, the rest of the search would be another one.
func (x *exchange) parse(ask asked) (query.Query, []string, error) {
	if _, err := x.shorten(ask); err != nil {
		return query.Query{}, nil, err
	}
	var q query.Query
	var unknown []string
	lenient := prefer(x.r, "handling") == "lenient" && !ask.continued && ask.After == nil
	err := x.Gate.Understand(x.r.Context(), func(l query.Language) (whole bool, err error) {
		q, unknown, err = ask.read(l, lenient)
		return len(unknown) == 0, err
	})
	q.After = ask.After
	return q, unknown, err
}

func (ask asked) read(language query.Language, lenient bool) (q query.Query, unknown []string, err error) {
	switch within := !ask.Within.IsZero(); {
	case within && lenient:
		return language.ParseCompartmentLenient(ask.Within, ask.Type, ask.Params)
	case within:
		q, err = language.ParseCompartment(ask.Within, ask.Type, ask.Params)
	case lenient:
		return language.ParseLenient(ask.Type, ask.Params)
	default:
		q, err = language.Parse(ask.Type, ask.Params)
	}
	return q, nil, err
}

// shorten reads how much of each resource is asked for, and returns the other
// parameters, for those who would not know these; that only the number is asked
// for concerns them too.
func (x *exchange) shorten(ask asked) (rest []fhir.Param, err error) {
	if x.subset, err = subset.Parse(ask.Type, ask.Params); err != nil {
		return nil, err
	}
	for _, p := range ask.Params {
		if !slices.Contains(subset.Names, p.Name) || p.Name == "_summary" && x.subset.Summary == subset.Count {
			rest = append(rest, p)
		}
	}
	return rest, nil
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
