package suite

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// answer is what came of one request. Numbers of its JSON keep their digits.
type answer struct {
	method string // of the request
	target string // of the request, absolute
	status int
	header http.Header
	body   []byte
	json   any      // nil when the body is none or no JSON
	xml    *element // nil when the body is none or no XML
	pages  int      // of PAGES: how many there were
}

// read decodes the body by how it begins. What should be JSON or XML and is not
// fails its expectations.
func (a *answer) read() {
	if bytes.HasPrefix(bytes.TrimLeft(a.body, "\ufeff \t\r\n"), []byte("<")) {
		a.xml, _ = decodeXML(a.body)
		return
	}
	a.json, _ = decodeJSON(a.body)
}

// decodeJSON reads one value, numbers as they are written.
func decodeJSON(text []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one JSON value")
	}
	return v, nil
}

// resourceType is that of a JSON or XML text, "" for what is no resource.
func resourceType(text string) string {
	if strings.HasPrefix(text, "<") {
		root, err := decodeXML([]byte(text))
		if err != nil {
			return ""
		}
		return root.XMLName.Local
	}
	v, err := decodeJSON([]byte(text))
	if err != nil {
		return ""
	}
	return textAt(v, "resourceType")
}

// at follows a path such as entry[0].resource.name or link[relation=next].url:
// members by name, elements by number or by the text of one member.
func at(v any, path string) (any, bool) {
	for _, part := range pathSteps(path) {
		name, rest, _ := strings.Cut(part, "[")
		object, ok := v.(map[string]any)
		if !ok {
			return nil, false
		}
		if v, ok = object[name]; !ok {
			return nil, false
		}
		for selector := range strings.SplitSeq(strings.TrimSuffix(rest, "]"), "][") {
			if selector == "" {
				break
			}
			if v, ok = oneOf(v, selector); !ok {
				return nil, false
			}
		}
	}
	return v, true
}

// pathSteps splits a path at the dots that stand outside of brackets.
func pathSteps(path string) []string {
	depth := 0
	return strings.FieldsFunc(path, func(r rune) bool {
		switch r {
		case '[':
			depth++
		case ']':
			depth--
		}
		return r == '.' && depth == 0
	})
}

// oneOf selects one of an array.
func oneOf(v any, selector string) (any, bool) {
	list, ok := v.([]any)
	if !ok {
		return nil, false
	}
	if member, text, ok := strings.Cut(selector, "="); ok {
		for _, e := range list {
			if textAt(e, member) == text {
				return e, true
			}
		}
		return nil, false
	}
	i, err := strconv.Atoi(selector)
	if err != nil || i < 0 || i >= len(list) {
		return nil, false
	}
	return list[i], true
}

// textAt is the string at a path, "" when there is none.
func textAt(v any, path string) string {
	found, _ := at(v, path)
	s, _ := found.(string)
	return s
}

func listAt(v any, path string) []any {
	found, _ := at(v, path)
	list, _ := found.([]any)
	return list
}

// entryRef names the version that a Bundle's entry is about, by its resource or,
// for a deletion in a history, by its fullUrl and etag.
func entryRef(e any) (ref, version string) {
	if r, ok := at(e, "resource"); ok {
		return textAt(r, "resourceType") + "/" + textAt(r, "id"), textAt(r, "meta.versionId")
	}
	parts := strings.Split(textAt(e, "fullUrl"), "/")
	if len(parts) < 2 {
		return textAt(e, "request.url"), ""
	}
	return strings.Join(parts[len(parts)-2:], "/"), strings.Trim(textAt(e, "response.etag"), `W/"`)
}

// versioned is how expectations name one version.
func versioned(ref, version string) string { return ref + "/_history/" + version }

// entries are those of the Bundle with a search mode; without modes, all count
// as matches.
func (a *answer) entries(mode string) []any {
	var out []any
	for _, e := range listAt(a.json, "entry") {
		if m := textAt(e, "search.mode"); m == mode || m == "" && mode == "match" {
			out = append(out, e)
		}
	}
	return out
}

// issues are those of the OperationOutcome: the body itself, or the entry of a
// searchset that speaks of the search.
func (a *answer) issues() []any {
	if a.xml != nil {
		return xmlIssues(a.xml)
	}
	if textAt(a.json, "resourceType") == "OperationOutcome" {
		return listAt(a.json, "issue")
	}
	var out []any
	for _, e := range a.entries("outcome") {
		out = append(out, listAt(e, "resource.issue")...)
	}
	return out
}

// shown is how much of a body a report repeats, in bytes.
const shown = 2000

// String is the answer as a report shows it.
func (a *answer) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d %s\n", a.status, http.StatusText(a.status))
	for _, name := range []string{"Content-Type", "ETag", "Last-Modified", "Location", "Content-Location", "Allow", "WWW-Authenticate"} {
		if v := a.header.Get(name); v != "" {
			fmt.Fprintf(&b, "%s: %s\n", name, v)
		}
	}
	b.Write(a.body[:min(len(a.body), shown)])
	if len(a.body) > shown {
		fmt.Fprintf(&b, "… (%d bytes)", len(a.body))
	}
	return strings.TrimRight(b.String(), "\n")
}
