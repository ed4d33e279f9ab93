package gate

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"sluis/audit"
	"sluis/conformance"
	"sluis/consent"
	"sluis/fhir"
	"sluis/fhir/query"
	"sluis/smart"
	"sluis/storage"
)

// Question is what is asked of Explain: would this actor be let do this, and
// why. Of each pair with an Identifier one is given.
type Question struct {
	User           fhir.Ref // Practitioner or PractitionerRole; zero: the organisation's own system
	UserIdentifier query.Coding

	Organization           string // id of the Organization that the actor's token is of
	OrganizationIdentifier query.Coding

	Purposes []string       // v3-ActReason codes; none is TREAT for a person
	Action   consent.Action // "" is access
	Scopes   smart.Scopes   // of the actor's token; none: scopes are left out

	Resource fhir.Ref // the resource that it is about, or
	Patient  fhir.Ref // the patient, for all data about the person

	At time.Time // zero is now; the past is in the log
}

// target is what must be there for the asker.
func (q Question) target() fhir.Ref {
	if q.Patient.IsZero() {
		return q.Resource
	}
	return q.Patient
}

// String is the question as the record has it.
func (q Question) String() string {
	v := url.Values{"action": {string(q.Action)}, "purpose": q.Purposes}
	set := func(name, value string) {
		if value != "" {
			v.Set(name, value)
		}
	}
	ref := func(name string, r fhir.Ref) {
		if !r.IsZero() {
			v.Set(name, r.String())
		}
	}
	identifier := func(name string, i query.Coding) {
		if i.Code != "" {
			v.Set(name, i.System+"|"+i.Code)
		}
	}
	ref("actor", q.User)
	identifier("actor", q.UserIdentifier)
	set("organization", q.Organization)
	identifier("organization", q.OrganizationIdentifier)
	ref("resource", q.Resource)
	ref("patient", q.Patient)
	if !q.At.IsZero() {
		v.Set("at", q.At.UTC().Format(time.RFC3339))
	}
	return "$explain-access?" + v.Encode()
}

// maxPurposes bounds the purposes of one question: each is decided.
const maxPurposes = 8

// complete fills in what may be left out, or names everything at fault. Nothing
// it says depends on data.
func (q Question) complete(now time.Time) (Question, error) {
	bad := &fhir.Error{Kind: fhir.Invalid}
	refuse := func(code, details, name string) {
		bad.Issues = append(bad.Issues, fhir.Issue{Code: code, Details: details, Expression: []string{name}})
	}
	if q.Action == "" {
		q.Action = consent.Access
	}
	person := !q.User.IsZero() || q.UserIdentifier.Code != ""
	if len(q.Purposes) == 0 && person {
		q.Purposes = []string{"TREAT"} // as for a token that names none
	}
	if q.At.IsZero() {
		q.At = now
	}
	if !q.User.IsZero() && q.User.Type != "Practitioner" && q.User.Type != "PractitionerRole" {
		refuse("value", "the actor is a Practitioner, a PractitionerRole or an Organization", "actor")
	}
	if (q.Organization == "") == (q.OrganizationIdentifier.Code == "") || q.Organization != "" && !fhir.IsID(q.Organization) {
		refuse("required", "the organisation that the actor works for is needed, by reference or by identifier", "organization")
	}
	if !slices.Contains([]consent.Action{consent.Access, consent.Collect, consent.Correct, consent.Disclose, consent.Use}, q.Action) {
		refuse("value", "not an action of the code system consentaction", "action")
	}
	if q.Resource.IsZero() == q.Patient.IsZero() || !q.Patient.IsZero() && q.Patient.Type != "Patient" || q.target().Version > 0 {
		refuse("required", "a resource or a patient is needed, in its current version", "resource")
	}
	for _, p := range q.Purposes {
		if p == "" || strings.ContainsFunc(p, unicode.IsSpace) || len(q.Purposes) > maxPurposes {
			refuse("value", "codes of v3-ActReason, a few", "purpose")
			break
		}
	}
	for _, s := range q.Scopes.Resources {
		if s.Granular() { // it could ask about what the asker does not see
			refuse("not-supported", "scopes with a filter are not explained", "scope")
		}
	}
	if q.At.Before(now) {
		refuse("value", "what was decided in the past is in the log", "at")
	}
	if len(bad.Issues) > 0 {
		return q, bad
	}
	return q, nil
}

