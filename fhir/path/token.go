package path

import "fmt"

// UnsupportedError says which expression is outside the subset, and where.
type UnsupportedError struct {
	Expression string
	Offset     int // bytes from the start
	Reason     string
}

func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("path: %s at byte %d of %q", e.Reason, e.Offset, e.Expression)
}

type tokenKind uint8

const (
	endToken tokenKind = iota
	nameToken
	stringToken
	numberToken
	symbolToken // . ( ) [ ] | = !=
)

type token struct {
	kind tokenKind
	text string // a string literal without its quotes
	at   int
}

// maxLength bounds an expression; R4's longest for one type has 640 bytes.
const maxLength = 4096

// tokenize splits an expression; the last token is always an endToken.
func tokenize(s string) ([]token, error) {
	if len(s) > maxLength {
		return nil, &UnsupportedError{s[:64] + "…", 0, "longer than this server reads"}
	}
	var out []token
	for i := 0; i < len(s); {
		t, size := scan(s, i)
		if size == 0 {
			return nil, &UnsupportedError{s, i, "unsupported character"}
		}
		if t.kind != endToken {
			out = append(out, t)
		}
		i += size
	}
	return append(out, token{at: len(s)}), nil
}

// scan reads the token at i and its size; white space is an endToken, and what
// cannot be read has size 0.
func scan(s string, i int) (token, int) {
	switch c := s[i]; {
	case c == ' ' || c == '\t' || c == '\r' || c == '\n':
		return token{}, 1
	case letter(c):
		n := span(s[i:], func(c byte) bool { return letter(c) || digit(c) })
		return token{nameToken, s[i : i+n], i}, n
	case digit(c):
		n := span(s[i:], digit)
		return token{numberToken, s[i : i+n], i}, n
	case c == '\'':
		n := span(s[i+1:], func(c byte) bool { return c != '\'' && c != '\\' })
		if end := i + 1 + n; end < len(s) && s[end] == '\'' {
			return token{stringToken, s[i+1 : end], i}, n + 2
		}
		return token{}, 0
	case c == '!' && i+1 < len(s) && s[i+1] == '=':
		return token{symbolToken, "!=", i}, 2
	case c == '.' || c == '(' || c == ')' || c == '[' || c == ']' || c == '|' || c == '=':
		return token{symbolToken, s[i : i+1], i}, 1
	}
	return token{}, 0
}

func span(s string, in func(byte) bool) int {
	n := 0
	for n < len(s) && in(s[n]) {
		n++
	}
	return n
}

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' }
func digit(c byte) bool  { return '0' <= c && c <= '9' }
