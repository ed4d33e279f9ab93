package rest

import (
	"net/http"

	"sluis/gate"
)

// history answers histories at three levels (R4 http.html#history).
func (x *exchange) history() error {
	ask, err := x.asking()
	if err != nil {
		return err
	}
	params, err := x.shorten(ask)
	if err != nil {
		return err
	}
	h, err := gate.ParseHistory(params)
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
