package storage

import (
	"context"
	"errors"
	"time"

	"sluis/audit"
	"sluis/fhir"
	"sluis/fhir/index"
	"sluis/fhir/query"
)

// ErrStale says that policy changed after the Access was made. The gate
// decides again and retries.
var ErrStale = errors.New("storage: the access was decided at an older policy version")

// ErrBusy says that a transaction lost a race and may be tried again.
var ErrBusy = errors.New("storage: busy, try again")

// Actor is who asks, as far as facts depend on it.
type Actor struct {
	User         fhir.Ref // Practitioner, PractitionerRole, Patient, RelatedPerson; zero for a backend
	Organization string   // id of the Organization that is the actor's custodian
	At           time.Time
}

// Facts are what a decision needs from the database.
type Facts struct {
	// Parties is everything the actor is or belongs to at Actor.At: itself,
	// its PractitionerRoles, Organizations and their ancestors by partOf,
	// CareTeams and Groups. An edge counts only when the custodian of the
	// group is the custodian of the resource that states it.
	Parties []fhir.Ref

	// Patients are the Patients the user is (every linked one), or represents
	// as a RelatedPerson within its period.
	Patients []fhir.Ref

	// Shapes are the distinct sets of consent rules that persons have, as
	// the gate stored them. Shape 0, no consent, is not listed.
	Shapes []Shape

	// Ancestors maps each custodian to itself and its partOf ancestors.
	Ancestors map[string][]string

	// Parameters is the version of the custom search parameters: it grows when
	// one comes, changes or goes, and the Version with it.
	Parameters int64
}

// Shape is one distinct set of rules: those of all consents of one person,
// sorted by their bytes. Rules[i] is what Change.Policy.Rules held.
type Shape struct {
	ID    int64
	Rules [][]byte
}

// Store keeps resources. Every method is safe for concurrent use. What is
// absent and what Access hides are the same *fhir.Error of kind NotFound, with
// equal work.
type Store interface {
	// Policy returns the facts about an actor and the version they hold at.
	Policy(ctx context.Context, actor Actor) (Facts, Version, error)

	// Read returns the current version, or ref.Version, as a page of one. A
	// deleted resource that the Access could see is a *fhir.Error of kind Gone.
	// An older version is judged by the current labels and subjects; one whose
	// own subjects, codes or profiles differ from the current ones is returned
	// only to an Access that does not depend on them.
	Read(ctx context.Context, a Access, ref fhir.Ref) (Page, error)

	// Search returns one page. Access holds at the matches, at each hop of a
	// chain, and at included resources before any limit; totals count what
	// Access shows. A reference to a Patient in a value denotes the person,
	// where the parameter makes the patient the subject: every linked Patient,
	// when the one named is visible, else only itself.
	Search(ctx context.Context, a Access, q query.Query) (Page, error)

	// History returns versions, newest first or oldest first, deletions among
	// them.
	History(ctx context.Context, a Access, h HistoryQuery) (Page, error)

	// Apply commits all changes, records and the inbox key, or nothing. With
	// an Inbox key seen before, it changes nothing and returns
	// a *SeenError with the first outcome.
	Apply(ctx context.Context, tx Tx) ([]Result, error)

	// Labels returns the effective security labels of a resource, each once,
	// with one of its origins.
	Labels(ctx context.Context, a Access, ref fhir.Ref) ([]Label, error)

	// Standings tells how persons stand to an actor, for the record of an
	// access only: never for an answer. Refs may name any resources; what does
	// not exist is left out.
	Standings(ctx context.Context, refs []fhir.Ref, rel query.Related) ([]Standing, error)

	// Ready reports whether the store answers and its schema is current.
	Ready(ctx context.Context) error

	Close() error
}

// Page is one page of a search or history, complete in memory.
type Page struct {
	Entries []Entry
	Total   int             // -1 when not asked for
	Next    *query.Position // nil on the last page
	Persons []Standing      // one for each person who is a subject of an entry
}

// Entry is one row of a page.
type Entry struct {
	Resource  fhir.Resource
	Included  bool // by _include or _revinclude
	Custodian string
	Persons   []int // positions in Page.Persons
}

// Standing is a person as the record of an access needs it. A person of
// several linked Patients is one Standing.
type Standing struct {
	Patient  fhir.Ref   // the Patient the entry names; of several, the first
	Linked   []fhir.Ref // all Patients of the person
	Shape    int64      // 0: no consent
	Consents []fhir.Ref // with versions, in the order of Shape.Rules
	Related  bool       // by the query.Related given (Standings only)
	Holders  []string   // custodians of the person's Patients
}

// HistoryQuery asks for versions of one resource, a type, or everything.
type HistoryQuery struct {
	Type  string // "": all types
	ID    string // "": all of the type
	Since time.Time
	// At leaves only versions that were current at some time of the period (R4
	// http.html#history, _at); the zero Period leaves all.
	At     Period
	Oldest bool // oldest first; else newest first
	Count  int
	After  *query.Position
}

// Op is what a Change does.
type Op int

