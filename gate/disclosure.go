package gate

import (
	"context"
	"slices"
	"time"

	"sluis/audit"
	"sluis/consent"
	"sluis/fhir"
	"sluis/smart"
	"sluis/storage"
)

// Disclosure is what a custodian's system tells of data that it gave to somebody
// outside this server.
type Disclosure struct {
	Patient      fhir.Ref  // a Patient of the custodian's own
	User         fhir.Ref  // who received the data, or
	Organization string    // id of the Organization that did; either or both
	Types        []string  // of what was disclosed
	Purposes     []string  // v3-ActReason
	Happened     time.Time // as told; the record is of now
	Consent      fhir.Ref  // that was relied on, or zero
}

// RecordDisclosure puts a disclosure in the log, for the patient to see: an event
// of subtype disclose, of the time at which it is told. Only a custodian's own
// system can, about its own Patients; what it tells is its own word, save that a
// Consent is noted as relied on only where it is one of the person's that is in
// force. Whether it is, the answer does not say.
func (g *Gate) RecordDisclosure(ctx context.Context, c Caller, d Disclosure) error {
	ev := event{action: "E", subtype: string(fhir.Operation), named: []fhir.Ref{d.Patient}, query: "$recordDisclosure"}
	if c.party() != consent.Backend || !tellsLog(c) {
		return g.refused(ctx, c, pass{}, ev, forbidden("disclosures are told by a custodian's own system, with a scope to create AuditEvents"))
	}
	var way pass
	page, err := corridor(ctx, g, c, smart.ReadPermission, consent.Access, func(w pass) (storage.Page, error) {
		way = w
		page, err := g.Store.Read(ctx, w.access, d.Patient)
		if err == nil && page.Entries[0].Custodian != c.Grant.Organization {
			err = fhir.ErrNotFound()
		}
		return page, err
	})
	if err != nil {
		return g.refused(ctx, c, way, ev, err)
	}
	var out []audit.Record
	for _, p := range page.Persons {
		out = append(out, g.disclosed(c, way, d, p))
	}
	return g.append(ctx, out)
}

// tellsLog asks for a scope without a filter, which nothing here would check.
func tellsLog(c Caller) bool {
	return slices.ContainsFunc(c.Grant.Scopes.Resources, func(s smart.Scope) bool {
		return !s.Granular() && (s.Type == "AuditEvent" || s.Type == "*") && s.Permissions.Has(smart.CreatePermission)
	})
}

// disclosed is the record for one person: who received the data stands where
// else who asked for them does.
func (g *Gate) disclosed(c Caller, way pass, d Disclosure, p storage.Standing) audit.Record {
	ev := event{action: "R", subtype: "disclose", query: "$recordDisclosure?recorded=" + d.Happened.UTC().Format(time.RFC3339)}
	r := g.record(c, way, ev, audit.Success)
	r.Patient, r.Custodian, r.Purpose = p.Patient, []string{c.Grant.Organization}, d.Purposes
	r.User, r.Organization, r.Role, r.Responsible = d.User, d.Organization, "", fhir.Ref{}
	for _, t := range d.Types {
		r.Data = append(r.Data, fhir.Ref{Type: t})
	}
	i := slices.IndexFunc(p.Consents, func(have fhir.Ref) bool { return have.Latest() == d.Consent.Latest() })
	if i >= 0 {
		r.Consent, r.Policy = true, []string{p.Consents[i].String()}
	}
	r.Emergency = slices.Contains(d.Purposes, "BTG") || slices.Contains(d.Purposes, "ETREAT")
	return r
}
