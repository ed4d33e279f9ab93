package hl7v2

import (
	"fmt"
	"strings"
)

// Message is one parsed message.
type Message struct {
	Separators Separators
	Charset    string // as MSH-18 declares it, else as Options say
	// Misdeclared: the bytes are not what MSH-18 says, and were read for what
	// they are.
	Misdeclared bool
	Segments    []Segment

	raw  []byte
	lead string // what stood before MSH: a byte order mark, line ends
}

// Raw is the message as received.
func (m *Message) Raw() []byte { return m.raw }

// Text is the whole message in UTF-8, unchanged otherwise: its parts put
// together again.
func (m *Message) Text() string {
	var b strings.Builder
	b.WriteString(m.lead)
	for _, s := range m.Segments {
		b.WriteString(s.Raw())
		b.WriteString(s.end)
	}
	return b.String()
}

// First is the first segment of that name. The zero Segment, when there is
// none, answers every accessor with nothing.
func (m *Message) First(name string) (Segment, bool) {
	for _, s := range m.Segments {
		if s.Name == name {
			return s, true
		}
	}
	return Segment{}, false
}

// header is MSH, which every parsed message has first.
func (m *Message) header() Segment { return m.Segments[0] }

// Type is MSH-9.1 and MSH-9.2, such as ADT and A01.
func (m *Message) Type() (code, event string) {
	t := m.header().Field(9)
	return t.Component(1).Text(), t.Component(2).Text()
}

// Sender is the first component of MSH-3 and of MSH-4.
func (m *Message) Sender() (application, facility string) {
	return m.header().Field(3).Component(1).Text(), m.header().Field(4).Component(1).Text()
}

// ControlID is MSH-10.
func (m *Message) ControlID() string { return m.header().Field(10).Text() }

// Version is MSH-12.1, such as 2.5.1.
func (m *Message) Version() string { return m.header().Field(12).Component(1).Text() }

// Segment is one segment. Unknown and Z-segments are segments like any other.
type Segment struct {
	Name     string
	Sequence int      // which of its name in the message, from 1
	fields   []string // [0] is the name
	end      string   // the line end as received
	sep      *Separators
}

// Field is field n by HL7's numbering, from 1. MSH-1 is the field separator.
func (s Segment) Field(n int) Value {
	if s.Name == "MSH" || s.Name == "FHS" || s.Name == "BHS" {
		switch n {
		case 1:
			return Value{text: string(s.sep.Field)}
		case 2: // the encoding characters are not encoded themselves
			return Value{text: s.at(1)}
		}
		n--
	}
	return Value{text: s.at(n), sep: s.sep}
}

func (s Segment) at(i int) string {
	if i < 1 || i >= len(s.fields) {
		return ""
	}
	return s.fields[i]
}

// place writes a location such as PID-3[2].1 or OBX[4]-5: this segment's field,
// repetition and component. A repetition or component of 0 is left out.
func (s Segment) place(field, repetition, component int) string {
	at := s.Name
	if s.Sequence > 1 {
		at += fmt.Sprintf("[%d]", s.Sequence)
	}
	at += fmt.Sprintf("-%d", field)
	if repetition > 1 {
		at += fmt.Sprintf("[%d]", repetition)
	}
	if component > 0 {
		at += fmt.Sprintf(".%d", component)
	}
	return at
}

// Raw is the segment as it stood in Message.Text, without its line end.
func (s Segment) Raw() string {
	if s.sep == nil {
		return ""
	}
	return strings.Join(s.fields, string(s.sep.Field))
}

// Value is a field, a repetition, a component or a sub-component. The zero
// Value is empty.
type Value struct {
	text  string
	sep   *Separators
	level level
}

type level uint8

const (
	wholeField level = iota
	oneRepetition
	oneComponent
	oneSubComponent
)

// Raw is the value as it stood in Message.Text, escapes and all.
func (v Value) Raw() string { return v.text }

// IsEmpty reports that nothing was sent: leave what is known as it is.
func (v Value) IsEmpty() bool { return v.text == "" }

// IsNull reports the value "": delete what is known (HL7 v2.5.1, 2.5.3).
func (v Value) IsNull() bool { return v.text == `""` }

// Text is the value with its escapes resolved and control characters other
// than tab and newline removed, without surrounding space. It is "" for IsNull.
func (v Value) Text() string {
	if v.IsNull() {
		return ""
	}
	return strings.TrimSpace(unescape(v.text, v.sep))
}

// Repetitions are the repetitions of a field, at least one.
func (v Value) Repetitions() []Value { return v.split(oneRepetition) }

// Component is component n, from 1, of the first repetition.
func (v Value) Component(n int) Value { return v.part(oneComponent, n) }

// Sub is sub-component n, from 1, of the first component.
func (v Value) Sub(n int) Value { return v.part(oneSubComponent, n) }

// Components are all components of the first repetition.
func (v Value) Components() []Value {
	if v.level < oneRepetition {
		v = v.part(oneRepetition, 1)
	}
	return v.split(oneComponent)
}

// isBlank reports that no part of the value holds text.
func (v Value) isBlank() bool {
	for _, c := range v.Components() {
		for _, s := range c.split(oneSubComponent) {
			if s.Text() != "" {
				return false
			}
		}
	}
	return true
}

// delimiter divides a value into parts of the given level.
func (v Value) delimiter(l level) byte {
	if v.sep == nil {
		return 0
	}
	return [...]byte{0, v.sep.Repetition, v.sep.Component, v.sep.SubComponent}[l]
}

func (v Value) split(l level) []Value {
	d := v.delimiter(l)
	if d == 0 || v.level >= l {
		v.level = max(v.level, l)
		return []Value{v}
	}
	parts := strings.Split(v.text, string(d))
	out := make([]Value, len(parts))
	for i, p := range parts {
		out[i] = Value{text: p, sep: v.sep, level: l}
	}
	return out
}

// part is part n of the level, going down one level at a time by first parts.
func (v Value) part(l level, n int) Value {
	for v.level+1 < l {
		v = v.cut(v.level+1, 1)
	}
	if v.level >= l { // what has no such parts is its own first
		if n == 1 {
			return v
		}
		return Value{}
	}
	return v.cut(l, n)
}

func (v Value) cut(l level, n int) Value {
	d := v.delimiter(l)
	rest, found := v.text, true
	for ; n > 1 && found; n-- {
		if d == 0 {
			return Value{}
		}
		_, rest, found = strings.Cut(rest, string(d))
	}
	if !found || n < 1 {
		return Value{}
	}
	if d != 0 {
		rest, _, _ = strings.Cut(rest, string(d))
	}
	return Value{text: rest, sep: v.sep, level: l}
}
