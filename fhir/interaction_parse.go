package fhir

import (
	"net/url"
	"slices"
	"strings"
)

// ParseInteraction reads what a request asks for (R4 http.html). The path is
// relative to the FHIR base and as sent, percent-escapes included, such as
// "/Patient/1/_history/2"; rawQuery is without its '?' and, for POST _search,
// holds the form as well. isType tells the resource types; it is a parameter
// because what R4 defines is known above this package.
//
// The error is an *Error: NotFound for an unknown resource type or a path of no
// known shape, NotAllowed for a known shape with another method, Invalid for a
// malformed id or query, NotImplemented for operations, PATCH and compartments.
func ParseInteraction(method, path, rawQuery string, isType func(string) bool) (Interaction, error) {
	segments, err := split(path)
	if err != nil {
		return Interaction{}, err
	}
	ix, err := shape(method, segments, isType)
	if err != nil {
		return Interaction{}, err
	}
	if ix.Params, err = ParseParams(rawQuery); err != nil {
		return Interaction{}, err
	}
	if ix.Conditional && len(ix.Params) == 0 {
		return Interaction{}, NewError(Invalid, "required", method+" needs an id or a search in the URL")
	}
	return ix, nil
}

// split cuts a path into its unescaped segments; the base itself has none.
func split(path string) ([]string, error) {
	path = strings.TrimPrefix(path, "/")
	if path == "" {
		return nil, nil
	}
	segments := strings.Split(path, "/")
	for i, s := range segments {
		text, err := url.PathUnescape(s)
		if err != nil {
			return nil, NewError(Invalid, "invalid", "bad percent-escape in the path")
		}
		segments[i] = text
	}
	return segments, nil
}

// methods tells which interaction each method asks for at one shape of path.
type methods map[string]Interaction

func (m methods) pick(method string) (Interaction, error) {
	if ix, ok := m[method]; ok {
		return ix, nil
	}
	allowed := make([]string, 0, len(m))
	for name := range m {
		allowed = append(allowed, name)
	}
	slices.Sort(allowed)
	return Interaction{}, NewError(NotAllowed, "not-supported", "the method here must be "+strings.Join(allowed, " or "))
}

func get(kind InteractionKind) methods { return methods{"GET": {Kind: kind}} }

func shape(method string, s []string, isType func(string) bool) (Interaction, error) {
	if len(s) == 0 {
		return methods{"GET": {Kind: SearchSystem}, "POST": {Kind: Transaction}}.pick(method)
	}
	switch first := s[0]; {
	case strings.HasPrefix(first, "$"):
		return Interaction{}, operation(first)
	case isType(first):
		return typeShape(method, first, s[1:], isType)
	case len(s) > 1 || !strings.HasPrefix(first, "_") && first != "metadata":
		return Interaction{}, NewError(NotFound, "not-supported", "unknown resource type "+shorten(first))
	}
	switch s[0] {
	case "metadata":
		return get(Capabilities).pick(method)
	case "_history":
		return get(HistorySystem).pick(method)
	case "_search":
		return methods{"POST": {Kind: SearchSystem}}.pick(method)
	}
	return Interaction{}, noSuchPath()
}

// typeShape reads what follows a resource type.
func typeShape(method, t string, rest []string, isType func(string) bool) (Interaction, error) {
	if len(rest) == 0 {
		if method == "PATCH" {
			return Interaction{}, patch()
		}
		return methods{
			"GET":    {Kind: SearchType, Type: t},
			"POST":   {Kind: Create, Type: t},
			"PUT":    {Kind: Update, Type: t, Conditional: true},
			"DELETE": {Kind: Delete, Type: t, Conditional: true},
		}.pick(method)
	}
	switch id := rest[0]; {
	case strings.HasPrefix(id, "$"):
		return Interaction{}, operation(id)
	case id == "_history" && len(rest) == 1:
		return methods{"GET": {Kind: HistoryType, Type: t}}.pick(method)
	case id == "_search" && len(rest) == 1:
		return methods{"POST": {Kind: SearchType, Type: t}}.pick(method)
	case !IsID(id):
		return Interaction{}, NewError(Invalid, "invalid", "not a legal id: "+shorten(id))
	default:
		return instanceShape(method, t, id, rest[1:], isType)
	}
}

// instanceShape reads what follows Type/id.
func instanceShape(method, t, id string, rest []string, isType func(string) bool) (Interaction, error) {
	if len(rest) == 0 {
		if method == "PATCH" {
			return Interaction{}, patch()
		}
		return methods{
			"GET":    {Kind: Read, Type: t, ID: id},
			"PUT":    {Kind: Update, Type: t, ID: id},
			"DELETE": {Kind: Delete, Type: t, ID: id},
		}.pick(method)
	}
	switch next := rest[0]; {
	case strings.HasPrefix(next, "$"):
		return Interaction{}, operation(next)
	case next == "_history" && len(rest) == 1:
		return methods{"GET": {Kind: HistoryInstance, Type: t, ID: id}}.pick(method)
	case next == "_history" && len(rest) == 2:
		return versionShape(method, t, id, rest[1])
	case len(rest) == 1 && (next == "*" || isType(next)):
		return Interaction{}, NewError(NotImplemented, "not-supported", "compartment search is not supported: search "+shorten(next)+" with a parameter that names the "+t)
	}
	return Interaction{}, noSuchPath()
}

// versionShape reads a version id. A legal one that is no number of ours names
// a version that does not exist.
func versionShape(method, t, id, version string) (Interaction, error) {
	if !IsID(version) {
		return Interaction{}, NewError(Invalid, "invalid", "not a legal version id: "+shorten(version))
	}
	v, ok := parseVersion(version)
	if !ok {
		return Interaction{}, ErrNotFound()
	}
	return methods{"GET": {Kind: VRead, Type: t, ID: id, Version: v}}.pick(method)
}

func operation(name string) error {
	return NewError(NotImplemented, "not-supported", "operation "+shorten(name)+" is not supported")
}

func patch() error { return NewError(NotImplemented, "not-supported", "PATCH is not supported") }

func noSuchPath() error { return NewError(NotFound, "not-supported", "no such path") }

// shorten keeps what a caller sent from filling an answer.
func shorten(s string) string {
	const most = 64
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return strings.ToValidUTF8(s, "")
}
