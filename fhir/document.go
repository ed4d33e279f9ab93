package fhir

import (
	"bytes"
	"iter"
	"strconv"
	"unicode/utf8"
)

// MaxDepth bounds the nesting of a document; R4's deepest official example
// stays under 20.
const MaxDepth = 64

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
// lone surrogates, nothing after the object, at most MaxDepth levels. The body
// is kept, not copied. The error is an *Error of kind Invalid.
func ParseDocument(body []byte) (*Document, error) {
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
		return unescape(raw)
	case Number, Bool:
		return string(n.Raw())
	}
	return ""
}

// Get is the member of that name of an object; zero when there is none.
func (n Node) Get(name string) Node {
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

type parser struct {
	body  []byte
	pos   int
	nodes []node
}

func (p *parser) fail(msg string) error {
	line := 1 + bytes.Count(p.body[:min(p.pos, len(p.body))], []byte{'\n'})
	return NewError(Invalid, "structure", msg+" (line "+strconv.Itoa(line)+", byte "+strconv.Itoa(p.pos)+")")
}

func (p *parser) space() {
	for p.pos < len(p.body) {
		switch p.body[p.pos] {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return
		}
	}
}

func (p *parser) value(depth int) error {
	if depth >= MaxDepth {
		return p.fail("nested too deep")
	}
	if p.pos >= len(p.body) {
		return p.fail("the body ends within a value")
	}
	at := len(p.nodes)
	p.nodes = append(p.nodes, node{start: int32(p.pos)})
	var err error
	kind := Null
	switch c := p.body[p.pos]; {
	case c == '{':
		kind, err = Object, p.members(depth)
	case c == '[':
		kind, err = Array, p.elements(depth)
	case c == '"':
		kind, err = String, p.str()
	case c == '-' || '0' <= c && c <= '9':
		kind, err = Number, p.number()
	case c == 't':
		kind, err = Bool, p.word("true")
	case c == 'f':
		kind, err = Bool, p.word("false")
	case c == 'n':
		err = p.word("null")
	default:
		err = p.fail("not a JSON value")
	}
	p.nodes[at].kind, p.nodes[at].end = kind, int32(p.pos)
	return err
}

func (p *parser) members(depth int) error {
	p.pos++
	first, last := len(p.nodes), -1
	for {
		p.space()
		if last < 0 && p.peek('}') {
			p.pos++
			return nil
		}
		if !p.peek('"') {
			return p.fail("a member name was expected")
		}
		k0 := p.pos + 1
		if err := p.str(); err != nil {
			return err
		}
		k1 := p.pos - 1
		if bytes.IndexByte(p.body[k0:k1], '\\') >= 0 {
			return p.fail("member names must not be escaped")
		}
		if p.duplicate(first, p.body[k0:k1], last) {
			return p.fail("duplicate member " + strconv.Quote(string(p.body[k0:k1])))
		}
		if p.space(); !p.peek(':') {
			return p.fail("a colon was expected")
		}
		p.pos++
		p.space()
		i := len(p.nodes)
		if err := p.value(depth + 1); err != nil {
			return err
		}
		p.nodes[i].keyStart, p.nodes[i].keyEnd = int32(k0), int32(k1)
		if last >= 0 {
			p.nodes[last].next = int32(i)
		}
		last = i
		done, err := p.comma('}')
		if done || err != nil {
			return err
		}
	}
}

// maxMembers bounds an object so that the search for duplicates stays cheap;
// no R4 type has more than 70 elements, each with at most two members.
const maxMembers = 256

func (p *parser) duplicate(first int, key []byte, last int) bool {
	if last < 0 {
		return false
	}
	for i, n := first, 0; i != 0; i, n = int(p.nodes[i].next), n+1 {
		x := p.nodes[i]
		if n >= maxMembers || bytes.Equal(p.body[x.keyStart:x.keyEnd], key) {
			return true
		}
	}
	return false
}

func (p *parser) elements(depth int) error {
	p.pos++
	last := -1
	for {
		p.space()
		if last < 0 && p.peek(']') {
			p.pos++
			return nil
		}
		i := len(p.nodes)
		if err := p.value(depth + 1); err != nil {
			return err
		}
		if last >= 0 {
			p.nodes[last].next = int32(i)
		}
		last = i
		done, err := p.comma(']')
		if done || err != nil {
			return err
		}
	}
}

func (p *parser) peek(c byte) bool { return p.pos < len(p.body) && p.body[p.pos] == c }

func (p *parser) comma(closing byte) (done bool, err error) {
	p.space()
	switch {
	case p.peek(','):
		p.pos++
		return false, nil
	case p.peek(closing):
		p.pos++
		return true, nil
	}
	return false, p.fail("a comma or " + string(closing) + " was expected")
}

func (p *parser) word(w string) error {
	if !bytes.HasPrefix(p.body[p.pos:], []byte(w)) {
		return p.fail("not a JSON value")
	}
	p.pos += len(w)
	return nil
}

func (p *parser) digits() bool {
	from := p.pos
	for p.pos < len(p.body) && '0' <= p.body[p.pos] && p.body[p.pos] <= '9' {
		p.pos++
	}
	return p.pos > from
}

func (p *parser) number() error {
	if p.peek('-') {
		p.pos++
	}
	if p.peek('0') {
		p.pos++
	} else if !p.digits() {
		return p.fail("bad number")
	}
	if p.peek('.') {
		p.pos++
		if !p.digits() {
			return p.fail("bad number")
		}
	}
	if p.peek('e') || p.peek('E') {
		p.pos++
		if p.peek('+') || p.peek('-') {
			p.pos++
		}
		if !p.digits() {
			return p.fail("bad number")
		}
	}
	return nil
}

func (p *parser) str() error {
	p.pos++
	for p.pos < len(p.body) {
		switch c := p.body[p.pos]; {
		case c == '"':
			p.pos++
			return nil
		case c < 0x20:
			return p.fail("control character in a string")
		case c == '\\':
			if err := p.escape(); err != nil {
				return err
			}
		default:
			p.pos++
		}
	}
	return p.fail("the body ends within a string")
}

func (p *parser) escape() error {
	if p.pos+1 >= len(p.body) {
		return p.fail("the body ends within a string")
	}
	switch p.body[p.pos+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		p.pos += 2
		return nil
	case 'u':
		r, ok := hex4(p.body, p.pos+2)
		if !ok {
			return p.fail("bad \\u escape")
		}
		p.pos += 6
		if r < 0xd800 || r > 0xdfff {
			return nil
		}
		if low, ok := lowSurrogate(p.body, p.pos); r > 0xdbff || !ok || low == 0 {
			return p.fail("lone surrogate in a string")
		}
		p.pos += 6
		return nil
	}
	return p.fail("bad escape in a string")
}

func hex4(b []byte, at int) (rune, bool) {
	if at+4 > len(b) {
		return 0, false
	}
	v, err := strconv.ParseUint(string(b[at:at+4]), 16, 16)
	return rune(v), err == nil
}

// lowSurrogate reads a \uDC00–\uDFFF escape at a position.
func lowSurrogate(b []byte, at int) (rune, bool) {
	if at+6 > len(b) || b[at] != '\\' || b[at+1] != 'u' {
		return 0, false
	}
	r, ok := hex4(b, at+2)
	return r, ok && r >= 0xdc00 && r <= 0xdfff
}

// unescape decodes a string that parser.str has accepted.
func unescape(raw []byte) string {
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			out = append(out, raw[i])
			continue
		}
		i++
		switch raw[i] {
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			r, _ := hex4(raw, i+1)
			i += 4
			if low, ok := lowSurrogate(raw, i+1); ok && r >= 0xd800 && r <= 0xdbff {
				r = (r-0xd800)<<10 + (low - 0xdc00) + 0x10000
				i += 6
			}
			out = utf8.AppendRune(out, r)
		default:
			out = append(out, raw[i])
		}
	}
	return string(out)
}
