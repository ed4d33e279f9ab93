package relational

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode/utf8"
)

// keyLength is the longest text, in bytes, that stands in an index as it is.
// PostgreSQL refuses an index entry over 2,704 bytes.
const keyLength = 128

// key is how a text of any length stands in an index: itself, or its start and
// its hash. The second form is longer than any text of the first, so that no
// value can pass for another.
func key(s string) string { return shortened(s, keyLength) }

// linkLength is keyLength for URLs and canonicals, which are compared by their
// starts as well and share an index with numbers only.
const linkLength = 1024

// linkKey is key for a URL. The start of a text stays that of its key for as
// long as it is shorter than linkStart.
func linkKey(s string) string { return shortened(s, linkLength) }

const linkStart = linkLength - utf8.UTFMax

func shortened(s string, length int) string {
	s = clean(s)
	if len(s) <= length {
		return s
	}
	sum := sha256.Sum256([]byte(s))
	return strings.ToValidUTF8(s[:length-utf8.UTFMax], "") + "#" + hex.EncodeToString(sum[:])
}

// wordKeys are words as they stand in an index, where a line feed is between
// two.
func wordKeys(list []string) []string {
	out := make([]string, 0, len(list))
	for _, w := range list {
		if w != "" {
			out = append(out, key(strings.ReplaceAll(w, "\n", "\uFFFD")))
		}
	}
	return out
}

// clean makes a text that both databases store: PostgreSQL has no U+0000.
func clean(s string) string {
	if strings.IndexByte(s, 0) >= 0 || !utf8.ValidString(s) {
		s = strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", "\uFFFD"), "\uFFFD")
	}
	return s
}

// headLength is how many characters of a folded string its index holds.
const headLength = 64

// foldedHead cuts a string to what the index of strings holds.
func foldedHead(s string) (text string, whole bool) {
	n := 0
	for i := range s {
		if n == headLength {
			return s[:i], false
		}
		n++
	}
	return s, true
}

// after is the least text that is greater, by code point, than every text that
// starts with s; ok is false when there is none.
func after(s string) (text string, ok bool) {
	runes := []rune(s)
	for i := len(runes) - 1; i >= 0; i-- {
		next := runes[i] + 1
		if next == 0xd800 {
			next = 0xe000 // surrogates are not characters
		}
		if next <= utf8.MaxRune {
			return string(runes[:i]) + string(next), true
		}
	}
	return "", false
}
