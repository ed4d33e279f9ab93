package gate

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"sluis/audit"
	"sluis/conformance"
	"sluis/consent"
	"sluis/fhir"
	"sluis/fhir/patch"
	"sluis/fhir/query"
	"sluis/smart"
	"sluis/storage"
)

// Write does one create, update or delete, conditional or not (R4
// http.html#create, #update, #delete), with its record in one transaction.
func (g *Gate) Write(ctx context.Context, c Caller, ix fhir.Interaction, body []byte) (storage.Result, error) {
	w, err := planned(ctx, g, func() (write, error) { return g.plan(c, ix, unread(body)) })
	return g.single(ctx, c, w, err)
}

// Patch changes one resource by a patch (R4 http.html#patch): the current
// version, as far as the caller may both read and update it, becomes the next,
// by the same way as an update. A version that comes between is patched instead,
// unless If-Match asks for one. A condition that matches nothing is NotFound.
func (g *Gate) Patch(ctx context.Context, c Caller, ix fhir.Interaction, p patch.Patch) (storage.Result, error) {
	w, err := planned(ctx, g, func() (write, error) { return g.planPatch(c, ix, p) })
	return g.single(ctx, c, w, err)
}

// single commits one write, or records why it was refused.
func (g *Gate) single(ctx context.Context, c Caller, w write, err error) (storage.Result, error) {
	if err != nil {
		return storage.Result{}, g.refused(ctx, c, pass{}, eventOf(w.ix), err)
	}
	results, err := g.commit(ctx, c, transaction{writes: []write{w}}, nil)
	if err != nil {
		return storage.Result{}, err
	}
	return results[0], nil
}

// unread is a body that is parsed when it is needed.
func unread(body []byte) func() (*fhir.Document, error) {
	return func() (*fhir.Document, error) { return fhir.ParseDocument(body) }
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
	foreign    bool // the id in the body is another system's and means nothing here

	patch *patch.Patch // of a patch: prepared comes of it in the attempt
	guard int64        // the version that an attempt found: another one starts it again
}

// plan reads what is to be written, without looking at any data. It hands back
// the write also with an error, for the record.
func (g *Gate) plan(c Caller, ix fhir.Interaction, body func() (*fhir.Document, error)) (write, error) {
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
		return w, fhir.NewError(fhir.NotAllowed, "not-supported", string(ix.Kind)+" is not a write")
	}
	if err := g.allowed(c, &w); err != nil {
		return w, err
	}
	if w.op == storage.Delete {
		return w, nil
	}
	doc, err := body()
	if err != nil {
		return w, err
	}
	if w.prepared, err = g.prepare(c, ix.Type, doc); err != nil {
		return w, err
	}
	if w.op == storage.Update && !ix.Conditional && w.prepared.id != ix.ID {
		return w, fhir.NewError(fhir.Invalid, "value", "the id of the body must be that of the URL", ix.Type+".id")
	}
	return w, nil
}

// planPatch is plan for a patch, whose body is not known before the attempt. A
// patch tells what it was applied to, by its tests and by what it leaves, so it
// takes the permission to read besides.
func (g *Gate) planPatch(c Caller, ix fhir.Interaction, p patch.Patch) (write, error) {
	w := write{ix: ix, id: ix.ID, patch: &p, op: storage.Update, permission: smart.UpdatePermission | smart.ReadPermission, action: consent.Correct}
	if ix.Kind != fhir.Patch {
		return w, fhir.NewError(fhir.NotAllowed, "not-supported", string(ix.Kind)+" is not a patch")
	}
	return w, g.allowed(c, &w)
}

