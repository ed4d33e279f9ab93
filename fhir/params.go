package fhir

import (
	"net/url"
	"strings"
	"unicode/utf8"
)

// ParseParams reads a query or a form (application/x-www-form-urlencoded) in
// the order sent: '&' separates, '+' is a space, a name without '=' has the
// value "". Unlike net/url it keeps the order across names and drops nothing: a
// bad percent-escape, bad UTF-8, a control character or an empty name is an
// *Error of kind Invalid.
func ParseParams(raw string) ([]Param, error) {
	var out []Param
	for part := range strings.SplitSeq(raw, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		p := Param{}
		var err error
		if p.Name, err = decode(name); err != nil {
			return nil, err
		}
		if p.Value, err = decode(value); err != nil {
			return nil, err
		}
		if p.Name == "" {
			return nil, NewError(Invalid, "invalid", "a search parameter without a name")
		}
		out = append(out, p)
	}
	return out, nil
}

func decode(s string) (string, error) {
	text, err := url.QueryUnescape(s)
	switch {
	case err != nil:
		return "", NewError(Invalid, "invalid", "bad percent-escape in the query: "+shorten(s))
	case !utf8.ValidString(text):
		return "", NewError(Invalid, "invalid", "the query is not UTF-8: "+shorten(s))
	case strings.ContainsFunc(text, func(r rune) bool { return r < 0x20 || r == 0x7f }):
		return "", NewError(Invalid, "invalid", "control character in the query: "+shorten(s))
	}
	return text, nil
}
