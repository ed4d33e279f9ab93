package consent

import (
	"slices"
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
	Identifiers  []query.Coding // business identifiers of the parties, e.g. URA; nil: not known, so that a deny by identifier matches
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
	Zone      *time.Location      // for dates without one; nil is Europe/Amsterdam
	Profile   Profile             // the reading of consents that declare none; "" is Core
	// Floor lists purposes of use that are refused whatever a consent permits,
	// with all they subsume. Nil is DefaultFloor.
	Floor []string
}

// DefaultFloor keeps health data from whoever pays for it.
func DefaultFloor() []string { return []string{"HPAYMT"} }

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
	// It is None for who may touch nothing, never nil.
	Expr query.Expr
	// Verdicts say for each shape (0: no consent) how data of another
	// custodian were decided, for the record and $explain-access.
	Verdicts map[int64]Verdict
}

// Verdict is the decision about one shape: data of other custodians, where a
// permit is needed, and the requester's own custodian's, where only an explicit
// deny refuses. The treatment relation is not part of it.
type Verdict struct {
	Outcome Outcome
	Own     Outcome // data of the requester's own custodian: Denied, Some or Permitted
	Reasons []Reason
}

// Outcome of a verdict.
type Outcome int

// Outcomes. Some means: a part of the data, by class, code, label or holder.
const (
	NoGrant Outcome = iota
	Denied
	Some
	Permitted
)

// ImplicitPolicy decides about data of other custodians where no consent does:
// nobody is let in (IHE PCF 1.1, volume 1, "Implicit policies").
const ImplicitPolicy = "https://profiles.ihe.net/ITI/PCF/Policy-deny"

// Strategy names how several consents of one person are combined.
const Strategy = "deny-overrides"

// noGrant is the effect of a rule that does not speak of the request.
const noGrant = "no-grant"

// Reason is one step of the trace. It holds no clinical content.
type Reason struct {
	Consent int    // position in Shape.Consents, -1 for the implicit policy, the floor or the strategy
	Rule    string // path of the provision in canonical order, e.g. provision.provision[1]
	Effect  string // permit, deny, no-grant
	Text    string // plain words
	Alarm   bool   // an operator must look: something could not be enforced as it was meant
}

// Relied lists the positions of the consents that permitted or denied, for the
// record of an access.
func (v Verdict) Relied() []int {
	var out []int
	for _, r := range v.Reasons {
		if r.Consent >= 0 && r.Effect != noGrant && !slices.Contains(out, r.Consent) {
			out = append(out, r.Consent)
		}
	}
	return out
}