// allowed is what can be said of a write before its body and any data are looked
// at.
func (g *Gate) allowed(c Caller, w *write) error {
	if err := g.mayWrite(c, *w); err != nil {
		return err
	}
	return w.condition(g)
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

// condition reads If-None-Exist, or the search of a conditional update, patch or
// delete.
func (w *write) condition(g *Gate) error {
	params := w.ix.Params
	if w.ix.IfNoneExist != "" && w.op != storage.Create {
		return fhir.NewError(fhir.Invalid, "invalid", "If-None-Exist belongs to a create")
	}
	if w.ix.IfNoneExist != "" {
		var err error
		if params, err = fhir.ParseParams(strings.TrimPrefix(w.ix.IfNoneExist, "?")); err != nil {
			return err
		}
	} else if !w.ix.Conditional {
		return nil
	}
	where, err := g.filters(w.ix.Type, params)
	if err != nil {
		return err
	}
	w.match, w.criteria = where, query.Query{Type: w.ix.Type, Where: where}.String()
	if w.id == "" {
		w.id = newID()
	}
	return nil
}

// filters reads a condition: a search of which only what it filters by counts.
func (g *Gate) filters(resourceType string, params []fhir.Param) (query.Expr, error) {
	q, err := g.Language().Parse(resourceType, params)
	if err != nil {
		return nil, err
	}
	if _, all := q.Where.(query.All); all || q.Where == nil {
		return nil, fhir.NewError(fhir.Precondition, "multiple-matches", "a condition needs at least one search parameter")
	}
	if resolvable(q.Where) {
		return nil, fhir.NewError(fhir.Invalid, "not-supported", "a condition cannot go by a value set or a hierarchy of codes")
	}
	return q.Where, affordable(q)
}

// commit authorises the writes, applies them in one transaction with their
// records, and starts again when policy moved or a race was lost.
func (g *Gate) commit(ctx context.Context, c Caller, t transaction, inbox *storage.InboxKey) ([]storage.Result, error) {
	writes := t.writes
	mine, err := g.begin(ctx, c, writes)
	if err != nil {
		return nil, g.refused(ctx, c, pass{}, eventOf(writes[0].ix), err)
	}
	defer mine.end()
	var last *attempt
	var lost race
	results, err := corridor(ctx, g, c, smart.ReadPermission, consent.Access, func(read pass) ([]storage.Result, error) {
		if err := mine.overtaken(ctx); err != nil {
			return nil, err
		}
		last = &attempt{gate: g, caller: c, read: read, ways: map[smart.Permissions]pass{}, asked: writes, bare: t.bare, stands: map[int]bool{}}
		results, err := last.run(ctx, t.refs, inbox)
		return results, lost.again(last, err)
	})
	var seen *storage.SeenError
	if err != nil && !errors.As(err, &seen) {
		var way pass
		if last != nil {
			way = last.ways[writes[0].permission]
		}
		return nil, g.refused(ctx, c, way, eventOf(writes[0].ix), err)
	}
	return results, err
}

// reachable is what a write may touch, before and after it. Nothing is found,
// replaced or deleted that may not be looked at: else the answer to the write
// would tell of it.
func (g *Gate) reachable(c Caller, w write, way, read pass) query.Expr {
	own := way.party == consent.Own
	access := way.expr
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
		access = query.And(access, query.Custodian{ID: c.Grant.Organization})
	}
	return access
}

// change gives a write its keys: what may be touched, and whose it will be.
func (g *Gate) change(c Caller, w write, way, read pass) storage.Change {
	own := way.party == consent.Own
	subjects := query.And(read.decision.Expr, within(c.Grant, w))
	if !own {
		subjects = query.And(subjects, query.Custodian{ID: c.Grant.Organization})
	}
	ch := storage.Change{
		Access:   storage.Permit(g.reachable(c, w, way, read), way.version),
		Subjects: storage.Permit(subjects, way.version),
		Op:       w.op, Type: w.ix.Type, ID: w.id, Match: w.match, IfMatch: cmp.Or(w.guard, w.ix.IfMatch), Patched: w.patch != nil,
		Upsert:    !own && w.patch == nil && (c.Grant.ChooseIDs || w.importing),
		KeepSame:  w.importing,
		Custodian: g.custodianFor(c), AnyCustodian: own && w.ix.Type == "Consent",
		Body: w.prepared.body, Entries: w.prepared.entries, Labels: w.prepared.labels,
		Policy: stated(w.prepared.policy, fhir.Ref{Type: w.ix.Type, ID: w.id}),
	}
	if !w.foreign {
		ch.Named = w.prepared.id
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
		fhir.Create: "C", fhir.Update: "U", fhir.Patch: "U", fhir.Delete: "D",
	}[ix.Kind]}
	if ev.action == "" {
		ev.action = "E"
	}
	if ref := ix.Ref(); !ref.IsZero() {
		ev.named = []fhir.Ref{ref}
	}
	return ev
}
