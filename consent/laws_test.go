package consent_test

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"sluis/consent"
)

func codes(system string, names ...string) *rapid.Generator[consent.Code] {
	return rapid.Custom(func(t *rapid.T) consent.Code {
		return consent.Code{System: system, Code: rapid.SampledFrom(names).Draw(t, "code")}
	})
}

var (
	somePurpose = rapid.OneOf(codes(consent.ActReason, "TREAT", "ETREAT", "BTG", "HRESCH"), codes("https://example.org/p", "TREAT"))
	someAction  = rapid.OneOf(codes(consent.ConsentAction, "access", "disclose", "correct"), codes("", "", "access"))
	someLabel   = rapid.OneOf(codes(consent.Confidentiality, "U", "L", "M", "N", "R", "V"),
		codes(consent.ActCode, "PSY", "ETH", "ETHUD", "SPI", "HIV"), codes("", "R"))
	someClass = rapid.OneOf(codes(consent.ResourceTypes, "Observation", "Condition", "Group", "Consent"),
		codes(consent.ProfileURI, "https://example.org/profile/note"), codes("urn:ietf:bcp:13", "application/hl7-cda+xml"))
	someCode   = rapid.OneOf(codes(snomed, "86406008", "1"), codes("", "86406008", ""))
	somePeriod = rapid.SampledFrom([]consent.Period{{}, {}, {}, {Start: "2026-03-01"}, {End: "2026-03-01"}, {End: "2026-02-28"}, {Start: "2026-03-02"}, {End: "?"}})
	someActor  = rapid.Custom(func(t *rapid.T) consent.Actor {
		a := consent.Actor{Role: rapid.SampledFrom([]string{"IRCP", "PRCP", "IRCP", "CST", "AUT"}).Draw(t, "role")}
		switch rapid.IntRange(0, 6).Draw(t, "kind") {
		case 0:
			a.System, a.Value = ura, rapid.SampledFrom([]string{"practice", "physios"}).Draw(t, "ura")
		case 1: // could not be read
		default:
			a.Ref = rapid.SampledFrom([]string{"Practitioner/gp", "Practitioner/physio", "Organization/practice", "Organization/hospital", "Organization/clinic", "Group/neighbours"}).Draw(t, "ref")
		}
		return a
	})
)

var (
	someDataPeriod = rapid.SampledFrom([]consent.Period{{}, {}, {}, {Start: "2022-01-01", End: "2022-12-31"}, {Start: "2023-01-01"}, {Start: "2023-01-02"},
		{End: "2022-01-01"}, {End: "2021-12-31"}, {Start: "2024-02-01", End: "2024-01-01"}, {End: "?"}})
	someDatum = rapid.Custom(func(t *rapid.T) consent.Datum {
		d := consent.Datum{Meaning: rapid.SampledFrom([]string{"instance", "related", "dependents", "authoredby", "authoredby", "other"}).Draw(t, "meaning")}
		switch {
		case rapid.IntRange(0, 9).Draw(t, "unread") == 0:
		case d.Meaning != "authoredby":
			d.Ref = rapid.SampledFrom([]string{"Observation/anna-note", "Condition/anna-hiv", "MedicationStatement/bert-pill", "Practitioner/gp"}).Draw(t, "data")
		case rapid.IntRange(0, 3).Draw(t, "by number") == 0:
			d.System, d.Value = agb, rapid.SampledFrom([]string{"1", "2"}).Draw(t, "number")
		default:
			d.Ref = rapid.SampledFrom([]string{"Practitioner/specialist", "Practitioner/gp", "PractitionerRole/other", "Patient/anna", "Organization/clinic"}).Draw(t, "author")
		}
		return d
	})
)

// few draws no repetition more often than not, so that rules match at times.
func few[T any](t *rapid.T, g *rapid.Generator[T], name string) []T {
	if rapid.IntRange(0, 2).Draw(t, name+"?") > 0 {
		return nil
	}
	return rapid.SliceOfN(g, 1, 2).Draw(t, name)
}

