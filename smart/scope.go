package smart

import (
	"strings"

	"sluis/fhir/query"
)

// Level is the part of a scope before the slash.
type Level string

// The levels of SMART App Launch 2.2.
const (
	PatientLevel Level = "patient"
	UserLevel    Level = "user"
	SystemLevel  Level = "system"
)

// Scope is one resource scope, parsed. The zero Scope reaches nothing.
type Scope struct {
	Level       Level
	Type        string // a resource type, or "*"
	Permissions Permissions
	Filter      query.Expr // of a granular scope; query.All when it has none, nil matches nothing
	Raw         string     // as granted, v1 or v2
}

// covers reports whether the scope speaks of a resource type.
func (s Scope) covers(resourceType string) bool {
	return s.Type == "*" || s.Type == resourceType
}

// Granular reports whether the scope has a filter: it does not speak of the whole
// of its type.
func (s Scope) Granular() bool {
	_, whole := s.Filter.(query.All)
	return !whole
}

// constraint is the part of a granular scope after the question mark.
func (s Scope) constraint() string {
	_, filter, _ := strings.Cut(s.Raw, "?")
	return filter
}

// Scopes is what a token grants.
type Scopes struct {
	Resources []Scope
	Other     []string // openid, fhirUser, launch/patient, offline_access, …
}

// IsZero reports that nothing at all is granted.
func (s Scopes) IsZero() bool { return len(s.Resources) == 0 && len(s.Other) == 0 }

// String is the scopes separated by spaces, each in the notation (v1 or v2) in
// which it was asked: resource scopes first, in order.
func (s Scopes) String() string {
	raw := make([]string, 0, len(s.Resources)+len(s.Other))
	for _, r := range s.Resources {
		raw = append(raw, r.Raw)
	}
	return strings.Join(append(raw, s.Other...), " ")
}

// has reports whether a resource scope stands at that level.
func (s Scopes) has(l Level) bool {
	for _, r := range s.Resources {
		if r.Level == l {
			return true
		}
	}
	return false
}
