package storage

import (
	"context"
	"time"

	"sluis/audit"
	"sluis/fhir"
)

// Log keeps audit records. A record is never changed or removed.
type Log interface {
	// Append returns when the records are durable, all of them or none.
	// Concurrent callers share one commit. With an error, nothing may be
	// served on them; that of the context may come when they are already
	// written.
	Append(ctx context.Context, records []audit.Record) error

	// Find returns records about one person, newest first. A filter that
	// names nobody finds nothing. An After that Find did not write is a
	// *fhir.Error of kind Invalid.
	Find(ctx context.Context, f LogFilter) (LogPage, error)

	// Seal appends committed, unlinked leaves to the chain, if this process
	// holds the sealer's lease, and signs a checkpoint. It returns how many;
	// 0 also when another process seals. A crash at any moment leaves the
	// chain without gap or double.
	Seal(ctx context.Context, sign func(audit.Checkpoint) []byte) (int, error)

	// Chain streams the whole log in order of the chain, then the unsealed
	// tail, to an auditor. A sealed record that is gone comes as its place
	// alone.
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
	User         fhir.Ref // in any version
	Agent        string   // an Organization or a user of that id, whatever the type
	Role         string
	Purpose      string
	Policy       string // Consent/id, any version, or the URI of an implicit policy
	Count        int    // 0: 50; at most 1,000
	After        string // Next of the page before
	Ascending    bool
	CountOnly    bool
	Uncounted    bool // leave the total out, which for everyone is a long count
}

// LogPage is one page of records.
type LogPage struct {
	Records []audit.Record
	Total   int    // exact; -1 when uncounted
	Next    string // "" on the last page
}

// Replay remembers token identifiers until they expire (RFC 7523 jti), across
// processes and restarts.
type Replay interface {
	// First reports whether this is the first use of (issuer, jti). Of several
	// at once, in any process, one is the first.
	First(ctx context.Context, issuer, jti string, expires time.Time) (bool, error)
}

// Quarantine keeps what could not be taken in, whole, with the reason.
type Quarantine interface {
	// Keep returns when it is durable. An ID kept before is left as it is.
	Keep(ctx context.Context, q Quarantined) error
	// List returns the newest first.
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
