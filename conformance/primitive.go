package conformance

import (
	"bytes"
	"net/url"
	"strconv"

	"sluis/fhir"
)

// primitive is one of R4's primitive types (datatypes.html#primitive).
type primitive uint8

const (
	_ primitive = iota
	booleanType
	integerType
	positiveIntType
	unsignedIntType
	decimalType
	stringType
	codeType
	idType
	uriType
	oidType
	uuidType
	dateType
	dateTimeType
	instantType
	timeType
	base64Type
	xhtmlType
)

var primitives = map[string]primitive{
	"boolean": booleanType, "integer": integerType, "positiveInt": positiveIntType, "unsignedInt": unsignedIntType,
	"decimal": decimalType, "string": stringType, "markdown": stringType, "code": codeType, "id": idType,
	"uri": uriType, "url": uriType, "canonical": uriType, "oid": oidType, "uuid": uuidType,
	"date": dateType, "dateTime": dateTimeType, "instant": instantType, "time": timeType,
	"base64Binary": base64Type, "xhtml": xhtmlType,
}

// formats holds what each type of JSON string must look like, given its bytes
// with escapes resolved, and what to say otherwise.
var formats = [...]struct {
	valid func([]byte) bool
	says  string
}{
	stringType:   {isString, "a string must not be empty nor longer than 1 MB"},
	codeType:     {isCode, "not a code: no white space at the ends, single spaces within"},
	idType:       {fhir.IsID[[]byte], "not an id: [A-Za-z0-9-.]{1,64}"},
	uriType:      {isURI, "not a URI"},
	oidType:      {isOID, "not an OID: urn:oid:…"},
	uuidType:     {isUUID, "not a UUID: urn:uuid:… in lower case"},
	dateType:     {isDate, "not a date: YYYY, YYYY-MM or YYYY-MM-DD"},
	dateTimeType: {isDateTime, "not a dateTime: a date, or a date with time to the second and a time zone"},
	instantType:  {isInstant, "not an instant: a date with time to the second and a time zone"},
	timeType:     {isTime, "not a time: hh:mm:ss"},
	base64Type:   {isBase64, "not base64"},
}

// primitive validates one value of a primitive type.
func (v *validation) primitive(n fhir.Node, f *field) {
	switch f.primitive {
	case booleanType:
		v.want(n, n.Kind() == fhir.Bool, "true or false is expected")
	case decimalType:
		v.want(n, n.Kind() == fhir.Number, "a number is expected")
	case integerType:
		v.want(n, isInteger(n, -1<<31), "an integer of 32 bits is expected")
	case positiveIntType:
		v.want(n, isInteger(n, 1), "an integer from 1 to 2147483647 is expected")
	case unsignedIntType:
		v.want(n, isInteger(n, 0), "an integer from 0 to 2147483647 is expected")
	default:
		v.string(n, f)
	}
}

func (v *validation) want(n fhir.Node, ok bool, says string) {
	if !ok {
		v.report(n, "", "value", says)
	}
}

func isInteger(n fhir.Node, least int64) bool {
	if n.Kind() != fhir.Number {
		return false
	}
	i, err := strconv.ParseInt(string(n.Raw()), 10, 32)
	return err == nil && i >= least
}

func (v *validation) string(n fhir.Node, f *field) {
	if n.Kind() != fhir.String {
		v.report(n, "", "value", "a string is expected")
		return
	}
	raw := n.Raw()
	text := raw[1 : len(raw)-1]
	if bytes.IndexByte(text, '\\') >= 0 {
		v.text = n.AppendText(v.text[:0])
		text = v.text
	}
	if f.primitive == xhtmlType {
		v.narrative(n, text)
		return
	}
	format := &formats[f.primitive]
	if !format.valid(text) {
		v.report(n, "", "value", format.says)
		return
	}
	if f.codes != nil {
		if _, ok := f.codes[string(text)]; !ok {
			v.report(n, "", "code-invalid", "not a code of the value set that "+f.name+" is bound to")
		}
	}
}

// maxString is R4's bound, in bytes to stay on the safe side of "1 MB".
const maxString = 1 << 20

func isString(b []byte) bool { return len(b) > 0 && len(b) <= maxString }

// isCode is [^\s]+(\s[^\s]+)*.
func isCode(b []byte) bool {
	space := true
	for _, c := range b {
		if isSpace(c) && space {
			return false
		}
		space = isSpace(c)
	}
	return !space
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

// isURI is \S+ that net/url can read. Most are URLs and URNs of plain
// characters, which are told without parsing.
func isURI(b []byte) bool {
	if isPlainURI(b) {
		return true
	}
	if len(b) == 0 || bytes.ContainsFunc(b, func(r rune) bool { return r <= ' ' || r == 0x7f || r == 0xa0 }) {
		return false
	}
	_, err := url.Parse(string(b))
	return err == nil
}

// isPlainURI knows http://HOST/PATH and urn:… of characters that need no
// reading: no port, no escapes, no brackets.
func isPlainURI(b []byte) bool {
	rest, urn := bytes.CutPrefix(b, []byte("urn:"))
	if !urn {
		var ok bool
		if rest, ok = bytes.CutPrefix(b, []byte("http")); !ok {
			return false
		}
		if rest, ok = bytes.CutPrefix(bytes.TrimPrefix(rest, []byte("s")), []byte("://")); !ok {
			return false
		}
	}
	if len(rest) == 0 || urn && rest[0] == '/' {
		return false
	}
	path := urn
	for _, c := range rest {
		switch {
		case isAlphanumeric(c) || c == '-' || c == '.':
		case c == '/':
			path = true
		case path && bytes.IndexByte([]byte(":_~#?=&|+,;"), c) >= 0:
		default:
			return false
		}
	}
	return true
}

func isAlphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

// isOID is urn:oid:[0-2](\.(0|[1-9][0-9]*))+.
func isOID(b []byte) bool {
	b, ok := bytes.CutPrefix(b, []byte("urn:oid:"))
	if !ok || len(b) < 3 || b[0] < '0' || b[0] > '2' || b[1] != '.' {
		return false
	}
	for b = b[2:]; ; {
		arc, rest, more := bytes.Cut(b, []byte("."))
		if len(arc) == 0 || len(arc) > 1 && arc[0] == '0' || digits(arc) != len(arc) {
			return false
		}
		if b = rest; !more {
			return true
		}
	}
}

// isUUID is urn:uuid: and 8-4-4-4-12 lower-case hexadecimal digits.
func isUUID(b []byte) bool {
	b, ok := bytes.CutPrefix(b, []byte("urn:uuid:"))
	if !ok || len(b) != 36 {
		return false
	}
	for i, c := range b {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		if dash != (c == '-') || !dash && !(c >= '0' && c <= '9' || c >= 'a' && c <= 'f') {
			return false
		}
	}
	return true
}

// isBase64 is groups of four, padded at the end only; white space may stand
// between groups.
func isBase64(b []byte) bool {
	group, padding, any := 0, 0, false
	for _, c := range b {
		switch {
		case isSpace(c):
			if group != 0 {
				return false
			}
			continue
		case c == '=':
			if padding++; group < 2 {
				return false
			}
		case padding > 0 || !isAlphanumeric(c) && c != '+' && c != '/':
			return false
		}
		any = true
		group = (group + 1) % 4
	}
	return any && group == 0
}

// digits counts the digits that b starts with.
func digits(b []byte) int {
	for i, c := range b {
		if c < '0' || c > '9' {
			return i
		}
	}
	return len(b)
}