func drawRule(t *rapid.T) consent.Rule {
	r := consent.Rule{
		Effect: rapid.SampledFrom([]consent.Effect{consent.Permit, consent.Deny}).Draw(t, "effect"),
		Period: somePeriod.Draw(t, "period"), Actors: few(t, someActor, "actors"), Purposes: few(t, somePurpose, "purposes"),
		Actions: few(t, someAction, "actions"), Labels: few(t, someLabel, "labels"), Classes: few(t, someClass, "classes"), Codes: few(t, someCode, "codes"),
		DataPeriod: someDataPeriod.Draw(t, "data period"), Data: few(t, someDatum, "data"),
	}
	switch rapid.IntRange(0, 19).Draw(t, "doubt") {
	case 0:
		r.Unread = []string{"actor in the role WIT"}
	case 1:
		r.Opaque = true
	}
	return r
}

var someRules = rapid.Custom(func(t *rapid.T) consent.Rules {
	r := consent.Rules{
		Profile:  rapid.SampledFrom([]consent.Profile{"", "", "", consent.PCF}).Draw(t, "profile"),
		Research: rapid.IntRange(0, 9).Draw(t, "research") == 0,
		Base: rapid.SampledFrom([]consent.Base{consent.PermitRoot, consent.PermitRoot, consent.PermitRoot, consent.DenyRoot,
			consent.NestedOnly, consent.OptIn, consent.OptOut}).Draw(t, "base"),
		Holders: rapid.SampledFrom([][]string{{"hospital"}, {"clinic"}, {"practice", "hospital"}, {""}, nil}).Draw(t, "holders"),
		Root:    drawRule(t),
	}
	if rapid.IntRange(0, 29).Draw(t, "unenforceable") == 0 {
		r.Base = consent.Unenforceable
	}
	for range rapid.IntRange(0, 3).Draw(t, "nested") {
		r.Nested = append(r.Nested, drawNested(t, 2))
	}
	return r
})

// drawNested is a provision with others within it, down to a depth.
func drawNested(t *rapid.T, depth int) consent.Rule {
	r := drawRule(t)
	if depth > 0 {
		for range rapid.SampledFrom([]int{0, 0, 1, 2}).Draw(t, "within") {
			r.Nested = append(r.Nested, drawNested(t, depth-1))
		}
	}
	return r
}

var someConsents = rapid.SliceOfN(someRules, 0, 3)

func drawRequest(t *rapid.T, tb testing.TB) (consent.Request, consent.Facts) {
	req := who(tb, rapid.SampledFrom([]string{"gp", "former-gp", "physio", "specialist", "practice-epd"}).Draw(t, "who"))
	req.At, req.BreakGlass = now, true
	req.Purposes = rapid.SampledFrom([][]string{{"TREAT"}, {"TREAT"}, {"ETREAT"}, {"BTG"}, {"TREAT", "HRESCH"}}).Draw(t, "purposes")
	req.Action = rapid.SampledFrom([]consent.Action{consent.Access, consent.Access, consent.Correct}).Draw(t, "action")
	return req, consent.Facts{Profile: rapid.SampledFrom([]consent.Profile{"", consent.Core, consent.PCF}).Draw(t, "profile")}
}

// TestDecideAgreesWithTheSpecification compares the predicate with the
// reference, resource by resource, on random consents of two persons.
func TestDecideAgreesWithTheSpecification(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		req, facts := drawRequest(rt, t)
		rules := map[string][]consent.Rules{"anna": someConsents.Draw(rt, "anna"), "bert": someConsents.Draw(rt, "bert")}
		var want []string
		for _, d := range world() {
			if (reference{req, rules, facts.Profile == consent.PCF, d}).visible() {
				want = append(want, d.name)
			}
		}
		if got := sees(req, facts, rules); !slices.Equal(got, want) {
			rt.Fatalf("sees  %v\nwants %v", got, want)
		}
	})
}

func subset(a, b []string) bool {
	return !slices.ContainsFunc(a, func(s string) bool { return !slices.Contains(b, s) })
}

