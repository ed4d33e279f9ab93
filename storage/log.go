package storage

import (
	"context"
	"time"

	"sluis/audit"
	"sluis/fhir"
)

// Log keeps audit records. A record is never changed or removed.
type Log interface {
	// Append returns when the records are durable. Concurrent callers share
	// one commit.
	Append(ctx context.Context, records []audit.Record) error

	// Find returns records about one person, newest first.
	Find(ctx context.Context, f LogFilter) (LogPage, error)

	// Seal appends committed, unlinked leaves to the chain, if this process
	// holds the sealer's lease, and signs a checkpoint. It returns how many.
	Seal(ctx context.Context, sign func(audit.Checkpoint) []byte) (int, error)

	// Chain streams the whole log in order of the chain, then the unsealed
	// tail, to an auditor.
	Chain(ctx context.Context, each func(audit.Sealed) error) error

	// Checkpoints returns all signed checkpoints, oldest first.
	Checkpoints(ctx context.Context) ([]audit.SignedCheckpoint, error)
}

// LogFilter selects records. Patients is required save for a supervisor; it
// holds every linked Patient of one person.
type LogFilter struct {
	Everyone     bool // a supervisor's or privacy officer's view
	Patients     []fhir.Ref
	ID           string    // one record
	From, To     time.Time // From inclusive, To exclusive; zero is open
	Action       string
	Outcome      *audit.Outcome
	Organization string
	Role         string
	Purpose      string
	Policy       string // Consent/id, any version
	Count        int
	After        string // Next of the page before
	Ascending    bool
	CountOnly    bool
}

// LogPage is one page of records.
type LogPage struct {
	Records []audit.Record
	Total   int
	Next    string // "" on the last page
}

// Replay remembers token identifiers until they expire (RFC 7523 jti), across
// processes and restarts.
type Replay interface {
	// First reports whether this is the first use of (issuer, jti).
	First(ctx context.Context, issuer, jti string, expires time.Time) (bool, error)
}

// Quarantine keeps what could not be taken in, whole, with the reason.
type Quarantine interface {
	Keep(ctx context.Context, q Quarantined) error
	List(ctx context.Context, limit int) ([]Quarantined, error)
}

// Quarantined is one delivery at fault. Message may hold clinical data: it is
// for the operator of the feed, never for logs.
type Quarantined struct {
	ID       string
	Feed     string
	Key      string
	Received time.Time
	Reason   string
	Message  []byte
}
