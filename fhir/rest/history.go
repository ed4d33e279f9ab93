package rest

import (
	"net/http"
	"strconv"
	"time"

	"sluis/fhir"
	"sluis/storage"
)

// history answers histories at three levels (R4 http.html#history).
func (x *exchange) history() error {
	ask, err := x.asking()
	if err != nil {
		return err
	}
	h, err := historyQuery(ask.Params)
	if err != nil {
		return err
	}
	h.After = ask.After
	page, err := x.Gate.History(x.r.Context(), x.caller, x.ix, h)
	if err != nil {
		return err
	}
	set := newSet("history", page.Total)
	set.link("self", x.self(ask))
	if page.Next != nil {
		set.link("next", x.next(ask, *page.Next))
	}
	for _, e := range page.Entries {
		set.version(x.Base, e.Resource)
	}
	x.write(http.StatusOK, set.bytes())
	return nil
}

// maxPage bounds _count; more is asked with the next link.
const maxPage = 1000

// historyQuery reads _since and _count; anything else is refused.
func historyQuery(params []fhir.Param) (storage.HistoryQuery, error) {
	var h storage.HistoryQuery
	bad := &fhir.Error{Kind: fhir.Invalid}
	for _, p := range params {
		var err error
		switch p.Name {
		case "_since":
			h.Since, err = time.Parse(time.RFC3339Nano, p.Value)
		case "_count":
			h.Count, err = strconv.Atoi(p.Value)
			if h.Count < 1 && err == nil {
				err = strconv.ErrRange
			}
			h.Count = min(h.Count, maxPage)
		default:
			bad.Issues = append(bad.Issues, fhir.Issue{Code: "not-supported", Details: "unknown parameter of a history", Expression: []string{p.Name}})
		}
		if err != nil {
			bad.Issues = append(bad.Issues, fhir.Issue{Code: "value", Details: "bad value", Expression: []string{p.Name}})
		}
	}
	if len(bad.Issues) > 0 {
		return storage.HistoryQuery{}, bad
	}
	return h, nil
}
