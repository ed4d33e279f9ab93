package query

import (
	"strings"

	"sluis/fhir/index"
)

// maxSearchWords bounds the words of one _text or _content.
const maxSearchWords = 64

// words reads _text or _content: alternatives separated by commas, of which each
// asks for all its words, in any order and folded. Signs between words say
// nothing: R4 leaves the language of text search to the server.
func words(content bool, raw string) (Expr, *problem) {
	out := Words{Content: content}
	total := 0
	for _, part := range split(raw, ',') {
		text, ok := unescape(part)
		if !ok {
			return nil, badEscape(raw)
		}
		all := index.Words(text)
		if len(all) == 0 {
			return nil, invalid("%s has no word to search for", quote(part))
		}
		if total += len(all); total > maxSearchWords {
			return nil, tooCostly("too many words")
		}
		out.Any = append(out.Any, all)
	}
	return out, nil
}

func printWords(w Words) (name, value string) {
	parts := make([]string, len(w.Any))
	for i, all := range w.Any {
		parts[i] = strings.Join(all, " ")
	}
	if w.Content {
		return "_content", strings.Join(parts, ",")
	}
	return "_text", strings.Join(parts, ",")
}
