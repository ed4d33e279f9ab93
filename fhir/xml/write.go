package xml

import (
	"bytes"
	"errors"
	"slices"

	"sluis/conformance"
	"sluis/fhir"
)

const (
	fhirNamespace  = "http://hl7.org/fhir"
	xhtmlNamespace = "http://www.w3.org/1999/xhtml"
	declaration    = `<?xml version="1.0" encoding="UTF-8"?>`
)

// ErrNoXML says that a resource has no form in XML: a character that XML 1.0
// cannot hold, an id beside its narrative, or members that R4 does not know.
var ErrNoXML = errors.New("xml: the resource cannot be written in XML")

// FromJSON writes a resource of R4 in XML: the order of the definition, values as
// they stand, narrative as it is. With pretty, elements stand on lines of their
// own; white space within values and narrative never changes. The document must
// be valid, as whatever is stored is; else the error is ErrNoXML.
func FromJSON(doc *fhir.Document, pretty bool) ([]byte, error) {
	w := writer{out: make([]byte, 0, len(doc.Body())*5/4+128), pretty: pretty, primitive: conformance.LayoutOf("Element")}
	w.out = append(w.out, declaration...)
	w.resource(doc.Root(), ` xmlns="`+fhirNamespace+`"`)
	if w.bad || !legal(w.out) {
		return nil, ErrNoXML
	}
	return w.out, nil
}

type writer struct {
	out    []byte
	text   []byte // a string with its escapes resolved
	slots  []slot // the members of the objects being written, as a stack
	pretty bool
	depth  int

	primitive *conformance.Layout // of what stands beside a primitive
	bad       bool
}

// slot is one element as JSON has it: a value, or several, with what stands
// beside them.
type slot struct {
	*conformance.Member
	value, beside fhir.Node
}

// resource writes the element that is named after the resource's type.
func (w *writer) resource(n fhir.Node, namespace string) {
	l := conformance.LayoutOf(n.Get("resourceType").Text())
	if l == nil || !l.Resource {
		w.bad = true
		return
	}
	w.element(l.Name, namespace, l, n, fhir.Node{})
}

// element writes <name …>…</name>: the members of an object and, for a
// primitive, its value, of which the object holds the id and extensions.
func (w *writer) element(name, attributes string, l *conformance.Layout, n, value fhir.Node) {
	base := len(w.slots)
	w.collect(n, l)
	w.line()
	w.out = append(append(append(w.out, '<'), name...), attributes...)
	from, children := base, len(w.slots)
	for ; from < children && w.slots[from].Attribute; from++ {
		w.attribute(w.slots[from].Key, w.slots[from].value)
	}
	if scalar(value) {
		w.attribute("value", value)
	}
	if from == children {
		w.out = append(w.out, '/', '>')
	} else {
		w.out = append(w.out, '>')
		w.depth++
		for i := from; i < children; i++ {
			w.member(w.slots[i])
		}
		w.depth--
		w.line()
		w.out = append(append(append(w.out, '<', '/'), name...), '>')
	}
	w.slots = w.slots[:base]
}

// collect adds an object's members to the stack, attributes first and then in
// the order of the definition.
func (w *writer) collect(n fhir.Node, l *conformance.Layout) {
	from := len(w.slots)
	for m := range n.All() {
		key := m.RawKey()
		beside := len(key) > 0 && key[0] == '_'
		if beside {
			key = key[1:]
		}
		member := l.Member(key)
		if member == nil {
			w.bad = w.bad || !l.Resource || string(key) != "resourceType"
			continue
		}
		at := w.place(from, member)
		if beside {
			w.slots[at].beside = m
		} else {
			w.slots[at].value = m
		}
	}
}

// place finds or makes the slot of a member.
func (w *writer) place(from int, m *conformance.Member) int {
	at := len(w.slots)
	for at > from && before(m, w.slots[at-1].Member) {
		at--
	}
	if at > from && w.slots[at-1].Member == m {
		return at - 1
	}
	w.slots = slices.Insert(w.slots, at, slot{Member: m})
	return at
}

func before(a, b *conformance.Member) bool {
	if a.Attribute != b.Attribute {
		return a.Attribute
	}
	return a.Ordinal < b.Ordinal
}

// member writes an element once for each of its values.
func (w *writer) member(s slot) {
	if !s.Many {
		w.value(s.Member, s.value, s.beside)
		return
	}
	if s.beside.IsZero() {
		for v := range s.value.All() {
			w.value(s.Member, v, fhir.Node{})
		}
		return
	}
	values, besides := slices.Collect(s.value.All()), slices.Collect(s.beside.All())
	for i := range max(len(values), len(besides)) {
		var value, beside fhir.Node
		if i < len(values) {
			value = values[i]
		}
		if i < len(besides) {
			beside = besides[i]
		}
		w.value(s.Member, value, beside)
	}
}

func (w *writer) value(m *conformance.Member, value, beside fhir.Node) {
	switch m.Form {
	case conformance.ObjectForm:
		w.element(m.Key, "", m.Layout, value, fhir.Node{})
	case conformance.ResourceForm:
		w.line()
		w.out = append(append(append(w.out, '<'), m.Key...), '>')
		w.depth++
		w.resource(value, "")
		w.depth--
		w.line()
		w.out = append(append(append(w.out, '<', '/'), m.Key...), '>')
	case conformance.NarrativeForm:
		w.bad = w.bad || !beside.IsZero()
		w.line()
		w.out = value.AppendText(w.out)
	default:
		w.element(m.Key, "", w.primitive, beside, value)
	}
}

// scalar reports whether a node has a value of its own.
func scalar(n fhir.Node) bool {
	k := n.Kind()
	return k == fhir.Bool || k == fhir.Number || k == fhir.String
}

func (w *writer) attribute(name string, value fhir.Node) {
	w.out = append(append(append(w.out, ' '), name...), '=', '"')
	w.text = value.AppendText(w.text[:0])
	w.out = appendEscaped(w.out, w.text)
	w.out = append(w.out, '"')
}

// line begins a line, when they are wanted.
func (w *writer) line() {
	if w.pretty {
		w.out = append(append(w.out, '\n'), bytes.Repeat([]byte("  "), w.depth)...)
	}
}

// special are the characters that cannot stand in an attribute as they are, or
// that a reader would take for a space.
const special = "&<>\"\t\n\r"

func appendEscaped(out, text []byte) []byte {
	for {
		i := bytes.IndexAny(text, special)
		if i < 0 {
			return append(out, text...)
		}
		out = append(append(out, text[:i]...), references[text[i]]...)
		text = text[i+1:]
	}
}

var references = map[byte]string{'&': "&amp;", '<': "&lt;", '>': "&gt;", '"': "&quot;", '\t': "&#9;", '\n': "&#xA;", '\r': "&#xD;"}

// legal reports whether XML 1.0 can hold the text: of what JSON lets through,
// only U+FFFE and U+FFFF are left out.
func legal(text []byte) bool {
	for {
		i := bytes.Index(text, []byte{0xef, 0xbf})
		if i < 0 {
			return true
		}
		if text = text[i+2:]; len(text) > 0 && text[0] >= 0xbe {
			return false
		}
	}
}
