package naive

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// fold makes equal what a string search takes for equal: case, accents and
// runs of white space (R4 search.html#string).
func fold(s string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(s) {
		if !unicode.Is(unicode.Mn, r) && (!unicode.IsControl(r) || unicode.IsSpace(r)) {
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// nameParts and addressParts are what a string parameter on a HumanName or an
// Address searches: every part that is a string.
var parts = []string{"text", "family", "given", "prefix", "suffix", "line", "city", "district", "state", "postalCode", "country"}

// strings reads a value of a string parameter.
func texted(v value) []string {
	if s, ok := v.json.(string); ok {
		return slices.DeleteFunc([]string{s}, func(s string) bool { return s == "" })
	}
	var out []string
	for _, part := range parts {
		for _, s := range list(object(v.json)[part]) {
			if str(s) != "" {
				out = append(out, str(s))
			}
		}
	}
	return out
}

// matchString is R4 search.html#string.
func matchString(modifier, found, want string) bool {
	want = unescape(want)
	switch modifier {
	case "exact":
		return found == want
	case "contains":
		return strings.Contains(fold(found), fold(want))
	case "ends": // of _filter
		return strings.HasSuffix(fold(found), fold(want))
	case "equal": // of _filter
		return fold(found) == fold(want)
	}
	return strings.HasPrefix(fold(found), fold(want))
}

// matchURI is R4 search.html#uri: whole, or by the segments of its path.
func matchURI(modifier, found, want string) bool {
	want = unescape(want)
	switch modifier {
	case "below":
		return found == want || strings.HasPrefix(found, strings.TrimSuffix(want, "/")+"/")
	case "above":
		return found == want || strings.HasPrefix(want, strings.TrimSuffix(found, "/")+"/")
	}
	return found == want
}

var tags = regexp.MustCompile(`<[^>]*>`)

var entities = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&quot;", `"`, "&apos;", "'", "&nbsp;", " ", "&amp;", "&")

// narrative is the words of the resource's narrative, for _text.
func narrative(r Resource) []string {
	return words(entities.Replace(tags.ReplaceAllString(str(dig(r["text"], "div")), " ")))
}

// content is the words of all strings that tell something to people, narrative
// included, for _content: rulings.md.
func content(r Resource) []string {
	out := narrative(r)
	var walk func(name string, v any)
	walk = func(name string, v any) {
		switch v := v.(type) {
		case string:
			if spoken(name, v) {
				out = append(out, words(v)...)
			}
		case []any:
			for _, e := range v {
				walk(name, e)
			}
		case map[string]any:
			for name, e := range v {
				walk(name, e)
			}
		}
	}
	walk("", map[string]any(r))
	return out
}

var unspoken = []string{
	"div", "system", "url", "reference", "profile", "resourceType", "data", "fullUrl", "id", "versionId", "lastUpdated", "contentType", "canonical",
}

// spoken reports whether a string is for people: no URI, no date, no id.
func spoken(name, text string) bool {
	day, _, _ := strings.Cut(text, "T")
	return !slices.Contains(unspoken, name) && !(len(day) == 10 && dateForm.MatchString(text)) &&
		!strings.HasPrefix(text, "urn:") && (!strings.Contains(text, "://") || strings.Contains(text, " "))
}

func words(s string) []string {
	return strings.FieldsFunc(fold(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// hasWords reports whether all words of a value are there.
func hasWords(in []string, want string) bool {
	asked := words(unescape(want))
	return len(asked) > 0 && !slices.ContainsFunc(asked, func(w string) bool { return !slices.Contains(in, w) })
}

// primitive is the text of a JSON primitive.
func primitive(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case bool:
		if v {
			return "true"
		}
		return "false"
	case json.Number:
		return v.String()
	}
	return ""
}

// split cuts at a separator that is not escaped (R4 search.html#escaping).
func split(s string, separator byte) []string {
	var out []string
	start := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case separator:
			out = append(out, s[start:i])
			start = i + 1
		}
	}
	return append(out, s[start:])
}

// unescape takes the backslashes away.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
