package rest

import (
	"net/http"
	"strings"

	"sluis/fhir"
)

// prefer is the value of one preference of the Prefer header (RFC 7240).
func prefer(r *http.Request, name string) string {
	for _, line := range r.Header.Values("Prefer") {
		for _, part := range strings.FieldsFunc(line, func(c rune) bool { return c == ',' || c == ';' }) {
			k, v, _ := strings.Cut(strings.TrimSpace(part), "=")
			if strings.EqualFold(k, name) {
				return strings.Trim(v, `"`)
			}
		}
	}
	return ""
}

func allOK() []fhir.Issue {
	return []fhir.Issue{{Severity: "information", Code: "informational", Details: "all went well"}}
}
