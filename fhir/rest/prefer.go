package rest

import (
	"net/http"
	"strings"

	"sluis/fhir"
	"sluis/gate"
)

// prefer is the value of one preference of the Prefer header (RFC 7240 §2): of
// several, the first; "" where it is not stated.
func prefer(r *http.Request, name string) string {
	for _, line := range r.Header.Values("Prefer") {
		for preference := range strings.SplitSeq(line, ",") {
			preference, _, _ = strings.Cut(preference, ";") // its parameters: none is known
			k, v, _ := strings.Cut(preference, "=")
			if strings.EqualFold(strings.TrimSpace(k), name) {
				return strings.Trim(strings.TrimSpace(v), `"`)
			}
		}
	}
	return ""
}

// The values of Prefer: return (R4 http.html#ops). Any other is not understood
// and so ignored, as RFC 7240 has it.
const (
	returnMinimal = "minimal"
	returnOutcome = "OperationOutcome"
	returnWhole   = "representation"
)

// reservations are what return=OperationOutcome is answered with after a write.
func reservations(written fhir.Resource) []fhir.Issue {
	if found := gate.Reservations(written); len(found) > 0 {
		return found
	}
	return allOK()
}

// allOK is what return=OperationOutcome is answered with when nothing is to be
// told.
func allOK() []fhir.Issue {
	return []fhir.Issue{{Severity: "information", Code: "informational", Details: "all went well"}}
}
