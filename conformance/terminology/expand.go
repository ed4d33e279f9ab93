package terminology

import (
	"fmt"
	"slices"
	"strings"

	"sluis/fhir"
	"sluis/fhir/index"
)

// expandParameters are those of R4 valueset-operation-expand.html.
var expandParameters = []parameter{
	{name: "url"}, {name: "valueSet", kind: resourceKind}, {name: "valueSetVersion"}, {name: "context"}, {name: "contextDirection"},
	{name: "filter"}, {name: "date", kind: dateKind}, {name: "offset", kind: countKind}, {name: "count", kind: countKind},
	{name: "includeDesignations", kind: boolKind}, {name: "designation", many: true}, {name: "includeDefinition", kind: boolKind},
	{name: "activeOnly", kind: boolKind}, {name: "excludeNested", kind: boolKind}, {name: "excludeNotForUI", kind: boolKind},
	{name: "excludePostCoordinated", kind: boolKind}, {name: "displayLanguage"}, {name: "exclude-system", many: true},
	{name: "system-version", many: true}, {name: "check-system-version", many: true}, {name: "force-system-version", many: true},
}

// recorded are the parameters that change an expansion, in the order in which
// ValueSet.expansion.parameter has them, with the type of their value.
var recorded = []struct{ name, key string }{
	{"filter", "valueString"}, {"date", "valueDateTime"}, {"offset", "valueInteger"}, {"count", "valueInteger"},
	{"includeDesignations", "valueBoolean"}, {"designation", "valueString"}, {"activeOnly", "valueBoolean"}, {"excludeNested", "valueBoolean"},
	{"excludeNotForUI", "valueBoolean"}, {"excludePostCoordinated", "valueBoolean"}, {"displayLanguage", "valueCode"},
	{"exclude-system", "valueUri"}, {"system-version", "valueUri"}, {"check-system-version", "valueUri"}, {"force-system-version", "valueUri"},
}

// runExpand answers $expand (R4 valueset-operation-expand.html). Without
// excludeNested=false the answer is flat.
func (s *Service) runExpand(c Call, a *arguments) ([]byte, error) {
	s.versions = versions{usual: a.canonicals("system-version"), must: a.canonicals("check-system-version"), forced: a.canonicals("force-system-version")}
	if err := a.err(); err != nil {
		return nil, err
	}
	vs, err := s.setOf(c, a)
	if err != nil {
		return nil, err
	}
	x, err := s.enumerate(vs)
	if isUnknown(err) {
		return nil, fhir.NewError(fhir.Unprocessable, "not-found", "the value set cannot be expanded: "+err.Error())
	}
	if err != nil {
		return nil, err
	}
	entries := narrowed(x.entries, a)
	page, total := entries, len(entries)
	nested := a.text("excludeNested") == "false"
	if !nested || a.count("count") == 0 {
		page = cut(entries, a.count("offset"), a.count("count"))
	}
	if len(page) > MaxCodes {
		return nil, costly("the expansion has %d codes, and an answer at most %d: ask for pages with offset and count, or give a filter", total, MaxCodes)
	}
	return s.writeExpansion(vs, a, page, total, x.unclosed, nested), nil
}

// cut is one page. An absent offset or count is -1.
func cut(entries []entry, offset, count int) []entry {
	from := min(max(offset, 0), len(entries))
	to := len(entries)
	if count >= 0 {
		to = min(from+count, to)
	}
	return entries[from:to]
}

// narrowed leaves out what the request does not want.
func narrowed(entries []entry, a *arguments) []entry {
	words := strings.Fields(index.Fold(a.text("filter")))
	excluded := a.texts("exclude-system")
	activeOnly, selectable := a.is("activeOnly"), a.is("excludeNotForUI")
	var out []entry
	for _, e := range entries {
		switch {
		case activeOnly && e.inactive, selectable && e.abstract:
		case slices.Contains(excluded, e.system), e.version != "" && slices.Contains(excluded, e.system+"|"+e.version):
		case e.cs != nil && slices.Contains(excluded, e.cs.canonical()):
		case !e.answers(words):
		default:
			out = append(out, e)
		}
	}
	return out
}

// answers reports whether each word begins the code, or a word of the display or
// of a designation; case and accents make no difference.
func (e *entry) answers(words []string) bool {
	if len(words) == 0 {
		return true
	}
	text := strings.FieldsFunc(index.Fold(e.display), inBetween)
	for _, d := range e.designations {
		text = append(text, strings.FieldsFunc(index.Fold(d.value), inBetween)...)
	}
	code := index.Fold(e.code)
	for _, w := range words {
		if !strings.HasPrefix(code, w) && !slices.ContainsFunc(text, func(t string) bool { return strings.HasPrefix(t, w) }) {
			return false
		}
	}
	return true
}

// inBetween are the characters that end a word, beside white space.
func inBetween(r rune) bool { return strings.ContainsRune(" \t\n()[]{}/,;:.\"'-", r) }

// displayUse marks a designation that may stand for the display.
const displayUse = "http://terminology.hl7.org/CodeSystem/designation-usage|display"

// in is the text of a concept in a language, or otherwise where there is none. A
// tag that is more precise than what was asked for does, and one that is less.
func in(lang string, designations []designation, otherwise string) string {
	best, score := otherwise, 0
	for _, d := range designations {
		if n := likeness(lang, d.language); n > score && (d.use == "" || d.usage == displayUse) {
			best, score = d.value, n
		}
	}
	return best
}

// likeness is 0 for another language, more the better a tag fits.
func likeness(asked, has string) int {
	asked, has = strings.ToLower(asked), strings.ToLower(has)
	base, _, _ := strings.Cut(asked, "-")
	switch {
	case asked == "" || has == "":
		return 0
	case asked == has:
		return 3
	case strings.HasPrefix(has, asked+"-"):
		return 2
	case has == base:
		return 1
	}
	return 0
}

// wanted picks the designations of an entry that the answer carries: those of
// the uses and languages asked for, or all.
func wanted(a *arguments, all []designation) []designation {
	asked := a.texts("designation")
	if len(asked) == 0 {
		if a.is("includeDesignations") {
			return all
		}
		return nil
	}
	var out []designation
	for _, d := range all {
		if slices.ContainsFunc(asked, d.is) {
			out = append(out, d)
		}
	}
	return out
}

// languages is the system of languages in a token.
const languages = languageSystem + "|"

// is reports whether a token names the use or the language of a designation.
func (d designation) is(token string) bool {
	if lang, ok := strings.CutPrefix(token, languages); ok {
		return likeness(lang, d.language) > 0
	}
	return token == d.usage || !strings.Contains(token, "|") && (token == d.language || strings.HasSuffix(d.usage, "|"+token))
}

// identifierOf makes a urn:uuid of what an expansion holds, so that equal ones
// have the same.
func identifierOf(sum [16]byte) string {
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80 // version 8, RFC 9562 §5.8
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", sum[0:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}
