package terminology

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/iimos/ucum"
	"golang.org/x/text/language"
)

// Systems whose codes follow a rule (R4 terminologies-systems.html).
const (
	ucumSystem      = "http://unitsofmeasure.org"
	languageSystem  = "urn:ietf:bcp:47"
	mediaTypeSystem = "urn:ietf:bcp:13"
	uriSystem       = "urn:ietf:rfc:3986"
	countrySystem   = "urn:iso:std:iso:3166"
)

// grammar is the rule of a code system that cannot be listed.
type grammar struct {
	name  string
	title string
	valid func(code string) bool
	// filter judges a code by a filter of the system's own; known is false when
	// it has no such filter.
	filter func(code string, f filter) (passes, known bool)
}

var grammars = map[string]*grammar{
	ucumSystem:      {name: "UCUM", title: "Unified Code for Units of Measure", valid: isUnit, filter: unitFilter},
	languageSystem:  {name: "LanguageTags", title: "BCP 47 language tags", valid: isLanguage},
	mediaTypeSystem: {name: "MediaTypes", title: "Media types", valid: mediaType.MatchString},
	uriSystem:       {name: "URIs", title: "Uniform resource identifiers", valid: isURI},
}

func (g *grammar) system(url string) *codeSystem {
	return &codeSystem{url: url, name: g.name, title: g.title, status: "active", content: complete, grammar: g}
}

// maxRuled bounds the codes that a rule is tried on.
const maxRuled = 255

// parseUnit reads a UCUM code. Annotations mean nothing to UCUM (§12) and are
// taken out first; one that stands alone is the unit 1.
func parseUnit(code string) (ucum.Unit, bool) {
	bare, ok := withoutAnnotations(code)
	if !ok || bare == "" || len(code) > maxRuled {
		return ucum.Unit{}, false
	}
	u, err := ucum.Parse([]byte(bare))
	return u, err == nil
}

func isUnit(code string) bool { _, ok := parseUnit(code); return ok }

// withoutAnnotations takes {annotations} out; ok is false where a brace has no
// partner or the annotation is not of printable ASCII (UCUM §6; the space, which
// UCUM leaves out, stands in units that R4 lists).
func withoutAnnotations(code string) (bare string, ok bool) {
	var b strings.Builder
	for rest := code; ; {
		open := strings.IndexAny(rest, "{}")
		if open < 0 {
			b.WriteString(rest)
			return b.String(), true
		}
		end := strings.IndexByte(rest, '}')
		if rest[open] == '}' || end < 0 || strings.ContainsFunc(rest[open+1:end], notInAnnotation) {
			return "", false
		}
		b.WriteString(rest[:open])
		if before := b.String(); before == "" || strings.ContainsRune("./(", rune(before[len(before)-1])) {
			b.WriteByte('1')
		}
		rest = rest[end+1:]
	}
}

func notInAnnotation(r rune) bool { return r < ' ' || r > '~' || r == '{' }

// unitFilter has UCUM's one filter of R4 (ucum.html): canonical, the base units
// that a unit comes down to.
func unitFilter(code string, f filter) (passes, known bool) {
	if f.property != "canonical" || f.op != "=" {
		return false, false
	}
	u, ok := parseUnit(code)
	base, okBase := parseUnit(f.value)
	if !ok || !okBase {
		return false, okBase
	}
	return convertible(u, base), true
}

// convertible reports whether two units have the same dimension. The library
// divides by a unit that comes down to 0, which has none.
func convertible(from, to ucum.Unit) (ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	_, err := ucum.NewPairConverter(from, to)
	return err == nil
}

// isLanguage accepts a tag whose subtags are registered (BCP 47, RFC 5646).
func isLanguage(code string) bool {
	if code == "" || len(code) > maxRuled || strings.Contains(code, "_") {
		return false
	}
	_, err := language.Raw.Parse(code)
	return err == nil
}

// mediaType is RFC 6838 §4.2 with the parameters of RFC 2045 §5.1.
var mediaType = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}/[A-Za-z0-9*][A-Za-z0-9!#$&^_.+-]{0,126}` +
	`(?: *; *[A-Za-z0-9!#$%&'*+.^_|~-]{1,127}=(?:[A-Za-z0-9!#$%&'*+.^_|~-]{1,127}|"[^"\\]{0,127}"))*$`)

// isURI accepts an absolute URI.
func isURI(code string) bool {
	u, err := url.Parse(code)
	return err == nil && u.IsAbs() && len(code) <= 2048
}

// withCountries adds the codes of three letters and the numbers to those of two
// letters: ISO 3166-1 has all three in one system (R4 iso3166.html).
func withCountries(cs *codeSystem) {
	letters := len(cs.concepts)
	add := func(code, display string) {
		if _, ok := cs.find(code); !ok && code != "" {
			cs.places[code] = int32(len(cs.concepts))
			cs.concepts = append(cs.concepts, concept{code: code, display: display})
		}
	}
	for _, form := range []func(language.Region) string{language.Region.ISO3, number} {
		for _, c := range cs.concepts[:letters] {
			if r, err := language.ParseRegion(c.code); err == nil {
				add(form(r), c.display)
			}
		}
	}
}

// number is the numeric code of a country, with its leading zeros.
func number(r language.Region) string {
	n := r.M49()
	return string([]byte{byte('0' + n/100), byte('0' + n/10%10), byte('0' + n%10)})
}