func TestLawAddingADenyNeverAdds(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		req, facts := drawRequest(rt, t)
		before := someConsents.Draw(rt, "consents")
		deny := drawRule(rt)
		deny.Effect = consent.Deny
		after := slices.Clone(before)
		if len(after) > 0 && rapid.Bool().Draw(rt, "nested") {
			i := rapid.IntRange(0, len(after)-1).Draw(rt, "which")
			after[i].Nested = append(slices.Clone(after[i].Nested), deny)
		} else {
			root := deny
			root.Period = consent.Period{}
			after = append(after, consent.Rules{Base: consent.DenyRoot, Root: root})
		}
		less(rt, req, facts, after, before)
	})
}

func TestLawRemovingAPermitNeverAdds(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		req, facts := drawRequest(rt, t)
		before := rapid.SliceOfN(someRules, 1, 3).Draw(rt, "consents")
		i := rapid.IntRange(0, len(before)-1).Draw(rt, "which")
		after := slices.Clone(before)
		removed := false
		after[i].Nested = slices.DeleteFunc(slices.Clone(after[i].Nested), func(r consent.Rule) bool {
			remove := r.Effect == consent.Permit && len(r.Nested) == 0 && !removed
			removed = removed || remove
			return remove
		})
		if !removed && after[i].Base == consent.PermitRoot {
			after[i].Base = consent.NestedOnly
		}
		less(rt, req, facts, after, before)
	})
}

func less(t *rapid.T, req consent.Request, facts consent.Facts, after, before []consent.Rules) {
	t.Helper()
	with := sees(req, facts, map[string][]consent.Rules{"anna": after})
	without := sees(req, facts, map[string][]consent.Rules{"anna": before})
	if !subset(with, without) {
		t.Fatalf("sees %v\nbefore %v", with, without)
	}
}

func TestLawOrderIsIrrelevant(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		req, facts := drawRequest(rt, t)
		consents := someConsents.Draw(rt, "consents")
		shuffled := slices.Clone(consents)
		mix := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 0))
		for i, c := range shuffled {
			shuffled[i] = shuffle(mix, c)
			if !bytes.Equal(consent.Encode(c), consent.Encode(shuffled[i])) {
				rt.Fatalf("the same wording in another order is encoded otherwise:\n%s\n%s", consent.Encode(c), consent.Encode(shuffled[i]))
			}
		}
		mix.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		a := sees(req, facts, map[string][]consent.Rules{"anna": consents})
		b := sees(req, facts, map[string][]consent.Rules{"anna": shuffled})
		if !slices.Equal(a, b) {
			rt.Fatalf("%v\n%v", a, b)
		}
	})
}

func shuffle(mix *rand.Rand, r consent.Rules) consent.Rules {
	rule := func(x consent.Rule) consent.Rule {
		x.Actors = mixed(mix, x.Actors)
		x.Purposes, x.Actions, x.Labels = mixed(mix, x.Purposes), mixed(mix, x.Actions), mixed(mix, x.Labels)
		x.Classes, x.Codes, x.Data = mixed(mix, x.Classes), mixed(mix, x.Codes), mixed(mix, x.Data)
		return x
	}
	var rules func([]consent.Rule) []consent.Rule
	rules = func(list []consent.Rule) []consent.Rule {
		list = mixed(mix, list)
		for i := range list {
			list[i] = rule(list[i])
			list[i].Nested = rules(list[i].Nested)
		}
		return list
	}
	r.Root, r.Nested = rule(r.Root), rules(r.Nested)
	return r
}

func mixed[T any](mix *rand.Rand, in []T) []T {
	out := slices.Clone(in)
	mix.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

func TestLawConsentsOfOneNeverChangeAnother(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		req, facts := drawRequest(rt, t)
		bert := someConsents.Draw(rt, "bert")
		with := sees(req, facts, map[string][]consent.Rules{"anna": someConsents.Draw(rt, "anna"), "bert": bert})
		without := sees(req, facts, map[string][]consent.Rules{"bert": bert})
		if a, b := of(with, "bert"), of(without, "bert"); !slices.Equal(a, b) {
			rt.Fatalf("%v\n%v", a, b)
		}
	})
}

func TestDecodeIsTheInverseOfEncode(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		b := consent.Encode(someRules.Draw(rt, "rules"))
		if again := consent.Encode(consent.Decode(b)); !bytes.Equal(b, again) {
			rt.Fatalf("%s\n%s", b, again)
		}
	})
}
