package smart

import (
	"slices"
	"strings"
)

// Within is the part of the scopes that a ceiling allows: each resource scope
// cut down to the types, permissions and filters that a scope of the same level
// in the ceiling has. A scope that stands whole keeps its notation; what was
// narrowed is written in v2. Other scopes stay when the ceiling names them.
func (s Scopes) Within(ceiling Scopes) Scopes {
	var out Scopes
	for _, asked := range s.Resources {
		for _, part := range asked.within(ceiling.Resources) {
			if !slices.ContainsFunc(out.Resources, func(r Scope) bool { return r.Raw == part.Raw }) {
				out.Resources = append(out.Resources, part)
			}
		}
	}
	for _, o := range s.Other {
		if slices.Contains(ceiling.Other, o) {
			out.Other = append(out.Other, o)
		}
	}
	return out
}

func (s Scope) within(ceiling []Scope) []Scope {
	var parts []Scope
	for _, c := range ceiling {
		part, ok := s.intersect(c)
		if !ok {
			continue
		}
		if part.Raw == s.Raw {
			return []Scope{s}
		}
		parts = append(parts, part)
	}
	return parts
}

// intersect is what two scopes of one level both allow. Filters of both hold
// together, as SMART reads several parameters of one scope.
func (s Scope) intersect(c Scope) (Scope, bool) {
	p := s.Permissions & c.Permissions
	if s.Level != c.Level || p == 0 || s.Type != c.Type && s.Type != "*" && c.Type != "*" {
		return Scope{}, false
	}
	name := s.Type
	if name == "*" {
		name = c.Type
	}
	constraint := joined(s.constraint(), c.constraint())
	if name == s.Type && p == s.Permissions && constraint == s.constraint() {
		return s, true
	}
	raw := string(s.Level) + "/" + name + "." + p.String()
	if constraint != "" {
		raw += "?" + constraint
	}
	narrowed, err := parseScope(raw)
	return narrowed, err == nil
}

func joined(a, b string) string {
	if a == b || b == "" {
		return a
	}
	return strings.TrimPrefix(a+"&"+b, "&")
}
