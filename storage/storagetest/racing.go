package storagetest

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"sluis/fhir"
	"sluis/fhir/query"
	"sluis/storage"
)

// race runs n at once and returns their errors. A backend with a pool opens its
// connections first, so that they are not what orders the contenders.
func (f *fixture) race(n int, do func(i int) error) []error {
	f.together(n, func(int) error {
		_, _, err := f.Policy(f.ctx, storage.Actor{At: now})
		return err
	})
	return f.together(n, do)
}

func (f *fixture) together(n int, do func(i int) error) []error {
	errs := make([]error, n)
	start := make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			<-start
			errs[i] = do(i)
		})
	}
	close(start)
	all.Wait()
	return errs
}

// raceAll is race for contenders that must all succeed.
func (f *fixture) raceAll(n int, do func(i int) error) {
	f.Helper()
	for _, err := range f.race(n, do) {
		if err != nil {
			f.Error(err)
		}
	}
}

// decideAgain is what the gate does: it makes a new access when policy changed.
func (f *fixture) decideAgain(do func() error) error {
	err := storage.ErrStale
	for errors.Is(err, storage.ErrStale) {
		err = do()
	}
	return err
}

// ifMatchRace: of many updates of one version one is made.
func ifMatchRace(f *fixture) {
	ref := f.create("Patient", patientBody)
	c := f.change("Patient", patientBody, of(ref), func(c *storage.Change) { c.IfMatch = 1 })
	won := 0
	for _, err := range f.race(16, func(int) error { return f.tryApply(c) }) {
		if err == nil {
			won++
		} else {
			wantKind(f, err, fhir.Precondition)
		}
	}
	if won != 1 {
		f.Errorf("%d updates of version 1", won)
	}
	page, err := f.Read(f.ctx, f.all(), ref)
	if err != nil || page.Entries[0].Resource.Version != 2 {
		f.Errorf("version after the race: %+v, %v", page.Entries, err)
	}
}

// conditionalCreateRace: 64 at once leave one resource, and all say which.
func conditionalCreateRace(f *fixture) {
	for round := range 4 {
		number := fmt.Sprint(round)
		body := `{"resourceType":"Patient","identifier":[{"system":"http://x","value":"` + number + `"}]}`
		template := f.change("Patient", body, matching(f.parse("Patient", "identifier", "http://x|"+number).Where))
		var created atomic.Int64
		var ids sync.Map
		f.raceAll(64, func(int) error {
			c := template
			c.ID = newID()
			results, err := f.Apply(f.ctx, storage.Tx{Changes: []storage.Change{c}, At: now})
			if err == nil {
				ids.Store(results[0].Resource.ID, true)
				if results[0].Created {
					created.Add(1)
				}
			}
			return err
		})
		named := 0
		ids.Range(func(any, any) bool { named++; return true })
		found, _, _ := f.search(f.all(), f.parse("Patient", "identifier", number))
		if len(found) != 1 || created.Load() != 1 || named != 1 {
			f.Fatalf("%d resources, %d made, %d named", len(found), created.Load(), named)
		}
	}
}

// upsertRace: updates that may create the same id all succeed, one after the
// other.
func upsertRace(f *fixture) {
	var created atomic.Int64
	c := f.change("Patient", patientBody, of(fhir.Ref{Type: "Patient", ID: "chosen"}), upsert)
	f.raceAll(8, func(int) error {
		results, err := f.Apply(f.ctx, storage.Tx{Changes: []storage.Change{c}, At: now})
		if err == nil && results[0].Created {
			created.Add(1)
		}
		return err
	})
	page, err := f.Read(f.ctx, f.all(), fhir.Ref{Type: "Patient", ID: "chosen"})
	if err != nil || page.Entries[0].Resource.Version != 8 || created.Load() != 1 {
		f.Errorf("made %d times, then %+v, %v", created.Load(), page.Entries, err)
	}
}

// linkRace: what is written about a Patient while it is linked is about the
// person it then is.
func linkRace(f *fixture) {
	for round := range 6 {
		one, two := fmt.Sprint("a", round), fmt.Sprint("b", round)
		a, b := f.create("Patient", patientBody, identified(one)), f.create("Patient", patientBody, identified(two))
		var written sync.Map
		f.raceAll(6, func(i int) error {
			return f.decideAgain(func() error {
				if i == 0 {
					return f.tryApply(f.change("Patient", patientBody, of(b), identified(one)))
				}
				c := f.change("Observation", observation(b))
				err := f.tryApply(c)
				if err == nil {
					written.Store(fhir.Ref{Type: "Observation", ID: c.ID}, true)
				}
				return err
			})
		})
		written.Range(func(ref, _ any) bool {
			if got := f.linked(ref.(fhir.Ref)); !same(got, []string{a.String(), b.String()}) {
				f.Errorf("about %v", got)
			}
			return true
		})
	}
}

