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
// malformed id or query. Which operations and compartments there are is not
// known here.
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
	case strings.HasPrefix(first, "$") && len(s) == 1:
		return operation(method, first, Ref{})
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
		return methods{
			"GET":    {Kind: SearchType, Type: t},
			"POST":   {Kind: Create, Type: t},
			"PUT":    {Kind: Update, Type: t, Conditional: true},
			"PATCH":  {Kind: Patch, Type: t, Conditional: true},
			"DELETE": {Kind: Delete, Type: t, Conditional: true},
		}.pick(method)
	}
	switch id := rest[0]; {
	case strings.HasPrefix(id, "$") && len(rest) == 1:
		return operation(method, id, Ref{Type: t})
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
		return methods{
			"GET":    {Kind: Read, Type: t, ID: id},
			"PUT":    {Kind: Update, Type: t, ID: id},
			"PATCH":  {Kind: Patch, Type: t, ID: id},
			"DELETE": {Kind: Delete, Type: t, ID: id},
		}.pick(method)
	}
	switch next := rest[0]; {
	case strings.HasPrefix(next, "$") && len(rest) == 1:
		return operation(method, next, Ref{Type: t, ID: id})
	case next == "_history" && len(rest) == 1:
		return methods{"GET": {Kind: HistoryInstance, Type: t, ID: id}}.pick(method)
	case next == "_history":
		return versionShape(method, Ref{Type: t, ID: id}, rest[1:])
	case next == "*" || isType(next):
		return compartmentShape(method, Ref{Type: t, ID: id}, strings.TrimPrefix(next, "*"), rest[1:])
	}
	return Interaction{}, noSuchPath()
}

// compartmentShape reads what follows Type/id/Type or Type/id/* (R4
// http.html#search, compartmentdefinition.html).
func compartmentShape(method string, compartment Ref, t string, rest []string) (Interaction, error) {
	ix := Interaction{Kind: SearchCompartment, Type: t, Compartment: compartment}
	switch {
	case len(rest) == 0:
		return methods{"GET": ix}.pick(method)
	case len(rest) == 1 && rest[0] == "_search":
		return methods{"POST": ix}.pick(method)
	}
	return Interaction{}, noSuchPath()
}

// versionShape reads a version id. A legal one that is no number of ours names
// a version that does not exist.
func versionShape(method string, ref Ref, rest []string) (Interaction, error) {
	if !IsID(rest[0]) {
		return Interaction{}, NewError(Invalid, "invalid", "not a legal version id: "+shorten(rest[0]))
	}
	v, ok := parseVersion(rest[0])
	if !ok {
		return Interaction{}, ErrNotFound()
	}
	ref.Version = v
	switch {
	case len(rest) == 1:
		return methods{"GET": {Kind: VRead, Type: ref.Type, ID: ref.ID, Version: v}}.pick(method)
	case len(rest) == 2 && strings.HasPrefix(rest[1], "$"):
		return operation(method, rest[1], ref)
	}
	return Interaction{}, noSuchPath()
}

// operation reads a call of $name (R4 operations.html); the names and levels
// that there are is for the server to say.
func operation(method, name string, on Ref) (Interaction, error) {
	ix := Interaction{Kind: Operation, Operation: name[1:], Type: on.Type, ID: on.ID, Version: on.Version}
	posted := ix
	posted.Posted = true
	return methods{"GET": ix, "POST": posted}.pick(method)
}

func noSuchPath() error { return NewError(NotFound, "not-supported", "no such path") }

// shorten keeps what a caller sent from filling an answer.
func shorten(s string) string {
	const most = 64
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return strings.ToValidUTF8(s, "")
}
