package naive

import (
	"regexp"
	"slices"
	"strings"

	"sluis/conformance"
)

// reference is one Reference, canonical or uri as a search sees it.
type reference struct {
	kind, id, version string // of a resource of this server
	url               string // of any other, and of canonicals
	system, value     string // of a logical reference
}

var literal = regexp.MustCompile(`^([A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/([A-Za-z0-9\-.]{1,64}))?$`)

// parseReference reads Type/id[/_history/version].
func parseReference(text string) (reference, bool) {
	m := literal.FindStringSubmatch(text)
	if m == nil || !conformance.IsType(m[1]) {
		return reference{}, false
	}
	return reference{kind: m[1], id: m[2], version: m[3]}, true
}

// references reads a value of a reference parameter. What is in the resource
// itself (#id) nothing outside can be found by.
func (d *Data) references(v value) []reference {
	if text, ok := v.json.(string); ok {
		var out []reference
		for _, form := range canonical(text) {
			out = append(out, d.literal(form))
		}
		return out
	}
	if v.kind != "" && v.kind != "Reference" {
		return nil
	}
	r := d.literal(str(dig(v.json, "reference")))
	r.system, r.value = str(dig(v.json, "identifier", "system")), str(dig(v.json, "identifier", "value"))
	if inline := str(dig(v.json, "resourceType")); inline != "" {
		r.kind, r.id = inline, str(dig(v.json, "id"))
	}
	if r == (reference{}) {
		return nil
	}
	return []reference{r}
}

// literal reads a reference; a URL of this server is the relative one (R4
// search.html#reference).
func (d *Data) literal(text string) reference {
	if r, ok := parseReference(strings.TrimPrefix(text, d.Base+"/")); ok {
		return r
	}
	if strings.HasPrefix(text, "#") {
		return reference{}
	}
	return reference{url: text}
}

// canonical is a canonical as it stands and, where it has a version, without
// (R4 references.html#canonical).
func canonical(text string) []string {
	bare, _, versioned := strings.Cut(text, "|")
	switch {
	case text == "":
		return nil
	case versioned && bare != "":
		return []string{text, bare}
	}
	return []string{text}
}

// matchReference is R4 search.html#reference: id, Type/id, a URL, with
// :[type], and with :identifier, which is a token search of the identifiers.
func (d *Data) matchReference(p *conformance.Parameter, modifier string, found []reference, want string) bool {
	text := unescape(want)
	asked := d.literal(text)
	if !strings.ContainsAny(text, "/:") {
		asked = reference{id: text}
	}
	return slices.ContainsFunc(found, func(r reference) bool {
		switch {
		case modifier == "identifier":
			return r.value+r.system != "" && token{system: r.system, code: r.value}.match(want)
		case asked.url != "":
			return r.url == asked.url
		case asked.id != r.id || asked.kind != "" && asked.kind != r.kind:
			return false
		case asked.version != "" && asked.version != r.version:
			return false
		}
		return slices.Contains(p.Targets, r.kind) && (modifier == "" || r.kind == modifier)
	})
}
