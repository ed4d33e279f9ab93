package consent

import (
	"slices"
	"sync"

	"sluis/conformance"
	"sluis/fhir/query"
)

// Decide makes one predicate for all resources of all persons: what this
// request may see or touch. Whoever is not known well enough gets None.
//
//   - A patient or representative sees what is about the patient. Consents do
//     not restrict the patient.
//   - A professional needs a purpose of use and a treatment relation of the own
//     custodian; then the own custodian's data unless a consent denies, and
//     another custodian's where a consent permits.
//   - A custodian's own system sees that custodian's data; another's as a
//     professional, with a treatment relation of any of its parties.
//   - Directory types are open to all three, by scopes alone.
//   - Consents about privacy or research are shown to the patient only.
//
// Why own data and others' differ is argued in docs/adr/0005-consent-combination.md.
func Decide(req Request, facts Facts) Decision {
	switch req.Party {
	case Own:
		return decideOwn(req)
	case Professional:
		if len(req.Parties) > 0 {
			return decideOthers(req, facts)
		}
	case Backend:
		return decideOthers(req, facts)
	}
	return Decision{Expr: query.None{}}
}

func decideOwn(req Request) Decision {
	person := query.Person{Patients: req.Patients}
	if query.Empty(person) {
		return Decision{Expr: query.None{}}
	}
	return Decision{Expr: query.Or(directory(), query.Subjects{X: person})}
}

// decideOthers decides for whoever works for a custodian.
func decideOthers(req Request, facts Facts) Decision {
	s, ok := newSurvey(req, facts)
	if !ok {
		return Decision{Expr: query.None{}}
	}
	if why, refused := s.refusal(); refused {
		s.refuse(why)
	} else {
		s.judge()
	}
	return Decision{Expr: s.expr(), Verdicts: s.verdicts}
}

// Explain is the full trace about one shape, for $explain-access: every rule,
// also those that do not speak of the request.
func Explain(req Request, facts Facts, shape Shape) Verdict {
	s, ok := newSurvey(req, facts)
	if req.Party != Professional && req.Party != Backend || !ok {
		return Verdict{}
	}
	if why, refused := s.refusal(); refused {
		return s.refusedBy(why)
	}
	v, _, _ := s.verdict(shape)
	return v
}

// counted drops the purposes that do not count: break the glass, for who does
// not hold the right to it.
func counted(req Request) []string {
	return slices.DeleteFunc(slices.Clone(req.Purposes), func(p string) bool { return p == breakGlass && !req.BreakGlass })
}

// directory matches what is about no patient: practitioners, organisations,
// terminology.
var directory = sync.OnceValue(func() query.Expr {
	var types []string
	for _, t := range conformance.Types() {
		if conformance.Class(t) == conformance.DirectoryClass {
			types = append(types, t)
		}
	}
	if len(types) == 0 {
		return query.None{}
	}
	return query.TypeIs{Types: types}
})

// clinical matches everything but the gates themselves: of the Consents only
// treatment directives and advance directives, which are clinical data. A
// provider must not learn of a restriction by finding it (EHDS, article 8).
var clinical = sync.OnceValue(func() query.Expr {
	consents := query.TypeIs{Types: []string{"Consent"}}
	others, err := query.Not(consents)
	if err != nil {
		return query.None{}
	}
	scope, ok := conformance.Lookup("Consent", "scope")
	if !ok {
		return others
	}
	hidden, err := query.Not(query.Compare{Param: scope, Values: []query.Value{anySystem("patient-privacy"), anySystem("research")}})
	if err != nil {
		return others
	}
	shown := query.Compare{Param: scope, Values: []query.Value{scopeValue("treatment"), scopeValue("adr")}}
	return query.Or(others, query.And(shown, hidden))
})

func scopeValue(code string) query.Value {
	return query.Value{Raw: ConsentScope + "|" + code, System: ConsentScope, Code: code}
}

func anySystem(code string) query.Value { return query.Value{Raw: code, Code: code, AnySystem: true} }
