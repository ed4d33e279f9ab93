package xml

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"

	"sluis/conformance"
	"sluis/fhir"
)

// maxIssues and maxBrief bound what one document can make us write: issues, and
// bytes of a name or value that is repeated in one.
const (
	maxIssues = 200
	maxBrief  = 40
)

// ToJSON reads a resource in R4's XML and writes it in R4's JSON. It is strict:
// an element or attribute that R4 does not know, another namespace, another order
// than that of the definition, text between elements, an empty element or
// attribute, and a number or boolean that is none are issues, each with its line
// and FHIRPath location, all of them at once, up to 200 (an *fhir.Error of kind
// Unprocessable). What is no XML, or more of XML than FHIR uses, is an *fhir.Error
// of kind Invalid: a document type, an entity, another encoding than UTF-8.
//
// White space at the ends of a value is kept: R4 lets a reader trim it, and JSON
// could not give it back.
func ToJSON(body []byte) ([]byte, error) {
	body = bytes.TrimPrefix(body, []byte("\uFEFF"))
	if !utf8.Valid(body) {
		return nil, fhir.NewError(fhir.Invalid, "structure", "the body is not valid UTF-8")
	}
	r := reader{scanner: scanner{b: body}, out: make([]byte, 0, len(body)), primitive: conformance.LayoutOf("Element")}
	r.document()
	if r.err != nil {
		return nil, r.err
	}
	if len(r.issues) > 0 {
		return nil, &fhir.Error{Kind: fhir.Unprocessable, Issues: r.issues}
	}
	return r.out, nil
}

type reader struct {
	scanner
	out    []byte
	text   []byte // a value with its references resolved
	path   []step
	issues []fhir.Issue

	primitive *conformance.Layout // of what stands beside a primitive
}

// step is one part of a FHIRPath location; index is -1 for what does not repeat.
type step struct {
	name  string
	index int
}

// report adds an issue about what stands at a position, or about a part of it.
func (r *reader) report(pos int, part, details string) {
	if len(r.issues) >= maxIssues {
		return
	}
	var at strings.Builder
	for i, s := range r.path {
		if i > 0 {
			at.WriteByte('.')
		}
		at.WriteString(s.name)
		if s.index >= 0 {
			at.WriteString("[" + strconv.Itoa(s.index) + "]")
		}
	}
	issue := fhir.Issue{Severity: "error", Code: "structure", Details: details + " (line " + strconv.Itoa(r.line(pos)) + ")"}
	if part != "" && at.Len() > 0 {
		at.WriteByte('.')
	}
	if at.WriteString(part); at.Len() > 0 {
		issue.Expression = []string{at.String()}
	}
	r.issues = append(r.issues, issue)
}

// element is the next start tag within an element; the zero tag is its end. Text
// there is an issue.
func (r *reader) element() tag {
	t, text := r.next()
	if len(bytes.TrimSpace(text)) > 0 {
		r.report(t.pos, "", "text is not allowed here: values stand in attributes")
	}
	if !t.start {
		return tag{}
	}
	return t
}

func (r *reader) document() {
	root := r.element()
	if r.err == nil && !root.start {
		r.fail("the body holds no element")
		return
	}
	r.resource(root)
	if t, text := r.next(); t.start || len(text) > 0 {
		r.fail("unexpected content after the resource")
	}
}

// resource reads an element that is named after a resource type.
func (r *reader) resource(t tag) {
	l := conformance.LayoutOf(string(t.local))
	if l == nil || !l.Resource || t.space != fhirNamespace {
		r.report(t.pos, "", brief(t.local)+" is no resource type of R4 in the namespace "+fhirNamespace)
		r.within(t)
		return
	}
	if len(r.path) == 0 {
		r.path = append(r.path, step{l.Name, -1})
	}
	r.out = append(append(append(r.out, `{"resourceType":"`...), l.Name...), '"')
	r.attributes(t, l)
	r.children(t, l)
	r.out = append(r.out, '}')
}

// object reads an element with children into a JSON object.
func (r *reader) object(t tag, l *conformance.Layout) {
	before := len(r.issues)
	r.out = append(r.out, '{')
	r.attributes(t, l)
	r.children(t, l)
	if r.out[len(r.out)-1] == '{' && len(r.issues) == before {
		r.report(t.pos, "", "an element must not be empty")
	}
	r.out = append(r.out, '}')
}

// attributes writes those members of an object that XML has as attributes.
func (r *reader) attributes(t tag, l *conformance.Layout) {
	for _, a := range t.attrs {
		m := l.Member(a.name)
		if m == nil || !m.Attribute {
			r.report(t.pos, "", "unknown attribute "+brief(a.name))
			continue
		}
		r.key("", m.Key)
		r.literal(t, m, a.value)
	}
}

