package gate

import (
	"context"

	"sluis/consent"
	"sluis/fhir"
	"sluis/fhir/query"
	"sluis/smart"
	"sluis/storage"
)

// Read returns one resource: read and vread (R4 http.html#read, #vread). What
// is absent and what is hidden are the same error.
func (g *Gate) Read(ctx context.Context, c Caller, ix fhir.Interaction) (fhir.Resource, error) {
	ev := event{action: "R", subtype: string(ix.Kind), named: []fhir.Ref{ix.Ref().Latest()}}
	if err := g.scope(ctx, c, ev, smart.ReadPermission, ix.Type); err != nil {
		return fhir.Resource{}, err
	}
	var way pass
	page, err := corridor(ctx, g, c, smart.ReadPermission, consent.Access, func(w pass) (storage.Page, error) {
		way = w
		return g.Store.Read(ctx, w.access, ix.Ref())
	})
	if err != nil {
		return fhir.Resource{}, g.refused(ctx, c, way, ev, err)
	}
	if err := g.seen(ctx, c, way, ev, page); err != nil {
		return fhir.Resource{}, err
	}
	return page.Entries[0].Resource, nil
}

// History returns versions at the three levels (R4 http.html#history). An
// instance's needs the read permission, the others search.
func (g *Gate) History(ctx context.Context, c Caller, ix fhir.Interaction, h storage.HistoryQuery) (storage.Page, error) {
	p := smart.SearchPermission
	ev := event{action: "R", subtype: string(ix.Kind), query: c.Raw}
	if ix.Kind == fhir.HistoryInstance {
		p, ev.named = smart.ReadPermission, []fhir.Ref{ix.Ref()}
	}
	if err := g.scope(ctx, c, ev, p, ix.Type); err != nil {
		return storage.Page{}, err
	}
	h.Type, h.ID = ix.Type, ix.ID
	var way pass
	page, err := corridor(ctx, g, c, p, consent.Access, func(w pass) (storage.Page, error) {
		way = w
		return g.Store.History(ctx, w.access, h)
	})
	if err != nil {
		return storage.Page{}, g.refused(ctx, c, way, ev, err)
	}
	return page, g.seen(ctx, c, way, ev, page)
}

// Search returns one page (R4 search.html). Each page is authorised and
// recorded anew; a Position carries no authority.
func (g *Gate) Search(ctx context.Context, c Caller, q query.Query) (storage.Page, error) {
	return g.find(ctx, c, "search", q, g.Store.Search)
}

// find is every search: the scope, the cost, the corridor and the record, around
// what asks the store.
func (g *Gate) find(ctx context.Context, c Caller, subtype string, q query.Query, ask func(context.Context, storage.Access, query.Query) (storage.Page, error)) (storage.Page, error) {
	ev := event{action: "E", subtype: subtype, query: c.Raw, named: query.Named(q)}
	if err := g.scope(ctx, c, ev, smart.SearchPermission, q.Type); err != nil {
		return storage.Page{}, err
	}
	q, err := g.resolved(ctx, c, q)
	if err != nil {
		return storage.Page{}, g.refused(ctx, c, pass{}, ev, err)
	}
	var way pass
	page, err := corridor(ctx, g, c, smart.SearchPermission, consent.Access, func(w pass) (storage.Page, error) {
		way = w
		if err := g.answerable(ctx, c, w, q); err != nil {
			return storage.Page{}, err
		}
		return ask(ctx, w.access, q)
	})
	if err != nil {
		return storage.Page{}, g.refused(ctx, c, way, ev, err)
	}
	return page, g.seen(ctx, c, way, ev, page)
}

// scope refuses what no scope of the token could reach, whatever the data are,
// and records the refusal.
func (g *Gate) scope(ctx context.Context, c Caller, ev event, p smart.Permissions, resourceType string) error {
	if c.Grant.Allows(p, resourceType) && c.party() != consent.Nobody {
		return nil
	}
	return g.refused(ctx, c, pass{}, ev, forbidden("the token's scopes do not reach this"))
}
