package conformance

import (
	"bytes"
	"html"
	"slices"
	"strings"

	"sluis/fhir"
)

// narrative holds Narrative.div to R4 narrative.html: well-formed XHTML of one
// div, made of the elements and attributes below only. It is shown in browsers,
// so nothing that could run may pass: whatever is not allowed is refused.
func (v *validation) narrative(n fhir.Node, text []byte) {
	if problem := NarrativeProblem(text); problem != "" {
		v.report(n, "", "value", "narrative: "+problem)
	}
}

// allowedElements has the elements of the constraint txt-1, each with the
// attributes that it may have besides the common ones.
var allowedElements = elementTable(`
	a: charset type name href hreflang rel rev shape coords
	abbr: acronym: address: b: bdo: big: br: caption: cite: code: col: colgroup: dd: dfn: dl: dt: em: h1: h2: h3: h4: h5: h6:
	hr: i: kbd: li: map: name
	area: shape coords href nohref alt
	blockquote: cite
	div:
	img: src alt longdesc height width usemap ismap border
	ol: p:
	pre: space
	q: cite
	samp: small: span: strong: sub: sup:
	table: summary width border frame rules cellspacing cellpadding
	tbody:
	td: nowrap
	tfoot: th: thead: tr: tt: ul: var:`)

// commonAttributes may stand on every element.
var commonAttributes = set(`title style class id lang xml:lang dir accesskey tabindex span width align valign char
	charoff abbr axis headers scope rowspan colspan`)

// urlAttributes hold addresses.
var urlAttributes = set("href src cite longdesc usemap")

// schemes that an address may have; without one it is relative or a fragment.
var schemes = set("http https mailto tel ftp urn")

// pictures may stand in the text itself, in img.src alone. Browsers run nothing
// in an image; octet-stream is what the Dutch zib examples have.
var pictures = []string{"data:image/png", "data:image/gif", "data:image/jpeg", "data:image/jpg", "data:application/octet-stream"}

// styleTraps are what CSS reaches outside with, or hides it by. Styles are
// internal in R4.
var styleTraps = []string{"url(", "expression", "script:", "@import", "behavior", "-moz-binding", "\\", "/*", "<"}

const xhtmlNamespace = "http://www.w3.org/1999/xhtml"

func set(names string) map[string]struct{} {
	out := map[string]struct{}{}
	for _, n := range strings.Fields(names) {
		out[n] = struct{}{}
	}
	return out
}

// elementTable reads "element: attribute attribute element: …".
func elementTable(s string) map[string]map[string]struct{} {
	out := map[string]map[string]struct{}{}
	element := ""
	for _, word := range strings.Fields(s) {
		if name, ok := strings.CutSuffix(word, ":"); ok {
			element = name
			out[element] = map[string]struct{}{}
			continue
		}
		out[element][word] = struct{}{}
	}
	return out
}

// attributeProblem judges one attribute of an allowed element, its value still
// with character references.
func attributeProblem(element, name, value []byte) string {
	if string(name) == "xmlns" {
		if string(value) != xhtmlNamespace {
			return "xmlns must be " + xhtmlNamespace
		}
		return ""
	}
	_, common := commonAttributes[string(name)]
	if _, own := allowedElements[string(element)][string(name)]; !common && !own {
		return "attribute " + brief(name) + " is not allowed on " + brief(element)
	}
	switch _, isURL := urlAttributes[string(name)]; {
	case isURL && !safeURL(value, string(element) == "img" && string(name) == "src"):
		return "the address in " + brief(name) + " is not allowed"
	case string(name) == "style" && !safeStyle(value):
		return "the style is not allowed"
	}
	return ""
}

// safeURL reads an address as a browser does: character references resolved,
// white space and control characters left out, case ignored.
func safeURL(value []byte, picture bool) bool {
	s := strings.Map(func(r rune) rune {
		if r <= ' ' || r >= 0x7f && r <= 0xa0 {
			return -1
		}
		return r
	}, strings.ToLower(html.UnescapeString(string(value))))
	if picture {
		for _, p := range pictures {
			if strings.HasPrefix(s, p+";") || strings.HasPrefix(s, p+",") {
				return true
			}
		}
	}
	at := strings.IndexAny(s, ":/?#")
	if at < 0 || s[at] != ':' {
		return true
	}
	_, ok := schemes[s[:at]]
	return ok
}

func safeStyle(value []byte) bool {
	s := strings.ToLower(html.UnescapeString(string(value)))
	return !slices.ContainsFunc(styleTraps, func(trap string) bool { return strings.Contains(s, trap) })
}

// brief quotes a name that a sender chose, shortened.
func brief(name []byte) string {
	const most = 24
	return `"` + string(bytes.ToValidUTF8(name[:min(len(name), most)], nil)) + `"`
}

// NarrativeProblem says what is wrong with a narrative (R4 narrative.html, the
// constraints txt-1 and txt-2, and what browsers could run), or "".
func NarrativeProblem(text []byte) string {
	x := xhtml{b: text}
	return x.document()
}