// key begins a member of the object being written.
func (r *reader) key(before, name string) {
	r.comma()
	r.out = append(append(append(append(r.out, '"'), before...), name...), '"', ':')
}

func (r *reader) comma() {
	if last := r.out[len(r.out)-1]; last != '{' && last != '[' {
		r.out = append(r.out, ',')
	}
}

// run is one element, or several of the same name, on their way into one member.
type run struct {
	*conformance.Member
	count  int
	values int      // that are not null
	begun  int      // where the member begins in the output
	beside [][]byte // of primitives: id and extensions, nil for none; as long as the last that has some
}

// children reads the elements within one into the members of a JSON object.
func (r *reader) children(t tag, l *conformance.Layout) {
	var now run
	if t.empty {
		return
	}
	for {
		c := r.element()
		if !c.start {
			r.end(&now)
			return
		}
		m := r.member(c, l)
		if m == nil {
			r.within(c)
			continue
		}
		if now.Member != m {
			if now.Member != nil && m.Ordinal < now.Ordinal {
				r.report(c.pos, m.Name, "the order must be that of R4: "+m.Key+" stands before "+now.Key)
			}
			r.end(&now)
			now = run{Member: m}
			r.begin(&now)
		} else if !m.Many {
			r.report(c.pos, m.Name, m.Key+" may be given once")
		}
		r.enter(&now, c)
	}
}

// member finds what R4 says of an element; nil, with an issue, for what it does
// not know.
func (r *reader) member(c tag, l *conformance.Layout) *conformance.Member {
	m, want := l.Member(c.local), fhirNamespace
	if m != nil && m.Form == conformance.NarrativeForm {
		want = xhtmlNamespace
	}
	switch {
	case m == nil || m.Attribute:
		r.report(c.pos, string(c.local[:min(len(c.local), maxBrief)]), "unknown element "+brief(c.local))
		return nil
	case c.space != want:
		r.report(c.pos, m.Name, brief(c.local)+" must be in the namespace "+want)
		return nil
	}
	return m
}

func (r *reader) begin(now *run) {
	now.begun = len(r.out)
	if now.Form.Primitive() && !now.Many {
		return
	}
	r.key("", now.Key)
	if now.Many {
		r.out = append(r.out, '[')
	}
}

// enter reads one element of a run.
func (r *reader) enter(now *run, c tag) {
	index := -1
	if now.Many {
		index = now.count
	}
	now.count++
	r.path = append(r.path, step{now.Name, index})
	switch {
	case now.Form.Primitive():
		r.value(now, c)
	case now.Form == conformance.ResourceForm:
		r.listComma(now)
		r.enclosed(c)
	default:
		r.listComma(now)
		r.object(c, now.Layout)
	}
	r.path = r.path[:len(r.path)-1]
}

func (r *reader) listComma(now *run) {
	if now.Many {
		r.comma()
	}
}

// end closes the member of a run, and writes what stands beside primitives
// (R4 json.html#primitive).
func (r *reader) end(now *run) {
	if now.Member == nil {
		return
	}
	if now.Many {
		r.out = append(r.out, ']')
	}
	if now.beside == nil {
		return
	}
	if now.Many && now.values == 0 {
		r.out = r.out[:now.begun]
	}
	r.key("_", now.Key)
	if !now.Many {
		r.out = append(r.out, now.beside[0]...)
		return
	}
	r.out = append(r.out, '[')
	for i := range now.count {
		if i > 0 {
			r.out = append(r.out, ',')
		}
		if i < len(now.beside) && now.beside[i] != nil {
			r.out = append(r.out, now.beside[i]...)
		} else {
			r.out = append(r.out, "null"...)
		}
	}
	r.out = append(r.out, ']')
}

// value reads a primitive: its value into the output, id and extensions beside.
func (r *reader) value(now *run, c tag) {
	if now.Form == conformance.NarrativeForm {
		r.key("", now.Key)
		r.narrative(c)
		now.values++
		return
	}
	value, found, rest := c.takeValue()
	switch {
	case found:
		if now.Many {
			r.comma()
		} else {
			r.key("", now.Key)
		}
		r.literal(c, now.Member, value)
		now.values++
	case now.Many:
		r.comma()
		r.out = append(r.out, "null"...)
	}
	if len(rest.attrs) == 0 && c.empty {
		if !found {
			r.report(c.pos, "", "an element must have a value or an extension")
		}
		return
	}
	from := len(r.out)
	r.out = append(r.out, '{')
	r.attributes(rest, r.primitive)
	r.children(c, r.primitive)
	r.out = append(r.out, '}')
	if len(r.out)-from > len("{}") {
		for len(now.beside) < now.count-1 {
			now.beside = append(now.beside, nil)
		}
		now.beside = append(now.beside, bytes.Clone(r.out[from:]))
	} else if !found {
		r.report(c.pos, "", "an element must have a value or an extension")
	}
	r.out = r.out[:from]
}

