package audit

import (
	"time"

	"sluis/fhir"
)

// Outcome is AuditEvent.outcome (R4 audit-event-outcome).
type Outcome int

// The outcomes used here.
const (
	Success Outcome = 0
	Refused Outcome = 4 // the request was at fault
	Denied  Outcome = 8 // the gates said no
	Failed  Outcome = 12
)

// Record is one access, once for each patient it concerns. Field names are
// those of AuditEvent where there is one; NEN 7513 asks for the four booleans.
type Record struct {
	ID       string    `json:"id"`       // random, the public id of the AuditEvent
	Recorded time.Time `json:"recorded"` // UTC, milliseconds
	Action   string    `json:"action"`   // C, R, U, D or E
	Subtype  string    `json:"subtype"`  // restful-interaction code, or operation, disclose
	Outcome  Outcome   `json:"outcome"`
	Reason   string    `json:"reason,omitempty"` // why denied or failed, in plain words, without clinical content

	Patient   fhir.Ref   `json:"patient"`             // zero when it concerns nobody
	Data      []fhir.Ref `json:"data,omitempty"`      // what was read or written, with versions
	Query     string     `json:"query,omitempty"`     // the raw request, as received; searches only
	Custodian []string   `json:"custodian,omitempty"` // Organization ids that hold the data

	Client       string   `json:"client"`
	JTI          string   `json:"jti,omitempty"`
	User         fhir.Ref `json:"user"`
	Organization string   `json:"organization,omitempty"` // Organization id of the requester
	Role         string   `json:"role,omitempty"`
	Responsible  fhir.Ref `json:"responsible"`
	Purpose      []string `json:"purpose,omitempty"` // v3-ActReason codes
	Network      string   `json:"network,omitempty"` // address of the client, nowhere else
	Request      string   `json:"request"`           // X-Request-Id

	Policy      []string `json:"policy,omitempty"` // consents relied on (Consent/id/_history/n) or the implicit policy's URI
	Authorised  bool     `json:"authorised"`       // NEN 7513: authorisation ok
	Relation    bool     `json:"relation"`         // treatment relation ok
	Consent     bool     `json:"consent"`          // patient's consent ok
	Emergency   bool     `json:"emergency"`        // emergency button used
	Feed        string   `json:"feed,omitempty"`   // name of the feed that delivered the data
	PatientsOwn bool     `json:"own,omitempty"`    // the patient or a representative asked
}
