package differential

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// sets is how many sets of random data a run has on each backend when no time
// is given, and turns how often each feature is asked about on one.
const sets, turns = 3, 3

// tally counts what became of the searches about one feature.
type tally struct {
	asked, served, found int
	differed             bool
	refused              string // an answer that says that the server does not have it
}

// TestSearch asks random searches of the server and of the evaluator, and
// expects the same set, order, totals, pages and includes.
func TestSearch(t *testing.T) {
	seed := runSeed(t)
	everywhere(t, func(t *testing.T, b backend) {
		counts := map[string]*tally{}
		for _, f := range features {
			counts[f.name] = &tally{}
		}
		served := map[string]bool{}
		enough := share(t, len(backends), sets)
		for round := uint64(0); !enough(); round++ {
			rng := rand.New(rand.NewPCG(seed, round))
			s := set(t, b, rng)
			if report := s.converse(rng, served, counts); report != "" {
				t.Errorf("SLUIS_SEED=%d, data set %d\n%s", seed, round+1, report)
			}
		}
		account(t, counts)
	})
}

// converse asks about every feature in turn, as one of the viewers, and reports
// the first difference, made small. What has differed is not asked about again:
// the next difference is worth more than the same one.
func (s *stage) converse(rng *rand.Rand, served map[string]bool, counts map[string]*tally) string {
	for range turns {
		for _, f := range features {
			n := counts[f.name]
			if n.differed {
				continue
			}
			v := s.viewers[max(0, rng.IntN(6)-3)%len(s.viewers)]
			a := &asker{&speller{&maker{Rand: rng}, v.data}, served}
			q, ok := a.draw(f)
			if !ok {
				continue
			}
			pages := fetch(s.World, v, q)
			n.asked++
			if pages[0].notSupported() {
				n.refused = fmt.Sprintf("%s → %d %s", q, pages[0].status, diagnostics(pages[0].body))
				continue
			}
			difference, err := differ(v, q, pages)
			if err != nil {
				return fmt.Sprintf("the evaluator cannot answer %s: %v", q, err)
			}
			if difference != "" {
				for _, name := range q.features {
					counts[name].differed, served[name] = true, false
				}
				return s.shrink(v, q)
			}
			served[f.name] = true
			n.served++
			if len(pages[0].matches) > 0 || pages[0].total > 0 {
				n.found++
			}
		}
	}
	return ""
}

func diagnostics(body []byte) string {
	outcome, err := decode(body)
	if err != nil {
		return string(body)
	}
	var out []string
	for _, i := range items(outcome["issue"]) {
		out = append(out, text(get(i, "diagnostics"))+text(get(i, "details", "text")))
	}
	return strings.Join(out, "; ")
}

// account holds every feature to have been asked about, answered, and to have
// found something.
func account(t *testing.T, counts map[string]*tally) {
	total := 0
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		n := counts[name]
		total += n.served
		switch {
		case n.differed:
		case n.asked == 0:
			t.Errorf("%s was never asked about", name)
		case n.served == 0:
			t.Errorf("%s: the server does not have it: %s", name, n.refused)
		case n.found == 0:
			t.Errorf("%s: %d searches, and none found anything", name, n.served)
		}
	}
	t.Logf("%d searches agreed", total)
}
