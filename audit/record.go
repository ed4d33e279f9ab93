package audit

import (
	"errors"
	"fmt"
	"strings"
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
// Canonical says how it is written as JSON.
type Record struct {
	ID       string    // random, the public id of the AuditEvent
	Recorded time.Time // UTC, milliseconds
	Action   string    // C, R, U, D or E
	Subtype  string    // restful-interaction code, or operation, disclose
	Outcome  Outcome
	Reason   string // why denied or failed, in plain words, without clinical content

	Patient   fhir.Ref   // zero when it concerns nobody
	Data      []fhir.Ref // what was read or written, with versions; a search: types alone
	Query     string     // the raw request, as received; searches only
	Custodian []string   // Organization ids that hold the data

	Client       string
	JTI          string
	User         fhir.Ref
	Organization string // Organization id of the requester
	Role         string
	Responsible  fhir.Ref
	Purpose      []string // v3-ActReason codes
	Network      string   // address of the client, nowhere else
	Request      string   // X-Request-Id

	Policy      []string // consents relied on (Consent/id/_history/n) or the implicit policy's URI
	Authorised  bool     // NEN 7513: authorisation ok
	Relation    bool     // treatment relation ok
	Consent     bool     // patient's consent ok
	Emergency   bool     // emergency button used
	Feed        string   // name of the feed that delivered the data
	PatientsOwn bool     // the patient or a representative asked
}

// Validate reports what makes a record unfit for the log. What cannot be
// recorded must not be served.
func (r Record) Validate() error {
	var errs []error
	if !fhir.IsID(r.ID) {
		errs = append(errs, fmt.Errorf("audit: %q is no id", r.ID))
	}
	if r.Recorded.UnixMilli() <= 0 {
		errs = append(errs, errors.New("audit: the record has no time"))
	}
	if len(r.Action) != 1 || !strings.Contains("CRUDE", r.Action) {
		errs = append(errs, fmt.Errorf("audit: %q is no action", r.Action))
	}
	if r.Outcome < 0 || r.Outcome > Failed || r.Outcome%4 != 0 {
		errs = append(errs, fmt.Errorf("audit: %d is no outcome", r.Outcome))
	}
	if r.Subtype == "" {
		errs = append(errs, errors.New("audit: the record has no subtype"))
	}
	if !r.Patient.IsZero() && (r.Patient.Type != "Patient" || r.Patient.ID == "") {
		errs = append(errs, fmt.Errorf("audit: %q is no patient", refText(r.Patient)))
	}
	return errors.Join(errs...)
}