// The changes. Create with a Match is a conditional create, Update with a Match
// an update by search, Delete with a Match a delete by search.
const (
	Create Op = iota
	Update    // of an existing resource only, unless Change.Upsert; a deleted one comes back
	Delete
)

// Change is one write.
type Change struct {
	Access Access // holds on the pre-image and on the after-image
	// Subjects is the caller's access to read: the Patients who are subjects of
	// what is written must be visible under it, be made in the same Tx, or have
	// been subjects of the resource before. Any other is Unprocessable, in the
	// same words whether it exists or not.
	Subjects Access

	Op   Op
	Type string
	ID   string // Create: the id the gate chose; other changes may refer to it

	// Match makes the change conditional: it is searched for inside the
	// transaction under Access and under the custodian, with a lock that makes
	// the outcome that of some serial order. One match: Create does nothing
	// and stands for the existing resource (references to ID in the other
	// changes of the Tx are renamed), Update and Delete are of it. None:
	// Create and Update create, Delete does nothing (a Result without an ID).
	// Several: Precondition.
	Match query.Expr

	// Named is the id in the body of an Update with a Match, or "": when it is
	// not that of the resource found, the change is Invalid (R4
	// http.html#cond-update).
	Named string

	IfMatch int64 // >0: Precondition unless it is the current version; fhir.AnyVersion: unless there is one
	Upsert  bool  // Update may create with this ID: a choose-ids right, or an import

	// KeepSame: an Update whose stamped body would not differ, save version and
	// time, leaves the resource as it is. Imports use it.
	KeepSame bool

	Patched bool // of an Update: the history tells that it came as a patch

	Custodian string // of a new resource; an existing one keeps its own
	// AnyCustodian allows changing a resource of another custodian: a
	// patient's own Consents only.
	AnyCustodian bool

	Body    fhir.Template
	Entries index.Entries
	Labels  []Label // to add at the door
	// LowerLabels: a received label that the new body lacks may go. Without it
	// the label stays, as an added one.
	LowerLabels bool
	Policy      Policy
}

// Label is a security label beside a resource, with where it came from.
type Label struct {
	System, Code string
	Origin       string // e.g. "table:psychiatry", "received"
}

// Policy is what a resource contributes to decisions: derived by the gate when
// the resource is written, replaced on update, dropped on delete.
type Policy struct {
	// Rules of a Consent that can apply, as the consent room encodes them; they
	// hold for the persons who are the resource's subjects.
	Rules []byte
	// Relations of a CareTeam or EpisodeOfCare, for the resource's subjects and
	// by its custodian.
	Relations []Relation
	// Members are edges stated by PractitionerRole, Organization, CareTeam and
	// Group.
	Members []Member
	// Represents: a RelatedPerson stands for its patient in this period.
	Represents *Period
	// Identities of a Patient that denote a person for certain: valid numbers
	// of trusted assigners. Patients that share one are linked.
	Identities []Identity
	// Parameter of a SearchParameter that the index is to follow.
	Parameter *Definition
}

// Relation says that a party treats, within a period.
type Relation struct {
	Party fhir.Ref
	Period
}

// Member says that Member belongs to Of, within a period.
type Member struct {
	Member, Of fhir.Ref
	Period
}

// Period is inclusive at both ends; a zero time is open.
type Period struct{ Start, End time.Time }

// Identity is a number of an assigner.
type Identity struct{ System, Value string }

// Tx is a list of changes that commit together.
type Tx struct {
	Changes []Change
	// Records makes the audit records once the results are known, inside the
	// transaction; a person is one Standing of the written resource.
	Records func(results []Result) []audit.Record
	Inbox   *InboxKey
	At      time.Time // meta.lastUpdated of what is written
	// Parameters is the version of the custom search parameters by which the
	// entries were made (Facts.Parameters). At another one the Tx is ErrStale.
	Parameters int64
	// Bare leaves the bodies out of the results: of a large Tx they are a copy of
	// everything, and most callers want none.
	Bare bool
}

// InboxKey makes a delivery idempotent.
type InboxKey struct {
	Source string // sender, e.g. application|facility of a feed
	Key    string // e.g. MSH-10
	// Outcome is stored with the key and handed back on a re-delivery.
	Outcome []byte
}

// SeenError is returned for an inbox key that was committed before.
type SeenError struct{ Outcome []byte }

func (e *SeenError) Error() string { return "storage: delivered before" }

// ChangeError is why Apply refused a Tx, where that concerns one Change. It says
// nothing by itself: Err is the error, and which of several is told does not
// depend on what is hidden.
type ChangeError struct {
	Change int // place in Tx.Changes
	Err    error
}

func (e *ChangeError) Error() string { return e.Err.Error() }

func (e *ChangeError) Unwrap() error { return e.Err }

// Result is what one Change did, in the order of Tx.Changes.
type Result struct {
	Resource  fhir.Resource
	Created   bool
	Unchanged bool // conditional create that matched, KeepSame, or a delete of what is deleted or not found by its Match
	Custodian string
	Persons   []Standing
}
