package noninterference

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"sluis/conformance/cast"
	"sluis/fhir"
	"sluis/smart"
	"sluis/storage/postgres"
	"sluis/storage/postgres/pgtest"
	"sluis/storage/sqlite"
)

// scene is a pair of populations and the viewers who must not tell them apart.
type scene struct {
	name         string
	viewers      []viewer
	stage        func(*stage)
	observations int // per cent of requests that are about Observations
}

// stage fills two servers. What both get is placed at the same time and in the
// same order; what is hidden differs in values, in number and in history.
type stage struct {
	*twins
	rng      *rand.Rand
	words    *words
	wholes   int  // persons hidden so far
	oneSided bool // one of them on one side only
}

// backends open an empty store.
var backends = []struct {
	name string
	open func(testing.TB) cast.Backend
}{
	{"sqlite", func(t testing.TB) cast.Backend {
		store, err := sqlite.Open(context.Background(), t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = store.Close() })
		return store
	}},
	{"postgres", func(t testing.TB) cast.Backend {
		store, err := postgres.Open(context.Background(), pgtest.URL(t))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = store.Close() })
		return store
	}},
}

// play sets up a scene on two stores.
func (s scene) play(t testing.TB, open func(testing.TB) cast.Backend, rng *rand.Rand) *stage {
	t.Helper()
	tw := &twins{clock: &clock{}, names: [2]map[string]string{{}, {}}}
	tw.clock.milliseconds.Store(time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC).UnixMilli())
	for side := range tw.worlds {
		tw.worlds[side] = cast.New(t, open(t), cast.Clock(tw.clock.now))
	}
	st := &stage{twins: tw, rng: rng, words: newWords()}
	s.stage(st)
	st.words.sort()
	return st
}

// at does something in one of the worlds, then sets the clock to what it is for
// the next step of both.
func (s *stage) at(side int, do func(*cast.World)) {
	before := s.clock.milliseconds.Load()
	s.clock.forward(time.Duration(s.rng.IntN(60_000)) * time.Millisecond)
	do(s.worlds[side])
	s.clock.milliseconds.Store(before)
}

// both places the same resources in both worlds, at the same time.
func (s *stage) both(custodian string, bodies ...string) { s.differ(custodian, bodies, bodies) }

// differ places resources that correspond, with other contents, in both worlds
// at the same time.
func (s *stage) differ(custodian string, left, right []string) {
	s.clock.forward(time.Minute)
	for side, bodies := range [][]string{left, right} {
		if len(bodies) > 0 {
			s.worlds[side].Place(custodian, bodies...)
			s.words.learn(bodies...)
		}
	}
}

// hide places on each side a part of its own making of the bodies, changes and
// deletes some. A whole person, whose Patient comes first, may be missing on one
// side.
func (s *stage) hide(custodian string, whole bool, bodies func(flavour) []string) {
	s.clock.forward(2 * time.Minute)
	absent := -1
	if whole {
		// Who is hidden is there on one side only, or differs: in each scene of two
		// or more the first or the second is missing.
		if s.rng.IntN(2) == 0 || s.wholes == 1 && !s.oneSided {
			absent, s.oneSided = s.rng.IntN(2), true
		}
		s.wholes++
	}
	for side := range s.worlds {
		if side != absent {
			s.hideOn(side, custodian, whole, bodies)
		}
	}
}

func (s *stage) hideOn(side int, custodian string, whole bool, bodies func(flavour) []string) {
	all := bodies(anyFlavour(s.rng))
	var placed []string
	for i, b := range all {
		if whole && i == 0 || s.rng.IntN(3) > 0 {
			placed = append(placed, b)
		}
	}
	s.words.learn(placed...)
	if len(placed) == 0 {
		return
	}
	s.at(side, func(w *cast.World) { w.Place(custodian, placed...) })
	later := bodies(anyFlavour(s.rng))
	for _, b := range placed {
		switch s.rng.IntN(6) {
		case 0:
			if !strings.HasPrefix(refOf(b), "Patient/") {
				s.at(side, func(w *cast.World) { w.Do(w.System(custodian), "DELETE", "/"+refOf(b), nil).Expect(204) })
			}
		case 1:
			for _, again := range later {
				if refOf(again) == refOf(b) {
					s.at(side, func(w *cast.World) { w.Place(custodian, again) })
				}
			}
		}
	}
}

// consents lets a patient record a number of consents of her own on each side,
// about recipients who are no viewers.
func (s *stage) consents(patient string) {
	s.clock.forward(2 * time.Minute)
	who := fhir.Ref{Type: "Patient", ID: patient}
	for side := range s.worlds {
		for range s.rng.IntN(3) {
			s.at(side, func(w *cast.World) {
				w.Create(w.Token("patient/*.cruds", smart.Grant{User: who, Patient: who}), cast.Permit(who, []string{"elsewhere", "hospital"}[s.rng.IntN(2)]))
			})
		}
	}
}

// looks lets a custodian's system look at a record, any number of times on each
// side: the logs differ in what is not the viewer's.
func (s *stage) looks(custodian, path string) {
	for side := range s.worlds {
		for range s.rng.IntN(4) {
			s.at(side, func(w *cast.World) { w.Get(w.System(custodian), path) })
		}
	}
}
