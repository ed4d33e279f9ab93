package relational

import (
	"strings"

	"sluis/fhir/query"
)

// words is the condition that a resource has all words of one of the
// alternatives. The text index gives the whole set at once.
func (r *renderer) words(x query.Words, row row) string {
	return row.alias + ".rid IN (" + r.wordsSet(x) + ")"
}

// wordsSet selects the rids that words holds for.
func (r *renderer) wordsSet(x query.Words) string {
	var out []string
	for _, list := range x.Any {
		if keys := wordKeys(list); len(keys) > 0 {
			out = append(out, r.dialect.Words(x.Content, r.arg(r.dialect.WordsArg(keys))))
		}
	}
	if len(out) == 0 {
		return "SELECT rid FROM resource WHERE FALSE"
	}
	return strings.Join(out, " UNION ")
}
