package gate

import (
	"context"
	"errors"
	"slices"

	"sluis/audit"
	"sluis/conformance"
	"sluis/consent"
	"sluis/fhir"
	"sluis/fhir/query"
	"sluis/smart"
	"sluis/storage"
)

// Write does one create, update or delete, conditional or not (R4
// http.html#create, #update, #delete), with its record in one transaction.
func (g *Gate) Write(ctx context.Context, c Caller, ix fhir.Interaction, body []byte) (storage.Result, error) {
	w, err := g.plan(c, ix, body)
	if err != nil {
		return storage.Result{}, g.refused(ctx, c, pass{}, eventOf(ix), err)
	}
	results, err := g.commit(ctx, c, []write{w}, nil)
	if err != nil {
		return storage.Result{}, err
	}
	return results[0], nil
}

// write is one change before it is authorised.
type write struct {
	ix         fhir.Interaction
	id         string // of a create: chosen before, so that references can name it
	prepared   prepared
	match      query.Expr
	criteria   string // match, as canonical text
	permission smart.Permissions
	action     consent.Action
	op         storage.Op
	importing  bool // may create by PUT and leaves equal bodies alone
}

// plan reads what is to be written, without looking at any data.
func (g *Gate) plan(c Caller, ix fhir.Interaction, body []byte) (write, error) {
	w := write{ix: ix, id: ix.ID}
	switch ix.Kind {
	case fhir.Create:
		w.op, w.permission, w.action = storage.Create, smart.CreatePermission, consent.Collect
		if w.id == "" {
			w.id = newID()
		}
	case fhir.Update:
		w.op, w.permission, w.action = storage.Update, smart.UpdatePermission, consent.Correct
	case fhir.Delete:
		w.op, w.permission, w.action = storage.Delete, smart.DeletePermission, consent.Correct
	default:
		return write{}, fhir.NewError(fhir.NotAllowed, "not-supported", string(ix.Kind)+" is not a write")
	}
	if err := g.mayWrite(c, w); err != nil {
		return write{}, err
	}
	if err := w.condition(); err != nil {
		return write{}, err
	}
	if w.op == storage.Delete {
		return w, nil
	}
	var err error
	if w.prepared, err = g.prepare(c, ix.Type, body); err != nil {
		return write{}, err
	}
	if id := w.prepared.doc.Root().Get("id").Text(); w.op == storage.Update && !ix.Conditional && id != ix.ID {
		return write{}, fhir.NewError(fhir.Invalid, "value", "the id of the body must be that of the URL", ix.Type+".id")
	}
	return w, nil
}

// mayWrite is what the kind of caller may write at all, whatever the data are.
// Policy inputs other than a patient's own consents come from custodians' own
// systems only: nobody can grant to himself.
func (g *Gate) mayWrite(c Caller, w write) error {
	t := w.ix.Type
	switch {
	case !conformance.IsType(t):
		return fhir.NewError(fhir.NotFound, "not-supported", "unknown resource type "+t)
	case t == "AuditEvent":
		return fhir.NewError(fhir.NotAllowed, "not-supported", "AuditEvents are made by the server only")
	case !c.Grant.Allows(w.permission, t) || c.party() == consent.Nobody:
		return forbidden("the token's scopes do not reach this")
	case w.conditional() && !c.Grant.Allows(smart.SearchPermission, t):
		return forbidden("a conditional interaction is a search, which the token's scopes do not allow")
	case t == "Consent" && w.op == storage.Delete:
		return fhir.NewError(fhir.Unprocessable, "business-rule", "a consent is withdrawn with status inactive, never deleted")
	case c.party() == consent.Own && t == "Consent":
		return nil
	case c.party() == consent.Own && (policyInput(t) || conformance.Class(t) != conformance.SubjectClass),
		c.party() == consent.Professional && (policyInput(t) || conformance.Class(t) != conformance.SubjectClass):
		return forbidden(t + " is written by the custodian's own system only")
	}
	return nil
}

// policyInput reports whether decisions depend on resources of the type.
func policyInput(t string) bool {
	return slices.Contains([]string{"Patient", "RelatedPerson", "CareTeam", "EpisodeOfCare", "Consent", "Group", "Organization", "PractitionerRole"}, t)
}

// conditional reports whether the write depends on a search.
func (w *write) conditional() bool { return w.ix.Conditional || w.ix.IfNoneExist != "" }

// condition reads If-None-Exist, or the search of a conditional update or
// delete.
func (w *write) condition() error {
	params := w.ix.Params
	if w.ix.IfNoneExist != "" && w.op != storage.Create {
		return fhir.NewError(fhir.Invalid, "invalid", "If-None-Exist belongs to a create")
	}
	if w.ix.IfNoneExist != "" {
		var err error
		if params, err = fhir.ParseParams(w.ix.IfNoneExist); err != nil {
			return err
		}
	} else if !w.ix.Conditional {
		return nil
	}
	q, err := query.Parse(w.ix.Type, params)
	if err != nil {
		return err
	}
	if _, all := q.Where.(query.All); all || q.Where == nil {
		return fhir.NewError(fhir.Precondition, "multiple-matches", "a condition needs at least one search parameter")
	}
	if err := affordable(q); err != nil {
		return err
	}
	w.match, w.criteria = q.Where, query.Query{Type: q.Type, Where: q.Where}.String()
	if w.id == "" {
		w.id = newID()
	}
	return nil
}

