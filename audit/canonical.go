package audit

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"sluis/fhir"
)

// Canonical is the record as JSON by RFC 8785: members sorted, no white space,
// the shortest escapes. Members without a value are left out; booleans and the
// outcome are always there.
//
// JSON holds Unicode only, and a raw request may hold any byte: in Query a byte
// that is not UTF-8 is written as %XX, which means the same in a URL; elsewhere
// it becomes U+FFFD.
func (r Record) Canonical() []byte {
	o := object{b: append(make([]byte, 0, 640), '{')}
	o.text("action", r.Action)
	o.flag("authorised", r.Authorised)
	o.text("client", r.Client)
	o.flag("consent", r.Consent)
	o.texts("custodian", r.Custodian)
	o.refs("data", r.Data)
	o.flag("emergency", r.Emergency)
	o.text("feed", r.Feed)
	o.text("id", r.ID)
	o.text("jti", r.JTI)
	o.text("network", r.Network)
	o.text("organization", r.Organization)
	o.number("outcome", int64(r.Outcome))
	o.flag("own", r.PatientsOwn)
	o.text("patient", refText(r.Patient))
	o.texts("policy", r.Policy)
	o.texts("purpose", r.Purpose)
	o.text("query", percent(r.Query))
	o.text("reason", r.Reason)
	o.text("recorded", instant(r.Recorded))
	o.flag("relation", r.Relation)
	o.text("request", r.Request)
	o.text("responsible", refText(r.Responsible))
	o.text("role", r.Role)
	o.text("subtype", r.Subtype)
	o.text("user", refText(r.User))
	return append(o.b, '}')
}

// refText is a literal reference, or a resource type alone.
func refText(r fhir.Ref) string {
	if r.ID == "" {
		return r.Type
	}
	return r.String()
}

// instant is R4's instant in UTC, cut to milliseconds.
func instant(t time.Time) string { return fhir.Instant(t.UTC().Truncate(time.Millisecond)) }

// percent writes bytes that are not UTF-8 as %XX.
func percent(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	var out strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 {
			fmt.Fprintf(&out, "%%%02X", s[i])
		} else {
			out.WriteString(s[i : i+n])
		}
		i += n
	}
	return out.String()
}

// object writes the members of a JSON object in the order of the calls.
type object struct{ b []byte }

func (o *object) name(n string) {
	if o.b[len(o.b)-1] != '{' {
		o.b = append(o.b, ',')
	}
	o.b = append(append(append(o.b, '"'), n...), '"', ':')
}

func (o *object) text(name, v string) {
	if v == "" {
		return
	}
	o.name(name)
	o.b = appendString(o.b, v)
}

func (o *object) number(name string, v int64) {
	o.name(name)
	o.b = strconv.AppendInt(o.b, v, 10)
}

func (o *object) flag(name string, v bool) {
	o.name(name)
	o.b = strconv.AppendBool(o.b, v)
}

func (o *object) texts(name string, vs []string) {
	if len(vs) == 0 {
		return
	}
	o.name(name)
	for i, v := range vs {
		o.b = appendString(append(o.b, separator(i)), v)
	}
	o.b = append(o.b, ']')
}

func (o *object) refs(name string, vs []fhir.Ref) {
	texts := make([]string, len(vs))
	for i, v := range vs {
		texts[i] = refText(v)
	}
	o.texts(name, texts)
}

func separator(i int) byte {
	if i == 0 {
		return '['
	}
	return ','
}

// appendString writes a string by RFC 8785 section 3.2.2.2.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	for _, r := range s {
		switch r {
		case '"', '\\':
			b = append(b, '\\', byte(r))
		case '\b':
			b = append(b, `\b`...)
		case '\t':
			b = append(b, `\t`...)
		case '\n':
			b = append(b, `\n`...)
		case '\f':
			b = append(b, `\f`...)
		case '\r':
			b = append(b, `\r`...)
		default:
			if r < 0x20 {
				b = fmt.Appendf(b, `\u%04x`, r)
			} else {
				b = utf8.AppendRune(b, r)
			}
		}
	}
	return append(b, '"')
}
