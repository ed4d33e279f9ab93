package fhirpath

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/cockroachdb/apd/v3"
)

func errKind(i invoked, problem string) error { return fmt.Errorf("%s: %s", i.name, problem) }

// ofText makes a function of a single string from one that is given it; an
// empty input answers with nothing.
func ofText(run func(m *machine, i invoked, s string) (Collection, error)) func(*machine, invoked) (Collection, error) {
	return func(m *machine, i invoked) (Collection, error) {
		v, err := single(i.input)
		if err != nil || v == nil {
			return nil, err
		}
		s, ok := v.(string)
		if !ok {
			if s, ok = toText(v); !ok || i.input[0].value != nil {
				return nil, errKind(i, "a string is expected")
			}
		}
		if err := m.step(len(s) / charsPerStep); err != nil {
			return nil, err
		}
		return run(m, i, s)
	}
}

func mapped(f func(string) string) function {
	return function{0, 0, false, false, ofText(func(_ *machine, _ invoked, s string) (Collection, error) { return valueOf(f(s)), nil })}
}

func compared(f func(s, other string) any) function {
	return function{1, 1, false, false, ofText(func(m *machine, i invoked, s string) (Collection, error) {
		other, ok, err := i.text(m, 0)
		if err != nil || !ok {
			return nil, err
		}
		return valueOf(f(s, other)), nil
	})}
}

var texts = map[string]function{
	"upper":       mapped(strings.ToUpper),
	"lower":       mapped(strings.ToLower),
	"trim":        mapped(strings.TrimSpace),
	"startsWith":  compared(func(s, o string) any { return strings.HasPrefix(s, o) }),
	"endsWith":    compared(func(s, o string) any { return strings.HasSuffix(s, o) }),
	"contains":    compared(func(s, o string) any { return strings.Contains(s, o) }),
	"indexOf":     compared(func(s, o string) any { return placeOf(s, strings.Index(s, o)) }),
	"lastIndexOf": compared(func(s, o string) any { return placeOf(s, strings.LastIndex(s, o)) }),
	"length": {0, 0, false, false, ofText(func(_ *machine, _ invoked, s string) (Collection, error) {
		return integer(utf8.RuneCountInString(s)), nil
	})},
	"substring":      {1, 2, false, false, ofText(substring)},
	"toChars":        {0, 0, false, false, ofText(toChars)},
	"split":          {1, 1, false, false, ofText(split)},
	"join":           {0, 1, false, false, joinTexts},
	"replace":        {2, 2, false, false, ofText(replace)},
	"matches":        {1, 1, false, true, ofText(matches)},
	"matchesFull":    {1, 1, false, true, ofText(matches)},
	"replaceMatches": {2, 2, false, true, ofText(replaceMatches)},
	"encode":         {1, 1, false, false, ofText(encode)},
	"decode":         {1, 1, false, false, ofText(decode)},
	"escape":         {1, 1, false, false, ofText(escapeText)},
	"unescape":       {1, 1, false, false, ofText(unescapeText)},
}

// placeOf turns a place in bytes into one in characters.
func placeOf(s string, at int) any {
	if at < 0 {
		return int64(-1)
	}
	return int64(utf8.RuneCountInString(s[:at]))
}

func substring(m *machine, i invoked, s string) (Collection, error) {
	start, ok, err := i.integer(m, 0)
	if err != nil || !ok {
		return nil, err
	}
	runes := []rune(s)
	length := int64(len(runes))
	if len(i.args) == 2 {
		n, ok, err := i.integer(m, 1)
		if err != nil {
			return nil, err
		}
		if ok {
			length = max(0, n)
		}
	}
	if start < 0 || start >= int64(len(runes)) {
		return nil, nil
	}
	end := start + min(length, int64(len(runes))-start)
	return valueOf(string(runes[start:end])), nil
}

func toChars(m *machine, _ invoked, s string) (Collection, error) {
	if err := m.step(len(s)); err != nil {
		return nil, err
	}
	var out Collection
	for _, r := range s {
		out = append(out, Item{value: string(r)})
	}
	return out, nil
}

func split(m *machine, i invoked, s string) (Collection, error) {
	separator, ok, err := i.text(m, 0)
	if err != nil || !ok {
		return nil, err
	}
	if err := m.step(len(s)); err != nil {
		return nil, err
	}
	var out Collection
	for part := range strings.SplitSeq(s, separator) {
		out = append(out, Item{value: part})
	}
	return out, nil
}

func joinTexts(m *machine, i invoked) (Collection, error) {
	separator := ""
	if len(i.args) == 1 {
		var err error
		if separator, _, err = i.text(m, 0); err != nil {
			return nil, err
		}
	}
	if len(i.input) == 0 {
		return nil, nil
	}
	var parts []string
	for _, item := range i.input {
		s, ok := item.scalar().(string)
		if !ok {
			return nil, errKind(i, "strings are expected")
		}
		if err := m.step((len(s) + len(separator)) / charsPerStep); err != nil {
			return nil, err
		}
		parts = append(parts, s)
	}
	return valueOf(strings.Join(parts, separator)), nil
}

func replace(m *machine, i invoked, s string) (Collection, error) {
	old, okOld, err := i.text(m, 0)
	if err != nil {
		return nil, err
	}
	with, okWith, err := i.text(m, 1)
	if err != nil || !okOld || !okWith {
		return nil, err
	}
	if err := m.step((strings.Count(s, old)*len(with) + len(s)) / charsPerStep); err != nil {
		return nil, err
	}
	return valueOf(strings.ReplaceAll(s, old, with)), nil
}

