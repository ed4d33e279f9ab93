package gate

import (
	"context"
	"slices"
	"strings"

	"sluis/conformance"
	"sluis/consent"
	"sluis/fhir"
	"sluis/fhir/query"
	"sluis/smart"
	"sluis/storage"
)

// Explanation is the answer to a Question. It holds no clinical content.
type Explanation struct {
	Question Question // as it was understood, with nothing left out
	Holder   string   // id of the custodian of the resource; "" of a patient
	Effect   string   // SaysPermit, SaysDeny or, of a patient, SaysPart
	Steps    []Step   // what each gate says, in order
}

// Alarms are the steps at which an operator must look.
func (e Explanation) Alarms() []Step {
	return slices.DeleteFunc(slices.Clone(e.Steps), func(s Step) bool { return !s.Alarm })
}

// Step is what one gate says.
type Step struct {
	Gate    string
	Effect  string
	Patient fhir.Ref // whom it is about; zero: not one person
	Consent fhir.Ref // of AtConsent, with its version; zero where one stands for several
	// Rule is the path of the provision (the Consent as a whole when it is ""),
	// the name of the strategy, the URI of the implicit policy or the purpose.
	Rule  string
	Text  string // plain English
	Alarm bool   // something could not be enforced as it was meant
}

// The gates of a Step.
const (
	AtScope     = "scope"
	AtWriter    = "writer"   // who may write the type at all
	AtKind      = "kind"     // what providers are never shown
	AtFloor     = "floor"    // the deployment's, and a purpose that counts
	AtSubject   = "subject"  // what is about nobody
	AtHolder    = "holder"   // whose data they are
	AtRelation  = "relation" // the treatment relation
	AtConsent   = "consent"
	AtStrategy  = "strategy"
	AtImplicit  = "implicit-policy"
	AtOwn       = "own-data"    // of a patient: data of the actor's own custodian
	AtOthers    = "others-data" // and of all others
	ruleOfFloor = "floor"
	ruleOfUse   = "purpose"
)

// The effects of a Step.
const (
	SaysPermit  = "permit"
	SaysDeny    = "deny"
	SaysPart    = "partial"
	SaysNothing = "no-grant"
)

func (e *inquiry) add(gate, effect, text string) *Step {
	e.out.Steps = append(e.out.Steps, Step{Gate: gate, Effect: effect, Text: text})
	return &e.out.Steps[len(e.out.Steps)-1]
}

// steps go through the gates in the order of the corridor.
func (e *inquiry) steps(ctx context.Context) error {
	if err := e.scopeStep(ctx); err != nil {
		return err
	}
	if !e.question.Patient.IsZero() {
		e.aboutPatient(e.floorStep())
		return nil
	}
	writes, refused := e.writerStep(), e.floorStep()
	e.holderStep()
	allowed, err := e.allowed(ctx)
	if err != nil {
		return err
	}
	e.out.Effect = SaysDeny
	if allowed && writes {
		e.out.Effect = SaysPermit
	}
	if conformance.Class(e.question.Resource.Type) == conformance.DirectoryClass || len(e.persons) == 0 || hiddenKind(e.question.Resource.Type, e.body) {
		e.subjectStep()
		return nil
	}
	for _, p := range e.persons {
		if err := e.personSteps(ctx, p, refused); err != nil {
			return err
		}
	}
	return nil
}

// allowed is the decision itself, by the way that the request would go.
func (e *inquiry) allowed(ctx context.Context) (bool, error) {
	x := e.way.expr
	if e.question.Action == consent.Correct || e.question.Action == consent.Collect {
		read, err := e.gate.authoriseAt(ctx, e.actor, smart.ReadPermission, consent.Access, e.question.At)
		if err != nil {
			return false, err
		}
		if read.version != e.way.version {
			return false, storage.ErrStale
		}
		w := write{op: storage.Update}
		if e.question.Action == consent.Collect {
			w.op = storage.Create
		}
		x = e.gate.reachable(e.actor, w, e.way, read)
	}
	return e.shows(ctx, x)
}

