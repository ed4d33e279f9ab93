package naive

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"sluis/conformance"
)

// Data is what somebody may see, on a server with that base URL. What is not
// among Resources does not exist: no chain passes through it and no include
// brings it.
type Data struct {
	Base      string
	Resources []Resource
}

// Result is the answer to a search.
type Result struct {
	Matches []Resource     // in the order of _sort; ties in the order of Data
	Rank    map[string]int // of each match by Type/id: equal where _sort leaves the order open
	Count   int            // _count, -1 where it is not given
	Total   bool           // a total is asked for
	Only    bool           // nothing but the total is asked for
	search  *search
}

type param struct{ name, value string }

type search struct {
	*Data
	params []param
	err    error
}

// Search answers GET path?query, with the path of a search of one type
// (/Observation), of all (empty), or of a compartment (/Patient/p1/Observation,
// /Patient/p1/*). The query is taken to be legal; what of it is not known here
// is an error.
func (d *Data) Search(path, query string) (*Result, error) {
	s := &search{Data: d}
	for pair := range strings.SplitSeq(query, "&") {
		name, raw, _ := strings.Cut(pair, "=")
		name, err1 := url.QueryUnescape(name)
		raw, err2 := url.QueryUnescape(raw)
		if err1 != nil || err2 != nil {
			return nil, fmt.Errorf("naive: %q is not a query", query)
		}
		if name != "" {
			s.params = append(s.params, param{name, raw})
		}
	}
	out := &Result{Rank: map[string]int{}, Count: -1, search: s}
	for _, r := range d.Resources {
		if s.within(path, r) && s.matches(r) {
			out.Matches = append(out.Matches, r)
		}
	}
	s.shape(out)
	return out, s.err
}

func (s *search) fail(format string, args ...any) bool {
	if s.err == nil {
		s.err = fmt.Errorf("naive: "+format, args...)
	}
	return false
}

// within reports whether the resource is of the type and in the compartment
// that the path names (R4 search.html#searchcontexts).
func (s *search) within(path string, r Resource) bool {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	if len(parts) == 3 {
		return (parts[2] == "*" || parts[2] == r.Type()) && s.inCompartment(parts[0], parts[1], r)
	}
	return parts[0] == "" || parts[0] == r.Type()
}

// inCompartment is R4 compartmentdefinition.html: the resource itself that the
// compartment is named after, and what refers to it by one of its type's
// parameters.
func (s *search) inCompartment(kind, id string, r Resource) bool {
	if r.Ref() == kind+"/"+id {
		return true
	}
	for _, p := range conformance.Compartment(kind, r.Type()) {
		for _, ref := range s.referencesOf(p, r) {
			if ref.kind == kind && ref.id == id {
				return true
			}
		}
	}
	return false
}

// shaping are the parameters that do not say what matches.
var shaping = []string{"_sort", "_count", "_total", "_summary", "_include", "_revinclude", "_elements", "_format", "_pretty"}

func (s *search) matches(r Resource) bool {
	for _, p := range s.params {
		name, _, _ := strings.Cut(p.name, ":")
		if !slices.Contains(shaping, name) && !s.holds(r, p.name, p.value) {
			return false
		}
	}
	return true
}

// holds asks a resource about one parameter.
func (s *search) holds(r Resource, name, raw string) bool {
	if rest, ok := strings.CutPrefix(name, "_has:"); ok {
		return s.has(r, rest, raw)
	}
	head, rest, chained := strings.Cut(name, ".")
	code, modifier, _ := strings.Cut(head, ":")
	if special, ok := s.special(r, code, modifier, raw); ok {
		return special
	}
	p, ok := conformance.Lookup(r.Type(), code)
	switch {
	case !ok:
		return s.fail("%s has no parameter %s", r.Type(), code)
	case chained:
		return s.chain(p, r, modifier, rest, raw)
	case modifier == "missing":
		return (len(s.valuesOf(p, r)) == 0) == (raw == "true")
	case modifier == "not" || modifier == "not-in":
		positive := map[string]string{"not": "", "not-in": "in"}[modifier]
		return !s.any(p, r, positive, raw)
	}
	return s.any(p, r, modifier, raw)
}

// special answers the parameters that are not read from one element.
func (s *search) special(r Resource, code, modifier, raw string) (holds, known bool) {
	some := func(match func(string) bool) (bool, bool) {
		return slices.ContainsFunc(split(raw, ','), match) == (modifier != "not"), true
	}
	switch code {
	case "_id":
		return some(func(v string) bool { return v == r.ID() })
	case "_type":
		return some(func(v string) bool { return v == r.Type() })
	case "_text":
		return some(func(v string) bool { return hasWords(narrative(r), v) })
	case "_content":
		return some(func(v string) bool { return hasWords(content(r), v) })
	case "_list":
		return some(func(v string) bool { return s.listed(r, v) })
	case "near":
		return some(func(v string) bool { return matchNear(r["position"], v) })
	case "_filter":
		return s.filter(r, raw), true
	}
	return false, false
}

// listed reports whether a List that may be seen has the resource among its
// entries (R4 search.html#list).
func (s *search) listed(r Resource, id string) bool {
	for _, l := range s.Resources {
		if l.Type() != "List" || l.ID() != strings.TrimPrefix(id, "List/") {
			continue
		}
		for _, e := range list(l["entry"]) {
			ref := s.literal(str(dig(e, "item", "reference")))
			if ref.kind == r.Type() && ref.id == r.ID() && dig(e, "deleted") != true {
				return true
			}
		}
	}
	return false
}

// chain is R4 search.html#chaining: some reference of the parameter points at a
// resource that satisfies the rest. Types that do not have the parameter that
// follows are passed over.
func (s *search) chain(p *conformance.Parameter, r Resource, kind, rest, raw string) bool {
	next, _, _ := strings.Cut(rest, ".")
	next, _, _ = strings.Cut(next, ":")
	for _, ref := range s.referencesOf(p, r) {
		for _, target := range s.Resources {
			if target.Type() != ref.kind || target.ID() != ref.id || kind != "" && kind != ref.kind || !slices.Contains(p.Targets, ref.kind) {
				continue
			}
			if _, known := conformance.Lookup(ref.kind, next); (known || next == "_has") && s.holds(target, rest, raw) {
				return true
			}
		}
	}
	return false
}

// has is R4 search.html#has: Type:reference:parameter.
func (s *search) has(r Resource, name, raw string) bool {
	parts := strings.SplitN(name, ":", 3)
	if len(parts) < 3 {
		return s.fail("_has:%s is not complete", name)
	}
	p, ok := conformance.Lookup(parts[0], parts[1])
	if !ok {
		return s.fail("%s has no parameter %s", parts[0], parts[1])
	}
	for _, source := range s.Resources {
		if source.Type() != parts[0] {
			continue
		}
		for _, ref := range s.referencesOf(p, source) {
			if ref.kind == r.Type() && ref.id == r.ID() && s.holds(source, parts[2], raw) {
				return true
			}
		}
	}
	return false
}
