package conformance

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// maxElements bounds the nesting of a narrative.
const maxElements = 64

// xhtml reads a narrative once. It accepts less than XML: no declarations, no
// processing instructions, no CDATA, and the five entities of XML only.
type xhtml struct {
	b       []byte
	pos     int
	open    [maxElements][]byte
	depth   int
	content bool // some text or a picture was seen
}

// document returns what is wrong, or "".
func (x *xhtml) document() string {
	x.space()
	if !x.at("<div") {
		return "it must be one <div>"
	}
	if problem := x.tag(); problem != "" {
		return problem
	}
	for x.depth > 0 {
		if problem := x.next(); problem != "" {
			return problem
		}
	}
	if x.space(); x.pos < len(x.b) {
		return "nothing may follow the <div>"
	}
	if !x.content {
		return "it must have some content" // txt-2
	}
	return ""
}

// next reads text up to and with the markup that ends it.
func (x *xhtml) next() string {
	end := bytes.IndexByte(x.b[x.pos:], '<')
	if end < 0 {
		return "an element is not closed"
	}
	text := x.b[x.pos : x.pos+end]
	if !validReferences(text) {
		return "only the entities of XML are allowed"
	}
	if !x.content {
		x.content = len(bytes.TrimSpace(text)) > 0
	}
	x.pos += end
	switch {
	case x.at("</"):
		return x.closing()
	case x.at("<!--"):
		return x.comment()
	case x.at("<!"), x.at("<?"):
		return "declarations, CDATA and processing instructions are not allowed"
	}
	return x.tag()
}

// comment skips <!-- … -->. One that starts with > or -> ends at once for an
// HTML parser.
func (x *xhtml) comment() string {
	rest := x.b[x.pos+4:]
	end := bytes.Index(rest, []byte("--"))
	if end < 0 || !bytes.HasPrefix(rest[end:], []byte("-->")) || rest[0] == '>' || bytes.HasPrefix(rest, []byte("->")) {
		return "a comment is malformed"
	}
	x.pos += 4 + end + 3
	return ""
}

func (x *xhtml) closing() string {
	x.pos += 2
	name := x.name()
	x.space()
	if !x.at(">") || !bytes.Equal(name, x.open[x.depth-1]) {
		return "elements are not properly closed"
	}
	x.pos++
	x.depth--
	return ""
}

// tag reads <name attribute="…"> or <name/>.
func (x *xhtml) tag() string {
	x.pos++
	name := x.name()
	if _, ok := allowedElements[string(name)]; !ok {
		return "element " + brief(name) + " is not allowed"
	}
	if string(name) == "img" {
		x.content = true
	}
	namespace, problem := x.attributes(name)
	if problem != "" {
		return problem
	}
	if x.depth == 0 && !namespace {
		return "the <div> must have xmlns=\"" + xhtmlNamespace + "\""
	}
	if x.at("/>") {
		x.pos += 2
		return ""
	}
	if !x.at(">") {
		return "a tag is malformed"
	}
	if x.depth == maxElements {
		return "nested too deep"
	}
	x.pos++
	x.open[x.depth] = name
	x.depth++
	return ""
}

// attributes reads up to the end of the tag, and tells whether one was xmlns.
func (x *xhtml) attributes(element []byte) (namespace bool, problem string) {
	var seen [16][]byte
	for n := 0; ; n++ {
		from := x.pos
		if x.space(); x.pos == len(x.b) || x.at(">") || x.at("/>") {
			return namespace, ""
		}
		name := x.name()
		if from == x.pos-len(name) || len(name) == 0 || n == len(seen) || contains(seen[:n], name) {
			return false, "attributes are malformed"
		}
		seen[n] = name
		value, ok := x.value()
		if !ok {
			return false, "attributes are malformed"
		}
		if problem := attributeProblem(element, name, value); problem != "" {
			return false, problem
		}
		namespace = namespace || string(name) == "xmlns"
	}
}

func contains(names [][]byte, name []byte) bool {
	for _, n := range names {
		if bytes.Equal(n, name) {
			return true
		}
	}
	return false
}

// value reads ="…" or ='…'.
func (x *xhtml) value() ([]byte, bool) {
	x.space()
	if !x.at("=") {
		return nil, false
	}
	x.pos++
	x.space()
	if !x.at(`"`) && !x.at("'") {
		return nil, false
	}
	rest := x.b[x.pos+1:]
	end := bytes.IndexByte(rest, x.b[x.pos])
	if end < 0 || bytes.IndexByte(rest[:end], '<') >= 0 || !validReferences(rest[:end]) {
		return nil, false
	}
	x.pos += end + 2
	return rest[:end], true
}

// name reads letters, digits, colons and dashes.
func (x *xhtml) name() []byte {
	from := x.pos
	for x.pos < len(x.b) && (isAlphanumeric(x.b[x.pos]) || x.b[x.pos] == ':' || x.b[x.pos] == '-') {
		x.pos++
	}
	return x.b[from:x.pos]
}

func (x *xhtml) space() {
	for x.pos < len(x.b) && isSpace(x.b[x.pos]) {
		x.pos++
	}
}

func (x *xhtml) at(s string) bool {
	return len(x.b)-x.pos >= len(s) && string(x.b[x.pos:x.pos+len(s)]) == s
}

// validReferences reports whether every & starts &lt; &gt; &amp; &quot; &apos;
// or the number of a character that XML allows.
func validReferences(b []byte) bool {
	for {
		i := bytes.IndexByte(b, '&')
		if i < 0 {
			return true
		}
		b = b[i+1:]
		end := bytes.IndexByte(b[:min(len(b), 10)], ';')
		if end < 0 || !isReference(b[:end]) {
			return false
		}
		b = b[end+1:]
	}
}

func isReference(b []byte) bool {
	switch string(b) {
	case "lt", "gt", "amp", "quot", "apos":
		return true
	}
	number, ok := bytes.CutPrefix(b, []byte("#"))
	base := 10
	if hex, ok := bytes.CutPrefix(number, []byte("x")); ok {
		number, base = hex, 16
	}
	r, err := strconv.ParseUint(string(number), base, 32)
	return ok && err == nil && (r >= ' ' || r == '\t' || r == '\n' || r == '\r') && utf8.ValidRune(rune(r))
}
