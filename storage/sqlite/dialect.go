package sqlite

import (
	"strings"

	"sluis/storage/relational"
)

// dialect is relational.Dialect for SQLite. A list is an argument of JSON.
type dialect struct{}

func (dialect) Name() string { return "sqlite" }

func (dialect) In(column, placeholder string) string {
	return column + " IN (SELECT value FROM json_each(" + placeholder + "))"
}

func (dialect) Contains(column, placeholder string) string {
	return "instr(" + column + ", " + placeholder + ") > 0"
}

// Words asks the text index, in the language of FTS5.
func (dialect) Words(content bool, placeholder string) string {
	column := "narrative"
	if content {
		column = "content"
	}
	return "SELECT rowid FROM words WHERE words MATCH '" + column + " : ' || " + placeholder
}

// WordsArg is an expression of FTS5. Between quotes everything is text.
func (dialect) WordsArg(words []string) any {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = `"` + ftsWord(w) + `"`
	}
	return "(" + strings.Join(quoted, " AND ") + ")"
}

// ftsWord is a word as the tokenizer leaves it whole: it breaks words at the
// ASCII characters that are no letter or digit, and nowhere else. Each of them
// becomes a character of the private use area.
func ftsWord(w string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x80 && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') {
			return 0xE000 + r
		}
		return r
	}, w)
}

// Cast is not needed: a value has its type whatever the column.
func (dialect) Cast(expr, _ string) string { return expr }

func (dialect) Allot() string {
	return `UPDATE surrogate SET next = next + $1 RETURNING next - $1, next - 1`
}

// Lock is not needed: one transaction writes at a time.
func (dialect) Lock(...relational.Lock) []relational.Step { return nil }

func (dialect) ForUpdate(string) string { return "" }
