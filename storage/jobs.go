package storage

import (
	"context"
	"time"
)

// Jobs keeps requests that are answered before they are carried out (R4
// async.html), for every process that serves the database. A job is its
// owner's: to anyone else it does not exist.
type Jobs interface {
	// StartJob returns when the job is durable, and removes those whose time is
	// over.
	StartJob(ctx context.Context, j Job) error
	// Job returns a job of the owner, or a *fhir.Error of kind NotFound.
	Job(ctx context.Context, owner, id string, at time.Time) (Job, error)
	// FinishJob keeps the result of a job that is not finished yet. One that was
	// dropped stays so.
	FinishJob(ctx context.Context, id string, result []byte) error
	// DropJob forgets a job of the owner; NotFound when there is none.
	DropJob(ctx context.Context, owner, id string, at time.Time) error
}

// Job is one request that is kept. It holds no authority: whoever asks for its
// answer brings his own.
type Job struct {
	ID      string
	Owner   string // a fingerprint of who asked
	Request []byte // what was asked, as the surface writes it
	Result  []byte // nil until it is finished
	Started time.Time
	Alive   time.Time // who carries it out says so until then
	Expires time.Time
}
