package differential

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"sluis/conformance/cast"
	"sluis/conformance/differential/naive"
	"sluis/fhir"
	"sluis/smart"
	"sluis/storage/postgres"
	"sluis/storage/postgres/pgtest"
	"sluis/storage/sqlite"
)

// backend is a kind of database: open makes an empty one, again opens the same
// once more, as another server does.
type backend struct {
	name string
	open func(testing.TB) (store cast.Backend, again func() cast.Backend)
}

var backends = []backend{
	{"sqlite", func(t testing.TB) (cast.Backend, func() cast.Backend) {
		store, err := sqlite.Open(context.Background(), t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = store.Close() })
		return store, func() cast.Backend { return store }
	}},
	{"postgres", func(t testing.TB) (cast.Backend, func() cast.Backend) {
		url := pgtest.URL(t)
		again := func() cast.Backend {
			store, err := postgres.Open(context.Background(), url)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = store.Close() })
			return store
		}
		return again(), again
	}},
}

// everywhere runs a test on each backend.
func everywhere(t *testing.T, test func(*testing.T, backend)) {
	for _, b := range backends {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			test(t, b)
		})
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

// clock is the time of a World: whole seconds that pass when told to, so that
// resources share their times.
type clock struct{ seconds atomic.Int64 }

func (c *clock) now() time.Time { return time.Unix(c.seconds.Load(), 0).UTC() }

// stage is a server with random data, and those who look at it.
type stage struct {
	*cast.World
	maker   *maker
	clock   *clock
	viewers []viewer
}

// set makes a World with random data of the hospital, among those of the cast.
func set(t testing.TB, b backend, rng *rand.Rand) *stage {
	t.Helper()
	c := &clock{}
	c.seconds.Store(time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC).Unix())
	store, _ := b.open(t)
	s := &stage{World: cast.New(t, store, cast.Clock(c.now)), maker: made(rng), clock: c}
	bodies := s.maker.bodies()
	for len(bodies) > 0 {
		n := min(1+rng.IntN(30), len(bodies))
		c.seconds.Add(1)
		s.Place(s.Hospital, bodies[:n]...)
		bodies = bodies[n:]
	}
	s.look()
	return s
}

// look reads everything back, as the hospital and as two of the patients: what
// they see is decided here, by rules written out, and not asked of a search.
func (s *stage) look() {
	system := s.System(s.Hospital)
	var all []naive.Resource
	for _, ref := range s.everything() {
		r := s.Get(system, "/"+ref)
		if r.Status == http.StatusGone {
			continue
		}
		body, err := decode(r.Expect(http.StatusOK).Body)
		if err != nil {
			s.Fatal(err)
		}
		all = append(all, body)
	}
	see := func(token, name string, visible func(naive.Resource) bool) viewer {
		d := &naive.Data{Base: cast.Base}
		for _, r := range all {
			if visible(r) {
				d.Resources = append(d.Resources, r)
			}
		}
		return viewer{name, token, d}
	}
	s.viewers = []viewer{see(system, "the hospital", func(naive.Resource) bool { return true })}
	for _, id := range []string{"x1", "x2"} {
		p := fhir.Ref{Type: "Patient", ID: id}
		token := s.Token("patient/*.rs", smart.Grant{User: p, Patient: p, Client: "app"})
		s.viewers = append(s.viewers, see(token, "Patient/"+id, func(r naive.Resource) bool { return ofPatient(r, p.String()) }))
	}
}

// everything is what the hospital sees: its own, made here or by the cast, and
// the directory, which is for all.
func (s *stage) everything() []string {
	var out []string
	for _, r := range s.maker.made {
		out = append(out, fmt.Sprintf("%s/%s", r["resourceType"], r["id"]))
	}
	for _, p := range []cast.Person{s.A, s.B} {
		out = append(out, p.AtHospital.String(), p.Lab.String(), p.Psychiatry.String())
	}
	out = append(out, "Organization/"+s.Hospital, "Organization/"+s.Practice, "CareTeam/anna-ward")
	for _, p := range []fhir.Ref{s.Specialist, s.GP, s.Stranger} {
		out = append(out, p.String(), "PractitionerRole/"+p.ID+"-role")
	}
	return out
}

// ofPatient reports whether a patient sees a resource: it is the patient's own
// record, about the patient and nobody else, or of the directory.
func ofPatient(r naive.Resource, patient string) bool {
	switch r.Type() {
	case "Organization", "Practitioner", "PractitionerRole", "Location", "Questionnaire", "CodeSystem", "ValueSet":
		return true
	case "Patient":
		return r.Ref() == patient
	}
	subject := get(map[string]any(r), "subject", "reference")
	if subject == nil {
		subject = get(map[string]any(r), "patient", "reference")
	}
	return subject == patient
}

// share is when a run ends: after its part of SLUIS_DIFFERENTIAL, or after so
// many rounds.
func share(t *testing.T, parts, rounds int) func() bool {
	given := os.Getenv("SLUIS_DIFFERENTIAL")
	if given == "" {
		n := 0
		return func() bool { n++; return n > rounds }
	}
	d, err := time.ParseDuration(given)
	if err != nil {
		t.Fatal("SLUIS_DIFFERENTIAL is not a duration")
	}
	end := time.Now().Add(d / time.Duration(parts))
	return func() bool { return time.Now().After(end) }
}

// without is the data of a viewer without one resource.
func (v viewer) without(ref string) viewer {
	d := *v.data
	d.Resources = slices.DeleteFunc(slices.Clone(d.Resources), func(r naive.Resource) bool { return r.Ref() == ref })
	v.data = &d
	return v
}
