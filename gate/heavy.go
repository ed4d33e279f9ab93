package gate

import (
	"fmt"

	"sluis/consent"
	"sluis/consent/r4"
	"sluis/fhir"
)

// What the consents of one person may say is part of the predicate of every
// request of everybody it speaks of. So it is bounded: one patient's wishes,
// however many, must not keep others from their data.
const (
	maxRules  = 1000     // provisions of one person
	maxWeight = 250      // see weigh
	maxWords  = 32 << 10 // bytes of the rules of one consent: everybody's facts hold them
)

// simple refuses a Consent that is too much by itself, so that its author hears
// of it.
func simple(body []byte) []fhir.Issue {
	rules, applies := r4.Read(body)
	if !applies || !heavy(rules) && len(consent.Encode(rules)) <= maxWords {
		return nil
	}
	return []fhir.Issue{{
		Severity: "error", Code: "too-costly", Expression: []string{"Consent.provision"},
		Details: fmt.Sprintf("a consent has at most %d provisions, in them %d different labels, classes, codes, holders, authors, periods and single resources, and in all %d bytes of rules", maxRules, maxWeight, maxWords),
	}}
}

// tooHeavy stands for the consents of a person that are too much together: it
// denies everything, as whatever cannot be enforced does.
func tooHeavy() consent.Rules {
	return consent.Rules{Doubts: []string{"the consents of this patient are more than can be enforced"}}
}

func heavy(consents ...consent.Rules) bool {
	rules, weight := 0, 0
	seen := map[string]bool{}
	for _, c := range consents {
		for _, r := range flat(append([]consent.Rule{c.Root}, c.Nested...)) {
			rules++
			weight += weigh(r, seen)
		}
		weight += len(c.Holders)
	}
	return rules > maxRules || weight > maxWeight
}

// flat lists rules and all that are within them.
func flat(rules []consent.Rule) []consent.Rule {
	var out []consent.Rule
	for _, r := range rules {
		out = append(append(out, r), flat(r.Nested)...)
	}
	return out
}

// lookWeight: authors and relatives are looked for in other resources.
const lookWeight = 10

// profileWeight: a profile is looked for in every type.
const profileWeight = 100

// weigh counts the elements of a rule that speak of data, each combination
// once: who may see, and for what, is decided beforehand and costs nothing.
func weigh(r consent.Rule, seen map[string]bool) int {
	var holders, authors []consent.Actor
	for _, a := range r.Actors {
		switch a.Role {
		case consent.Holder:
			holders = append(holders, a)
		case consent.Author:
			authors = append(authors, a)
		}
	}
	key := fmt.Sprintf("%q%q%q%q%q%q%q%q", r.Effect, r.Labels, r.Classes, r.Codes, holders, authors, r.DataPeriod, r.Data)
	if seen[key] {
		return 0
	}
	seen[key] = true
	weight := len(r.Labels) + len(r.Classes) + len(r.Codes) + len(holders) + lookWeight*len(authors)
	if r.DataPeriod != (consent.Period{}) {
		weight++
	}
	for _, d := range r.Data {
		weight++
		if d.Meaning != consent.Instance {
			weight += lookWeight - 1
		}
	}
	for _, c := range r.Classes {
		if c.System == consent.ProfileURI {
			weight += profileWeight
		}
	}
	return weight
}
