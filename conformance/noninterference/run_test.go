package noninterference

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"testing"
	"time"

	"sluis/conformance/cast"
)

// defaultRequests is how many requests a scene asks when no time is set.
const defaultRequests = 250

// TestNonInterference asks random requests of every kind, on behalf of every
// viewer, and expects equal answers.
func TestNonInterference(t *testing.T) {
	seed := runSeed(t)
	for _, backend := range backends {
		for _, sc := range scenes {
			t.Run(backend.name+"/"+sc.name, func(t *testing.T) {
				t.Parallel()
				run := sc.begin(t, backend.open, rand.New(rand.NewPCG(seed, 0)))
				for enough := limit(t, len(backends)*len(scenes)); !enough(); {
					if leak := run.step(); leak != "" {
						t.Fatalf("SLUIS_SEED=%d, request %d\n%s", seed, run.asked, leak)
					}
				}
				run.account(t)
			})
		}
	}
}

// runSeed is the seed of this run, printed.
func runSeed(t *testing.T) uint64 {
	seed := rand.Uint64()
	if given := os.Getenv("SLUIS_SEED"); given != "" {
		var err error
		if seed, err = strconv.ParseUint(given, 10, 64); err != nil {
			t.Fatal("SLUIS_SEED is not a number")
		}
	}
	t.Logf("SLUIS_SEED=%d", seed)
	return seed
}

// limit reports when a run has asked enough: a number of requests, or the
// share of one of several runs in the time that SLUIS_NONINTERFERENCE gives.
func limit(t *testing.T, runs int) func() bool {
	given := os.Getenv("SLUIS_NONINTERFERENCE")
	if given == "" {
		n := 0
		return func() bool { n++; return n > defaultRequests }
	}
	d, err := time.ParseDuration(given)
	if err != nil {
		t.Fatal("SLUIS_NONINTERFERENCE is not a duration")
	}
	end := time.Now().Add(d / time.Duration(runs))
	return func() bool { return time.Now().After(end) }
}

// run is one scene under way.
type run struct {
	*stage
	scene     scene
	generator *generator
	kinds     map[string]int // of answers
}

// begin stages a scene on two new stores.
func (s scene) begin(t testing.TB, open func(testing.TB) cast.Backend, rng *rand.Rand) *run {
	t.Helper()
	st := s.play(t, open, rng)
	return &run{stage: st, scene: s, generator: &generator{st.words, rng, st.twins, s.observations}, kinds: map[string]int{}}
}

// most is how many pages of one search or history are followed.
const most = 6

// step asks one request and the pages that follow from it, and reports a
// difference. A link is at times followed with another viewer's token: it
// carries no authority.
func (r *run) step() string {
	r.clock.forward(time.Duration(r.rng.IntN(1500)) * time.Millisecond)
	v := pick(r.generator, r.scene.viewers)
	q := r.generator.request()
	for range most {
		answers, difference := r.ask(v, q)
		if difference != "" {
			return fmt.Sprintf("%s can tell the servers apart:\n%s\n\n%s", v.name, q, difference)
		}
		r.count(q, answers[0].Status, string(answers[0].Body))
		links := next(answers)
		if links == nil || q.method == http.MethodHead {
			return ""
		}
		q = request{method: http.MethodGet, links: links}
		if r.generator.chance(15) {
			v = pick(r.generator, r.scene.viewers)
		}
	}
	return ""
}
