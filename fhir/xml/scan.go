package xml

import (
	"bytes"
	"strconv"
	"unicode/utf8"

	"sluis/fhir"
)

// Bounds of what is read.
const (
	maxNesting    = 2 * fhir.MaxDepth // elements, those of a narrative included
	maxAttributes = 32                // of one element
	maxScopes     = 64                // namespace declarations in force
)

// scanner reads the tags of an XML document (XML 1.0, Namespaces in XML 1.0). It
// accepts less: UTF-8, no document type, no CDATA, names of ASCII. It holds that
// elements are properly nested and that prefixes are declared.
type scanner struct {
	b      []byte
	pos    int
	open   [][]byte // names of the open elements, as written
	scopes []scope
	attrs  []attribute // of the last start tag
	err    *fhir.Error // the first thing that is not XML
}

// scope is one namespace declaration, in force within depth elements.
type scope struct {
	depth     int
	prefix    string
	namespace string
}

// tag is a start or end tag; the zero tag is the end of the document.
type tag struct {
	pos    int // where its < stands
	local  []byte
	space  string
	prefix bool
	start  bool
	empty  bool // <name/>: no end tag follows
	plain  bool // a default namespace is declared here
	attrs  []attribute
}

// attribute is one attribute that is no namespace declaration.
type attribute struct {
	name  []byte // as written
	value []byte // between its quotes, as written
}

func (s *scanner) fail(msg string) {
	if s.err == nil {
		s.err = fhir.NewError(fhir.Invalid, "structure", msg+" (line "+strconv.Itoa(s.line(s.pos))+")")
	}
	s.pos = len(s.b)
}

func (s *scanner) line(pos int) int { return 1 + bytes.Count(s.b[:min(pos, len(s.b))], []byte{'\n'}) }

// next reads up to and with the next tag. The text before it is told.
func (s *scanner) next() (t tag, text []byte) {
	from := s.pos
	for {
		i := bytes.IndexByte(s.b[s.pos:], '<')
		if i < 0 {
			s.finish()
			return tag{}, bytes.TrimSpace(s.b[min(from, len(s.b)):])
		}
		text = s.b[from : s.pos+i]
		s.pos += i
		switch {
		case s.at("<!--"):
			s.skip("<!--", "-->")
		case s.at("<?"):
			s.instruction()
		case s.at("<!DOCTYPE"):
			s.fail("a document type declaration is refused: FHIR has none")
		case s.at("<!"):
			s.fail("declarations and CDATA are not read")
		case s.at("</"):
			return s.endTag(), text
		default:
			return s.startTag(), text
		}
		if s.err != nil {
			return tag{}, nil
		}
		if len(bytes.TrimSpace(text)) == 0 {
			from = s.pos
		}
	}
}

func (s *scanner) finish() {
	if len(s.open) > 0 {
		s.pos = len(s.b)
		s.fail("an element is not closed")
	}
	s.pos = len(s.b)
}

// skip passes over a comment; one must not hold two dashes.
func (s *scanner) skip(open, end string) {
	rest := s.b[s.pos+len(open):]
	i := bytes.Index(rest, []byte(end))
	if i < 0 || end == "-->" && bytes.Index(rest, []byte("--")) < i {
		s.fail("a comment or instruction is malformed")
		return
	}
	s.pos += len(open) + i + len(end)
}

// instruction passes over <?…?>. The XML declaration stands first or nowhere,
// and names no encoding but UTF-8.
func (s *scanner) instruction() {
	from := s.pos
	s.skip("<?", "?>")
	if s.err != nil {
		return
	}
	text := bytes.ToLower(s.b[from:s.pos])
	if !bytes.HasPrefix(text, []byte("<?xml")) || len(text) > 5 && isNameByte(text[5]) {
		return
	}
	encoding := bytes.Contains(text, []byte("encoding"))
	utf8 := bytes.Contains(text, []byte(`"utf-8"`)) || bytes.Contains(text, []byte(`'utf-8'`))
	if from != 0 || encoding && !utf8 || bytes.Contains(text, []byte("1.1")) {
		s.pos = from
		s.fail("the XML declaration must stand first and say version 1.0, and UTF-8 where it says an encoding")
	}
}

func (s *scanner) endTag() tag {
	t := tag{pos: s.pos}
	s.pos += 2
	name := s.name()
	s.space()
	if !s.at(">") || len(s.open) == 0 || !bytes.Equal(name, s.open[len(s.open)-1]) {
		s.fail("elements are not properly closed")
		return tag{}
	}
	s.pos++
	t.local = name
	s.close()
	return t
}

// close leaves the innermost element, and the namespaces declared by it.
func (s *scanner) close() {
	for n := len(s.scopes); n > 0 && s.scopes[n-1].depth == len(s.open); n-- {
		s.scopes = s.scopes[:n-1]
	}
	s.open = s.open[:len(s.open)-1]
}

// startTag reads <name attribute="…"> or <name/>.
func (s *scanner) startTag() tag {
	t := tag{pos: s.pos, start: true}
	s.pos++
	name := s.name()
	if len(name) == 0 || len(s.open) == maxNesting {
		s.fail("a tag is malformed, or nested too deep")
		return tag{}
	}
	s.open = append(s.open, name)
	s.attributes(&t)
	switch {
	case s.at("/>"):
		t.empty = true
		s.pos += 2
	case s.at(">"):
		s.pos++
	default:
		s.fail("a tag is malformed")
		return tag{}
	}
	prefix, local, prefixed := bytes.Cut(name, []byte(":"))
	if !prefixed {
		prefix, local = nil, name
	}
	t.local, t.prefix, t.attrs = local, prefixed, s.attrs
	t.space = s.namespace(prefix)
	if t.empty {
		s.close()
	}
	if s.err != nil {
		return tag{}
	}
	return t
}

