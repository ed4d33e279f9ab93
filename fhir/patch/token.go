package patch

import "strings"

type tokenKind uint8

const (
	endToken tokenKind = iota
	nameToken
	stringToken
	numberToken
	dateToken // without its @
	symbolToken
)

type token struct {
	kind tokenKind
	text string
}

// maxPath bounds a path in bytes, and so what its evaluation can nest.
const maxPath = 2048

// tokenize splits a path by FHIRPath's lexical rules, as far as paths of
// patches use them. The last token is an endToken.
func tokenize(s string) ([]token, error) {
	if len(s) > maxPath {
		return nil, malformed("the path is too long")
	}
	var out []token
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case strings.IndexByte(" \t\r\n", c) >= 0:
			i++
			continue
		case c == '\'' || c == '`':
			text, size, err := delimited(s[i:])
			if err != nil {
				return nil, err
			}
			kind := stringToken
			if c == '`' {
				kind = nameToken
			}
			out, i = append(out, token{kind, text}), i+size
			continue
		}
		t, size := scan(s[i:])
		if size == 0 {
			return nil, malformed("the path cannot be read at " + quote(s[i:]))
		}
		out, i = append(out, t), i+size
	}
	return append(out, token{}), nil
}

// scan reads a token that needs no unescaping.
func scan(s string) (token, int) {
	switch c := s[0]; {
	case letter(c):
		n := span(s, func(c byte) bool { return letter(c) || digit(c) })
		return token{nameToken, s[:n]}, n
	case digit(c):
		n := span(s, digit)
		if n+1 < len(s) && s[n] == '.' && digit(s[n+1]) {
			n += 1 + span(s[n+1:], digit)
		}
		return token{numberToken, s[:n]}, n
	case c == '@':
		n := 1 + span(s[1:], func(c byte) bool { return digit(c) || strings.IndexByte("-:.TZ+", c) >= 0 })
		return token{dateToken, s[1:n]}, n
	case strings.HasPrefix(s, "!="):
		return token{symbolToken, s[:2]}, 2
	case strings.IndexByte(".()[]=-", c) >= 0:
		return token{symbolToken, s[:1]}, 1
	case strings.HasPrefix(s, "$this"):
		return token{nameToken, s[:5]}, 5
	}
	return token{}, 0
}

// delimited reads a string or a delimited identifier with its escapes, and the
// size of its source.
func delimited(s string) (string, int, error) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == s[0]:
			return b.String(), i + 1, nil
		case c != '\\':
			b.WriteByte(c)
		case i+1 < len(s) && strings.IndexByte("'\"`\\/", s[i+1]) >= 0:
			i++
			b.WriteByte(s[i])
		default:
			return "", 0, malformed("an escape of the path is not supported")
		}
	}
	return "", 0, malformed("the path ends within a string")
}

func span(s string, in func(byte) bool) int {
	n := 0
	for n < len(s) && in(s[n]) {
		n++
	}
	return n
}

func letter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' || c == '_' }
func digit(c byte) bool  { return '0' <= c && c <= '9' }
