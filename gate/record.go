package gate

import (
	"context"
	"errors"
	"slices"

	"sluis/audit"
	"sluis/consent"
	"sluis/fhir"
	"sluis/storage"
)

// event is what a verb knows of itself for the record.
type event struct {
	action  string     // C, R, U, D, E
	subtype string     // restful-interaction
	query   string     // raw request of a search
	named   []fhir.Ref // what the request names, seen or not
}

// seen records a page that will be served: one record for each person in it,
// one for each person named but not fully permitted, and one without a patient
// when there is neither (BALP Query, PatientQuery; NEN 7513). It returns once
// they are durable; if they cannot be, nothing may be served.
func (g *Gate) seen(ctx context.Context, c Caller, way pass, ev event, page storage.Page) error {
	var out []audit.Record
	for i, person := range page.Persons {
		r := g.record(c, way, ev, audit.Success)
		r.Data, r.Custodian = portion(ev, page.Entries, i)
		g.about(&r, way, person)
		r.Relation = way.party == consent.Professional
		out = append(out, r)
	}
	denied, err := g.withheld(ctx, c, way, ev, page.Persons)
	if err != nil {
		return err
	}
	if out = append(out, denied...); len(out) == 0 {
		r := g.record(c, way, ev, audit.Success)
		r.Data, r.Custodian = portion(ev, page.Entries, -1)
		out = append(out, r)
	}
	return g.append(ctx, out)
}

// refused records a request that gets no data and hands back its error, or
// the log's when even that could not be written.
func (g *Gate) refused(ctx context.Context, c Caller, way pass, ev event, cause error) error {
	outcome := audit.Refused
	switch fhir.KindOf(cause) {
	case fhir.Forbidden, fhir.NotFound, fhir.Unauthorized:
		outcome = audit.Denied
	case fhir.Internal, fhir.Unavailable:
		outcome = audit.Failed
	}
	var out []audit.Record
	if outcome == audit.Denied {
		var err error
		if out, err = g.withheld(ctx, c, way, ev, nil); err != nil {
			return errors.Join(cause, err)
		}
	}
	if len(out) == 0 {
		r := g.record(c, way, ev, outcome)
		r.Data, r.Reason, r.Authorised = ev.named, reason(cause), false
		out = append(out, r)
	}
	if err := g.append(ctx, out); err != nil {
		return err
	}
	return cause
}

// withheld makes the denials for persons whom the request names and who are
// not among those shown, when the decision about them is not a full permit.
func (g *Gate) withheld(ctx context.Context, c Caller, way pass, ev event, shown []storage.Standing) ([]audit.Record, error) {
	if len(ev.named) == 0 {
		return nil, nil
	}
	persons, err := g.Store.Standings(ctx, ev.named, way.related)
	if err != nil {
		return nil, err
	}
	var out []audit.Record
	for _, person := range persons {
		if g.full(way, person) || slices.ContainsFunc(shown, func(s storage.Standing) bool { return samePerson(s, person) }) {
			continue
		}
		r := g.record(c, way, ev, audit.Denied)
		g.about(&r, way, person)
		r.Data, r.Relation, r.Authorised = concerning(ev.named, person), person.Related, false
		r.Reason = "not permitted, or not fully"
		out = append(out, r)
	}
	return out, nil
}

// concerning is what of the resources that a request names is known to be about
// the person: with several, only the person's own Patients. The others are
// another's affair.
func concerning(named []fhir.Ref, p storage.Standing) []fhir.Ref {
	if len(named) == 1 {
		return named
	}
	var out []fhir.Ref
	for _, r := range named {
		if slices.Contains(p.Linked, r.Latest()) {
			out = append(out, r)
		}
	}
	return out
}

// full reports whether nothing of the person is withheld from the caller.
func (g *Gate) full(way pass, p storage.Standing) bool {
	switch way.party {
	case consent.Own:
		return slices.ContainsFunc(way.facts.Patients, func(r fhir.Ref) bool { return slices.Contains(p.Linked, r) })
	case consent.Professional, consent.Backend:
		return p.Related && way.decision.Verdicts[p.Shape].Outcome == consent.Permitted
	}
	return false
}

func samePerson(a, b storage.Standing) bool {
	return a.Patient == b.Patient || slices.Contains(a.Linked, b.Patient)
}

// record fills in what every record of the request has in common.
func (g *Gate) record(c Caller, way pass, ev event, outcome audit.Outcome) audit.Record {
	return audit.Record{
		ID: newID(), Recorded: g.at(), Action: ev.action, Subtype: ev.subtype, Outcome: outcome, Query: ev.query,
		Client: c.Grant.Client, JTI: c.Grant.JTI, User: c.Grant.User, Organization: c.Grant.Organization,
		Role: c.Grant.Role, Responsible: c.Grant.Responsible, Purpose: c.Grant.Purposes,
		Network: c.Network, Request: c.Request, Feed: c.Feed,
		Authorised: outcome == audit.Success, PatientsOwn: way.party == consent.Own,
	}
}

// The implicit policies of IHE PCF 1.1 that a record can name: what a
// custodian's own people do with its own data, and what others may not.
const (
	ownPolicy      = "https://profiles.ihe.net/ITI/PCF/Policy-basic-normal"
	outsiderPolicy = consent.ImplicitPolicy
)

// about fills in what concerns the person: who, and on which ground.
func (g *Gate) about(r *audit.Record, way pass, p storage.Standing) {
	r.Patient = p.Patient
	if way.party == consent.Own {
		r.Consent = true
		return
	}
	verdict := way.decision.Verdicts[p.Shape]
	if r.Outcome == audit.Success && len(r.Custodian) == 1 && r.Custodian[0] == r.Organization {
		r.Policy, r.Consent = []string{ownPolicy}, verdict.Own != consent.Denied
		return
	}
	r.Consent = verdict.Outcome == consent.Permitted || verdict.Outcome == consent.Some
	for _, i := range verdict.Relied() {
		if i < len(p.Consents) {
			r.Policy = append(r.Policy, p.Consents[i].String())
		}
	}
	if len(r.Policy) == 0 {
		r.Policy = []string{outsiderPolicy}
	}
}

// portion is what of a page concerns one person (-1: nobody): the resource read
// or, for a search, the types found; and who holds them.
func portion(ev event, entries []storage.Entry, person int) (data []fhir.Ref, custodians []string) {
	for _, e := range entries {
		if person < 0 && len(e.Persons) > 0 || person >= 0 && !slices.Contains(e.Persons, person) {
			continue
		}
		ref := fhir.Ref{Type: e.Resource.Type}
		if ev.action != "E" && len(entries) == 1 {
			ref = e.Resource.Ref()
		}
		if !slices.Contains(data, ref) {
			data = append(data, ref)
		}
		if !slices.Contains(custodians, e.Custodian) {
			custodians = append(custodians, e.Custodian)
		}
	}
	return data, custodians
}

// append makes records durable, or says that nothing can be served.
func (g *Gate) append(ctx context.Context, records []audit.Record) error {
	// A client that hangs up does not take its record with it.
	if err := g.Log.Append(context.WithoutCancel(ctx), records); err != nil {
		return fhir.Wrap(err, fhir.Unavailable, "exception", "the access could not be recorded, so nothing is served")
	}
	return nil
}

func reason(err error) string {
	var e *fhir.Error
	if errors.As(err, &e) && len(e.Issues) > 0 && e.Kind != fhir.Internal {
		return e.Issues[0].Details
	}
	return "failed"
}