// Explain tells what would be decided about somebody else's request, and by
// what: the same decision as that request would get. The patient and a
// representative may ask about what is theirs, and a privacy officer about what
// he may see himself and, by Patient, about anyone. For everybody else it is
// Forbidden before anything is looked at, so that nobody who works for a
// custodian learns of a restriction (EHDS, article 8). What the asker may not
// see does not exist. The question is recorded for each person it is about.
func (g *Gate) Explain(ctx context.Context, c Caller, q Question) (Explanation, error) {
	allowed := mayAskWhy(c) && (c.party() != consent.Own && !q.Patient.IsZero() || c.Grant.Allows(smart.ReadPermission, q.target().Type))
	return g.explain(ctx, c, q, allowed, func(w pass) storage.Access { return w.access })
}

// ExplainToOperator is Explain for the command line on the store, where
// everything can be asked about. No surface calls it.
func (g *Gate) ExplainToOperator(ctx context.Context, c Caller, q Question) (Explanation, error) {
	return g.explain(ctx, c, q, g.operates(c), func(w pass) storage.Access { return storage.Permit(query.All{}, w.version) })
}

// mayAskWhy asks for a scope of Consent without a filter, as all of them are
// told of; and of an officer for one that is not of a single patient.
func mayAskWhy(c Caller) bool {
	officer := c.Grant.PrivacyOfficer && c.party() != consent.Nobody
	return (officer || c.party() == consent.Own) && slices.ContainsFunc(c.Grant.Scopes.Resources, func(s smart.Scope) bool {
		return !s.Granular() && (s.Type == "Consent" || s.Type == "*") && s.Permissions.Has(smart.ReadPermission) &&
			(!officer || s.Level != smart.PatientLevel)
	})
}

func (g *Gate) explain(ctx context.Context, c Caller, q Question, allowed bool, sees func(pass) storage.Access) (Explanation, error) {
	ev := event{action: "E", subtype: string(fhir.Operation), query: q.String()}
	if !allowed {
		return Explanation{}, g.refused(ctx, c, pass{}, ev, forbidden("the token's scopes do not reach this"))
	}
	q, err := q.complete(g.at())
	if err != nil {
		return Explanation{}, g.refused(ctx, c, pass{}, ev, err)
	}
	ev.named = []fhir.Ref{q.target()}
	var e *inquiry
	done, err := corridor(ctx, g, c, smart.ReadPermission, consent.Access, func(w pass) (Explanation, error) {
		e = &inquiry{gate: g, caller: c, asks: w, sees: sees(w), question: q}
		return e.run(ctx)
	})
	if err != nil {
		return Explanation{}, g.refused(ctx, c, e.asked(), ev, err)
	}
	return done, g.append(ctx, e.records(ev))
}

// inquiry is one try to answer a Question, at one version of policy.
type inquiry struct {
	gate     *Gate
	caller   Caller
	asks     pass           // of who asks
	sees     storage.Access // what there is for him
	question Question

	actor   Caller             // who is asked about
	way     pass               // what the actor would be granted
	holder  string             // custodian of the resource
	body    []byte             // of the resource
	persons []storage.Standing // whom it is about
	out     Explanation
}

func (e *inquiry) asked() pass {
	if e == nil {
		return pass{}
	}
	return e.asks
}

func (e *inquiry) run(ctx context.Context) (Explanation, error) {
	if err := e.identify(ctx); err != nil {
		return Explanation{}, err
	}
	if err := e.decide(ctx); err != nil {
		return Explanation{}, err
	}
	if err := e.find(ctx); err != nil {
		return Explanation{}, err
	}
	e.out.Question, e.out.Holder = e.question, e.holder
	if err := e.steps(ctx); err != nil {
		return Explanation{}, err
	}
	return e.out, nil
}

// identify finds who is meant by identifiers, as the asker may search.
func (e *inquiry) identify(ctx context.Context) error {
	q := &e.question
	if q.UserIdentifier.Code != "" {
		ref, err := e.lookUp(ctx, q.UserIdentifier, "actor", "Practitioner", "PractitionerRole")
		if err != nil {
			return err
		}
		q.User, q.UserIdentifier = ref, query.Coding{}
	}
	if q.OrganizationIdentifier.Code != "" {
		ref, err := e.lookUp(ctx, q.OrganizationIdentifier, "organization", "Organization")
		if err != nil {
			return err
		}
		q.Organization, q.OrganizationIdentifier = ref.ID, query.Coding{}
	}
	return nil
}

