package profile

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"sluis/conformance"
	"sluis/conformance/fhirpath"
)

// nodeSteps is what an element of a profile costs, in steps of an expression.
const nodeSteps = 8

// node holds an element to what a profile says of it, and what is below it where
// the profile goes there. What the profile only repeats of R4 is left to base.
func (r *run) node(at *place, n *node) {
	if r.full() || !r.spend(at, nodeSteps) {
		return
	}
	if !r.enter(at) {
		r.leave()
		return
	}
	defer r.leave()
	r.constraints(at, n.Constraints, false)
	if n.narrowed.fixed {
		r.fixed(at, n)
	}
	if n.narrowed.values {
		r.values(at, n)
	}
	if n.narrowed.binding {
		r.bound(at, n.Binding, false)
	}
	if n.narrowed.types && n.parent != nil && !r.types(at, n) {
		return
	}
	if n.expanded {
		r.children(at, n)
	}
}

// children holds what stands below an element to the elements of a profile.
func (r *run) children(at *place, n *node) {
	groups := map[string][]*place{}
	for _, c := range at.below() {
		groups[c.name] = append(groups[c.name], c)
	}
	for _, c := range n.children {
		name := strings.TrimSuffix(c.name, "[x]")
		r.count(at, name, c, groups[name], "")
		for _, e := range groups[name] {
			r.node(e, c)
		}
		if len(c.slices) > 0 {
			r.slicing(at, name, c, groups[name])
		}
	}
}

// count holds the number of an element's values to its cardinality; of a slice,
// always, of another element where a profile narrows it.
func (r *run) count(at *place, name string, n *node, values []*place, slice string) {
	of := ""
	if slice != "" {
		of = " of the slice " + slice
	}
	if len(values) < n.Min && (slice != "" || n.narrowed.min) {
		r.add(issueAt(at.String()+"."+name, "required", fmt.Sprintf("%s%s: at least %d, there are %d", name, of, n.Min, len(values))))
	}
	if len(values) <= n.Max || slice == "" && !n.narrowed.max {
		return
	}
	details := fmt.Sprintf("%s%s: at most %d, there are %d", name, of, n.Max, len(values))
	if n.Max == 0 {
		details = name + of + " is not allowed by the profile"
	}
	r.issue(values[n.Max], "error", "structure", details)
}

// fixed holds a value to a fixed one or a pattern.
func (r *run) fixed(at *place, n *node) {
	switch {
	case !n.Fixed.IsZero() && !equal(at.element.Node, n.Fixed):
		r.issue(at, "error", "value", "the value is fixed to "+brief(n.Fixed.Raw()))
	case !n.Pattern.IsZero() && !fits(at.element.Node, n.Pattern):
		r.issue(at, "error", "value", "the value must have what is in "+brief(n.Pattern.Raw()))
	}
}

// values holds a value to the least and greatest allowed, and a string to its
// length.
func (r *run) values(at *place, n *node) {
	if n.maxLength > 0 && utf8.RuneCountInString(at.element.Node.Text()) > n.maxLength {
		r.issue(at, "error", "value", fmt.Sprintf("longer than %d characters", n.maxLength))
	}
	own := fhirpath.Of(at.element)
	if !n.minValue.IsZero() && own.Below(fhirpath.Of(conformance.Element{Node: n.minValue, Type: at.element.Type})) {
		r.issue(at, "error", "value", "less than "+brief(n.minValue.Raw()))
	}
	if !n.maxValue.IsZero() && fhirpath.Of(conformance.Element{Node: n.maxValue, Type: at.element.Type}).Below(own) {
		r.issue(at, "error", "value", "greater than "+brief(n.maxValue.Raw()))
	}
}

// types holds a value to the types that the profile leaves, and to the profile of
// its type; false where it is of none.
func (r *run) types(at *place, n *node) bool {
	own := at.element.Type.Name()
	var names []string
	var fit *TypeRef
	for i, t := range n.Types {
		names = append(names, t.Code)
		if fit == nil && n.takes(t.Code, own) {
			fit = &n.Types[i]
		}
	}
	if fit == nil {
		if len(n.Types) == 0 || own == "" {
			return true
		}
		r.issue(at, "error", "structure", "the type "+own+" is not one of "+strings.Join(names, ", "))
		return false
	}
	r.anyProfile(at, fit.Profiles)
	if len(fit.TargetProfiles) > 0 {
		r.targets(at, fit.TargetProfiles)
	}
	return true
}

// takes reports whether a type is one that the profile names. Of a choice it is
// exactly that, since its JSON name says it; elsewhere R4 decides (Resource for
// what is contained, string for an id).
func (n *node) takes(code, own string) bool {
	if strings.HasSuffix(n.name, "[x]") {
		return code == own
	}
	return code == "*" || conformance.IsSubtype(own, code)
}

// anyProfile holds a value to the profiles of its type, of which it has to meet
// one.
func (r *run) anyProfile(at *place, profiles []string) {
	if len(profiles) == 1 {
		if !r.isExtensionOf(at, profiles[0]) {
			r.profile(at, profiles[0], "warning")
		}
		return
	}
	if len(profiles) == 0 {
		return
	}
	for _, canonical := range profiles {
		p, _, ok := r.library.Profile(canonical)
		if !ok || r.try(at, p) {
			return // what is not known cannot be refused
		}
	}
	r.issue(at, "error", "structure", "it meets none of the profiles "+strings.Join(profiles, ", "))
}

// trial is a question that was answered before.
type trial struct {
	start, end int
	profile    *node
}

// try reports whether an element meets a profile, without saying what is wrong.
// A question within itself, as references in a circle make it, is answered yes.
func (r *run) try(at *place, p *Profile) bool {
	return conformance.IsSubtype(at.element.Type.Name(), p.Type) && r.tryNode(at, p.root)
}

func (r *run) tryNode(at *place, n *node) bool {
	start, end := at.element.Place().Span()
	key := trial{start, end, n}
	if answer, asked := r.trials[key]; asked {
		return answer
	}
	r.trials[key] = true
	inner := &run{library: r.library, request: r.request, seen: map[string]bool{}, trials: r.trials, entries: r.entries, steps: r.steps, depth: r.depth}
	inner.node(at, n)
	r.steps, r.doubt = inner.steps, r.doubt || inner.doubt
	for _, i := range inner.issues {
		if i.Severity == "error" {
			r.trials[key] = false
		}
	}
	return r.trials[key]
}
