package hl7v2

import "strings"

// Separators are the delimiters a message declares in MSH-1 and MSH-2. Those
// that a message does not declare are 0 and occur nowhere.
type Separators struct {
	Field        byte
	Component    byte
	Repetition   byte
	Escape       byte
	SubComponent byte
}

// Standard are the delimiters |^~\& that HL7 recommends.
var Standard = Separators{Field: '|', Component: '^', Repetition: '~', Escape: '\\', SubComponent: '&'}

// parseSeparators reads MSH-1 and MSH-2 (HL7 v2.5.1, 2.5.4). A fifth encoding
// character, the truncation character of 2.7, is accepted and not interpreted.
func parseSeparators(header string) (Separators, *Fault) {
	if len(header) < 5 {
		return Separators{}, fault("MSH-1", codeStructure, "the message header is incomplete")
	}
	s := Separators{Field: header[3]}
	encoding := header[4:]
	if end := strings.IndexByte(encoding, s.Field); end >= 0 {
		encoding = encoding[:end]
	}
	if len(encoding) > 5 {
		return Separators{}, fault("MSH-2", codeDataType, "there are at most five encoding characters")
	}
	for i, to := range []*byte{&s.Component, &s.Repetition, &s.Escape, &s.SubComponent} {
		if i < len(encoding) {
			*to = encoding[i]
		}
	}
	if !delimiters(string(s.Field) + encoding) {
		return Separators{}, fault("MSH-2", codeDataType, "the delimiters are not distinct punctuation characters")
	}
	return s, nil
}

func delimiters(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9'
		if c <= ' ' || c >= 0x7f || letter || strings.IndexByte(s, c) != i {
			return false
		}
	}
	return true
}

// encoding is MSH-2.
func (s Separators) encoding() string {
	var b strings.Builder
	for _, c := range []byte{s.Component, s.Repetition, s.Escape, s.SubComponent} {
		if c == 0 {
			break
		}
		b.WriteByte(c)
	}
	return b.String()
}
