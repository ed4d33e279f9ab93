package query

import (
	"fmt"
	"strings"

	"sluis/fhir"
)

// problem is why one parameter cannot be served. Its text never says anything
// about data.
type problem struct {
	code    string // of issue-type
	text    string
	unknown bool // no such parameter: ignored by ParseLenient
}

func invalid(format string, args ...any) *problem {
	return &problem{code: "value", text: fmt.Sprintf(format, args...)}
}

func unsupported(format string, args ...any) *problem {
	return &problem{code: "not-supported", text: fmt.Sprintf(format, args...) + " is not supported"}
}

func tooCostly(text string) *problem { return &problem{code: "too-costly", text: text} }

func unknownParameter(resourceType, code string) *problem {
	of := resourceType
	if of == "" {
		of = "the types searched"
	}
	return &problem{code: "not-found", text: fmt.Sprintf("%s has no search parameter %s", of, quote(code)), unknown: true}
}

// maxQuoted bounds what is repeated of a request in an error.
const maxQuoted = 64

func quote(s string) string {
	if len(s) > maxQuoted {
		s = strings.ToValidUTF8(s[:maxQuoted], "") + "…"
	}
	return fmt.Sprintf("%q", s)
}

// issue reports a problem under the name of its parameter.
func (p *problem) issue(name string) fhir.Issue {
	return fhir.Issue{Code: p.code, Details: "parameter " + quote(name) + ": " + p.text}
}
