package hl7v2

import (
	"encoding/hex"
	"strconv"
	"strings"
	"unicode/utf8"
)

// unescape resolves the escape sequences of HL7 v2.5.1, 2.7, and removes control
// characters that FHIR strings cannot hold (R4 datatypes.html#string). An
// unknown or unclosed sequence stays as it stands.
func unescape(s string, sep *Separators) string {
	if sep == nil || sep.Escape == 0 || strings.IndexByte(s, sep.Escape) < 0 {
		return printable(s)
	}
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(s, string(sep.Escape))
		b.WriteString(before)
		if !found {
			return printable(b.String())
		}
		sequence, after, closed := strings.Cut(rest, string(sep.Escape))
		text, known := resolve(sequence, sep)
		if !closed || !known { // the escape character itself; go on behind it
			b.WriteByte(sep.Escape)
			s = rest
			continue
		}
		b.WriteString(text)
		s = after
	}
}

// resolve gives the meaning of what stands between two escape characters.
func resolve(sequence string, sep *Separators) (text string, known bool) {
	switch sequence {
	case "F":
		return string(sep.Field), true
	case "S":
		return string(sep.Component), true
	case "T":
		return string(sep.SubComponent), true
	case "R":
		return string(sep.Repetition), true
	case "E":
		return string(sep.Escape), true
	case "H", "N": // highlighting has no place in plain text
		return "", true
	}
	if digits, ok := strings.CutPrefix(sequence, "X"); ok {
		return hexText(digits)
	}
	if command, ok := strings.CutPrefix(sequence, "."); ok {
		return format(command)
	}
	return "", false
}

// hexText is \Xdd..\: UTF-8 where the bytes are that, else Windows-1252.
func hexText(digits string) (string, bool) {
	b, err := hex.DecodeString(digits)
	if err != nil || len(b) == 0 {
		return "", false
	}
	if utf8.Valid(b) {
		return string(b), true
	}
	return decodeMixed(b), true
}

// format is a formatting command of the FT type (HL7 v2.5.1, 2.7.6): only line
// breaks and spaces survive in plain text.
func format(command string) (string, bool) {
	name, count := command, 1
	if i := strings.IndexAny(command, "+-0123456789"); i >= 0 {
		n, err := strconv.Atoi(strings.TrimPrefix(command[i:], "+"))
		if err != nil {
			return "", false
		}
		name, count = command[:i], min(max(n, 0), 100)
	}
	switch strings.TrimSpace(name) {
	case "br", "ce":
		return "\n", true
	case "sp":
		return strings.Repeat("\n", count), true
	case "sk":
		return strings.Repeat(" ", count), true
	case "fi", "nf", "in", "ti":
		return "", true
	}
	return "", false
}

// printable drops control characters save tab and newline; a carriage return
// becomes a newline.
func printable(s string) string {
	clean := func(r rune) bool { return r < ' ' && r != '\t' && r != '\n' || 0x7f <= r && r < 0xa0 }
	if strings.IndexFunc(s, clean) < 0 {
		return s
	}
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\r':
			return '\n'
		case clean(r):
			return -1
		}
		return r
	}, s)
}

// escape makes text fit to stand in a field.
func escape(s string, sep Separators) string {
	var b strings.Builder
	for _, r := range printable(s) {
		switch {
		case r >= utf8.RuneSelf:
			b.WriteRune(r)
		case r == '\n' || r == '\t':
			b.WriteByte(' ')
		default:
			b.WriteString(escapeByte(byte(r), sep))
		}
	}
	return b.String()
}

func escapeByte(c byte, sep Separators) string {
	name := ""
	switch c {
	case sep.Field:
		name = "F"
	case sep.Component:
		name = "S"
	case sep.SubComponent:
		name = "T"
	case sep.Repetition:
		name = "R"
	case sep.Escape:
		name = "E"
	default:
		return string(rune(c))
	}
	if sep.Escape == 0 {
		return " "
	}
	return string(sep.Escape) + name + string(sep.Escape)
}
