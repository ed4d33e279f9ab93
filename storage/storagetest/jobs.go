package storagetest

import (
	"bytes"
	"testing"
	"time"

	"sluis/fhir"
	"sluis/storage"
)

// jobsAreTheirOwners: what was started is there for its owner until it expires
// or is dropped, in every process, and for nobody else.
func jobsAreTheirOwners(t *testing.T, db LogDatabase) {
	ctx := t.Context()
	s, other := openLog(t, db), openLog(t, db)
	job := storage.Job{
		ID: "j1", Owner: "anna", Request: []byte("GET /\x00\xff"),
		Started: logTime, Alive: logTime.Add(time.Minute), Expires: logTime.Add(time.Hour),
	}
	noError(t, s.Jobs.StartJob(ctx, job))
	got, err := other.Jobs.Job(ctx, "anna", "j1", logTime)
	if err != nil || !bytes.Equal(got.Request, job.Request) || got.Result != nil || !got.Alive.Equal(job.Alive) || !got.Expires.Equal(job.Expires) {
		t.Fatalf("%+v, %v", got, err)
	}
	absent := func(what string, err error) {
		t.Helper()
		if fhir.KindOf(err) != fhir.NotFound {
			t.Errorf("%s: %v", what, err)
		}
	}
	_, err = s.Jobs.Job(ctx, "bram", "j1", logTime)
	absent("another's", err)
	absent("another's, dropped", s.Jobs.DropJob(ctx, "bram", "j1", logTime))
	_, err = s.Jobs.Job(ctx, "anna", "j1", job.Expires)
	absent("expired", err)
	noError(t, other.Jobs.FinishJob(ctx, "j1", []byte("done")))
	noError(t, s.Jobs.FinishJob(ctx, "j1", []byte("again")))
	if got, err := s.Jobs.Job(ctx, "anna", "j1", logTime); err != nil || string(got.Result) != "done" {
		t.Errorf("finished: %q, %v", got.Result, err)
	}
	noError(t, s.Jobs.DropJob(ctx, "anna", "j1", logTime))
	noError(t, s.Jobs.FinishJob(ctx, "j1", []byte("late")))
	_, err = s.Jobs.Job(ctx, "anna", "j1", logTime)
	absent("dropped", err)
	old, late := job, job
	old.ID, late.ID, late.Started, late.Expires = "j2", "j3", job.Expires, job.Expires.Add(time.Hour)
	noError(t, s.Jobs.StartJob(ctx, old))
	noError(t, s.Jobs.StartJob(ctx, late))
	_, err = s.Jobs.Job(ctx, "anna", "j2", logTime)
	absent("swept", err)
}
