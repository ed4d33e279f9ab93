package index

import (
	"html"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"sluis/fhir"
)

// Limits of the words of one resource: what is beyond them is not found by
// _text and _content. R4's largest example has some 12,000 different words.
const (
	maxWords = 20_000
	maxWord  = 64 // bytes of one word; longer ones are cut, in searches too
)

// Words are the words of a text, folded: its runs of letters and digits.
func Words(s string) []string { return appendWords(nil, s) }

func appendWords(out []string, s string) []string {
	if isASCII(s) {
		s = strings.ToLower(s)
	} else {
		s = Fold(s)
	}
	from := -1
	for i, r := range s {
		switch word := unicode.IsLetter(r) || unicode.IsDigit(r); {
		case word && from < 0:
			from = i
		case !word && from >= 0:
			out = append(out, clipWord(s[from:i]))
			from = -1
		}
	}
	if from >= 0 {
		out = append(out, clipWord(s[from:]))
	}
	return out
}

func clipWord(s string) string {
	if len(s) <= maxWord {
		return s
	}
	end := maxWord
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end]
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// words collects the words of the narrative, and of every string that tells
// something to a person: URIs, references, dates and binary data do not.
func (x *extraction) words(root fhir.Node) {
	div := root.At("text", "div")
	narrative := appendWords(x.narrative, plainText(div.Text()))
	content := x.content
	for n := range root.Walk() {
		switch {
		case n.Kind() != fhir.String || len(content) > 4*maxWords:
		case n == div:
			content = append(content, narrative...)
		case string(n.RawKey()) == "div":
			content = appendWords(content, plainText(n.Text()))
		case speaks(n):
			content = x.textOf(n).appendWords(content)
		}
	}
	x.narrative, x.content = narrative, content // their room
	x.entries.Narrative, x.entries.Content = distinct(narrative), distinct(content)
}

func distinct(words []string) []string {
	if len(words) == 0 {
		return nil
	}
	slices.Sort(words)
	words = slices.Compact(words)
	return words[:min(len(words), maxWords)]
}

// speaks reports whether a string is for people.
func speaks(n fhir.Node) bool {
	switch string(n.RawKey()) {
	case "system", "url", "reference", "profile", "resourceType", "data", "fullUrl", "id", "versionId", "lastUpdated", "contentType", "canonical":
		return false
	}
	raw := n.Raw()
	raw = raw[1 : len(raw)-1]
	if len(raw) >= 10 && raw[4] == '-' && raw[7] == '-' {
		if _, _, date := DateRange(string(raw)); date {
			return false
		}
	}
	s := string(raw)
	return !strings.HasPrefix(s, "urn:") && (!strings.Contains(s, "://") || strings.Contains(s, " "))
}

// plainText is the text of XHTML: tags become spaces, entities what they mean.
func plainText(div string) string {
	if div == "" {
		return ""
	}
	var b strings.Builder
	b.Grow(len(div))
	tag := false
	for _, c := range []byte(div) {
		switch {
		case c == '<':
			tag = true
			b.WriteByte(' ')
		case c == '>':
			tag = false
		case !tag:
			b.WriteByte(c)
		}
	}
	return html.UnescapeString(b.String())
}
