package fhir

import (
	"bytes"
	"iter"
	"slices"
	"unicode/utf8"
)

// MaxDepth bounds the nesting of a document; R4's deepest official example
// stays under 20.
const MaxDepth = 64

// maxBody keeps positions within an int32; surfaces refuse far smaller bodies.
const maxBody = 1 << 30

// JSONKind is the kind of a JSON value.
type JSONKind uint8

// The kinds of JSON values.
const (
	Null JSONKind = iota
	Bool
	Number
	String
	Array
	Object
)

// Document is a JSON body read once, strictly: its bytes, and an index of its
// values in document order. It holds no copy of any value.
type Document struct {
	body  []byte
	nodes []node
}

// node is one value. Its children, if any, start at the next position.
type node struct {
	start, end       int32 // the value, quotes included
	keyStart, keyEnd int32 // the member name without quotes; 0,0 in an array
	next             int32 // the next sibling, or 0
	kind             JSONKind
}

// Node is one value of a Document. The zero Node is absent: IsZero is true and
// every accessor answers with nothing.
type Node struct {
	doc *Document
	i   int32
}

// ParseDocument reads one JSON object strictly (RFC 8259 and R4 json.html):
// valid UTF-8, no byte order mark, no duplicate or escaped member names, no
// lone surrogates, no control characters but tab, line feed and carriage return
// (datatypes.html#string), nothing after the object, at most MaxDepth levels.
// The body is kept, not copied: it must not change afterwards. The error is an
// *Error of kind Invalid, or TooLarge.
func ParseDocument(body []byte) (*Document, error) {
	if len(body) > maxBody {
		return nil, NewError(TooLarge, "too-long", "the body is too large")
	}
	if !utf8.Valid(body) {
		return nil, NewError(Invalid, "structure", "the body is not valid UTF-8")
	}
	p := parser{body: body, nodes: make([]node, 0, len(body)/24+8)}
	p.space()
	if p.pos >= len(body) || body[p.pos] != '{' {
		return nil, p.fail("a resource is a JSON object")
	}
	if err := p.value(0); err != nil {
		return nil, err
	}
	if p.space(); p.pos != len(body) {
		return nil, p.fail("unexpected data after the resource")
	}
	return &Document{body: body, nodes: p.nodes}, nil
}

// Root is the outermost object.
func (d *Document) Root() Node { return Node{doc: d} }

// Body is the bytes as received.
func (d *Document) Body() []byte { return d.body }

// Type is the value of resourceType, or "".
func (d *Document) Type() string { return d.Root().Get("resourceType").Text() }

// IsZero reports that there is no such value.
func (n Node) IsZero() bool { return n.doc == nil }

// Kind is the kind of the value; Null for an absent one.
func (n Node) Kind() JSONKind {
	if n.doc == nil {
		return Null
	}
	return n.doc.nodes[n.i].kind
}

// Key is the member name under which the value stands, or "" in an array.
func (n Node) Key() string {
	if n.doc == nil {
		return ""
	}
	x := n.doc.nodes[n.i]
	return string(n.doc.body[x.keyStart:x.keyEnd])
}

// RawKey is the member name without its quotes, as received; nil in an array.
func (n Node) RawKey() []byte {
	if n.doc == nil {
		return nil
	}
	x := &n.doc.nodes[n.i]
	return n.doc.body[x.keyStart:x.keyEnd]
}

// Raw is the value's bytes as received.
func (n Node) Raw() []byte {
	if n.doc == nil {
		return nil
	}
	x := n.doc.nodes[n.i]
	return n.doc.body[x.start:x.end]
}

// Span is where the value stands in the body, in bytes.
func (n Node) Span() (start, end int) {
	if n.doc == nil {
		return 0, 0
	}
	x := n.doc.nodes[n.i]
	return int(x.start), int(x.end)
}

// Text is the decoded text of a string, the literal of a number or boolean,
// and "" for anything else.
func (n Node) Text() string {
	switch n.Kind() {
	case String:
		raw := n.Raw()
		raw = raw[1 : len(raw)-1]
		if bytes.IndexByte(raw, '\\') < 0 {
			return string(raw)
		}
		return string(appendUnescaped(make([]byte, 0, len(raw)), raw))
	case Number, Bool:
		return string(n.Raw())
	}
	return ""
}

// AppendText appends Text to a buffer, for those who must not allocate.
func (n Node) AppendText(out []byte) []byte {
	switch n.Kind() {
	case String:
		raw := n.Raw()
		return appendUnescaped(slices.Grow(out, len(raw)), raw[1:len(raw)-1])
	case Number, Bool:
		return append(out, n.Raw()...)
	}
	return out
}

// Get is the member of that name of an object; zero when there is none.
func (n Node) Get(name string) Node {
	if n.Kind() != Object {
		return Node{}
	}
	for c := range n.All() {
		x := n.doc.nodes[c.i]
		if string(n.doc.body[x.keyStart:x.keyEnd]) == name {
			return c
		}
	}
	return Node{}
}

// At follows member names from n; zero when one is absent. It does not enter
// arrays.
func (n Node) At(names ...string) Node {
	for _, name := range names {
		n = n.Get(name)
	}
	return n
}

// All yields the members of an object or the elements of an array, in order.
func (n Node) All() iter.Seq[Node] {
	return func(yield func(Node) bool) {
		if n.doc == nil {
			return
		}
		x := n.doc.nodes[n.i]
		if x.kind < Array || int(n.i)+1 >= len(n.doc.nodes) || n.doc.nodes[n.i+1].start >= x.end {
			return
		}
		for i := n.i + 1; i != 0; i = n.doc.nodes[i].next {
			if !yield(Node{n.doc, i}) {
				return
			}
		}
	}
}

// Walk yields n and every value below it, in document order.
func (n Node) Walk() iter.Seq[Node] {
	return func(yield func(Node) bool) {
		if n.doc == nil {
			return
		}
		end := n.doc.nodes[n.i].end
		for i := n.i; int(i) < len(n.doc.nodes) && n.doc.nodes[i].start < end; i++ {
			if !yield(Node{n.doc, i}) {
				return
			}
		}
	}
}