func (e *inquiry) scopeStep(ctx context.Context) error {
	given, p := e.question.Scopes.Resources, e.question.permission()
	if len(given) == 0 {
		return nil
	}
	if !e.question.Patient.IsZero() {
		all := slices.ContainsFunc(given, func(s smart.Scope) bool { return s.Type == "*" && s.Permissions.Has(p) })
		switch {
		case !e.actor.Grant.Allows(p, ""):
			e.add(AtScope, SaysDeny, "the scopes do not reach it")
		case !all:
			e.add(AtScope, SaysPart, "the scopes reach some types")
		}
		return nil
	}
	shown, err := e.shows(ctx, e.actor.Grant.Filter(p))
	switch {
	case err != nil:
		return err
	case shown:
		e.add(AtScope, SaysPermit, "the scopes reach it")
	default:
		e.add(AtScope, SaysDeny, "the scopes do not reach it")
	}
	return nil
}

// writerStep tells of who may write resources of the type at all.
func (e *inquiry) writerStep() bool {
	w := write{ix: fhir.Interaction{Type: e.question.target().Type}, permission: e.question.permission()}
	switch e.question.Action {
	case consent.Collect:
		w.op = storage.Create
	case consent.Correct:
		w.op = storage.Update
	default:
		return true
	}
	if err := e.gate.mayWrite(e.actor, w); err != nil && len(e.question.Scopes.Resources) == 0 {
		e.add(AtWriter, SaysDeny, reason(err))
		return false
	} else if err != nil {
		return false // AtScope has said it
	}
	return true
}

// floorStep tells of purposes that no consent can permit. It does not hold for
// the own data of a custodian's system.
func (e *inquiry) floorStep() (refused bool) {
	verdict := consent.Explain(e.way.request, e.way.policy, consent.Shape{})
	for _, r := range verdict.Reasons {
		if r.Consent < 0 && (r.Rule == ruleOfFloor || r.Rule == ruleOfUse) {
			e.add(AtFloor, SaysDeny, r.Text).Rule = strings.Join(e.question.Purposes, " ")
			return true
		}
	}
	e.add(AtFloor, SaysPermit, "the purpose of use is one that can be permitted").Rule = strings.Join(e.question.Purposes, " ")
	return false
}

func (e *inquiry) own() bool { return e.holder == e.question.Organization }

func (e *inquiry) holderStep() {
	switch writes := e.question.Action == consent.Correct || e.question.Action == consent.Collect; {
	case e.own():
		e.add(AtHolder, SaysPermit, "the data are those of the actor's own custodian")
	case writes:
		e.add(AtHolder, SaysDeny, "only its own custodian's people change a resource")
	default:
		e.add(AtHolder, SaysNothing, "the data are another custodian's: a consent must permit")
	}
}

// subjectStep tells of what consents do not decide.
func (e *inquiry) subjectStep() {
	t := e.question.Resource.Type
	switch {
	case conformance.Class(t) == conformance.DirectoryClass:
		e.add(AtSubject, e.out.Effect, "it is about no patient: scopes alone decide")
	case hiddenKind(t, e.body):
		e.add(AtKind, SaysDeny, "consents about privacy and research are shown to the patient and to privacy officers alone")
	default:
		e.add(AtSubject, e.out.Effect, "it is about no patient that is known: for its custodian's own system alone")
	}
}

// hiddenKind reports whether it is a Consent that no provider is shown: any but a
// directive (consent.Decide).
func hiddenKind(t string, body []byte) bool {
	if t != "Consent" {
		return false
	}
	doc, err := fhir.ParseDocument(body)
	if err != nil {
		return true
	}
	directive := false
	for c := range doc.Root().At("scope", "coding").All() {
		switch code := c.Get("code").Text(); {
		case code == "patient-privacy" || code == "research":
			return true
		case (code == "treatment" || code == "adr") && c.Get("system").Text() == consent.ConsentScope:
			directive = true
		}
	}
	return !directive
}

