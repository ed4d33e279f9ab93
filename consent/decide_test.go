package consent_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sluis/consent"
	"sluis/fhir"
	"sluis/fhir/query"
)

func permitFor(ref string) consent.Rules {
	return consent.Rules{Base: consent.PermitRoot, Root: consent.Rule{
		Actors:   []consent.Actor{{Role: consent.Recipient, Ref: ref}},
		Purposes: []consent.Code{{System: consent.ActReason, Code: "TREAT"}},
	}}
}

func denyLabel(code string) consent.Rules {
	return consent.Rules{Base: consent.DenyRoot, Root: consent.Rule{Labels: []consent.Code{{System: consent.ActCode, Code: code}}}}
}

func treats(t testing.TB, name string) consent.Request {
	req := who(t, name)
	req.At, req.Purposes, req.Action = now, []string{"TREAT"}, consent.Access
	return req
}

// Whoever is not known well enough gets None, whatever the facts say.
func TestNobodyIsRefused(t *testing.T) {
	facts := consent.Facts{Ancestors: ancestors, Shapes: []consent.Shape{{ID: 1, Consents: []consent.Rules{{Base: consent.PermitRoot}}}}}
	broken := map[string]func(*consent.Request){
		"nobody":          func(r *consent.Request) { r.Party = consent.Nobody },
		"no organization": func(r *consent.Request) { r.Organization = "" },
		"no parties":      func(r *consent.Request) { r.Parties = nil },
		"no time":         func(r *consent.Request) { r.At = time.Time{} },
		"no action":       func(r *consent.Request) { r.Action = "" },
		"no purpose":      func(r *consent.Request) { r.Purposes = nil },
		"unknown party":   func(r *consent.Request) { r.Party = 99 },
		"BTG without the right": func(r *consent.Request) {
			r.Purposes = []string{"BTG"}
		},
		"own token without a patient": func(r *consent.Request) { r.Party, r.Patients = consent.Own, nil },
	}
	for name, breaks := range broken {
		req := treats(t, "gp")
		if got := consent.Decide(req, facts).Expr; query.Empty(got) {
			t.Fatal("the whole request is refused")
		}
		breaks(&req)
		if got := consent.Decide(req, facts).Expr; !query.Empty(got) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestN14_TheDecisionNamesTheFloor(t *testing.T) {
	req := treats(t, "insurer")
	req.Purposes = []string{"COVERAGE"}
	d := consent.Decide(req, consent.Facts{Ancestors: ancestors, Shapes: []consent.Shape{{ID: 7, Consents: []consent.Rules{permitFor("Organization/insurer")}}}})
	for _, shape := range []int64{0, 7} {
		v := d.Verdicts[shape]
		if v.Outcome != consent.Denied || len(v.Reasons) != 1 || v.Reasons[0].Rule != "floor" || !strings.Contains(v.Reasons[0].Text, "COVERAGE") {
			t.Errorf("shape %d: %+v", shape, v)
		}
	}
	other := consent.Facts{Ancestors: ancestors, Floor: []string{"HRESCH"}}
	req.Purposes = []string{"CLINTRCH"}
	if d := consent.Decide(req, other); !query.Empty(d.Expr) {
		t.Errorf("a floor of the deployment is not applied: %v", d.Expr)
	}
}

func TestVerdicts(t *testing.T) {
	facts := consent.Facts{Ancestors: ancestors, Shapes: []consent.Shape{
		{ID: 1, Consents: []consent.Rules{permitFor("Organization/practice")}},
		{ID: 2, Consents: []consent.Rules{permitFor("Organization/practice"), denyLabel("PSY")}},
		{ID: 3, Consents: []consent.Rules{permitFor("Organization/physios")}},
		{ID: 4, Consents: []consent.Rules{{Doubts: []string{"odd"}}, permitFor("Organization/practice")}},
	}}
	d := consent.Decide(treats(t, "gp"), facts)
	for id, want := range map[int64]struct {
		other, own consent.Outcome
		relied     []int
	}{
		0: {consent.NoGrant, consent.Permitted, nil},
		1: {consent.Permitted, consent.Permitted, []int{0}},
		2: {consent.Some, consent.Some, []int{0, 1}},
		3: {consent.NoGrant, consent.Permitted, nil},
		4: {consent.Denied, consent.Denied, []int{0, 1}},
	} {
		v := d.Verdicts[id]
		if v.Outcome != want.other || v.Own != want.own || !slices.Equal(v.Relied(), want.relied) {
			t.Errorf("shape %d: outcome %v, own %v, relied on %v; want %+v\n%+v", id, v.Outcome, v.Own, v.Relied(), want, v.Reasons)
		}
	}
	alarmed := slices.ContainsFunc(d.Verdicts[4].Reasons, func(r consent.Reason) bool { return r.Alarm && strings.Contains(r.Text, "odd") })
	if !alarmed {
		t.Errorf("a consent that cannot be enforced raises no alarm: %+v", d.Verdicts[4].Reasons)
	}
	last := d.Verdicts[2].Reasons[len(d.Verdicts[2].Reasons)-1]
	if last.Rule != consent.Strategy || last.Consent != -1 {
		t.Errorf("the trace does not name the strategy: %+v", last)
	}
}

// A deny that names an identifier matches a requester whose identifiers nobody
// looked up.
func TestUnknownIdentifiersAreDenied(t *testing.T) {
	byNumber := consent.Rules{Base: consent.DenyRoot, Root: consent.Rule{Actors: []consent.Actor{{Role: consent.Recipient, System: ura, Value: "elsewhere"}}}}
	rules := map[string][]consent.Rules{"anna": {byNumber}}
	req := treats(t, "gp")
	if !slices.Contains(sees(req, consent.Facts{}, rules), "anna:visit") {
		t.Error("somebody else's number denies")
	}
	req.Identifiers = nil
	if slices.Contains(sees(req, consent.Facts{}, rules), "anna:visit") {
		t.Error("the deny is passed over")
	}
}

// A resource about two persons is seen only where both permit, also when their
// consents differ.
func TestEverySubjectMustPermit(t *testing.T) {
	req := treats(t, "practice-epd")
	narrow := permitFor("Organization/practice")
	narrow.Root.Classes = []consent.Code{{System: consent.ResourceTypes, Code: "Group"}}
	for name, c := range map[string]struct {
		bert []consent.Rules
		want bool
	}{
		"both permit":                {[]consent.Rules{permitFor("Organization/practice")}, true},
		"the other permits narrowly": {[]consent.Rules{narrow}, true},
		"the other is silent":        {nil, false},
		"the other denies":           {[]consent.Rules{permitFor("Organization/practice"), {Base: consent.DenyRoot}}, false},
	} {
		got := sees(req, consent.Facts{}, map[string][]consent.Rules{"anna": {permitFor("Organization/practice")}, "bert": c.bert})
		if slices.Contains(got, "both:group") != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// Directory types are open to all three parties by scopes alone; what has no
// owner only to its custodian's own system.
func TestDirectoryAndUnowned(t *testing.T) {
	for name, want := range map[string][]string{
		"gp":           {"directory:nurse"},
		"practice-epd": {"directory:nurse", "unowned:ours"},
		"anna":         {"directory:nurse"},
		"stranger":     nil,
	} {
		var got []string
		for _, n := range sees(treats(t, name), consent.Facts{}, nil) {
			if strings.HasPrefix(n, "directory:") || strings.HasPrefix(n, "unowned:") {
				got = append(got, n)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// The predicate stays small however many persons differ: shapes with the same
// outcome are one group, and those that say nothing to this requester none.
func TestManyShapesSmallPredicate(t *testing.T) {
	facts := manyShapes(3000)
	expr := consent.Decide(treats(t, "gp"), facts).Expr
	if n := size(expr); n > 40 {
		t.Errorf("a predicate of %d parts for %d shapes", n, len(facts.Shapes))
	}
}

func manyShapes(n int) consent.Facts {
	facts := consent.Facts{Ancestors: ancestors}
	for i := range n {
		s := consent.Shape{ID: int64(i + 1), Consents: []consent.Rules{permitFor(fmt.Sprintf("Organization/o%d", i))}}
		if i%10 == 0 {
			s.Consents = append(s.Consents, permitFor("Organization/practice"), denyLabel("PSY"))
		}
		facts.Shapes = append(facts.Shapes, s)
	}
	return facts
}

func size(x query.Expr) int {
	n := 1
	switch x := x.(type) {
	case query.Conj:
		for _, p := range x.Parts {
			n += size(p)
		}
	case query.Disj:
		for _, p := range x.Parts {
			n += size(p)
		}
	case query.Neg:
		n += size(x.X)
	case query.Subjects:
		n += size(x.X)
	}
	return n
}

func BenchmarkDecide(b *testing.B) {
	for _, n := range []int{10, 1000} {
		facts, req := manyShapes(n), treats(b, "gp")
		b.Run(fmt.Sprint(n, " shapes"), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if query.Empty(consent.Decide(req, facts).Expr) {
					b.Fatal("refused")
				}
			}
		})
	}
}

func TestDecodeIsTotal(t *testing.T) {
	for _, text := range []string{"", "null", "{}", "[]", `{"base":"permit"`, `{"base":"permit"}{}`, `{"base":"allow"}`, `{"base":"permit","later":1}`, `{"root":7}`} {
		req := treats(t, "gp")
		facts := consent.Facts{Ancestors: ancestors, Shapes: []consent.Shape{{ID: 1, Consents: []consent.Rules{consent.Decode([]byte(text))}}}}
		if v := consent.Decide(req, facts).Verdicts[1]; v.Outcome != consent.Denied || v.Own != consent.Denied {
			t.Errorf("%q: %+v", text, v)
		}
	}
}

func ExampleDecide() {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	rules := consent.Rules{Base: consent.PermitRoot,
		Root:   consent.Rule{Actors: []consent.Actor{{Role: consent.Recipient, Ref: "Organization/practice"}}},
		Nested: []consent.Rule{{Effect: consent.Deny, Labels: []consent.Code{{System: consent.ActCode, Code: "PSY"}}}},
	}
	decision := consent.Decide(
		consent.Request{
			Party: consent.Professional, Organization: "practice", Purposes: []string{"TREAT"}, Action: consent.Access, At: at,
			Parties: []fhir.Ref{{Type: "Practitioner", ID: "gp"}, {Type: "Organization", ID: "practice"}},
		},
		consent.Facts{Shapes: []consent.Shape{{ID: 1, Consents: []consent.Rules{rules}}}},
	)
	note := query.Resource{Type: "Observation", Custodian: "hospital", Subjects: []query.Subject{{
		Shape:     1,
		Relations: []query.Relation{{Custodian: "practice", Party: fhir.Ref{Type: "Practitioner", ID: "gp"}}},
	}}}
	fmt.Println("a note of the hospital:", query.Match(decision.Expr, note))
	note.Labels = []query.Coding{{System: consent.ActCode, Code: "PSY"}}
	fmt.Println("labelled psychiatry:", query.Match(decision.Expr, note))
	for _, r := range decision.Verdicts[1].Reasons {
		fmt.Printf("%s: %s, %s\n", r.Rule, r.Effect, r.Text)
	}
	// Output:
	// a note of the hospital: true
	// labelled psychiatry: false
	// provision.provision[0]: deny, covers data by security label
	// provision: permit, covers all data
	// deny-overrides: permit, any deny refuses, else any permit permits, else nothing is shown
}

func ExampleEncode() {
	a := consent.Rules{Base: consent.PermitRoot, Root: consent.Rule{Actions: []consent.Code{{Code: "use"}, {Code: "access"}}}}
	b := consent.Rules{Base: consent.PermitRoot, Root: consent.Rule{Actions: []consent.Code{{Code: "access"}, {Code: "use"}}}}
	fmt.Println(string(consent.Encode(a)))
	fmt.Println(string(consent.Encode(a)) == string(consent.Encode(b)))
	// Output:
	// {"base":"permit","root":{"actions":[{"code":"access"},{"code":"use"}]}}
	// true
}
