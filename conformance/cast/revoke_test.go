package cast_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"sluis/conformance/cast"
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
		w := worlds[0]
		patient := w.Patient(w.A, own)
		given := w.Create(patient, cast.Permit(w.A.AtPractice, w.Practice))
		permit := strings.Replace(string(w.Get(patient, "/"+given.String()).Body), `"status":"inactive"`, `"status":"active"`, 1)
		withdraw := strings.Replace(permit, `"status":"active"`, `"status":"inactive"`, 1)
		for round := range 6 {
			w.Do(patient, http.MethodPut, "/"+given.String(), permit).Expect(http.StatusOK)
			readers := &readers{worlds: worlds, token: w.Professional(w.GP, w.Practice, "user/*.rs")}
			readers.start(t)
			readers.saw.Wait()
			readers.sent.Store(true)
			r := worlds[round%2].Do(patient, http.MethodPut, "/"+given.String(), withdraw)
			readers.withdrawn.Store(true)
			readers.done.Wait()
			r.Expect(http.StatusOK)
		}
	})
}

// readers look at another custodian's data without pause, by several
// interactions and in both processes, until some time after the withdrawal.
type readers struct {
	worlds    [2]*cast.World
	token     string
	sent      atomic.Bool    // the withdrawal is on its way
	withdrawn atomic.Bool    // it was answered
	saw, done sync.WaitGroup // each has seen the data once; each has ended
}

func (r *readers) start(t *testing.T) {
	lab, patient := r.worlds[0].A.Lab, r.worlds[0].A.AtPractice
	for i, ask := range []struct{ method, path, body string }{
		{http.MethodGet, "/" + lab.String(), ""},
		{http.MethodGet, "/" + lab.String() + "/_history", ""},
		{http.MethodGet, "/Observation?patient=" + patient.ID + "&_total=accurate", ""},
		{http.MethodPost, "", `{"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"GET","url":"` + lab.String() + `"}}]}`},
	} {
		r.saw.Add(1)
		r.done.Go(func() { r.read(t, r.worlds[i%2], ask.method, ask.path, ask.body, `"id":"`+lab.ID+`"`) })
	}
}

// readsAfter is how many reads each reader still does after the withdrawal.
const readsAfter = 4

func (r *readers) read(t *testing.T, w *cast.World, method, path, body, sign string) {
	first := sync.OnceFunc(r.saw.Done)
	defer first()
	for after := 0; after < readsAfter; {
		late := r.withdrawn.Load()
		var in any
		if body != "" {
			in = body
		}
		answer := w.Do(r.token, method, path, in)
		switch seen := strings.Contains(string(answer.Body), sign); {
		case answer.Status != http.StatusOK && answer.Status != http.StatusNotFound:
			t.Errorf("%s %s: %d %s", method, path, answer.Status, answer.Body)
			return
		case late && seen:
			t.Errorf("%s %s shows the data after the withdrawal: %s", method, path, answer.Body)
			return
		case !seen && !r.sent.Load():
			t.Errorf("%s %s does not show the data after the permission: %d", method, path, answer.Status)
			return
		case seen:
			first()
		}
		if late {
			after++
		}
	}
}
