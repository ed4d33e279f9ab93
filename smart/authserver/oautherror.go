package authserver

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
)

// oauthError is an error response of RFC 6749 §5.2.
type oauthError struct {
	status      int
	code        string
	description string
	cause       error // for the log
}

func (e *oauthError) Error() string { return e.code + ": " + e.description }
func (e *oauthError) Unwrap() error { return e.cause }

func invalidRequest(description string) *oauthError {
	return &oauthError{status: http.StatusBadRequest, code: "invalid_request", description: description}
}

// invalidClient is 400 and not 401: the assertion travels in the body, and a
// 401 would have to name a scheme of the Authorization header to try instead.
func invalidClient(description string) *oauthError {
	return &oauthError{status: http.StatusBadRequest, code: "invalid_client", description: description}
}

func invalidScope(description string) *oauthError {
	return &oauthError{status: http.StatusBadRequest, code: "invalid_scope", description: description}
}

// fail writes an error; what is not an oauthError is a defect here and says
// nothing.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	var e *oauthError
	if !errors.As(err, &e) {
		e = &oauthError{status: http.StatusInternalServerError, code: "server_error", description: "the token could not be made", cause: err}
	}
	if e.status >= http.StatusInternalServerError {
		s.log.ErrorContext(r.Context(), "token endpoint", "error", e.code, "cause", e.cause)
	}
	writeJSON(w, e.status, map[string]string{"error": e.code, "error_description": quotable(e.description)})
}

// quotable keeps to the characters RFC 6749 §5.2 allows in error_description.
func quotable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r > 0x7e || r == '"' || r == '\\' {
			return '.'
		}
		return r
	}, s)
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client has gone: nobody is left to tell
}
