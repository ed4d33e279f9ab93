package rest

import "sluis/gate"

// history answers histories at three levels (R4 http.html#history).
func (x *exchange) history() error { return x.paged((*exchange).historyPage) }

func (x *exchange) historyPage(ask asked) ([]byte, *asked, error) {
	params, err := x.shorten(ask)
	if err != nil {
		return nil, nil, err
	}
	h, err := gate.ParseHistory(params)
	if err != nil {
		return nil, nil, err
	}
	h.After = ask.After
	page, err := x.Gate.History(x.r.Context(), x.caller, x.ix, h)
	if err != nil {
		return nil, nil, err
	}
	set := newSet("history", page.Total)
	set.link("self", x.self(ask))
	next := ask.after(page.Next)
	if next != nil {
		set.link("next", x.continuation(*next))
	}
	for _, e := range page.Entries {
		set.version(x.Base, e.Resource)
	}
	return set.bytes(), next, nil
}
