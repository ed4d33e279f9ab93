package index

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Fold makes strings that differ only in case, accents or white space equal (R4
// search.html#string): canonically decomposed, without combining marks and
// control characters, in lower case, with single spaces between words and none
// around. Fold(Fold(s)) is Fold(s).
func Fold(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	gap := false
	for _, r := range norm.NFD.String(s) {
		switch {
		case unicode.IsSpace(r):
			gap = b.Len() > 0
			continue
		case unicode.Is(unicode.Mn, r) || unicode.IsControl(r):
			continue
		}
		if gap {
			b.WriteByte(' ')
			gap = false
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
