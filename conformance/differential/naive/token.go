package naive

import (
	"strings"
)

// token is a code with its system, or what stands for one.
type token struct{ system, code string }

// concept is one value of a token parameter: its codes, the texts that :text
// searches, and for an Identifier what :of-type compares.
type concept struct {
	tokens []token
	texts  []string
	types  []token // of an Identifier
	number string  // value of an Identifier
}

var contactPoints = map[string]bool{"phone": true, "fax": true, "email": true, "pager": true, "url": true, "sms": true, "other": true}

// concepts reads a value of a token parameter (R4 search.html#token).
func concepts(v value) []concept {
	m := object(v.json)
	switch {
	case m == nil:
		if s := primitive(v.json); s != "" {
			return []concept{{tokens: []token{{"", s}}}}
		}
		return nil
	case m["coding"] != nil || v.kind == "CodeableConcept" || len(m) == 1 && m["text"] != nil:
		return codeable(m)
	case m["value"] != nil && (contactPoints[str(m["system"])] || v.kind == "ContactPoint"):
		return []concept{{tokens: []token{{"", str(m["value"])}}}}
	case m["value"] != nil:
		return identifier(m)
	}
	return filled(concept{tokens: []token{{str(m["system"]), str(m["code"])}}, texts: texts(m["display"])})
}

// filled leaves out what has neither code nor text: it is no value.
func filled(c concept) []concept {
	var some bool
	for _, t := range c.tokens {
		some = some || t != token{}
	}
	if !some && len(c.texts) == 0 {
		return nil
	}
	return []concept{c}
}

func codeable(m map[string]any) []concept {
	c := concept{texts: texts(m["text"])}
	for _, coding := range list(m["coding"]) {
		c.tokens = append(c.tokens, token{str(dig(coding, "system")), str(dig(coding, "code"))})
		c.texts = append(c.texts, texts(dig(coding, "display"))...)
	}
	return filled(c)
}

func identifier(m map[string]any) []concept {
	c := concept{
		tokens: []token{{str(m["system"]), str(m["value"])}}, texts: texts(dig(m, "type", "text")), number: str(m["value"]),
	}
	for _, coding := range list(dig(m, "type", "coding")) {
		c.types = append(c.types, token{str(dig(coding, "system")), str(dig(coding, "code"))})
	}
	return []concept{c}
}

func texts(v any) []string {
	if s := str(v); s != "" {
		return []string{s}
	}
	return nil
}

// match is [system|]code (R4 search.html#token), compared exactly: rulings.md.
func (t token) match(want string) bool {
	parts := split(want, '|')
	switch {
	case len(parts) == 1:
		return t.code != "" && t.code == unescape(parts[0])
	case parts[1] == "":
		return t.system == unescape(parts[0])
	}
	return t.system == unescape(parts[0]) && t.code == unescape(parts[1])
}

// match is one value of a token parameter, under a modifier that is not a
// negation.
func (c concept) match(d *Data, modifier, want string) bool {
	switch modifier {
	case "text":
		for _, s := range c.texts {
			if strings.HasPrefix(fold(s), fold(unescape(want))) {
				return true
			}
		}
		return false
	case "of-type", "ofType":
		return c.ofType(want)
	}
	for _, t := range c.tokens {
		if modifier == "" && t.match(want) || modifier != "" && d.terminology(t, modifier, want) {
			return true
		}
	}
	return false
}

// ofType is system|code|value: a type of the identifier, and its value.
func (c concept) ofType(want string) bool {
	parts := split(want, '|')
	for _, t := range c.types {
		if t == (token{unescape(parts[0]), unescape(parts[1])}) && c.number == unescape(parts[2]) {
			return true
		}
	}
	return false
}
