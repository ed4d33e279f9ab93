package consent

import (
	"maps"
	"slices"
	"time"

	"sluis/fhir/query"
)

// survey judges every shape for one request and gathers shapes with the same
// outcome, so that the predicate stays small however many persons differ.
type survey struct {
	req        Request
	facts      Facts
	zone       *time.Location
	parties    map[string]bool // Request.Parties, as literal references
	custodians []string        // keys of Facts.Ancestors, sorted

	others []question // about other custodians' data
	own    []question // about the own custodian's

	refused  bool
	permits  groups // by what of other custodians' data is permitted; not those where nothing is
	denies   groups // by what of the own custodian's data no consent denies
	verdicts map[int64]Verdict
}

// newSurvey prepares to judge; ok is false for a request that lacks what every
// decision needs.
func newSurvey(req Request, facts Facts) (*survey, bool) {
	s := &survey{req: req, facts: facts, zone: facts.Zone, parties: map[string]bool{}, custodians: slices.Sorted(maps.Keys(facts.Ancestors))}
	s.req.Purposes = counted(req)
	if s.zone == nil {
		home, err := homeZone()
		if err != nil {
			return nil, false
		}
		s.zone = home
	}
	for _, p := range req.Parties {
		s.parties[p.Latest().String()] = true
	}
	s.others, s.own = s.questions(true), s.questions(false)
	return s, req.Organization != "" && !req.At.IsZero() && slices.Contains(allActions, req.Action)
}

// questions are the actions and purposes that must each be permitted. Data of
// another custodian are disclosed by whatever shows them.
func (s *survey) questions(others bool) []question {
	actions := []Action{s.req.Action}
	if others && s.req.Action != Disclose {
		actions = append(actions, Disclose)
	}
	var out []question
	for _, a := range actions {
		for _, p := range s.req.Purposes {
			out = append(out, question{s, a, p})
		}
	}
	return out
}

// refusal is the reason for which nothing that needs a permit is shown.
func (s *survey) refusal() (why Reason, refused bool) {
	floor := s.facts.Floor
	if floor == nil {
		floor = DefaultFloor()
	}
	for _, p := range s.req.Purposes {
		for _, f := range floor {
			if purposes().subsumes(f, p) {
				return Reason{Consent: -1, Rule: "floor", Effect: string(Deny), Text: "purpose of use " + p + " is refused whatever a consent permits"}, true
			}
		}
	}
	if len(s.req.Purposes) == 0 {
		return Reason{Consent: -1, Rule: "purpose", Effect: string(Deny), Text: "the request has no purpose of use that counts"}, true
	}
	return Reason{}, false
}

// refuse gives every shape the same verdict.
func (s *survey) refuse(why Reason) {
	s.refused = true
	s.verdicts = map[int64]Verdict{0: s.refusedBy(why)}
	for _, shape := range s.facts.Shapes {
		s.verdicts[shape.ID] = s.verdicts[0]
	}
}

// refusedBy is the verdict of a refusal. A custodian's own system still sees its
// own custodian's data, which needs no purpose of use.
func (s *survey) refusedBy(why Reason) Verdict {
	v := Verdict{Outcome: Denied, Own: Denied, Reasons: []Reason{why}}
	if s.req.Party == Backend {
		v.Own = Permitted
	}
	return v
}

// judge decides each shape. Most shapes say nothing to this requester; they
// share one verdict, and Explain tells why.
func (s *survey) judge() {
	s.verdicts = make(map[int64]Verdict, len(s.facts.Shapes)+1)
	s.verdicts[0] = Verdict{Outcome: NoGrant, Own: Permitted, Reasons: []Reason{
		{Consent: -1, Rule: ImplicitPolicy, Effect: noGrant, Text: "no consent is in force: the implicit policy lets no one in"},
	}}
	silent := Verdict{Outcome: NoGrant, Own: Permitted, Reasons: []Reason{strategy(NoGrant)}}
	for _, shape := range s.facts.Shapes {
		if s.silent(shape) {
			s.verdicts[shape.ID] = silent
			continue
		}
		v, visible, allowed := s.verdict(shape)
		s.verdicts[shape.ID] = v
		if !visible.isNothing() {
			s.permits.add(visible, shape.ID)
		}
		if !allowed.isEverything() {
			s.denies.add(allowed, shape.ID)
		}
	}
}

// silent reports whether no consent of a shape permits or denies anything.
func (s *survey) silent(shape Shape) bool {
	for _, q := range s.others { // they ask all that own does
		for _, c := range shape.Consents {
			if r := q.rule(c, nil); !r.permits.isNothing() || !r.denies.isNothing() {
				return false
			}
		}
	}
	return true
}

// verdict judges a shape, with its trace: what of others' data is visible, and
// what of the own custodian's is allowed.
func (s *survey) verdict(shape Shape) (v Verdict, visible, allowed region) {
	visible, denied, reasons := combine(s.others, shape)
	_, ownDenied, _ := combine(s.own, shape)
	if s.req.Party == Backend {
		ownDenied = nothing // its own custodian's data are its by scopes alone
	}
	v = Verdict{Outcome: Some, Own: Some}
	switch {
	case visible.isEverything():
		v.Outcome = Permitted
	case visible.isNothing() && denied.isNothing():
		v.Outcome = NoGrant
	case visible.isNothing():
		v.Outcome = Denied
	}
	switch {
	case ownDenied.isNothing():
		v.Own = Permitted
	case ownDenied.isEverything():
		v.Own = Denied
	}
	v.Reasons = append(reasons, strategy(v.Outcome))
	return v, visible, ownDenied.outside(Permit)
}

// strategy is the reason that names how consents were combined.
func strategy(o Outcome) Reason {
	effect := string(Permit)
	switch o {
	case NoGrant:
		effect = noGrant
	case Denied:
		effect = string(Deny)
	}
	return Reason{Consent: -1, Rule: Strategy, Effect: effect, Text: "any deny refuses, else any permit permits, else nothing is shown"}
}

// expr is the predicate of the decision. Of the resource's subjects, every one
// must be related and must permit; see groups.limit.
func (s *survey) expr() query.Expr {
	related := query.Related{Custodian: s.req.Organization, At: s.req.At}
	own := query.Expr(query.Custodian{ID: s.req.Organization})
	switch {
	case s.req.Party == Professional && s.refused:
		return query.None{}
	case s.req.Party == Professional:
		related.Parties = s.req.Parties
		own = query.And(own, query.Subjects{X: related}, s.denies.limit())
	}
	return query.And(clinical(), query.Or(directory(), own, s.disclosed(related)))
}

// disclosed is the data of other custodians: only to be read, and only where a
// consent permits. Nobody but its custodian changes data.
func (s *survey) disclosed(related query.Related) query.Expr {
	if s.req.Action == Collect || s.req.Action == Correct || len(s.permits.order) == 0 {
		return query.None{}
	}
	permitting := query.Subjects{X: query.And(related, query.Shape{IDs: s.permits.shapes()})}
	return query.And(permitting, s.permits.limit())
}
