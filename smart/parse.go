package smart

import (
	"fmt"
	"slices"
	"strings"

	"sluis/conformance"
	"sluis/fhir"
	"sluis/fhir/query"
)

// MaxScopeBytes bounds a scope string; an access token has to fit a header.
const MaxScopeBytes = 8192

// ParseScopes reads the scope parameter of RFC 6749 §3.3: SMART resource scopes
// in v1 (patient/Observation.read) and v2 notation
// (patient/Observation.rs?category=laboratory), and the scopes of launch and
// OpenID Connect. Everything else is refused, with the scope and the reason in
// the error: an unknown scope, an unknown resource type, letters that are not
// an ordered part of "cruds", and a filter with a modifier, a chain, _filter or
// a type of "*". The empty string is no scopes.
func ParseScopes(s string) (Scopes, error) {
	var out Scopes
	if len(s) > MaxScopeBytes {
		return Scopes{}, fmt.Errorf("scope: longer than %d bytes", MaxScopeBytes)
	}
	for raw := range strings.SplitSeq(s, " ") {
		if raw == "" {
			continue
		}
		if err := out.add(raw); err != nil {
			return Scopes{}, fmt.Errorf("scope %s: %w", printable(raw), err)
		}
	}
	return out, nil
}

// add parses one scope and appends it, once.
func (s *Scopes) add(raw string) error {
	if !isScopeToken(raw) {
		return fmt.Errorf("a character outside RFC 6749 §3.3")
	}
	if isOther(raw) {
		if !slices.Contains(s.Other, raw) {
			s.Other = append(s.Other, raw)
		}
		return nil
	}
	scope, err := parseScope(raw)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(s.Resources, func(r Scope) bool { return r.Raw == raw }) {
		s.Resources = append(s.Resources, scope)
	}
	return nil
}

func parseScope(raw string) (Scope, error) {
	head, constraint, granular := strings.Cut(raw, "?")
	level, rest, ok := strings.Cut(head, "/")
	if !ok || !isLevel(Level(level)) {
		return Scope{}, fmt.Errorf("unknown")
	}
	name, access, _ := strings.Cut(rest, ".")
	if name != "*" && !conformance.IsType(name) {
		return Scope{}, fmt.Errorf("not a resource type of R4")
	}
	p, v1, ok := parsePermissions(access)
	if !ok {
		return Scope{}, fmt.Errorf("permissions are an ordered part of cruds, or read, write or *")
	}
	s := Scope{Level: Level(level), Type: name, Permissions: p, Filter: query.All{}, Raw: raw}
	if !granular {
		return s, nil
	}
	if v1 {
		return Scope{}, fmt.Errorf("a filter needs the v2 notation")
	}
	var err error
	s.Filter, err = parseConstraint(name, constraint)
	return s, err
}

// parseConstraint refuses what SMART leaves out of granular scopes before the
// query room sees it, and a filter that would filter nothing after.
func parseConstraint(resourceType, raw string) (query.Expr, error) {
	if resourceType == "*" {
		return nil, fmt.Errorf("a filter needs one resource type")
	}
	for pair := range strings.SplitSeq(raw, "&") {
		name, value, ok := strings.Cut(pair, "=")
		if !ok || value == "" {
			return nil, fmt.Errorf("a filter is name=value pairs")
		}
		if name == "_filter" || !isPlainName(name) {
			return nil, fmt.Errorf("modifiers, chains and _filter are not for scopes")
		}
	}
	x, err := query.ParseFilter(resourceType, raw)
	if err != nil {
		return nil, err
	}
	if _, all := x.(query.All); all || query.Empty(x) {
		return nil, fmt.Errorf("the filter constrains nothing")
	}
	return x, nil
}

// isOther knows the scopes that name no resources: those of OpenID Connect and
// of SMART's launch context, launch/<type>[?role=].
func isOther(raw string) bool {
	switch raw {
	case "openid", "profile", "fhirUser", "launch", "offline_access", "online_access":
		return true
	}
	context, ok := strings.CutPrefix(raw, "launch/")
	if !ok {
		return false
	}
	name, role, has := strings.Cut(context, "?role=")
	if has && role == "" {
		return false
	}
	return name != "" && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz") == ""
}

func isLevel(l Level) bool { return l == PatientLevel || l == UserLevel || l == SystemLevel }

// isScopeToken is RFC 6749 §3.3: %x21 / %x23-5B / %x5D-7E.
func isScopeToken(s string) bool {
	for _, c := range []byte(s) {
		if c < 0x21 || c > 0x7e || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// isPlainName allows a parameter's name alone: no ":modifier", no ".chain", no
// percent sign that could hide one.
func isPlainName(s string) bool {
	for _, c := range []byte(s) {
		if !fhir.IsID(string(c)) && c != '_' || c == '.' {
			return false
		}
	}
	return s != ""
}

// printable is a scope as an error may show it.
func printable(raw string) string {
	raw = raw[:min(len(raw), 100)]
	return strings.Map(func(r rune) rune {
		if r < 0x21 || r > 0x7e || r == '"' || r == '\\' {
			return '.'
		}
		return r
	}, raw)
}
