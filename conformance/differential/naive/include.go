package naive

import (
	"slices"
	"strings"

	"sluis/conformance"
)

// Includes are the resources that a page of matches brings along (R4
// search.html#include), as sorted Type/id: none of the page itself, each once.
// Without :iterate an include starts from the matches alone.
func (r *Result) Includes(page []Resource) []string {
	s := r.search
	in := map[string]Resource{}
	for _, m := range page {
		in[m.Ref()] = m
	}
	for round := 0; ; round++ {
		var added []Resource
		for _, p := range s.params {
			name, modifier, _ := strings.Cut(p.name, ":")
			from := page
			if modifier == "iterate" || modifier == "recurse" {
				from = all(in)
			}
			if round > 0 && len(from) == len(page) && modifier == "" {
				continue
			}
			switch name {
			case "_include":
				added = append(added, s.forward(from, p.value)...)
			case "_revinclude":
				added = append(added, s.backward(from, p.value)...)
			}
		}
		before := len(in)
		for _, a := range added {
			in[a.Ref()] = a
		}
		if len(in) == before {
			break
		}
	}
	for _, m := range page {
		delete(in, m.Ref())
	}
	out := make([]string, 0, len(in))
	for ref := range in {
		out = append(out, ref)
	}
	slices.Sort(out)
	return out
}

func all(m map[string]Resource) []Resource {
	var out []Resource
	for _, r := range m {
		out = append(out, r)
	}
	return out
}

// forward is what the resources refer to by Source:parameter[:Target], Source:*
// or *.
func (s *search) forward(from []Resource, raw string) []Resource {
	var out []Resource
	for _, r := range from {
		for _, ref := range s.pointers(r, raw) {
			for _, target := range s.Resources {
				if target.Type() == ref.kind && target.ID() == ref.id {
					out = append(out, target)
				}
			}
		}
	}
	return out
}

// backward is what refers to one of the resources.
func (s *search) backward(to []Resource, raw string) []Resource {
	var out []Resource
	for _, r := range s.Resources {
		for _, ref := range s.pointers(r, raw) {
			if slices.ContainsFunc(to, func(t Resource) bool { return t.Type() == ref.kind && t.ID() == ref.id }) {
				out = append(out, r)
			}
		}
	}
	return out
}

// pointers are the references of a resource that an include names.
func (s *search) pointers(r Resource, raw string) []reference {
	parts := append(strings.Split(raw, ":"), "", "")
	var out []reference
	if parts[0] != "*" && parts[0] != r.Type() {
		return nil
	}
	for _, p := range conformance.Parameters(r.Type()) {
		if p.Type != conformance.ReferenceParam || p.Expression == "" || parts[0] != "*" && parts[1] != "*" && parts[1] != p.Code {
			continue
		}
		for _, ref := range s.referencesOf(p, r) {
			if parts[2] == "" || parts[2] == ref.kind {
				out = append(out, ref)
			}
		}
	}
	return out
}
