package storagetest

import (
	"context"
	"errors"
	"reflect"
	"sync/atomic"
	"testing"
	"time"

	"sluis/storage"
)

func isBusy(err error) bool { return errors.Is(err, storage.ErrBusy) }

// Of 32 at once, in two processes, one is the first.
func replayRace(t *testing.T, db LogDatabase) {
	processes := []LogStores{openLog(t, db), openLog(t, db)}
	for _, jti := range []string{"t1", "t2", "t3"} {
		var winners atomic.Int32
		noError(t, together(32, func(i int) error {
			return retryBusy(func() error {
				first, err := processes[i%2].Replay.First(context.Background(), "client", jti, time.Now().Add(time.Minute))
				if first {
					winners.Add(1)
				}
				return err
			})
		}))
		if winners.Load() != 1 {
			t.Errorf("%s: %d winners", jti, winners.Load())
		}
	}
}

func replayRemembered(t *testing.T, db LogDatabase) {
	s := db.Open(t)
	first := func(s LogStores, issuer, jti string) bool {
		ok, err := s.Replay.First(context.Background(), issuer, jti, time.Now().Add(time.Minute))
		noError(t, err)
		return ok
	}
	if !first(s, "a", "bc") || !first(s, "ab", "c") || !first(s, "a", "") || !first(s, "", "a") {
		t.Error("different tokens are taken for one")
	}
	noError(t, s.Close())
	s = openLog(t, db)
	if first(s, "a", "bc") || first(s, "ab", "c") || first(s, "", "a") {
		t.Error("forgotten after a restart")
	}
}

func quarantineKeeps(t *testing.T, db LogDatabase) {
	s := openLog(t, db)
	ctx := context.Background()
	if got, err := s.Quarantine.List(ctx, 10); err != nil || len(got) != 0 {
		t.Fatalf("%v %v", got, err)
	}
	old := storage.Quarantined{ID: "q1", Feed: "adt", Key: "MSG-1", Received: logTime, Reason: "no PID", Message: []byte("MSH|\x00\xff\r")}
	late := storage.Quarantined{ID: "q2", Feed: "oru", Key: "", Received: logTime.Add(time.Second), Reason: "?", Message: []byte("MSH")}
	for _, q := range []storage.Quarantined{late, old} {
		noError(t, s.Quarantine.Keep(ctx, q))
	}
	again := old
	again.Message = []byte("other")
	noError(t, s.Quarantine.Keep(ctx, again))
	got, err := s.Quarantine.List(ctx, 10)
	if err != nil || !reflect.DeepEqual(got, []storage.Quarantined{late, old}) {
		t.Errorf("\n got %+v\nwant %+v (%v)", got, []storage.Quarantined{late, old}, err)
	}
	if got, err := s.Quarantine.List(ctx, 1); err != nil || len(got) != 1 || got[0].ID != "q2" {
		t.Errorf("one of them: %+v %v", got, err)
	}
}