// identifiedBy matches resources of a type with an identifier.
func identifiedBy(t string, id query.Coding) query.Expr {
	p, ok := conformance.R4().Lookup(t, "identifier")
	if !ok {
		return query.None{}
	}
	return query.Compare{Param: p, Values: []query.Value{{Raw: id.System + "|" + id.Code, System: id.System, Code: id.Code}}}
}

func (e *inquiry) lookUp(ctx context.Context, id query.Coding, name string, types ...string) (fhir.Ref, error) {
	access := storage.Permit(query.And(e.sees.Expr(), e.caller.Grant.Filter(smart.SearchPermission)), e.asks.version)
	var found []fhir.Ref
	for _, t := range types {
		page, err := e.gate.Store.Search(ctx, access, query.Query{Type: t, Where: identifiedBy(t, id), Count: 2, Total: query.TotalNone})
		if err != nil {
			return fhir.Ref{}, err
		}
		for _, entry := range page.Entries {
			found = append(found, entry.Resource.Ref().Latest())
		}
	}
	if len(found) != 1 {
		return fhir.Ref{}, fhir.NewError(fhir.Unprocessable, "not-found", "nobody, or more than one, has this identifier", name)
	}
	return found[0], nil
}

// decide authorises the actor as its own request would be.
func (e *inquiry) decide(ctx context.Context) (err error) {
	q := e.question
	level := smart.UserLevel
	if q.User.IsZero() {
		level = smart.SystemLevel
	}
	scopes := q.Scopes
	if len(scopes.Resources) == 0 {
		if scopes, err = smart.ParseScopes(string(level) + "/*.cruds"); err != nil {
			return err
		}
	}
	e.actor = Caller{Grant: smart.Grant{User: q.User, Organization: q.Organization, Purposes: q.Purposes, Scopes: scopes}}
	if e.way, err = e.gate.authoriseAt(ctx, e.actor, q.permission(), q.Action, q.At); err != nil {
		return err
	}
	if e.way.version != e.asks.version {
		return storage.ErrStale
	}
	return nil
}

// permission is what an action asks of scopes.
func (q Question) permission() smart.Permissions {
	switch q.Action {
	case consent.Collect:
		return smart.CreatePermission
	case consent.Correct:
		return smart.UpdatePermission
	}
	return smart.ReadPermission
}

// find reads what is asked about, as the asker may see it, and whom it is about.
// The read comes last: it says that policy has not moved meanwhile. An officer
// may ask about a patient whose record he does not see, as he may read the log.
func (e *inquiry) find(ctx context.Context) (err error) {
	target := e.question.target()
	if e.persons, err = e.gate.Store.Standings(ctx, []fhir.Ref{target}, e.way.related); err != nil {
		return err
	}
	page, err := e.gate.Store.Read(ctx, e.sees, target)
	officer := e.caller.Grant.PrivacyOfficer && !e.question.Patient.IsZero()
	switch {
	case err == nil && e.question.Patient.IsZero():
		e.holder, e.body = page.Entries[0].Custodian, page.Entries[0].Resource.Body
	case fhir.KindOf(err) == fhir.NotFound && officer && len(e.persons) > 0:
		return nil
	}
	return err
}

// shows reports whether the target is there for somebody.
func (e *inquiry) shows(ctx context.Context, x query.Expr) (bool, error) {
	_, err := e.gate.Store.Read(ctx, storage.Permit(x, e.way.version), e.question.target())
	switch {
	case err == nil:
		return true, nil
	case !errors.Is(err, storage.ErrStale) && (fhir.KindOf(err) == fhir.NotFound || fhir.KindOf(err) == fhir.Gone):
		return false, nil
	}
	return false, err
}

// records are of who asked: one for each person.
func (e *inquiry) records(ev event) (out []audit.Record) {
	base := e.gate.record(e.caller, e.asks, ev, audit.Success)
	base.Data = ev.named
	if e.holder != "" {
		base.Custodian = []string{e.holder}
	}
	for _, p := range e.persons {
		r := base
		r.ID = newID()
		e.gate.about(&r, e.asks, p)
		out = append(out, r)
	}
	if len(out) == 0 {
		out = append(out, base)
	}
	return out
}
