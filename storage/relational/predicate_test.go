package relational

import (
	"context"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sluis/conformance"
	"sluis/fhir"
	"sluis/fhir/index"
	"sluis/fhir/query"
)

var (
	status  = parameter("Observation", "status")
	profile = parameter("Observation", "_profile")
	active  = parameter("Patient", "active")
)

func parameter(base, code string) *conformance.Parameter {
	p, ok := conformance.Lookup(base, code)
	if !ok {
		panic(base + "." + code)
	}
	return p
}

func token(p *conformance.Parameter, code string) query.Expr {
	return query.Compare{Param: p, Values: []query.Value{{AnySystem: true, Code: code}}}
}

// drawExpr draws predicates, among them what the constructors refuse.
func drawExpr(t *rapid.T, depth int) query.Expr {
	form := rapid.IntRange(0, 6).Draw(t, "form")
	if depth == 0 {
		form = 9
	}
	switch form {
	case 0:
		return query.Conj{Parts: []query.Expr{drawExpr(t, depth-1), drawExpr(t, depth-1)}}
	case 1:
		return query.Disj{Parts: []query.Expr{drawExpr(t, depth-1), drawExpr(t, depth-1)}}
	case 2, 3:
		return query.Neg{X: drawExpr(t, depth-1)}
	}
	return rapid.SampledFrom([]query.Expr{
		query.None{}, query.All{}, query.Conj{}, query.Disj{}, query.TypeIs{}, query.TypeIs{Types: []string{"Observation"}}, query.TypeIs{Types: []string{"Patient"}},
		query.IDIs{IDs: []string{"1"}}, query.Custodian{ID: "a"}, query.Custodian{}, token(status, "final"), token(active, "true"),
		query.Missing{Param: status}, query.Missing{Param: active}, query.Coded{Codings: []query.Coding{{Code: "x"}}},
		query.Labelled{Labels: []query.Coding{{Code: "R"}}}, query.Subjects{X: query.Shape{IDs: []int64{1}}},
		query.Compare{Param: profile, Values: []query.Value{{Text: "p"}}},
	}).Draw(t, "leaf")
}

// drawResource draws a resource; what a fingerprint covers comes from judged.
func drawResource(t *rapid.T, kind string, judged int) query.Resource {
	r := query.Resource{Type: kind, ID: "1", Custodian: "a", Entries: index.Entries{Type: kind}}
	if judged&1 != 0 {
		r.Entries.Tokens = append(r.Entries.Tokens, index.Token{Param: conformance.ParameterKey(kind, conformance.CodedCode), Code: "x"})
	}
	if judged&2 != 0 {
		r.Labels = []query.Coding{{Code: "R"}}
	}
	if judged&4 != 0 {
		r.Subjects = []query.Subject{{Shape: int64(judged >> 4)}}
	}
	if judged&8 != 0 && kind == "Observation" {
		r.Entries.URIs = []index.URI{{Param: profile.Key, Value: "p"}}
	}
	for _, p := range []*conformance.Parameter{status, active} {
		if p.Base == kind && rapid.Bool().Draw(t, "entry") {
			r.Entries.Tokens = append(r.Entries.Tokens, index.Token{Param: p.Key, Code: rapid.SampledFrom([]string{"final", "true"}).Draw(t, "code")})
		}
	}
	return r
}

// sound reports whether a predicate negates nothing that is empty: the renderer
// refuses others, whatever narrow and certain make of them.
func sound(x query.Expr) bool { return query.Validate(x) == nil }

func TestNarrowKeepsTheMeaning(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := drawExpr(t, 3)
		kind := rapid.SampledFrom([]string{"Observation", "Patient"}).Draw(t, "kind")
		r := drawResource(t, kind, rapid.IntRange(0, 31).Draw(t, "judged"))
		y := narrow(x, kind)
		if sound(x) && query.Match(x, r) != query.Match(y, r) {
			t.Fatalf("%#v narrowed to %#v", x, y)
		}
		if !sound(x) && sound(y) && query.Match(y, r) && !query.Match(x, r) {
			t.Fatalf("%#v, which is not sound, became %#v", x, y)
		}
	})
}

func TestCertainHoldsWhateverIsUnknown(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := drawExpr(t, 3)
		if !sound(x) {
			return
		}
		judged := rapid.IntRange(0, 31).Draw(t, "judged")
		for k, other := range map[knowledge]int{identityOnly: rapid.IntRange(0, 31).Draw(t, "other"), fingerprint: judged} {
			current, older := drawResource(t, "Observation", judged), drawResource(t, "Observation", other)
			if query.Match(certain(x, k), current) && !query.Match(x, older) {
				t.Fatalf("%#v is certain (%d) as %#v, and fails for %#v", x, k, certain(x, k), older)
			}
		}
	})
}

// plain is a Dialect for looking at texts.
type plain struct{}

