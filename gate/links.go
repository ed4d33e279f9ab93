package gate

import (
	"bytes"
	"strconv"
	"strings"

	"sluis/conformance"
	"sluis/fhir"
)

// Links tells what a string of a body is to be replaced by, if it is: reference
// says that it stands as Reference.reference, else it is any other string.
type Links func(text string, reference bool) (string, bool)

// AsIs replaces nothing.
func AsIs(string, bool) (string, bool) { return "", false }

// named replaces the fullUrls of entries, wherever they stand as a URI.
func named(links map[string]string) Links {
	return func(text string, _ bool) (string, bool) {
		to, ok := links[text]
		return to, ok
	}
}

// relink replaces every reference and URI of the body that links knows, such as
// the fullUrl of an entry by that entry's reference (R4 http.html#trules,
// bundle.html#references). A urn: reference that names no entry, and a
// conditional one, are refused.
func relink(body []byte, links Links) ([]byte, error) {
	if len(body) == 0 {
		return nil, nil
	}
	doc, err := fhir.ParseDocument(body)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	last := 0
	for n := range doc.Root().Walk() {
		reference := string(n.RawKey()) == "reference"
		if n.Kind() != fhir.String || !reference && !isURI(n) {
			continue
		}
		s := n.Text()
		to, ok := links(s, reference)
		if !ok && reference {
			if err := linkable(s); err != nil {
				return nil, err
			}
		}
		if !ok {
			continue
		}
		start, end := n.Span()
		out.Write(body[last:start])
		out.WriteString(strconv.Quote(to))
		last = end
	}
	if last == 0 {
		return body, nil
	}
	out.Write(body[last:])
	return out.Bytes(), nil
}

// isURI reports whether a string may be a link. Every fullUrl has a colon; and
// `value`, which no URI of R4 is called, is that of an Identifier: a number that
// happens to be a urn:uuid is the resource's own and stays.
func isURI(n fhir.Node) bool {
	return bytes.IndexByte(n.Raw(), ':') >= 0 && string(n.RawKey()) != "value"
}

func linkable(reference string) error {
	if strings.HasPrefix(reference, "urn:uuid:") || strings.HasPrefix(reference, "urn:oid:") {
		return fhir.NewError(fhir.Invalid, "not-found", "no entry has the fullUrl "+reference)
	}
	if kind, _, query := strings.Cut(reference, "?"); query && conformance.IsType(kind) {
		return fhir.NewError(fhir.Invalid, "not-supported", "conditional references are not supported: "+reference)
	}
	return nil
}
