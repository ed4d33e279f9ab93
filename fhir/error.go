package fhir

import (
	"errors"
	"strings"
)

// Kind classes an error for the surface that reports it. The table that turns
// a Kind into an HTTP status stands in fhir/rest and nowhere else.
type Kind int

// The kinds, with the status fhir/rest gives them.
const (
	Internal       Kind = iota // 500: a defect here; details go to the log only
	Invalid                    // 400: syntax, structure, unknown parameter
	Unauthorized               // 401: no valid token
	Forbidden                  // 403: the grant does not reach; never says anything about data
	NotFound                   // 404: absent, or not visible (identical)
	NotAllowed                 // 405
	NotAcceptable              // 406
	Conflict                   // 409
	Gone                       // 410: deleted, told only to those who could see it
	Precondition               // 412: If-Match or a conditional that matched several
	TooLarge                   // 413
	URITooLong                 // 414
	Unsupported                // 415: media type
	Unprocessable              // 422: a rule of R4 or of ours
	TooMany                    // 429
	NotImplemented             // 501
	Unavailable                // 503
)

// Issue is one OperationOutcome.issue. Code is from the value set issue-type,
// Expression holds FHIRPath locations such as Patient.name[0].given[1].
type Issue struct {
	Severity   string // fatal, error, warning or information; "" is error
	Code       string
	Details    string
	Expression []string
}

// Error is what every room returns when a request cannot be served. It names
// all problems at once.
type Error struct {
	Kind   Kind
	Issues []Issue
	Cause  error // for the log; never shown to a caller
}

// NewError makes an error of one issue, with FHIRPath locations where known.
func NewError(k Kind, code, details string, expression ...string) *Error {
	return &Error{Kind: k, Issues: []Issue{{Code: code, Details: details, Expression: expression}}}
}

// Wrap keeps a cause for the log behind a text fit for the caller.
func Wrap(cause error, k Kind, code, details string) *Error {
	e := NewError(k, code, details)
	e.Cause = cause
	return e
}

// ErrNotFound is the one answer for absent and invisible alike.
func ErrNotFound() *Error { return NewError(NotFound, "not-found", "not found") }

func (e *Error) Error() string {
	parts := make([]string, 0, len(e.Issues)+1)
	for _, i := range e.Issues {
		s := i.Details
		if len(i.Expression) > 0 {
			s = strings.Join(i.Expression, ", ") + ": " + s
		}
		parts = append(parts, s)
	}
	if e.Cause != nil {
		parts = append(parts, e.Cause.Error())
	}
	return strings.Join(parts, "; ")
}

func (e *Error) Unwrap() error { return e.Cause }

// KindOf returns the kind of err, Internal when it is not an *Error.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

// IssuesOf returns a copy of the issues of err: its own, or one that says
// nothing when err is not an *Error.
func IssuesOf(err error) []Issue {
	var e *Error
	if !errors.As(err, &e) || len(e.Issues) == 0 {
		return []Issue{{Code: "exception", Details: "internal error"}}
	}
	out := make([]Issue, len(e.Issues))
	for i, issue := range e.Issues {
		issue.Expression = append([]string(nil), issue.Expression...)
		out[i] = issue
	}
	return out
}