// takeValue splits the attribute value off.
func (t tag) takeValue() (value []byte, found bool, rest tag) {
	for i, a := range t.attrs {
		if string(a.name) == "value" {
			t.attrs = append(t.attrs[:i], t.attrs[i+1:]...)
			return a.value, true, t
		}
	}
	return nil, false, t
}

// literal writes the value of an attribute as JSON has it.
func (r *reader) literal(t tag, m *conformance.Member, raw []byte) {
	text, ok := resolve(r.text[:0], raw)
	r.text = text
	switch {
	case !ok:
		r.pos = t.pos
		r.fail("an entity or character is not allowed: FHIR has only XML's own entities")
	case len(text) == 0:
		r.report(t.pos, "", "an attribute must not be empty")
	case m.Form == conformance.NumberForm && !isNumber(text), m.Form == conformance.BooleanForm && string(text) != "true" && string(text) != "false":
		r.report(t.pos, "", brief(text)+" is not a value of this type")
	case m.Form == conformance.NumberForm, m.Form == conformance.BooleanForm:
		r.out = append(r.out, text...)
		return
	}
	r.out = appendQuoted(r.out, text)
}

// enclosed reads the one resource within contained, resource or response.
func (r *reader) enclosed(t tag) {
	for _, a := range t.attrs {
		r.report(t.pos, "", "unknown attribute "+brief(a.name))
	}
	if t.empty {
		r.report(t.pos, "", "a resource is expected")
		r.out = append(r.out, "null"...)
		return
	}
	for n := 0; ; n++ {
		c := r.element()
		switch {
		case !c.start && n == 0:
			r.report(t.pos, "", "a resource is expected")
			r.out = append(r.out, "null"...)
			return
		case !c.start:
			return
		case n > 0:
			r.report(c.pos, "", "one resource is expected")
			r.within(c)
		default:
			r.resource(c)
		}
	}
}

// narrative writes the div as it stands: line ends as every XML reader sees them
// (XML 1.0 §2.11), and its namespace where that was declared further out.
func (r *reader) narrative(t tag) {
	if t.prefix {
		r.report(t.pos, "", "the narrative must be written as <div xmlns=\""+xhtmlNamespace+"\">")
	}
	r.within(t)
	if r.err != nil {
		return
	}
	text := r.b[t.pos:r.pos]
	if !t.plain {
		const name = "<div"
		text = append([]byte(name+` xmlns="`+xhtmlNamespace+`"`), text[len(name):]...)
	}
	if bytes.IndexByte(text, '\r') >= 0 {
		text = bytes.ReplaceAll(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")), []byte("\r"), []byte("\n"))
	}
	r.out = appendQuoted(r.out, text)
}

// isNumber reports whether text is a number as JSON and R4 write it.
func isNumber(text []byte) bool {
	rest := bytes.TrimPrefix(text, []byte("-"))
	n := digits(rest)
	if n == 0 || n > 1 && rest[0] == '0' {
		return false
	}
	rest = rest[n:]
	if fraction, ok := bytes.CutPrefix(rest, []byte(".")); ok {
		if n = digits(fraction); n == 0 {
			return false
		}
		rest = fraction[n:]
	}
	if len(rest) > 0 && rest[0]|0x20 == 'e' {
		if rest = rest[1:]; len(rest) > 0 && (rest[0] == '+' || rest[0] == '-') {
			rest = rest[1:]
		}
		if n = digits(rest); n == 0 {
			return false
		}
		rest = rest[n:]
	}
	return len(rest) == 0
}

func digits(b []byte) int {
	n := 0
	for n < len(b) && '0' <= b[n] && b[n] <= '9' {
		n++
	}
	return n
}

// appendQuoted writes text as a JSON string.
func appendQuoted(out, text []byte) []byte {
	out = append(out, '"')
	from := 0
	for i, c := range text {
		var escaped string
		switch {
		case c == '"' || c == '\\':
			escaped = `\` + string(c)
		case c == '\n':
			escaped = `\n`
		case c == '\r':
			escaped = `\r`
		case c == '\t':
			escaped = `\t`
		case c < ' ':
			escaped = `\u00` + string("0123456789abcdef"[c>>4]) + string("0123456789abcdef"[c&15])
		default:
			continue
		}
		out = append(append(out, text[from:i]...), escaped...)
		from = i + 1
	}
	return append(append(out, text[from:]...), '"')
}

// brief quotes what a sender wrote, shortened.
func brief(text []byte) string {
	return strconv.Quote(string(bytes.ToValidUTF8(text[:min(len(text), maxBrief)], nil)))
}