// oneVersion: an answer is wholly of the version its access was decided at: what
// a transaction changes in policy and in data is seen together, by matches,
// includes and totals alike.
func oneVersion(f *fixture) {
	patient := f.create("Patient", patientBody)
	ref := f.create("Observation", observation(patient))
	was := f.create("Consent", consent(patient), ruling("0"))
	base := f.version()
	const steps = 100
	flip := func(i int) error { // after it: version base+i, i%2 observations final, the note on the patient tells i
		status := map[bool]string{true: "final", false: "amended"}[i%2 == 1]
		return f.tryApply(
			f.change("Consent", consent(patient), of(was), ruling(fmt.Sprint(i))),
			f.change("Patient", fmt.Sprintf(`{"resourceType":"Patient","name":[{"family":"v%d"}]}`, i), of(patient)),
			f.change("Observation", `{"resourceType":"Observation","status":"`+status+`","code":{"text":"x"},"subject":{"reference":"`+patient.String()+`"}}`, of(ref)),
		)
	}
	q := f.parse("Observation", "status", "final", "_include", "Observation:subject", "_total", "accurate")
	both := f.parse("Observation", "_include", "Observation:subject")
	f.raceAll(5, func(i int) error {
		for n := 1; n <= steps; n++ {
			var err error
			if i == 0 {
				err = flip(n)
			} else {
				err = errors.Join(f.consistent(q, base, true), f.consistent(both, base, false))
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// consistent makes one search and compares it with the version it was made at.
func (f *fixture) consistent(q query.Query, base storage.Version, finals bool) error {
	a := f.all()
	page, err := f.Search(f.ctx, a, q)
	if errors.Is(err, storage.ErrStale) {
		return nil
	}
	if err != nil || a.Version() == base {
		return err
	}
	i := int(a.Version() - base)
	want := 1
	if finals {
		want = i % 2
		if page.Total != want {
			return fmt.Errorf("version %d: a total of %d", i, page.Total)
		}
	}
	for _, e := range page.Entries {
		if e.Included && !containsFamily(e.Resource, i) {
			return fmt.Errorf("version %d: included %s", i, e.Resource.Body)
		}
		if !e.Included {
			want--
		}
	}
	if want != 0 {
		return fmt.Errorf("version %d: %d matches too few", i, want)
	}
	return nil
}

func containsFamily(r fhir.Resource, i int) bool {
	return strings.Contains(string(r.Body), fmt.Sprintf(`"v%d"`, i))
}

// inbox: a delivery is taken in once, even when it comes twice at a time.
func inbox(f *fixture) {
	c := f.change("Patient", patientBody)
	key := storage.InboxKey{Source: "adt|ward", Key: "MSG1", Outcome: []byte("AA")}
	var taken, seen atomic.Int64
	f.race(8, func(int) error {
		mine := c
		mine.ID = newID()
		_, err := f.Apply(f.ctx, storage.Tx{Changes: []storage.Change{mine}, At: now, Inbox: &key})
		var again *storage.SeenError
		switch {
		case err == nil:
			taken.Add(1)
		case errors.As(err, &again) && string(again.Outcome) == "AA":
			seen.Add(1)
		default:
			f.Error(err)
		}
		return nil
	})
	if found, _, _ := f.search(f.all(), f.parse("Patient")); taken.Load() != 1 || seen.Load() != 7 || len(found) != 1 {
		f.Errorf("taken in %d times, refused %d times, %d resources", taken.Load(), seen.Load(), len(found))
	}
	stale := c
	stale.Access = storage.Permit(query.All{}, 1<<40)
	if _, err := f.Apply(f.ctx, storage.Tx{Changes: []storage.Change{stale}, At: now, Inbox: &key}); !errors.As(err, new(*storage.SeenError)) {
		f.Errorf("a redelivery under another version: %v", err)
	}
	other := storage.InboxKey{Source: "lab", Key: "MSG1"}
	if _, err := f.Apply(f.ctx, storage.Tx{At: now, Inbox: &other}); err != nil {
		f.Errorf("another sender's key: %v", err)
	}
}