// relationStep tells of the treatment relation, where one is needed.
func (e *inquiry) relationStep(p storage.Standing) {
	if e.way.party != consent.Professional && e.own() {
		return
	}
	effect, text := SaysDeny, "the actor's custodian has recorded no treatment relation of the actor with the patient that is in force"
	if p.Related {
		effect, text = SaysPermit, "there is a treatment relation"
	}
	e.add(AtRelation, effect, text).Patient = p.Patient
}

// shape is the person's consents, as they are decided on.
func (e *inquiry) shape(p storage.Standing) consent.Shape {
	i := slices.IndexFunc(e.way.policy.Shapes, func(s consent.Shape) bool { return s.ID == p.Shape })
	if i < 0 {
		return consent.Shape{ID: p.Shape}
	}
	return e.way.policy.Shapes[i]
}

// personSteps tell of one person whom a resource is about.
func (e *inquiry) personSteps(ctx context.Context, p storage.Standing, refused bool) error {
	e.relationStep(p)
	if e.own() && e.way.party == consent.Backend {
		e.implicit(p, "a custodian's own system sees its custodian's data by its scopes alone")
		return nil
	}
	if refused {
		return nil
	}
	shape := e.shape(p)
	verdict := consent.Explain(e.way.request, e.way.policy, shape)
	effects, whole, err := e.weigh(ctx, p, shape, verdict)
	if err != nil {
		return err
	}
	e.consentSteps(p, shape, verdict, effects)
	e.strategyStep(p, verdict, whole)
	switch {
	case e.own() && whole != SaysDeny:
		e.implicit(p, "a custodian's own people see its own data unless a consent denies")
	case len(shape.Consents) == 0:
		e.implicit(p, "no consent is in force: another custodian's data are shown to nobody")
	}
	return nil
}

func (e *inquiry) implicit(p storage.Standing, text string) {
	s := e.add(AtImplicit, SaysDeny, text)
	if s.Patient, s.Rule = p.Patient, consent.ImplicitPolicy; e.own() {
		s.Effect, s.Rule = SaysPermit, ownPolicy
	}
}

// consentSteps name each consent, with its effect on the whole of what is asked
// about where that is known, and each of its provisions.
func (e *inquiry) consentSteps(p storage.Standing, shape consent.Shape, v consent.Verdict, effects []string) {
	for i := range shape.Consents {
		ref := fhir.Ref{}
		if len(shape.Consents) == len(p.Consents) { // else one stands for all: decoded
			ref = p.Consents[i]
		}
		if effects != nil {
			s := e.add(AtConsent, effects[i], "")
			s.Patient, s.Consent = p.Patient, ref
		}
		for _, r := range v.Reasons {
			if r.Consent == i {
				s := e.add(AtConsent, r.Effect, r.Text)
				s.Patient, s.Consent, s.Rule, s.Alarm = p.Patient, ref, r.Rule, r.Alarm
			}
		}
	}
}

// strategyStep names how several consents were combined, and to what.
func (e *inquiry) strategyStep(p storage.Standing, v consent.Verdict, effect string) {
	for _, r := range v.Reasons {
		if r.Consent < 0 && !strings.Contains(r.Rule, ":") {
			s := e.add(AtStrategy, effect, r.Text)
			s.Patient, s.Rule, s.Alarm = p.Patient, r.Rule, r.Alarm
		}
	}
}

// weigh finds out what each consent of a person, and all together, say of the
// resource itself. It asks the store by the predicate that the decision is made
// of, with the treatment relation taken as given: what consents show the
// resource, permit it; what hide it where another permits, deny it. Data of the
// own custodian need no permit.
func (e *inquiry) weigh(ctx context.Context, p storage.Standing, shape consent.Shape, v consent.Verdict) (each []string, whole string, err error) {
	shown := func(consents ...consent.Rules) bool {
		if err != nil {
			return false
		}
		var yes bool
		yes, err = e.shows(ctx, e.supposing(p, consents))
		return yes
	}
	effect := func(consents ...consent.Rules) string {
		switch alone := shown(consents...); {
		case alone && e.own():
			return SaysNothing
		case alone:
			return SaysPermit
		case e.own() || !shown(append(slices.Clone(consents), whatever())...):
			return SaysDeny
		}
		return SaysNothing
	}
	switch {
	case len(shape.Consents) == 0:
		return nil, SaysNothing, nil
	case !shown(whatever()): // something else refuses: see the other steps
		return nil, roughly(v, e.own()), err
	}
	for i, c := range shape.Consents {
		says := SaysNothing
		if slices.Contains(v.Relied(), i) {
			says = effect(c)
		}
		each = append(each, says)
	}
	return each, effect(shape.Consents...), err
}

