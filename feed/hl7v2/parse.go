package hl7v2

import (
	"strings"
)

// Options bound and complete the reading of a message. Zero values are the
// defaults.
type Options struct {
	Charset     string // used where MSH-18 is empty, a name of HL7 table 0211
	MaxBytes    int    // of the message; 4 MiB
	MaxSegments int    // 20,000
	// MaxElements bounds the delimiters in one segment, and with them the
	// memory a message can make us use; 10,000.
	MaxElements int
}

func (o Options) withDefaults() Options {
	for _, d := range []struct {
		value *int
		or    int
	}{{&o.MaxBytes, 4 << 20}, {&o.MaxSegments, 20_000}, {&o.MaxElements, 10_000}} {
		if *d.value <= 0 {
			*d.value = d.or
		}
	}
	return o
}

// Parse reads one message. The error is a Faults. Where the header could be
// read the Message is returned with the error, so that it can be answered and
// its sender known; else the Message is nil.
func Parse(raw []byte, o Options) (*Message, error) {
	o = o.withDefaults()
	if len(raw) > o.MaxBytes {
		return nil, Faults{fault("", codeStructure, "the message is too large")}
	}
	header, bad := findHeader(raw)
	if bad != nil {
		return nil, Faults{bad}
	}
	sep, bad := parseSeparators(header)
	if bad != nil {
		return nil, Faults{bad}
	}
	m := &Message{Separators: sep, raw: raw}
	if m.Charset = declaredCharset(header, sep); m.Charset == "" {
		m.Charset = o.Charset
	}
	var text string
	text, m.Misdeclared, bad = decode(raw, m.Charset)
	if bad != nil { // read what is needed for the answer
		text = strings.ToValidUTF8(string(raw), "\uFFFD")
	}
	if wrong := m.split(text, o); bad == nil {
		bad = wrong
	}
	switch {
	case len(m.Segments) == 0:
		return nil, Faults{bad}
	case bad != nil:
		return m, Faults{bad}
	}
	return m, nil
}

// findHeader finds the first line, which must be MSH. A byte order mark and
// line ends may stand before it.
func findHeader(raw []byte) (header string, bad *Fault) {
	s := string(raw[:min(len(raw), 1<<16)])
	s = strings.TrimLeft(strings.TrimPrefix(s, "\uFEFF"), "\r\n")
	if !strings.HasPrefix(s, "MSH") {
		return "", fault("", codeStructure, "a message starts with MSH")
	}
	if end := strings.IndexAny(s, "\r\n"); end >= 0 {
		s = s[:end]
	}
	return s, nil
}

func declaredCharset(header string, sep Separators) string {
	fields := strings.Split(header, string(sep.Field))
	if len(fields) < 18 {
		return ""
	}
	first, _, _ := strings.Cut(fields[17], string(sep.Repetition))
	return strings.TrimSpace(first)
}

// split cuts the text into segments. It stops at the first thing that is wrong
// and keeps what it has.
func (m *Message) split(text string, o Options) *Fault {
	var rest string
	seen := map[string]int{}
	m.lead, rest, _ = strings.Cut(text, "MSH")
	for rest = "MSH" + rest; len(rest) > 0; {
		line, end := m.nextLine(rest)
		rest = rest[len(line)+len(end):]
		name := segmentName(line, m.Separators.Field)
		switch {
		case name == "":
			return fault("", codeSequence, "a line is not a segment")
		case name == "MSH" && len(m.Segments) > 0:
			return fault("MSH", codeSequence, "there are two messages in one frame")
		case len(m.Segments) == o.MaxSegments:
			return fault("", codeStructure, "the message has too many segments")
		case m.delimitersIn(line, o.MaxElements) > o.MaxElements:
			return fault(name, codeStructure, "the segment has too many elements")
		}
		seen[name]++
		m.Segments = append(m.Segments, Segment{
			Name: name, Sequence: seen[name],
			fields: strings.Split(line, string(m.Separators.Field)), end: end, sep: &m.Separators,
		})
	}
	return nil
}

// nextLine cuts the first line and its end, blank lines included. A carriage
// return always ends a segment (HL7 v2.5.1, 2.5.2). A lone line feed does where
// a segment's name follows, because many senders write their files so; else it
// is part of a text.
func (m *Message) nextLine(s string) (line, end string) {
	at := 0
	for {
		i := strings.IndexAny(s[at:], "\r\n")
		if i < 0 {
			return s, ""
		}
		at += i
		after := strings.TrimLeft(s[at:], "\r\n")
		end = s[at : len(s)-len(after)]
		if strings.Contains(end, "\r") || after == "" || segmentName(after, m.Separators.Field) != "" {
			return s[:at], end
		}
		at += len(end)
	}
}

// segmentName is the name of the segment that a line starts with: a capital and
// two capitals or digits, then a field separator or nothing.
func segmentName(line string, field byte) string {
	if len(line) < 3 || len(line) > 3 && line[3] != field && line[3] != '\r' && line[3] != '\n' {
		return ""
	}
	for i := range 3 {
		capital, digit := 'A' <= line[i] && line[i] <= 'Z', '0' <= line[i] && line[i] <= '9'
		if !capital && (i == 0 || !digit) {
			return ""
		}
	}
	return line[:3]
}

// delimitersIn counts delimiters, and stops counting beyond limit.
func (m *Message) delimitersIn(line string, limit int) int {
	n := 0
	for i := 0; i < len(line) && n <= limit; i++ {
		switch c := line[i]; c {
		case 0:
		case m.Separators.Field, m.Separators.Component, m.Separators.Repetition, m.Separators.SubComponent:
			n++
		}
	}
	return n
}
