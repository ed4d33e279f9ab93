package suite

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"strings"
)

// variable is {name} or {name.id}; no JSON text holds this outside a string.
var variable = regexp.MustCompile(`\{[a-z][a-z0-9]*(?:\.id)?\}`)

// variables are the values of a conversation by name.
type variables map[string]string

func (v variables) inner() variables { return maps.Clone(v) }

// expand replaces each variable by its value, written as encode has it.
func (v variables) expand(text string, encode func(string) string) string {
	return variable.ReplaceAllStringFunc(text, func(found string) string {
		return encode(v[strings.Trim(found, "{}")])
	})
}

func asIs(s string) string { return s }

func (v variables) text(s string) string { return v.expand(s, asIs) }

// pattern expands and compiles; the values stand for themselves.
func (v variables) pattern(s string) (*regexp.Regexp, error) {
	return regexp.Compile(v.expand(s, regexp.QuoteMeta))
}

// target expands a request target; values are escaped in its query.
func (v variables) target(s string) string {
	path, query, asked := strings.Cut(s, "?")
	if !asked {
		return v.text(path)
	}
	return v.text(path) + "?" + v.expand(query, url.QueryEscape)
}

// undefined names a variable of the text that has no value yet.
func (v variables) undefined(text string) error {
	for _, found := range variable.FindAllString(text, -1) {
		if _, ok := v[strings.Trim(found, "{}")]; !ok {
			return fmt.Errorf("%s has no value here", found)
		}
	}
	return nil
}