func (plain) Name() string                         { return "plain" }
func (plain) In(column, placeholder string) string { return column + " IN " + placeholder }
func (plain) Contains(column, place string) string { return column + " CONTAINS " + place }
func (plain) Cast(expr, _ string) string           { return expr }
func (plain) Words(_ bool, place string) string    { return "WORDS " + place }
func (plain) WordsArg(words []string) any          { return words }
func (plain) Allot() string                        { return "" }
func (plain) Lock(...Lock) []Step                  { return nil }
func (plain) ForUpdate(string) string              { return "" }

func TestRendererRefusesWhatItCannotDecide(t *testing.T) {
	subject := parameter("Observation", "subject")
	person := query.Person{Patients: []fhir.Ref{{Type: "Patient", ID: "1"}}}
	for name, x := range map[string]query.Expr{
		"negation of nothing":      query.Neg{X: query.None{}},
		"negation of nil":          query.Neg{},
		"negation of an empty":     query.Neg{X: query.Shape{}},
		"negation below Subjects":  query.Subjects{X: query.Neg{X: query.Shape{}}},
		"person outside Subjects":  person,
		"Subjects below Subjects":  query.Subjects{X: query.Subjects{X: person}},
		"custodian below Subjects": query.Subjects{X: query.Custodian{ID: "a"}},
		"chain in an access":       query.Chain{Param: subject, Target: "Patient", X: query.All{}},
		"no parts":                 query.Neg{X: query.Disj{}},
		"reverse chain in access":  query.Has{Source: "Observation", Param: subject, X: query.All{}},
		"a value set":              query.Compare{Param: status, Modifier: query.In, Values: []query.Value{{Text: "http://x"}}},
		"a code's hierarchy":       query.Compare{Param: status, Modifier: query.Below, Values: []query.Value{{System: "http://x", Code: "y"}}},
		"a reference's hierarchy":  query.Compare{Param: subject, Modifier: query.Above, Values: []query.Value{{Ref: fhir.Ref{ID: "x"}}}},
		"a string's :above":        query.Compare{Param: parameter("Patient", "family"), Modifier: query.Above, Values: []query.Value{{Folded: "x"}}},
		"components that lack":     query.Composite{Param: parameter("Observation", "code-value-quantity"), Values: [][]query.Value{{{Code: "x"}}}},
		"composite":                query.Compare{Param: &conformance.Parameter{Base: "Observation", Type: conformance.CompositeParam}, Values: []query.Value{{}}},
	} {
		r := newRenderer(plain{}, x)
		if text := r.permitted(row{"c", ""}); r.err == nil {
			t.Errorf("%s: %s", name, text)
		}
	}
}

func TestValuesNeverEnterTheText(t *testing.T) {
	const odd = "o'dd\"; --"
	values := []query.Value{{System: odd, Code: odd, Text: odd, Folded: odd, Ref: fhir.Ref{ID: odd}}, {URL: odd, AnySystem: true, Code: odd}}
	parts := []query.Expr{
		query.TypeIs{Types: []string{odd}}, query.IDIs{IDs: []string{odd, odd}}, query.Custodian{ID: odd},
		query.Coded{Codings: []query.Coding{{System: odd, Code: odd}}}, query.Labelled{Labels: []query.Coding{{Code: odd}}},
		query.PointsAt{Refs: []fhir.Ref{{Type: odd, ID: odd}}}, query.PointedAtBy{Refs: []fhir.Ref{{Type: odd, ID: odd}}},
		query.Authored{Who: fhir.Ref{Type: odd, ID: odd}, Number: query.Coding{System: odd, Code: odd}, Doubt: true},
		query.Subjects{X: query.Person{Patients: []fhir.Ref{{Type: "Patient", ID: odd}}}},
		query.Subjects{X: query.Related{Custodian: odd, Parties: []fhir.Ref{{Type: odd, ID: odd}}, At: time.Unix(1, 0)}},
	}
	for _, kind := range []conformance.ParamType{conformance.TokenParam, conformance.StringParam, conformance.URIParam, conformance.ReferenceParam, conformance.QuantityParam} {
		parts = append(parts, query.Compare{Param: &conformance.Parameter{Base: "Observation", Code: odd, Type: kind}, Values: values})
	}
	r := newRenderer(plain{}, query.And(parts...))
	if text := r.permitted(row{"c", ""}); r.err != nil || strings.Contains(text, "o'dd") || len(r.args) < 20 {
		t.Errorf("%d arguments, %v, %s", len(r.args), r.err, text)
	}
}

func TestATransactionThatCannotBeAuditedFails(t *testing.T) {
	a := &application{store: NewStore(nil, nil), request: recording}
	if err := a.record(context.Background(), nil); fhir.KindOf(err) != fhir.Internal || err == nil {
		t.Errorf("error %v", err)
	}
}
