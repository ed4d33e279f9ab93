package differential

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"sluis/conformance/cast"
	"sluis/smart"
)

// xmlArchives are the published examples in XML, with how many there are.
var xmlArchives = []struct {
	path  string
	count int
}{{"nl-core/zib2020-examples-xml.tgz", 271}, {"r4-examples/fhir-test-cases-r4-examples-xml-json.tgz", 10}}

const fhirXML = "application/fhir+xml"

// TestRoundTrip_XML stores published examples as they are written in XML and
// expects to read the same XML, in its canonical form. What is not so stands in
// testdata/xml.golden, with the server's reason.
func TestRoundTrip_XML(t *testing.T) {
	var all []example
	for _, a := range xmlArchives {
		of := examples(t, a.path, ".xml")
		if len(of) != a.count {
			t.Fatalf("%s has %d examples, want %d", a.path, len(of), a.count)
		}
		all = append(all, of...)
	}
	everywhere(t, func(t *testing.T, b backend) {
		store, _ := b.open(t)
		w := cast.New(t, store)
		trip := &trip{World: w, token: w.Token("system/*.cruds", smart.Grant{
			Organization: w.Hospital, Purposes: []string{"TREAT"}, Client: "hospital-epd", PrivacyOfficer: true,
		})}
		same := 0
		for _, e := range all {
			if trip.xml(e) {
				same++
			}
		}
		t.Logf("%d of %d examples came back the same", same, len(all))
		golden(t, "testdata/xml.golden", trip.exceptions)
	})
}

// xml creates an example and reads it back. Whom it is about is made known
// first.
func (t *trip) xml(e example) bool {
	sent, err := parseXML(e.body)
	if err != nil {
		t.except("%s\tis no XML: %v", e.name, err)
		return false
	}
	for _, id := range sent.patients() {
		t.Place(t.Hospital, fmt.Sprintf(`{"resourceType":"Patient","id":%q}`, id))
	}
	answer := t.Do(t.token, http.MethodPost, "/"+sent.name, e.body, "Content-Type", fhirXML)
	if answer.Status != http.StatusCreated {
		t.except("%s\tis refused: %d %s", e.name, answer.Status, reason(answer.Body))
		return false
	}
	r := t.Do(t.token, http.MethodGet, "/"+answer.Ref().String(), nil, "Accept", fhirXML).Expect(http.StatusOK)
	read, err := parseXML(r.Body)
	if err != nil {
		t.except("%s\tis read as no XML: %v", e.name, err)
		return false
	}
	if a, b := sent.canonical(), read.canonical(); a != b {
		t.except("%s\tis not read as it was sent: %s", e.name, firstDifference(a, b))
		return false
	}
	return true
}

func firstDifference(a, b string) string {
	left, right := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(left), len(right)) {
		if left[i] != right[i] {
			return fmt.Sprintf("%q and %q", left[i], right[i])
		}
	}
	return fmt.Sprintf("%d and %d lines", len(left), len(right))
}

// element is an XML element, or a text with the name "".
type element struct {
	name     string
	space    string
	attrs    []string
	text     string
	children []*element
}

// parseXML reads a document. Comments and instructions are no part of it.
func parseXML(body []byte) (*element, error) {
	d := xml.NewDecoder(bytes.NewReader(body))
	root := &element{}
	open := []*element{root}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) && len(root.children) > 0 {
			return root.children[0], nil
		}
		if err != nil {
			return nil, err
		}
		top := open[len(open)-1]
		switch token := token.(type) {
		case xml.StartElement:
			e := &element{name: token.Name.Local, space: token.Name.Space}
			for _, a := range token.Attr {
				if a.Name.Space != "xmlns" && a.Name.Local != "xmlns" && a.Name.Local != "schemaLocation" {
					e.attrs = append(e.attrs, fmt.Sprintf("%s=%q", a.Name.Local, a.Value))
				}
			}
			slices.Sort(e.attrs)
			top.children = append(top.children, e)
			open = append(open, e)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			if len(open) > 1 && (top.space == xhtml || strings.TrimSpace(string(token)) != "") {
				top.children = append(top.children, &element{text: string(token)})
			}
		}
	}
}

const xhtml = "http://www.w3.org/1999/xhtml"

// canonical writes an element line by line, without what a server may rewrite.
func (e *element) canonical() string {
	var b strings.Builder
	e.write(&b, 0)
	return b.String()
}

func (e *element) write(b *strings.Builder, depth int) {
	if e.name == "" {
		fmt.Fprintf(b, "%*s%q\n", depth, "", e.text)
		return
	}
	if depth == 1 && e.name == "meta" && !slices.ContainsFunc(e.children, func(c *element) bool { return !c.stamp() }) {
		return
	}
	fmt.Fprintf(b, "%*s%s %s\n", depth, "", e.name, strings.Join(e.attrs, " "))
	for _, c := range e.merged() {
		if depth == 0 && c.name == "id" || depth == 1 && e.name == "meta" && c.stamp() {
			continue
		}
		c.write(b, depth+1)
	}
}

func (e *element) stamp() bool { return e.name == "versionId" || e.name == "lastUpdated" }

// merged are the children with neighbouring texts, such as those around a
// comment, made one.
func (e *element) merged() []*element {
	var out []*element
	for _, c := range e.children {
		if n := len(out); c.name == "" && n > 0 && out[n-1].name == "" {
			out[n-1] = &element{text: out[n-1].text + c.text}
			continue
		}
		out = append(out, c)
	}
	return out
}

// patients are the ids of the Patients that an element refers to.
func (e *element) patients() []string {
	var out []string
	if e.name == "reference" {
		for _, a := range e.attrs {
			if id, ok := strings.CutPrefix(a, `value="Patient/`); ok && !strings.Contains(id, "/") {
				out = append(out, strings.TrimSuffix(id, `"`))
			}
		}
	}
	for _, c := range e.children {
		out = append(out, c.patients()...)
	}
	return out
}
