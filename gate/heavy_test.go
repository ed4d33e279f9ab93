package gate

import (
	"strings"
	"testing"

	"sluis/consent"
)

// What has to be looked for in other resources weighs more than what a resource
// carries itself.
func TestHeavyWeighsWhatARuleLooksAt(t *testing.T) {
	of := func(n int, meaning string) consent.Rules {
		r := consent.Rules{Base: consent.PermitRoot}
		for i := range n {
			r.Root.Data = append(r.Root.Data, consent.Datum{Meaning: meaning, Ref: "Observation/" + strings.Repeat("x", i+1)})
		}
		return r
	}
	authors := consent.Rules{Base: consent.DenyRoot}
	for range maxWeight/lookWeight + 1 {
		authors.Root.Actors = append(authors.Root.Actors, consent.Actor{Role: consent.Author, Ref: "Practitioner/x"})
	}
	for name, c := range map[string]struct {
		rules consent.Rules
		heavy bool
	}{
		"resources by name":           {of(maxWeight, consent.Instance), false},
		"more resources by name":      {of(maxWeight+1, consent.Instance), true},
		"resources by relation":       {of(maxWeight/lookWeight, consent.Linked), false},
		"more resources by relation":  {of(maxWeight/lookWeight+1, consent.Linked), true},
		"more resources by an author": {of(maxWeight/lookWeight+1, consent.AuthoredBy), true},
		"authors":                     {authors, true},
	} {
		if got := heavy(c.rules); got != c.heavy {
			t.Errorf("%s: heavy %v", name, got)
		}
	}
}
