package query

import "strings"

// split cuts a value at each separator that no backslash precedes; the parts
// keep their escapes (R4 search.html#escaping).
func split(s string, sep byte) []string {
	var out []string
	from := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case sep:
			out = append(out, s[from:i])
			from = i + 1
		}
	}
	return append(out, s[from:])
}

// unescape reads the escapes \, \$ \| and \\; any other is an error.
func unescape(s string) (string, bool) {
	if strings.IndexByte(s, '\\') < 0 {
		return s, true
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b.WriteByte(s[i])
			continue
		}
		if i++; i >= len(s) || strings.IndexByte(`,$|\`, s[i]) < 0 {
			return "", false
		}
		b.WriteByte(s[i])
	}
	return b.String(), true
}

var escaper = strings.NewReplacer(`\`, `\\`, `,`, `\,`, `$`, `\$`, `|`, `\|`)

func escape(s string) string { return escaper.Replace(s) }
