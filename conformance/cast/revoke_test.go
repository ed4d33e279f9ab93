package cast_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"sluis/conformance/cast"
	"sluis/fhir"
	"sluis/storage"
	"sluis/storage/postgres"
	"sluis/storage/postgres/pgtest"
	"sluis/storage/sqlite"
)

// twoProcesses runs a test on two servers of one database: on PostgreSQL each
// with connections of its own, on SQLite with the one store that can have it.
func twoProcesses(t *testing.T, test func(*testing.T, [2]*cast.World)) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		store, err := sqlite.Open(context.Background(), t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = store.Close() })
		w := cast.New(t, store)
		test(t, [2]*cast.World{w, w.Beside(t, store)})
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		url := pgtest.URL(t)
		var stores [2]*postgres.Store
		for i := range stores {
			var err error
			if stores[i], err = postgres.Open(context.Background(), url); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = stores[i].Close() })
		}
		w := cast.New(t, stores[0])
		test(t, [2]*cast.World{w, w.Beside(t, stores[1])})
	})
}

// G5, N13: a withdrawal counts at once and everywhere. No read that starts after
// the answer to the withdrawal sees the data, in whichever process and by
// whichever interaction; and one that starts after the answer to the permission
// does.
func TestG5_NoReadAfterWithdrawal(t *testing.T) {
	twoProcesses(t, func(t *testing.T, worlds [2]*cast.World) {
		for _, wrong := range withdrawing(worlds, 6) {
			t.Error(wrong)
		}
	})
}

// TestG5_NoReadAfterWithdrawal_FindsAStaleCache plants the defect in one of the
// processes. (Stale facts alone would do no harm: a shape is joined to the person
// in the statement itself.)
func TestG5_NoReadAfterWithdrawal_FindsAStaleCache(t *testing.T) {
	twoProcesses(t, func(t *testing.T, worlds [2]*cast.World) {
		worlds[0] = worlds[0].Beside(t, &cached{Backend: worlds[0].Store})
		if len(withdrawing(worlds, 1)) == 0 {
			t.Error("a stale cache was not noticed")
		}
	})
}

// cached keeps the first page that was read of a resource.
type cached struct {
	cast.Backend
	pages sync.Map
}

func (c *cached) Read(ctx context.Context, a storage.Access, r fhir.Ref) (storage.Page, error) {
	if page, ok := c.pages.Load(r); ok {
		return page.(storage.Page), nil
	}
	page, err := c.Backend.Read(ctx, a, r)
	if err == nil {
		c.pages.Store(r, page)
	}
	return page, err
}

// withdrawing permits and withdraws in turns, through either process, while
// readers look, and tells what they saw that they should not have, or missed.
func withdrawing(worlds [2]*cast.World, rounds int) (wrong []string) {
	w := worlds[0]
	w.Helper()
	patient := w.Patient(w.A, own)
	given := w.Create(patient, cast.Permit(w.A.AtPractice, w.Practice))
	permit := string(w.Get(patient, "/"+given.String()).Body)
	withdraw := strings.Replace(permit, `"status":"active"`, `"status":"inactive"`, 1)
	for round := range rounds {
		w.Do(patient, http.MethodPut, "/"+given.String(), permit).Expect(http.StatusOK)
		r := &readers{worlds: worlds, token: w.Professional(w.GP, w.Practice, "user/*.rs")}
		r.start()
		r.saw.Wait()
		r.sent.Store(true)
		answer := worlds[round%2].Do(patient, http.MethodPut, "/"+given.String(), withdraw)
		r.withdrawn.Store(true)
		r.done.Wait()
		answer.Expect(http.StatusOK)
		wrong = append(wrong, r.wrong...)
	}
	return wrong
}

// readers look at another custodian's data without pause, by several
// interactions and in both processes, until some time after the withdrawal.
type readers struct {
	worlds    [2]*cast.World
	token     string
	sent      atomic.Bool    // the withdrawal is on its way
	withdrawn atomic.Bool    // it was answered
	saw, done sync.WaitGroup // each has seen the data once; each has ended

	mu    sync.Mutex
	wrong []string
}

func (r *readers) start() {
	lab, patient := r.worlds[0].A.Lab, r.worlds[0].A.AtPractice
	for i, ask := range []struct{ method, path, body string }{
		{http.MethodGet, "/" + lab.String(), ""},
		{http.MethodGet, "/" + lab.String() + "/_history", ""},
		{http.MethodGet, "/Observation?patient=" + patient.ID + "&_total=accurate", ""},
		{http.MethodPost, "", `{"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"GET","url":"` + lab.String() + `"}}]}`},
	} {
		r.saw.Add(1)
		r.done.Go(func() { r.read(r.worlds[i%2], ask.method, ask.path, ask.body) })
	}
}

// readsAfter is how many reads each reader still does after the withdrawal.
const readsAfter = 4

func (r *readers) read(w *cast.World, method, path, body string) {
	first := sync.OnceFunc(r.saw.Done)
	defer first()
	sign := `"id":"` + w.A.Lab.ID + `"`
	for after := 0; after < readsAfter; {
		late := r.withdrawn.Load()
		var in any
		if body != "" {
			in = body
		}
		answer := w.Do(r.token, method, path, in)
		seen := strings.Contains(string(answer.Body), sign)
		if why := r.judge(answer, seen, late); why != "" {
			r.mu.Lock()
			r.wrong = append(r.wrong, fmt.Sprintf("%s %s: %s: %d %s", method, path, why, answer.Status, answer.Body))
			r.mu.Unlock()
			return
		}
		if seen {
			first()
		}
		if late {
			after++
		}
	}
}

// judge says what is wrong with an answer. Between the sending of the withdrawal
// and its answer, both may be right.
func (r *readers) judge(answer cast.Response, seen, late bool) string {
	switch {
	case answer.Status != http.StatusOK && answer.Status != http.StatusNotFound:
		return "neither an answer nor a refusal"
	case late && seen:
		return "shows the data after the withdrawal"
	case !seen && !r.sent.Load():
		return "does not show the data after the permission"
	}
	return ""
}