// attributes reads up to the end of the tag.
func (s *scanner) attributes(t *tag) {
	s.attrs = s.attrs[:0]
	for {
		from := s.pos
		if s.space(); s.pos >= len(s.b) || s.at(">") || s.at("/") {
			return
		}
		apart := s.pos > from
		a := attribute{name: s.name()}
		var ok bool
		if a.value, ok = s.quoted(); !ok || !apart || len(a.name) == 0 || s.has(a.name) || len(s.attrs) == maxAttributes {
			s.fail("attributes are malformed")
			return
		}
		if prefix, isScope := declared(a.name); isScope {
			t.plain = t.plain || prefix == ""
			s.declare(prefix, string(a.value))
			continue
		}
		s.attrs = append(s.attrs, a)
	}
}

func (s *scanner) has(name []byte) bool {
	for _, a := range s.attrs {
		if bytes.Equal(a.name, name) {
			return true
		}
	}
	return false
}

// declared tells whether an attribute declares a namespace, and its prefix.
func declared(name []byte) (prefix string, ok bool) {
	if string(name) == "xmlns" {
		return "", true
	}
	rest, ok := bytes.CutPrefix(name, []byte("xmlns:"))
	return string(rest), ok
}

// declare puts a namespace into force for the element being read.
func (s *scanner) declare(prefix, namespace string) {
	for _, sc := range s.scopes {
		if sc.depth == len(s.open) && sc.prefix == prefix {
			s.fail("a namespace is declared twice")
			return
		}
	}
	if len(s.scopes) == maxScopes || prefix == "xml" || prefix == "xmlns" || prefix != "" && namespace == "" {
		s.fail("a namespace declaration is not allowed")
		return
	}
	s.scopes = append(s.scopes, scope{len(s.open), prefix, namespace})
}

// namespace is what a prefix stands for; the empty one need not be declared.
func (s *scanner) namespace(prefix []byte) string {
	for i := len(s.scopes) - 1; i >= 0; i-- {
		if s.scopes[i].prefix == string(prefix) {
			return s.scopes[i].namespace
		}
	}
	if len(prefix) > 0 {
		s.fail("a prefix is not declared")
	}
	return ""
}

// quoted reads ="…" or ='…', without resolving references.
func (s *scanner) quoted() ([]byte, bool) {
	s.space()
	if !s.at("=") {
		return nil, false
	}
	s.pos++
	s.space()
	if !s.at(`"`) && !s.at("'") {
		return nil, false
	}
	rest := s.b[s.pos+1:]
	end := bytes.IndexByte(rest, s.b[s.pos])
	if end < 0 || bytes.IndexByte(rest[:end], '<') >= 0 {
		return nil, false
	}
	s.pos += end + 2
	return rest[:end], true
}

func (s *scanner) name() []byte {
	from := s.pos
	for s.pos < len(s.b) && isNameByte(s.b[s.pos]) {
		s.pos++
	}
	return s.b[from:s.pos]
}

func isNameByte(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == ':' || c == '_' || c == '-' || c == '.'
}

func (s *scanner) space() {
	for s.pos < len(s.b) && isSpace(s.b[s.pos]) {
		s.pos++
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

func (s *scanner) at(text string) bool {
	return len(s.b)-s.pos >= len(text) && string(s.b[s.pos:s.pos+len(text)]) == text
}

// within reads past the end of the element that a start tag opened.
func (s *scanner) within(t tag) {
	if t.empty {
		return
	}
	for depth := len(s.open); len(s.open) >= depth && s.err == nil; {
		s.next()
	}
}

// resolve appends the value of an attribute: references resolved, and white space
// as it is written here a space (XML 1.0 §3.3.3). It reports whether all
// references are among those that XML has without a document type.
func resolve(out, raw []byte) ([]byte, bool) {
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case c == '\r' && i+1 < len(raw) && raw[i+1] == '\n':
			// a line end is one space: XML 1.0 §2.11
		case isSpace(c):
			out = append(out, ' ')
		case c < ' ':
			return out, false
		case c != '&':
			out = append(out, c)
		default:
			end := bytes.IndexByte(raw[i:min(len(raw), i+12)], ';')
			if end < 0 {
				return out, false
			}
			r, ok := reference(raw[i+1 : i+end])
			if !ok {
				return out, false
			}
			out = utf8.AppendRune(out, r)
			i += end
		}
	}
	return out, true
}

// reference is the character that a name between & and ; stands for.
func reference(name []byte) (rune, bool) {
	switch string(name) {
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "amp":
		return '&', true
	case "quot":
		return '"', true
	case "apos":
		return '\'', true
	}
	number, ok := bytes.CutPrefix(name, []byte("#"))
	base := 10
	if hex, isHex := bytes.CutPrefix(number, []byte("x")); isHex {
		number, base = hex, 16
	}
	n, err := strconv.ParseUint(string(number), base, 32)
	r := rune(n)
	legal := n == '\t' || n == '\n' || n == '\r' || n >= ' ' && n < utf8.MaxRune+1 && utf8.ValidRune(r) && r != 0xfffe && r != 0xffff
	return r, ok && err == nil && legal
}
