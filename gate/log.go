package gate

import (
	"context"
	"slices"

	"sluis/audit"
	"sluis/audit/balp"
	"sluis/consent"
	"sluis/fhir"
	"sluis/fhir/query"
	"sluis/smart"
	"sluis/storage"
)

// LogPage is one page of the log. Projected says that it is for a patient, who
// is shown the projection of balp only.
type LogPage struct {
	storage.LogPage
	Projected bool
}

// SearchLog searches the log. A patient or representative finds the records
// about the patient; a supervisor or privacy officer those about anyone;
// nobody else any. The search is itself recorded, once.
func (g *Gate) SearchLog(ctx context.Context, c Caller, f balp.Filter, after string) (LogPage, error) {
	return g.log(ctx, c, smart.SearchPermission, event{action: "E", subtype: "search", query: c.Raw}, f, after)
}

// ReadLog returns one record.
func (g *Gate) ReadLog(ctx context.Context, c Caller, id string) (LogPage, error) {
	ev := event{action: "R", subtype: string(fhir.Read)}
	page, err := g.log(ctx, c, smart.ReadPermission, ev, balp.Filter{ID: id}, "")
	if err == nil && len(page.Records) == 0 {
		return LogPage{}, fhir.ErrNotFound()
	}
	return page, err
}

// Projected reports whether the caller sees the patient's projection of the
// log, and so may search by less.
func (c Caller) Projected() bool { return !c.Grant.Supervisor && !c.Grant.PrivacyOfficer }

func (g *Gate) log(ctx context.Context, c Caller, p smart.Permissions, ev event, f balp.Filter, after string) (LogPage, error) {
	if !mayReadLog(c, p) {
		return LogPage{}, g.refused(ctx, c, pass{}, ev, forbidden("the token does not reach the log"))
	}
	filter, way, err := g.logFilter(ctx, c, f)
	if err != nil {
		return LogPage{}, g.refused(ctx, c, way, ev, err)
	}
	filter.After = after
	page := storage.LogPage{}
	if filter.Everyone || len(filter.Patients) > 0 {
		if page, err = g.Log.Find(ctx, filter); err != nil {
			return LogPage{}, err
		}
	}
	r := g.record(c, way, ev, audit.Success)
	r.Data = []fhir.Ref{{Type: "AuditEvent"}}
	if len(filter.Patients) > 0 {
		r.Patient = filter.Patients[0]
	}
	r.Consent = way.party == consent.Own
	if err := g.append(ctx, []audit.Record{r}); err != nil {
		return LogPage{}, err
	}
	return LogPage{page, c.Projected()}, nil
}

// mayReadLog asks for a scope without a filter: a filtered one is not
// understood here, so it counts for nothing. A patient/ scope is about one
// patient, and opens nobody else's records to anyone.
func mayReadLog(c Caller, p smart.Permissions) bool {
	return (!c.Projected() || c.Grant.OwnToken()) && slices.ContainsFunc(c.Grant.Scopes.Resources, func(s smart.Scope) bool {
		return !s.Granular() && (c.Projected() || s.Level != smart.PatientLevel) && (s.Type == "AuditEvent" || s.Type == "*") && s.Permissions.Has(p)
	})
}

// logFilter narrows a search to the persons that the caller may ask about. No
// patients and not everyone means that nothing is found.
func (g *Gate) logFilter(ctx context.Context, c Caller, f balp.Filter) (storage.LogFilter, pass, error) {
	out := storage.LogFilter{
		ID: f.ID, From: f.From, To: f.To, Action: f.Action, Outcome: f.Outcome, Organization: f.Organization, Role: f.Role,
		Purpose: f.Purpose, Policy: f.Policy, Count: f.Count, Ascending: f.Ascending, CountOnly: f.CountOnly,
		User: f.User, Agent: f.Agent, Uncounted: !f.Total && !f.CountOnly,
	}
	if c.Projected() {
		way, err := g.authorise(ctx, c, smart.ReadPermission, consent.Access)
		if err != nil {
			return out, way, err
		}
		out.Patients = ownPatients(c, way, f.Patient)
		return out, way, nil
	}
	if f.Patient.IsZero() {
		out.Everyone = true
		return out, pass{}, nil
	}
	persons, err := g.Store.Standings(ctx, []fhir.Ref{f.Patient}, query.Related{})
	for _, p := range persons {
		out.Patients = append(out.Patients, p.Linked...)
	}
	return out, pass{}, err
}

// ownPatients are the caller's own Patients, if the one asked for, and the one
// in the token's context, are among them.
func ownPatients(c Caller, way pass, asked fhir.Ref) []fhir.Ref {
	for _, need := range []fhir.Ref{asked, c.Grant.Patient} {
		if !need.IsZero() && !slices.Contains(way.facts.Patients, need) {
			return nil
		}
	}
	return way.facts.Patients
}
