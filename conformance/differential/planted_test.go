package differential

import (
	"math/rand/v2"
	"strings"
	"testing"

	"sluis/conformance/differential/naive"
)

// TestSearch_FindsWhatIsPlanted shows that the comparison can fail: where the
// evaluator is told something else than what the server has, a run ends with a
// difference, and a small one.
func TestSearch_FindsWhatIsPlanted(t *testing.T) {
	for name, plant := range map[string]func(d *naive.Data){
		"a resource that is not there": func(d *naive.Data) { d.Resources = d.Resources[:len(d.Resources)-30] },
		"another code": func(d *naive.Data) {
			change(d, "Observation", func(r naive.Resource) {
				r["code"] = map[string]any{"coding": []any{map[string]any{"system": systemB, "code": "planted"}}}
			})
		},
		"another status": func(d *naive.Data) {
			change(d, "Encounter", func(r naive.Resource) { r["status"] = "triaged" })
		},
	} {
		t.Run(name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(1, 2))
			s := set(t, backends[0], rng)
			for i := range s.viewers {
				plant(s.viewers[i].data)
			}
			counts := map[string]*tally{}
			for _, f := range features {
				counts[f.name] = &tally{}
			}
			report := ""
			for round := 0; report == "" && round < 10; round++ {
				report = s.converse(rng, map[string]bool{}, counts)
			}
			if report == "" {
				t.Fatal("nothing was found")
			}
			if _, rest, _ := strings.Cut(report, "of these resources:\n"); strings.Count(rest, "\n") > 5 {
				t.Errorf("the difference is not small:\n%s", report)
			}
		})
	}
}

// change alters the resources of a type, in copies.
func change(d *naive.Data, kind string, alter func(naive.Resource)) {
	for i, r := range d.Resources {
		if r.Type() == kind {
			changed := naive.Resource{}
			for name, v := range r {
				changed[name] = v
			}
			alter(changed)
			d.Resources[i] = changed
		}
	}
}
