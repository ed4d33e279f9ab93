package profile

import (
	"slices"
	"strings"

	"sluis/conformance"
)

// slicing puts the values of an element into its slices, holds each to its own,
// and the slices to their cardinality (profiling.html#slicing).
func (r *run) slicing(at *place, name string, n *node, values []*place) {
	assigned := make([][]*place, len(n.slices))
	last, unmatched, doubt := 0, false, false
	for _, v := range values {
		r.doubt = false
		i := r.sliceOf(v, n)
		switch {
		case i < 0 && r.doubt:
			doubt = true
			r.issue(v, "warning", "not-supported", "it could not be told whether it is one of the slices "+names(n.slices)+": a value set is not at hand")
			continue
		case i < 0:
			unmatched = true
			if n.Slicing != nil && n.Slicing.Rules == "closed" {
				r.issue(v, "error", "structure", "it fits none of the slices "+names(n.slices)+", and the profile allows no other")
			}
			continue
		case n.Slicing != nil && n.Slicing.Ordered && i < last:
			r.issue(v, "error", "structure", "the slice "+n.slices[i].SliceName+" stands before "+n.slices[last].SliceName)
		case n.Slicing != nil && n.Slicing.Rules == "openAtEnd" && unmatched:
			r.issue(v, "error", "structure", "what fits no slice stands after those that do")
		}
		last = max(last, i)
		assigned[i] = append(assigned[i], v)
	}
	for i, s := range n.slices {
		if !doubt || len(assigned[i]) > s.Min {
			r.count(at, name, s, assigned[i], s.SliceName)
		}
		for _, v := range assigned[i] {
			r.node(v, s)
		}
		if len(s.slices) > 0 {
			r.slicing(at, name, s, assigned[i])
		}
	}
}

func names(ns []*node) string {
	var out []string
	for _, n := range ns {
		out = append(out, n.SliceName)
	}
	return strings.Join(out, ", ")
}

// defaultSlice takes what fits no other slice.
const defaultSlice = "@default"

// sliceOf is the place of the slice that a value belongs to, or -1.
func (r *run) sliceOf(v *place, n *node) int {
	for i, s := range n.slices {
		if s.SliceName != defaultSlice && r.belongs(v, n, s) {
			return i
		}
	}
	return slices.IndexFunc(n.slices, func(s *node) bool { return s.SliceName == defaultSlice })
}

// belongs reports whether every discriminator tells a value to be of a slice.
// Without discriminators, what meets the slice belongs to it.
func (r *run) belongs(v *place, n, s *node) bool {
	if n.Slicing == nil || len(n.Slicing.Discriminators) == 0 {
		return r.tryNode(v, s)
	}
	for _, d := range n.Slicing.Discriminators {
		if !r.discriminates(v, s, d) {
			return false
		}
	}
	return true
}

func (r *run) discriminates(v *place, s *node, d Discriminator) bool {
	if !r.spend(v, nodeSteps) {
		return false
	}
	if url, ok := extensionURL(v, s, d); ok {
		return v.element.Node.Get("url").Text() == url
	}
	values := r.follow([]*place{v}, d.Path)
	defined, ok := r.defined(s, d.Path)
	if !ok {
		return false
	}
	switch d.Type {
	case "value", "pattern":
		if len(values) == 0 {
			return defined.Max == 0
		}
		return slices.ContainsFunc(values, func(x *place) bool { return r.shaped(x, defined) })
	case "exists":
		return defined.Max == 0 && len(values) == 0 || defined.Max > 0 && defined.Min > 0 && len(values) > 0
	case "type":
		return slices.ContainsFunc(values, func(x *place) bool { return ofTypes(x.element.Type.Name(), defined) })
	case "profile":
		return slices.ContainsFunc(values, func(x *place) bool { return r.meetsAny(x, defined) })
	}
	return false
}

// extensionURL is the shortcut for extensions, whose slices name the profile.
func extensionURL(v *place, s *node, d Discriminator) (string, bool) {
	if d.Path != "url" || v.element.Type.Name() != "Extension" || len(s.Types) != 1 || len(s.Types[0].Profiles) != 1 {
		return "", false
	}
	return unversioned(s.Types[0].Profiles[0]), true
}

func ofTypes(name string, n *node) bool {
	return slices.ContainsFunc(n.Types, func(t TypeRef) bool { return conformance.IsSubtype(name, t.Code) })
}

// meetsAny reports whether a value meets a profile that the slice names; of a
// reference that was resolved, those of its target.
func (r *run) meetsAny(x *place, n *node) bool {
	for _, t := range n.Types {
		for _, canonical := range slices.Concat(t.Profiles, t.TargetProfiles) {
			if p, issues, ok := r.library.Profile(canonical); ok && len(issues) == 0 && r.try(x, p) {
				return true
			}
		}
	}
	return n.parent == nil && r.tryNode(x, n)
}

// shaped reports whether a value has what a slice fixes, here or below.
func (r *run) shaped(x *place, n *node) bool {
	switch {
	case !n.Fixed.IsZero():
		return equal(x.element.Node, n.Fixed)
	case !n.Pattern.IsZero():
		return fits(x.element.Node, n.Pattern)
	}
	told := false
	if n.Binding.Strength == "required" && n.narrowed.binding {
		member, known := r.member(x.element, n.Binding.ValueSet)
		r.doubt = r.doubt || !known
		if !member {
			return false
		}
		told = true
	}
	for _, c := range n.children {
		if !c.tells() {
			continue
		}
		told = true
		values := x.element.Get(strings.TrimSuffix(c.name, "[x]"))
		if !slices.ContainsFunc(values, func(e conformance.Element) bool { return r.shaped(x.child(c.name, -1, e), c) }) && (c.Min > 0 || len(values) > 0) {
			return false
		}
	}
	if !told && len(n.Types) == 1 && len(n.Types[0].Profiles) == 1 && !n.expanded {
		if p, _, ok := r.library.Profile(n.Types[0].Profiles[0]); ok {
			return r.shaped(x, p.root)
		}
	}
	return told
}

// tells reports whether something is fixed in an element or below it.
func (n *node) tells() bool {
	return !n.Fixed.IsZero() || !n.Pattern.IsZero() || n.Binding.Strength == "required" && n.narrowed.binding ||
		slices.ContainsFunc(n.children, (*node).tells)
}
