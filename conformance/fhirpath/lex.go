package fhirpath

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxSource and maxNesting bound an expression; R4's longest has 1,100 bytes.
const (
	maxSource  = 16 << 10
	maxNesting = 100
)

type tokenKind uint8

const (
	endToken tokenKind = iota
	nameToken
	quotedNameToken // `name`
	stringToken
	numberToken
	temporalToken
	symbolToken
	variableToken // $this, $index, $total
	constantToken // %name
)

type token struct {
	kind tokenKind
	text string // of names and strings, unescaped
	pos  int
}

// SyntaxError says what is wrong with an expression.
type SyntaxError struct {
	Source  string
	Pos     int // in bytes
	Problem string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s at position %d of the expression", e.Problem, e.Pos)
}

type lexer struct {
	source string
	pos    int
	tokens []token
}

func (l *lexer) fail(problem string) error { return &SyntaxError{l.source, l.pos, problem} }

func tokenize(source string) ([]token, error) {
	l := lexer{source: source}
	if len(source) > maxSource {
		return nil, l.fail("longer than 16 KB")
	}
	if !utf8.ValidString(source) {
		return nil, l.fail("not valid UTF-8")
	}
	for {
		if err := l.space(); err != nil {
			return nil, err
		}
		if l.pos == len(source) {
			l.add(endToken, "", l.pos)
			return l.tokens, nil
		}
		if err := l.next(); err != nil {
			return nil, err
		}
	}
}

func (l *lexer) add(kind tokenKind, text string, from int) {
	l.tokens = append(l.tokens, token{kind, text, from})
}

func (l *lexer) rest() string { return l.source[l.pos:] }

// space skips white space and comments.
func (l *lexer) space() error {
	for l.pos < len(l.source) {
		switch rest := l.rest(); {
		case strings.IndexByte(" \t\r\n", rest[0]) >= 0:
			l.pos++
		case strings.HasPrefix(rest, "//"):
			if end := strings.IndexByte(rest, '\n'); end >= 0 {
				l.pos += end
			} else {
				l.pos = len(l.source)
			}
		case strings.HasPrefix(rest, "/*"):
			end := strings.Index(rest[2:], "*/")
			if end < 0 {
				return l.fail("a comment does not end")
			}
			l.pos += 2 + end + 2
		default:
			return nil
		}
	}
	return nil
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }

func (l *lexer) next() error {
	from := l.pos
	switch c := l.source[l.pos]; {
	case isLetter(c):
		l.add(nameToken, l.word(), from)
	case isDigit(c):
		l.add(numberToken, l.number(), from)
	case c == '\'' || c == '`' || c == '"':
		text, err := l.quoted(c)
		if err != nil {
			return err
		}
		kind := stringToken
		if c != '\'' {
			kind = quotedNameToken
		}
		l.add(kind, text, from)
	case c == '@':
		l.pos++
		l.add(temporalToken, l.temporal(), from)
	case c == '$':
		l.pos++
		l.add(variableToken, l.word(), from)
	case c == '%':
		return l.constant(from)
	default:
		return l.symbol(from)
	}
	return nil
}

func (l *lexer) word() string {
	from := l.pos
	for l.pos < len(l.source) && (isLetter(l.source[l.pos]) || isDigit(l.source[l.pos])) {
		l.pos++
	}
	return l.source[from:l.pos]
}

func (l *lexer) digits() {
	for l.pos < len(l.source) && isDigit(l.source[l.pos]) {
		l.pos++
	}
}

func (l *lexer) number() string {
	from := l.pos
	l.digits()
	if rest := l.rest(); len(rest) > 1 && rest[0] == '.' && isDigit(rest[1]) {
		l.pos++
		l.digits()
	}
	return l.source[from:l.pos]
}

// temporal is the text after @. A point followed by a letter is an invocation.
func (l *lexer) temporal() string {
	from := l.pos
	timed := false
	for l.pos < len(l.source) {
		c := l.source[l.pos]
		switch {
		case isDigit(c), c == ':' && timed:
		case c == '-', c == '+' && timed:
			if next := l.rest(); len(next) < 2 || !isDigit(next[1]) {
				return l.source[from:l.pos]
			}
		case c == 'T' && !timed:
			timed = true
		case c == 'Z' && timed:
			l.pos++
			return l.source[from:l.pos]
		case c == '.' && timed && len(l.rest()) > 1 && isDigit(l.rest()[1]):
		default:
			return l.source[from:l.pos]
		}
		l.pos++
	}
	return l.source[from:l.pos]
}

func (l *lexer) constant(from int) error {
	l.pos++
	if l.pos < len(l.source) && strings.IndexByte("'`\"", l.source[l.pos]) >= 0 {
		text, err := l.quoted(l.source[l.pos])
		if err != nil {
			return err
		}
		l.add(constantToken, text, from)
		return nil
	}
	name := l.word()
	if name == "" {
		return l.fail("a name is expected after %")
	}
	l.add(constantToken, name, from)
	return nil
}

var symbols = []string{"<=", ">=", "!=", "!~", "+", "-", "*", "/", "&", "|", "<", ">", "=", "~", "(", ")", "[", "]", "{", "}", ".", ","}

func (l *lexer) symbol(from int) error {
	for _, s := range symbols {
		if strings.HasPrefix(l.rest(), s) {
			l.pos += len(s)
			l.add(symbolToken, s, from)
			return nil
		}
	}
	return l.fail("unexpected character")
}

var escapes = map[byte]string{'\'': "'", '"': `"`, '`': "`", '\\': `\`, '/': "/", 'f': "\f", 'n': "\n", 'r': "\r", 't': "\t"}

func (l *lexer) quoted(quote byte) (string, error) {
	var b strings.Builder
	l.pos++
	for l.pos < len(l.source) {
		c := l.source[l.pos]
		l.pos++
		switch {
		case c == quote:
			return b.String(), nil
		case c != '\\':
			b.WriteByte(c)
		default:
			if err := l.escape(&b); err != nil {
				return "", err
			}
		}
	}
	return "", l.fail("a string does not end")
}

// escape reads what follows a backslash. HL7's own expressions escape more than
// the grammar knows (\. in a regular expression): such a pair stays as it is.
func (l *lexer) escape(b *strings.Builder) error {
	if l.pos == len(l.source) {
		return l.fail("a string does not end")
	}
	c := l.source[l.pos]
	l.pos++
	if text, ok := escapes[c]; ok {
		b.WriteString(text)
		return nil
	}
	if c != 'u' {
		b.WriteByte('\\')
		b.WriteByte(c)
		return nil
	}
	if l.pos+4 > len(l.source) {
		return l.fail("\\u needs four digits")
	}
	r, err := strconv.ParseUint(l.source[l.pos:l.pos+4], 16, 16)
	if err != nil {
		return l.fail("\\u needs four digits")
	}
	l.pos += 4
	b.WriteRune(rune(r))
	return nil
}
