package profile

import (
	"strings"

	"sluis/conformance"
)

// steps splits the path of a discriminator, the restricted FHIRPath of
// profiling.html#discriminator: names, $this, extension(url), resolve() and
// ofType(type).
func steps(path string) []string {
	var out []string
	quoted, from := false, 0
	for i, c := range path {
		switch {
		case c == '\'':
			quoted = !quoted
		case c == '.' && !quoted:
			out = append(out, path[from:i])
			from = i + 1
		}
	}
	return append(out, path[from:])
}

// argument reads name(argument), without quotes.
func argument(step string) (name, arg string, ok bool) {
	name, rest, ok := strings.Cut(step, "(")
	return name, strings.Trim(strings.TrimSuffix(rest, ")"), "'"), ok
}

// follow is where a discriminator's path leads in a document.
func (r *run) follow(from []*place, path string) []*place {
	for _, step := range steps(path) {
		if step == "$this" {
			continue
		}
		var next []*place
		for _, at := range from {
			next = append(next, r.followStep(at, step)...)
		}
		from = next
	}
	return from
}

func (r *run) followStep(at *place, step string) []*place {
	name, arg, invoked := argument(step)
	var out []*place
	switch {
	case !invoked:
		for _, c := range at.below() {
			if c.name == strings.TrimSuffix(step, "[x]") {
				out = append(out, c)
			}
		}
	case name == "extension":
		for _, c := range at.below() {
			if c.name == "extension" && c.element.Node.Get("url").Text() == arg {
				out = append(out, c)
			}
		}
	case name == "ofType" || name == "as":
		if conformance.IsSubtype(at.element.Type.Name(), arg) {
			out = append(out, at)
		}
	case name == "resolve":
		if e, ok := r.target(at, at.element); ok {
			out = append(out, at.child("resolve()", -1, e))
		}
	}
	return out
}

// defined is where a discriminator's path leads in a profile; false where it
// leads nowhere, so that the discriminator tells nothing.
func (r *run) defined(n *node, path string) (*node, bool) {
	for _, step := range steps(path) {
		if step == "$this" {
			continue
		}
		if n = r.definedStep(n, step); n == nil {
			return nil, false
		}
	}
	return n, true
}

func (r *run) definedStep(n *node, step string) *node {
	name, arg, invoked := argument(step)
	switch {
	case !invoked:
		return r.childOf(n, strings.TrimSuffix(step, "[x]"))
	case name == "extension":
		host := r.childOf(n, "extension")
		if host == nil {
			return nil
		}
		for _, s := range host.slices {
			if len(s.Types) == 1 && len(s.Types[0].Profiles) == 1 && unversioned(s.Types[0].Profiles[0]) == arg {
				return s
			}
		}
	case name == "ofType" || name == "as":
		for _, s := range n.slices {
			if ofTypes(arg, s) {
				return s
			}
		}
		return n
	case name == "resolve":
		for _, t := range n.Types {
			if len(t.TargetProfiles) == 1 {
				if p, _, ok := r.library.Profile(t.TargetProfiles[0]); ok {
					return p.root
				}
			}
		}
	}
	return nil
}

// childOf is a child in the tree, or that of the profile of the element's type.
func (r *run) childOf(n *node, name string) *node {
	if n.expanded {
		return n.named(name)
	}
	if n.ContentReference != "" {
		if n = n.root().at(n.ContentReference); n != nil {
			return n.named(name)
		}
		return nil
	}
	for _, t := range n.Types {
		canonical := structurePrefix + t.Code
		if len(t.Profiles) == 1 {
			canonical = t.Profiles[0]
		}
		if p, _, ok := r.library.Profile(canonical); ok {
			if c := p.root.named(name); c != nil {
				return c
			}
		}
	}
	return nil
}
