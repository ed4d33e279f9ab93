package gate

import (
	"context"

	"sluis/conformance"
	"sluis/consent"
	"sluis/fhir"
	"sluis/fhir/query"
	"sluis/smart"
	"sluis/storage"
)

// Everything is what is asked of $everything.
type Everything struct {
	Of     fhir.Ref // a Patient or an Encounter
	Params []fhir.Param
	// Care is the period of care: resources with a time of care outside it are
	// left out, those without one are not.
	Care  []query.Value
	After *query.Position
}

// Everything returns one page of what concerns a patient or an encounter: its
// compartment, itself included, and what those refer to beside it (R4
// patient-operation-everything.html, encounter-operation-everything.html). Where
// the caller may not see the one it is about, it does not exist.
func (g *Gate) Everything(ctx context.Context, c Caller, e Everything) (storage.Page, error) {
	ev := event{action: "E", subtype: string(fhir.Operation), query: c.Raw, named: []fhir.Ref{e.Of}}
	q, err := g.Language().ParseCompartment(e.Of, "", e.Params)
	if err != nil {
		return storage.Page{}, err
	}
	q.Where = query.And(q.Where, care(e.Care))
	q.Includes, q.After = supporters(e.Of.Type), e.After
	if err := g.scope(ctx, c, ev, smart.SearchPermission, ""); err != nil {
		return storage.Page{}, err
	}
	var way pass
	page, err := corridor(ctx, g, c, smart.SearchPermission, consent.Access, func(w pass) (storage.Page, error) {
		way = w
		if _, err := g.Store.Read(ctx, w.access, e.Of); err != nil {
			return storage.Page{}, err
		}
		if err := g.answerable(ctx, c, w, q); err != nil {
			return storage.Page{}, err
		}
		return g.Store.Search(ctx, w.access, q)
	})
	if err != nil {
		return storage.Page{}, g.refused(ctx, c, way, ev, err)
	}
	return page, g.seen(ctx, c, way, ev, page)
}

// supporting are the types that compartments refer to and do not hold: who, what
// and where.
var supporting = []string{
	"Device", "Endpoint", "HealthcareService", "Location", "Medication", "Organization", "Practitioner", "PractitionerRole", "Substance",
}

// supporters are the includes of what supports: of an encounter its patient too.
func supporters(of string) []query.Include {
	var out []query.Include
	for _, t := range supporting {
		out = append(out, query.Include{Target: t})
	}
	if of != "Patient" {
		out = append(out, query.Include{Target: "Patient"})
	}
	return out
}

// dated is the pseudo parameter of the times that a resource tells, in all types.
var dated = &conformance.Parameter{Base: "Resource", Code: conformance.DatedCode, Type: conformance.DateParam}

// care matches what tells no time, or times for which all values hold.
func care(period []query.Value) query.Expr {
	if len(period) == 0 {
		return query.All{}
	}
	var within []query.Expr
	for _, v := range period {
		within = append(within, query.Compare{Param: dated, Values: []query.Value{v}})
	}
	return query.Or(query.Missing{Param: dated}, query.And(within...))
}