// commit authorises the writes, applies them in one transaction with their
// records, and starts again when policy moved or a race was lost.
func (g *Gate) commit(ctx context.Context, c Caller, writes []write, inbox *storage.InboxKey) ([]storage.Result, error) {
	var ways map[smart.Permissions]pass
	done, err := g.turn(ctx, c, writes)
	if err != nil {
		return nil, g.refused(ctx, c, pass{}, eventOf(writes[0].ix), err)
	}
	defer done()
	results, err := corridor(ctx, g, c, smart.ReadPermission, consent.Access, func(read pass) ([]storage.Result, error) {
		ways = map[smart.Permissions]pass{}
		changes := make([]storage.Change, len(writes))
		for i, w := range writes {
			way, ok := ways[w.permission]
			if !ok {
				var err error
				if way, err = g.authorise(ctx, c, w.permission, w.action); err != nil {
					return nil, err
				}
				ways[w.permission] = way
			}
			if way.version != read.version {
				return nil, storage.ErrStale
			}
			changes[i] = g.change(c, w, way, read)
		}
		return g.Store.Apply(ctx, storage.Tx{
			Changes: changes, Inbox: inbox, At: g.at(),
			Records: func(done []storage.Result) []audit.Record { return g.written(c, writes, ways, done) },
		})
	})
	var seen *storage.SeenError
	if err != nil && !errors.As(err, &seen) {
		way, ev := ways[writes[0].permission], eventOf(writes[0].ix)
		return nil, g.refused(ctx, c, way, ev, err)
	}
	return results, err
}

// change gives a write its keys: what may be touched, and whose it will be.
// Nothing is found, replaced or deleted that may not be looked at: else the
// answer to the write would tell of it.
func (g *Gate) change(c Caller, w write, way, read pass) storage.Change {
	own := way.party == consent.Own
	access, subjects := way.expr, query.And(read.decision.Expr, within(c.Grant, w))
	if w.op != storage.Create || w.match != nil {
		access = query.And(access, g.reach(c, read))
	}
	if own && w.op != storage.Create {
		access = query.And(access, ownHand())
	}
	if w.match != nil {
		access = query.And(access, c.Grant.Filter(smart.SearchPermission))
	}
	if !own {
		mine := query.Custodian{ID: c.Grant.Organization}
		access, subjects = query.And(access, mine), query.And(subjects, mine)
	}
	ch := storage.Change{
		Access: storage.Permit(access, way.version), Subjects: storage.Permit(subjects, way.version),
		Op: w.op, Type: w.ix.Type, ID: w.id, Match: w.match, IfMatch: w.ix.IfMatch,
		Upsert: !own && (c.Grant.ChooseIDs || w.importing), KeepSame: w.importing,
		Custodian: g.custodianFor(c), AnyCustodian: own && w.ix.Type == "Consent",
		Entries: w.prepared.entries, Labels: w.prepared.labels, Policy: stated(w.prepared.policy, fhir.Ref{Type: w.ix.Type, ID: w.id}),
	}
	if w.prepared.doc != nil {
		ch.Body = w.prepared.doc.Template()
		ch.Named = w.prepared.doc.Root().Get("id").Text()
	}
	return ch
}

// within is whom a write may be about as far as scopes say: where none but
// patient/ scopes reach it, the patient in context. Any other patient is then
// unknown, whether the caller might see him by another token or not.
func within(grant smart.Grant, w write) query.Expr {
	wider := slices.ContainsFunc(grant.Scopes.Resources, func(s smart.Scope) bool {
		return s.Level != smart.PatientLevel && s.Permissions.Has(w.permission) && (s.Type == "*" || s.Type == w.ix.Type)
	})
	if wider || grant.Patient.IsZero() {
		return query.All{}
	}
	return query.Subjects{X: query.Person{Patients: []fhir.Ref{grant.Patient}}}
}

// stated names the resource itself in the edges it states: a body under
// creation does not know its own id.
func stated(p storage.Policy, self fhir.Ref) storage.Policy {
	members := slices.Clone(p.Members)
	for i := range members {
		if members[i].Member.ID == "" {
			members[i].Member = self
		}
		if members[i].Of.ID == "" {
			members[i].Of = self
		}
	}
	p.Members = members
	return p
}

// written makes the records of a transaction: one for each change and each
// person it concerns.
func (g *Gate) written(c Caller, writes []write, ways map[smart.Permissions]pass, done []storage.Result) []audit.Record {
	var out []audit.Record
	for i, result := range done {
		if result.Unchanged && writes[i].importing {
			continue
		}
		way := ways[writes[i].permission]
		base := g.record(c, way, eventOf(writes[i].ix), audit.Success)
		base.Data, base.Custodian = []fhir.Ref{result.Resource.Ref()}, []string{result.Custodian}
		if len(result.Persons) == 0 {
			out = append(out, base)
		}
		for n, person := range result.Persons {
			r := base
			if n > 0 {
				r.ID = newID()
			}
			g.about(&r, way, person)
			r.Relation = way.party == consent.Professional
			out = append(out, r)
		}
	}
	return out
}

func eventOf(ix fhir.Interaction) event {
	ev := event{subtype: string(ix.Kind), action: map[fhir.InteractionKind]string{
		fhir.Create: "C", fhir.Update: "U", fhir.Delete: "D",
	}[ix.Kind]}
	if ev.action == "" {
		ev.action = "E"
	}
	if ref := ix.Ref(); !ref.IsZero() {
		ev.named = []fhir.Ref{ref}
	}
	return ev
}
