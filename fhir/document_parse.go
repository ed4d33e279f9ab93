package fhir

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// parser reads JSON once and leaves an index of its values, in document order.
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
		if last >= 0 {
			if err := p.unique(first, p.body[k0:k1]); err != nil {
				return err
			}
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

// unique refuses a member name that stands already among those from first on.
func (p *parser) unique(first int, key []byte) error {
	for i, n := first, 1; i != 0; i, n = int(p.nodes[i].next), n+1 {
		x := &p.nodes[i]
		if bytes.Equal(p.body[x.keyStart:x.keyEnd], key) {
			return p.fail("duplicate member " + strconv.Quote(string(key)))
		}
		if n >= maxMembers {
			return p.fail("an object has too many members")
		}
	}
	return nil
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
	case '"', '\\', '/', 'n', 'r', 't':
		p.pos += 2
		return nil
	case 'b', 'f':
		return p.fail("control character in a string")
	case 'u':
		r, ok := hex4(p.body, p.pos+2)
		if !ok {
			return p.fail("bad \\u escape")
		}
		if r < 0x20 && r != '\t' && r != '\n' && r != '\r' {
			return p.fail("control character in a string")
		}
		p.pos += 6
		if r < 0xd800 || r > 0xdfff {
			return nil
		}
		if _, ok := lowSurrogate(p.body, p.pos); r > 0xdbff || !ok {
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

// appendUnescaped decodes a string that parser.str has accepted.
func appendUnescaped(out, raw []byte) []byte {
	for {
		i := bytes.IndexByte(raw, '\\')
		if i < 0 {
			return append(out, raw...)
		}
		out = append(out, raw[:i]...)
		c := raw[i+1]
		raw = raw[i+2:]
		switch c {
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			r, _ := hex4(raw, 0)
			raw = raw[4:]
			if low, ok := lowSurrogate(raw, 0); ok && r >= 0xd800 && r <= 0xdbff {
				r = (r-0xd800)<<10 + (low - 0xdc00) + 0x10000
				raw = raw[6:]
			}
			out = utf8.AppendRune(out, r)
		default:
			out = append(out, c)
		}
	}
}