// whatever permits everything to anyone: beside it, only a denial is seen.
func whatever() consent.Rules { return consent.Rules{Base: consent.PermitRoot} }

// supposing is the predicate if a person had other consents, there were a
// treatment relation, and nobody else had a say.
func (e *inquiry) supposing(p storage.Standing, consents []consent.Rules) query.Expr {
	policy := e.way.policy
	policy.Shapes = []consent.Shape{{ID: p.Shape, Consents: consents}}
	for _, other := range e.persons {
		if other.Shape != p.Shape {
			policy.Shapes = append(policy.Shapes, consent.Shape{ID: other.Shape, Consents: []consent.Rules{whatever()}})
		}
	}
	return withRelation(consent.Decide(e.way.request, policy).Expr)
}

// roughly is what consents say of all data of a person.
func roughly(v consent.Verdict, own bool) string {
	outcome := v.Outcome
	if own {
		outcome = v.Own
	}
	switch outcome {
	case consent.Permitted:
		return SaysPermit
	case consent.Denied:
		return SaysDeny
	case consent.Some:
		return SaysPart
	}
	return SaysNothing
}

// withRelation is a predicate where every treatment relation is there.
func withRelation(x query.Expr) query.Expr {
	each := func(parts []query.Expr) (out []query.Expr) {
		for _, p := range parts {
			out = append(out, withRelation(p))
		}
		return out
	}
	switch x := x.(type) {
	case query.Related:
		return query.All{}
	case query.Conj:
		return query.And(each(x.Parts)...)
	case query.Disj:
		return query.Or(each(x.Parts)...)
	case query.Neg:
		if not, err := query.Not(withRelation(x.X)); err == nil {
			return not
		}
		return query.None{}
	case query.Subjects:
		return query.Subjects{X: withRelation(x.X)}
	}
	return x
}

// aboutPatient tells of all data about a person, by whose they are.
func (e *inquiry) aboutPatient(refused bool) {
	var own, others []string
	for _, p := range e.persons {
		e.relationStep(p)
		shape := e.shape(p)
		v := consent.Explain(e.way.request, e.way.policy, shape)
		ownEffect, othersEffect := roughly(v, true), roughly(v, false)
		if !refused {
			e.consentSteps(p, shape, v, nil)
			e.strategyStep(p, v, othersEffect)
			if len(shape.Consents) == 0 {
				e.implicit(p, "no consent is in force: another custodian's data are shown to nobody")
			}
		}
		if ownEffect == SaysNothing || !p.Related && e.way.party == consent.Professional {
			ownEffect = SaysDeny
		}
		if !p.Related || othersEffect == SaysNothing || e.question.Action == consent.Correct || e.question.Action == consent.Collect {
			othersEffect = SaysDeny
		}
		own, others = append(own, ownEffect), append(others, othersEffect)
	}
	o, x := joined(own), joined(others)
	e.add(AtOwn, o, "data of the actor's own custodian").Rule = ownPolicy
	e.add(AtOthers, x, "data of other custodians")
	e.out.Effect = joined([]string{o, x})
	if i := slices.IndexFunc(e.out.Steps, func(s Step) bool { return s.Gate == AtScope }); i >= 0 && e.out.Effect != SaysDeny {
		e.out.Effect = e.out.Steps[i].Effect // of a scope that reaches all there is no step
	}
}

// joined is one effect where all agree, and partial else.
func joined(effects []string) string {
	effects = slices.Compact(slices.Sorted(slices.Values(effects)))
	switch {
	case len(effects) == 0:
		return SaysDeny
	case len(effects) > 1:
		return SaysPart
	}
	return effects[0]
}
