package hl7v2

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// charsets are the single-byte sets of HL7 table 0211. 8859/1 is read as
// Windows-1252, as browsers do: its control characters 80–9F are never meant,
// and what senders call Latin-1 often has a euro sign there.
var charsets = map[string]*charmap.Charmap{
	"8859/1": charmap.Windows1252, "8859/2": charmap.ISO8859_2, "8859/3": charmap.ISO8859_3,
	"8859/4": charmap.ISO8859_4, "8859/5": charmap.ISO8859_5, "8859/6": charmap.ISO8859_6,
	"8859/7": charmap.ISO8859_7, "8859/8": charmap.ISO8859_8, "8859/9": charmap.ISO8859_9,
	"8859/15": charmap.ISO8859_15,
}

// isUnicode: names that mean UTF-8 in practice, and names that mean nothing
// beyond ASCII.
func isUnicode(name string) bool {
	switch name {
	case "", "ASCII", "UNICODE", "UNICODE UTF-8", "UTF-8":
		return true
	}
	return false
}

// decode turns the bytes into UTF-8. MSH-18 is often wrong, so the bytes decide:
// text beyond ASCII that is valid UTF-8 is UTF-8, whatever is declared (Latin-1
// text is so only by an accident that does not occur in names); in text declared
// as UTF-8, or not at all, a byte that is no UTF-8 is Windows-1252.
func decode(raw []byte, declared string) (text string, misdeclared bool, bad *Fault) {
	if isASCII(raw) {
		return string(raw), false, nil
	}
	unicode := isUnicode(declared)
	if utf8.Valid(raw) {
		return string(raw), !unicode || declared == "ASCII", nil
	}
	if unicode {
		return decodeMixed(raw), true, nil
	}
	cs, known := charsets[declared]
	if !known {
		return "", false, fault("MSH-18", codeTable, "the character set is not supported")
	}
	decoded, err := cs.NewDecoder().Bytes(raw)
	if err != nil {
		return "", false, fault("MSH-18", codeDataType, "the message is not in its character set")
	}
	return string(decoded), false, nil
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func decodeMixed(raw []byte) string {
	var b strings.Builder
	b.Grow(len(raw) + len(raw)/8)
	for len(raw) > 0 {
		r, size := utf8.DecodeRune(raw)
		if r == utf8.RuneError && size == 1 {
			r = charmap.Windows1252.DecodeByte(raw[0])
		}
		b.WriteRune(r)
		raw = raw[size:]
	}
	return b.String()
}

// encode turns an answer back into the character set of the message it answers.
// What the set lacks becomes a question mark.
func encode(text, declared string) []byte {
	cs, known := charsets[declared]
	if !known {
		return []byte(text)
	}
	out := make([]byte, 0, len(text))
	for _, r := range text {
		c, ok := cs.EncodeRune(r)
		if !ok {
			c = '?'
		}
		out = append(out, c)
	}
	return out
}
