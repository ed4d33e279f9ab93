package gate

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"sluis/conformance"
	"sluis/fhir"
)

// Links tells what a string of a body is to be replaced by, if it is: reference
// says that it stands as Reference.reference, else it is another link.
type Links func(text string, reference bool) (string, bool)

// AsIs replaces nothing.
func AsIs(string, bool) (string, bool) { return "", false }

// linked reads a body and replaces what links knows: its references, its
// elements of type uri, url, oid and uuid, and the targets in its narrative (R4
// http.html#trules; elements of type canonical are left alone). A urn: reference
// that links does not know is refused, because it names an entry that is not
// there.
func linked(body []byte, links Links) (*fhir.Document, error) {
	doc, err := fhir.ParseDocument(body)
	if err != nil {
		return nil, err
	}
	edits, err := findLinks(doc, links)
	if err != nil || len(edits) == 0 {
		return doc, err
	}
	return fhir.ParseDocument(edited(body, edits))
}

// edit replaces a string of a body.
type edit struct {
	start, end int
	text       string // with its quotes
}

func findLinks(doc *fhir.Document, links Links) ([]edit, error) {
	var edits []edit
	var uris map[int]bool // where links stand that are no references
	for n := range doc.Root().Walk() {
		if n.Kind() != fhir.String {
			continue
		}
		start, end := n.Span()
		switch reference := string(n.RawKey()) == "reference"; {
		case reference:
			s := n.Text()
			to, ok := links(s, true)
			if !ok {
				if err := linkable(s); err != nil {
					return nil, err
				}
				continue
			}
			if to == unknownVersion {
				return nil, fhir.NewError(fhir.Invalid, "not-supported", "only the commit gives that version: "+s)
			}
			edits = append(edits, edit{start, end, strconv.Quote(to)})
		case string(n.RawKey()) == "div":
			if text, changed := narrativeLinks(n.Text(), links); changed {
				edits = append(edits, edit{start, end, jsonString(text)})
			}
		case bytes.IndexByte(n.Raw(), ':') >= 0: // every fullUrl has one
			to, ok := links(n.Text(), false)
			if !ok || to == unknownVersion {
				continue
			}
			if uris == nil {
				uris = map[int]bool{}
				findURIs(conformance.RootElement(doc), uris)
			}
			if uris[start] {
				edits = append(edits, edit{start, end, strconv.Quote(to)})
			}
		}
	}
	return edits, nil
}

// findURIs collects where elements stand whose type makes them links. An
// identifier that happens to be a fullUrl is a string, and stays.
func findURIs(e conformance.Element, at map[int]bool) {
	for _, c := range e.Children() {
		if c.Type.IsPrimitive() && slices.Contains([]string{"uri", "url", "oid", "uuid"}, c.Type.Name()) {
			start, _ := c.Node.Span()
			at[start] = true
		}
		findURIs(c, at)
	}
}

// attribute is an attribute of XHTML that leads somewhere, with its value in
// quotes of either kind.
var attribute = regexp.MustCompile(`\b(?:href|src)\s*=\s*(?:"[^"]*"|'[^']*')`)

// narrativeLinks replaces the targets of <a href> and <img src>.
func narrativeLinks(div string, links Links) (string, bool) {
	if !strings.Contains(div, "href") && !strings.Contains(div, "src") {
		return div, false
	}
	changed := false
	out := attribute.ReplaceAllStringFunc(div, func(a string) string {
		i := strings.IndexAny(a, `"'`)
		to, ok := links(a[i+1:len(a)-1], false)
		if !ok || to == unknownVersion {
			return a
		}
		changed = true
		return a[:i+1] + to + a[len(a)-1:]
	})
	return out, changed
}

// jsonString writes a string as JSON, with nothing escaped that need not be.
func jsonString(s string) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		panic(err) // a string: cannot be
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// edited is the body with its edits, which are in order.
func edited(body []byte, edits []edit) []byte {
	size := len(body)
	for _, e := range edits {
		size += len(e.text) - (e.end - e.start)
	}
	out, last := make([]byte, 0, size), 0
	for _, e := range edits {
		out = append(append(out, body[last:e.start]...), e.text...)
		last = e.end
	}
	return append(out, body[last:]...)
}

func linkable(reference string) error {
	if strings.HasPrefix(reference, "urn:uuid:") || strings.HasPrefix(reference, "urn:oid:") {
		return fhir.NewError(fhir.Invalid, "not-found", "no entry has the fullUrl "+reference)
	}
	return nil
}

// literal refuses conditional references where nothing resolves them: they
// belong to transactions, and only there (R4 http.html#trules).
func literal(doc *fhir.Document) error {
	if t := doc.Type(); t == "Bundle" || t == "Parameters" {
		return nil // may hold what is to be sent somewhere
	}
	for n := range doc.Root().Walk() {
		if string(n.RawKey()) != "reference" || n.Kind() != fhir.String {
			continue
		}
		if kind, _, conditional := strings.Cut(n.Text(), "?"); conditional && conformance.IsType(kind) {
			return fhir.NewError(fhir.Invalid, "not-supported", "a conditional reference belongs to a transaction: "+n.Text())
		}
	}
	return nil
}
