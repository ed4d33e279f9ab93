package consent

import (
	"time"

	"sluis/fhir"
	"sluis/fhir/query"
)

// Party is what kind of actor asks.
type Party int

// The kinds of actor. The zero value is nobody, for whom Decide refuses.
const (
	Nobody       Party = iota
	Own                // a patient or representative with the patient's own token
	Professional       // a person who works for a custodian
	Backend            // a custodian's own system
)

// Action is Consent.provision.action (R4 consentaction).
type Action string

// The actions a request can be.
const (
	Access   Action = "access"
	Collect  Action = "collect"
	Correct  Action = "correct"
	Disclose Action = "disclose"
	Use      Action = "use"
)

// Request is who asks for what, when.
type Request struct {
	Party        Party
	Parties      []fhir.Ref     // storage.Facts.Parties
	Identifiers  []query.Coding // business identifiers of the parties, e.g. URA
	Patients     []fhir.Ref     // Own: the patients the actor is or represents
	Organization string         // the requester's custodian
	Purposes     []string       // v3-ActReason; none is refused for a Professional
	Action       Action
	BreakGlass   bool // the right is held and a reason was given
	At           time.Time
}

// Facts are what the database says that the decision needs.
type Facts struct {
	Shapes    []Shape
	Ancestors map[string][]string // custodian → itself and its partOf ancestors
	Zone      *time.Location      // for periods without one; nil is Europe/Amsterdam
	Profile   Profile
}

// Shape is the set of rules of all consents of one person.
type Shape struct {
	ID       int64
	Consents []Rules
}

// Profile chooses between R4's reading of a Consent and IHE PCF's.
type Profile string

// The two readings (spec row "Traps", 2–4).
const (
	Core Profile = "core"
	PCF  Profile = "pcf"
)

// Decision is the answer for all resources at once.
type Decision struct {
	// Expr matches exactly the resources that Own, Professional or Backend may
	// be shown or may touch, the treatment relation and the custodian included.
	Expr query.Expr
	// Verdicts say for each shape (0: no consent) how data of another
	// custodian were decided, for the record and $explain-access.
	Verdicts map[int64]Verdict
}

// Verdict is the decision about one shape.
type Verdict struct {
	Outcome Outcome
	Reasons []Reason
}

// Outcome of a verdict.
type Outcome int

// Outcomes. Some means: a part of the data, by class, code or label.
const (
	NoGrant Outcome = iota
	Denied
	Some
	Permitted
)

// Reason is one step of the trace.
type Reason struct {
	Consent int    // position in Shape.Consents, -1 for the implicit policy or the floor
	Rule    string // path of the provision, e.g. provision.provision[1]
	Effect  string // permit, deny, no-grant
	Text    string // plain words
}