// pattern is a compiled regular expression. Go's run in time linear in the
// text, whatever the expression; weight is what a character costs.
type pattern struct {
	*regexp.Regexp
	weight int
	empty  bool // of no characters: it replaces nothing
}

const (
	maxPattern = 1024
	maxRepeats = 5000 // R4's own count to 254; what repeats is compiled as often
)

func compilePattern(s string, full bool) (*pattern, error) {
	if len(s) > maxPattern {
		return nil, fmt.Errorf("the pattern is longer than %d bytes", maxPattern)
	}
	repeats := repeatsOf(s)
	if repeats > maxRepeats {
		return nil, fmt.Errorf("the pattern repeats too much")
	}
	source := "(?s)" + s
	if full {
		source = "(?s)^(?:" + s + ")$"
	}
	re, err := regexp.Compile(strings.ReplaceAll(source, `(?<`, `(?P<`))
	if err != nil {
		return nil, fmt.Errorf("not a pattern: %w", err)
	}
	return &pattern{re, 1 + (len(s)+repeats)/32, s == ""}, nil
}

// repeatsOf adds up the numbers in braces.
func repeatsOf(s string) int {
	sum := 0
	for open := strings.IndexByte(s, '{'); open >= 0; open = strings.IndexByte(s, '{') {
		s = s[open+1:]
		for number := range strings.SplitSeq(s[:max(0, strings.IndexByte(s, '}'))], ",") {
			n, err := strconv.Atoi(number)
			if err == nil {
				sum += min(n, maxRepeats)
			}
		}
	}
	return sum
}

// pattern is the argument as a regular expression; nil where it is empty.
func (i invoked) patternOf(m *machine, s string) (*pattern, error) {
	p := i.call.pattern
	if p == nil {
		source, ok, err := i.text(m, 0)
		if err != nil || !ok {
			return nil, err
		}
		if err := m.step(len(source) * 4); err != nil {
			return nil, err
		}
		if p, err = compilePattern(source, i.name == "matchesFull"); err != nil {
			return nil, err
		}
	}
	return p, m.step(len(s) * p.weight / charsPerStep)
}

func matches(m *machine, i invoked, s string) (Collection, error) {
	p, err := i.patternOf(m, s)
	if err != nil || p == nil {
		return nil, err
	}
	return boolean(p.MatchString(s)), nil
}

func replaceMatches(m *machine, i invoked, s string) (Collection, error) {
	p, err := i.patternOf(m, s)
	if err != nil || p == nil {
		return nil, err
	}
	with, ok, err := i.text(m, 1)
	if err != nil || !ok {
		return nil, err
	}
	if p.empty {
		return valueOf(s), nil
	}
	found := p.FindAllStringIndex(s, -1)
	if err := m.step(len(found) * (1 + len(with) + len(s)*strings.Count(with, "$")) / charsPerStep); err != nil {
		return nil, err
	}
	return valueOf(p.ReplaceAllString(s, with)), nil
}

func encode(m *machine, i invoked, s string) (Collection, error) {
	format, ok, err := i.text(m, 0)
	if err != nil || !ok {
		return nil, err
	}
	switch format {
	case "hex":
		return valueOf(hex.EncodeToString([]byte(s))), nil
	case "base64":
		return valueOf(base64.StdEncoding.EncodeToString([]byte(s))), nil
	case "urlbase64":
		return valueOf(base64.URLEncoding.EncodeToString([]byte(s))), nil
	}
	return nil, errKind(i, "unknown format")
}

func decode(m *machine, i invoked, s string) (Collection, error) {
	format, ok, err := i.text(m, 0)
	if err != nil || !ok {
		return nil, err
	}
	var out []byte
	switch format {
	case "hex":
		out, err = hex.DecodeString(s)
	case "base64":
		out, err = base64.StdEncoding.DecodeString(s)
	case "urlbase64":
		out, err = base64.URLEncoding.DecodeString(s)
	default:
		return nil, errKind(i, "unknown format")
	}
	if err != nil || !utf8.Valid(out) {
		return nil, errKind(i, "not in that format")
	}
	return valueOf(string(out)), nil
}

var jsonEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "\f", `\f`, "\b", `\b`)

func escapeText(m *machine, i invoked, s string) (Collection, error) {
	format, ok, err := i.text(m, 0)
	if err != nil || !ok {
		return nil, err
	}
	switch format {
	case "html":
		return valueOf(strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace(s)), nil
	case "json":
		return valueOf(jsonEscapes.Replace(s)), nil
	}
	return nil, errKind(i, "unknown format")
}

// bareQuotes are those without a backslash.
var bareQuotes = regexp.MustCompile(`((?:^|[^\\])(?:\\\\)*)"`)

func unescapeText(m *machine, i invoked, s string) (Collection, error) {
	format, ok, err := i.text(m, 0)
	if err != nil || !ok {
		return nil, err
	}
	switch format {
	case "html":
		return valueOf(html.UnescapeString(s)), nil
	case "json":
		var out string
		if err := json.Unmarshal([]byte(`"`+bareQuotes.ReplaceAllString(s, `$1\"`)+`"`), &out); err != nil {
			return nil, errKind(i, "not in that format")
		}
		return valueOf(out), nil
	}
	return nil, errKind(i, "unknown format")
}

// toText is a value as a string; false for what has none.
func toText(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), true
	case int64:
		return strconv.FormatInt(v, 10), true
	case *apd.Decimal:
		return v.Text('f'), true
	case quantity:
		return v.String(), true
	case temporal:
		return v.String(), true
	}
	return "", false
}
