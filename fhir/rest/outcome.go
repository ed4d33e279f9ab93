package rest

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"sluis/conformance"
	"sluis/fhir"
	"sluis/fhir/subset"
	"sluis/smart"
)

// statuses is the one table from the kind of an error to its status.
var statuses = map[fhir.Kind]int{
	fhir.Internal:       http.StatusInternalServerError,
	fhir.Invalid:        http.StatusBadRequest,
	fhir.Unauthorized:   http.StatusUnauthorized,
	fhir.Forbidden:      http.StatusForbidden,
	fhir.NotFound:       http.StatusNotFound,
	fhir.NotAllowed:     http.StatusMethodNotAllowed,
	fhir.NotAcceptable:  http.StatusNotAcceptable,
	fhir.Conflict:       http.StatusConflict,
	fhir.Gone:           http.StatusGone,
	fhir.Precondition:   http.StatusPreconditionFailed,
	fhir.TooLarge:       http.StatusRequestEntityTooLarge,
	fhir.URITooLong:     http.StatusRequestURITooLong,
	fhir.Unsupported:    http.StatusUnsupportedMediaType,
	fhir.Unprocessable:  http.StatusUnprocessableEntity,
	fhir.TooMany:        http.StatusTooManyRequests,
	fhir.NotImplemented: http.StatusNotImplemented,
	fhir.Unavailable:    http.StatusServiceUnavailable,
}

type operationOutcome struct {
	ResourceType string         `json:"resourceType"`
	Issue        []outcomeIssue `json:"issue"`
}

type outcomeIssue struct {
	Severity   string        `json:"severity"`
	Code       string        `json:"code"`
	Details    *codeableText `json:"details,omitempty"`
	Expression []string      `json:"expression,omitempty"`
}

type codeableText struct {
	Text string `json:"text"`
}

// outcome renders issues as an OperationOutcome (R4 operationoutcome.html).
func outcome(issues []fhir.Issue) []byte {
	out := operationOutcome{ResourceType: "OperationOutcome"}
	for _, i := range issues {
		issue := outcomeIssue{Severity: i.Severity, Code: i.Code}
		for _, x := range i.Expression {
			issue.Expression = append(issue.Expression, printable(x))
		}
		if issue.Severity == "" {
			issue.Severity = "error"
		}
		if i.Details != "" {
			issue.Details = &codeableText{printable(i.Details)}
		}
		out.Issue = append(out.Issue, issue)
	}
	body, err := json.Marshal(out)
	if err != nil {
		panic(err) // strings only: cannot be
	}
	return body
}

// printable replaces what no string of FHIR may hold (R4
// datatypes.html#string): some texts repeat what was sent.
func printable(s string) string {
	return strings.Map(func(c rune) rune {
		if c < 0x20 && c != '\t' && c != '\n' && c != '\r' {
			return '\uFFFD'
		}
		return c
	}, s)
}

// problem is what a caller is told of an error, and its status.
func (x *exchange) problem(err error) (int, []byte) {
	if errors.Is(err, context.DeadlineExceeded) {
		err = fhir.Wrap(err, fhir.Unavailable, "timeout", "the request took too long")
	}
	kind := fhir.KindOf(err)
	if kind == fhir.Internal || kind == fhir.Unavailable {
		x.Log.Error("request failed", "request", requestID(x.r.Context()), "error", err)
	}
	return statuses[kind], outcome(fhir.IssuesOf(err))
}

// fail answers with an OperationOutcome. Nothing has been written before.
func (x *exchange) fail(err error) {
	x.subset = subset.Spec{}
	status, body := x.problem(err)
	switch status {
	case http.StatusUnauthorized:
		x.w.Header().Set("WWW-Authenticate", challenge(x.r, err))
	case http.StatusMethodNotAllowed:
		x.w.Header().Set("Allow", strings.Join(x.allowed(), ", "))
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		x.w.Header().Set("Retry-After", "1")
	}
	x.write(status, body)
}

// allowed are the methods that the request's path has (RFC 9110 §15.5.6).
func (x *exchange) allowed() []string {
	var out []string
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		ix, err := fhir.ParseInteraction(method, x.path(), x.r.URL.RawQuery, conformance.IsType)
		if err != nil || !isServed(ix) {
			continue
		}
		if out = append(out, method); method == http.MethodGet {
			out = append(out, http.MethodHead)
		}
	}
	return out
}

// isServed reports whether there is a function for an interaction.
func isServed(ix fhir.Interaction) bool {
	served := file(ix.Kind) != nil
	switch ix.Kind {
	case fhir.Capabilities:
		return true
	case fhir.Operation:
		_, err := find(ix)
		return err == nil
	case fhir.Create, fhir.Update, fhir.Patch, fhir.Delete:
		return served && ix.Type != "AuditEvent" // written by the server alone
	}
	return served
}

// challenge is the header of a 401 (RFC 6750 §3, RFC 9470 §3).
func challenge(r *http.Request, err error) string {
	if r.Header.Get("Authorization") == "" {
		return `Bearer realm="fhir"`
	}
	var weak *smart.AssuranceError
	if errors.As(err, &weak) {
		return `Bearer realm="fhir", error="insufficient_user_authentication", acr_values="` + strings.Join(weak.ACRValues, " ") + `"`
	}
	return `Bearer realm="fhir", error="invalid_token"`
}
