package profile

import (
	"fmt"
	"maps"
	"strings"

	"sluis/conformance"
	"sluis/fhir"
)

// Bounds on what is read of one definition, and on what it can make us build.
const (
	maxGiven    = 5_000
	maxElements = 50_000
)

// Snapshot makes the snapshot of a StructureDefinition from its differential
// (profiling.html#snapshot): the elements of what it builds on, changed as the
// differential says, slices and the elements of types added where it walks into
// them. resolve finds uploaded definitions; R4's own need none. The issues name
// every part of the differential that cannot be, each with the element's path; an
// error among them means that the profile is not to be relied on, and nil that
// there is none.
func Snapshot(differential *fhir.Document, resolve Resolver) (*Profile, []fhir.Issue) {
	l := NewLibrary(resolve)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.profiles[differential.Root().Get("url").Text()] = &entry{making: true}
	if members(differential.Root().At("differential", "element")) > maxGiven {
		return nil, []fhir.Issue{problem("the differential has too many elements")}
	}
	return l.snapshot(differential)
}

// Elements lists the snapshot, each element under its id.
func (p *Profile) Elements() []*Element { return p.root.elements(nil) }

// snapshot makes a profile of a differential.
func (l *Library) snapshot(doc *fhir.Document) (*Profile, []fhir.Issue) {
	p := readProfile(doc.Root())
	p.Core = l == core
	base := l.find(p.Base)
	if base.profile == nil {
		reason := "is not known"
		if base.making {
			reason = "builds on itself"
		}
		return nil, []fhir.Issue{problem(p.URL + ": its baseDefinition " + p.Base + " " + reason)}
	}
	b := builder{library: l, profile: p}
	p.root = base.profile.root.clone(nil)
	if p.Kind == "" {
		p.Kind = base.profile.Kind
	}
	for _, e := range identified(readElements(doc.Root().Get("differential"), !p.Constraint)) {
		b.element(e)
	}
	if p.root != nil {
		b.issues = append(b.issues, base.issues...)
	}
	return p, b.issues
}

type builder struct {
	library *Library
	profile *Profile
	issues  []fhir.Issue
	made    int
}

func (b *builder) report(e *Element, details string) {
	if len(b.issues) < maxIssues {
		b.issues = append(b.issues, fhir.Issue{
			Severity: "error", Code: "invalid", Details: b.profile.URL + ": " + idOf(e) + ": " + details,
			Expression: []string{"StructureDefinition.differential.element.where(id='" + idOf(e) + "')"},
		})
	}
}

// element applies one element of a differential.
func (b *builder) element(e *Element) {
	n := b.profile.root
	_, below, _ := strings.Cut(e.ID, ".")
	for below != "" {
		var part string
		part, below, _ = strings.Cut(below, ".")
		name, slice, _ := strings.Cut(part, ":")
		next, reason := b.step(n, name, slice)
		if next == nil {
			b.report(e, reason)
			return
		}
		n = next
	}
	b.merge(n, e)
}

// step goes to a child, making it where the differential is the first to name
// it; nil with the reason where there is none.
func (b *builder) step(n *node, name, slice string) (*node, string) {
	if reason := b.expand(n, name); reason != "" {
		return nil, reason
	}
	c := n.child(name)
	if c == nil {
		c = b.choice(n, name)
	}
	switch {
	case c == nil:
		return nil, "there is no element " + name
	case slice == "", c.SliceName == slice:
		return c, ""
	}
	if s := c.slice(slice); s != nil {
		return s, ""
	}
	if b.made > maxElements {
		return nil, "the profile is too large"
	}
	return b.slice(c, slice), ""
}

// choice takes valueQuantity for a slice of value[x] (profiling.html, shortcuts),
// and for the only type that it may have.
func (b *builder) choice(n *node, name string) *node {
	for _, c := range n.children {
		base, ok := strings.CutSuffix(c.name, "[x]")
		if !ok || !strings.HasPrefix(name, base) {
			continue
		}
		for _, t := range c.Types {
			if name != base+strings.ToUpper(t.Code[:1])+t.Code[1:] {
				continue
			}
			if s := c.slice(name); s != nil {
				return s
			}
			if c.Slicing == nil {
				c.Slicing = &Slicing{Discriminators: []Discriminator{{"type", "$this"}}, Rules: "closed"}
				c.Types = []TypeRef{t}
				c.narrowed.types = true
			}
			s := b.slice(c, name)
			s.Types = []TypeRef{t}
			return s
		}
	}
	return nil
}

// slice adds a slice to an element, or a reslice to one of its slices.
func (b *builder) slice(of *node, name string) *node {
	host := of
	if outer, _, nested := cutReslice(name); nested {
		if s := of.slice(outer); s != nil {
			host = s
		}
	}
	e := *host.Element
	s := (&node{Element: &e, name: of.name, expanded: host.expanded, children: host.children}).clone(of.parent)
	s.SliceName, s.Slicing, s.Min = name, nil, 0
	s.narrowed.min = false
	if host.Slicing == nil && of.name == "extension" || host.Slicing == nil && of.name == "modifierExtension" {
		host.Slicing = &Slicing{Discriminators: []Discriminator{{"value", "url"}}, Rules: "open"}
	}
	host.slices = append(host.slices, s)
	s.rename(join(of.parent.ID, of.name)+":"+name, of.Path)
	b.made += len(s.elements(nil))
	return s
}

// expand brings the children of an element's type into the tree; the reason why
// it cannot.
func (b *builder) expand(n *node, name string) string {
	if n.expanded || n.child(name) != nil {
		return ""
	}
	if n.parent == nil && len(n.children) > 0 {
		return ""
	}
	from, reason := b.source(n)
	if from == nil {
		return reason
	}
	for _, c := range from.children {
		if b.made++; b.made > maxElements {
			return "the profile is too large"
		}
		child := c.clone(n)
		child.rename(n.ID+"."+c.name, n.Path+"."+c.name)
		n.children = append(n.children, child)
		b.made += len(child.children)
	}
	n.expanded = true
	return ""
}

// source is the element whose children an element has.
func (b *builder) source(n *node) (*node, string) {
	if n.ContentReference != "" {
		if at := n.root().at(n.ContentReference); at != nil {
			return at, ""
		}
		return nil, "its contentReference leads nowhere"
	}
	canonical := structurePrefix + "Element"
	if len(n.Types) == 1 {
		canonical = structurePrefix + n.Types[0].Code
		if len(n.Types[0].Profiles) == 1 {
			canonical = n.Types[0].Profiles[0]
		}
	}
	e := b.library.find(canonical)
	if e.profile == nil {
		return nil, "the definition " + canonical + " is not known"
	}
	return e.profile.root, ""
}

func (n *node) root() *node {
	for n.parent != nil {
		n = n.parent
	}
	return n
}

// at finds an element by a contentReference, #Questionnaire.item, without slices.
func (n *node) at(reference string) *node {
	_, path, _ := strings.Cut(reference, "#")
	_, below, _ := strings.Cut(path, ".")
	for below != "" && n != nil {
		var name string
		name, below, _ = strings.Cut(below, ".")
		n = n.child(name)
	}
	return n
}

// merge changes an element as the differential says.
func (b *builder) merge(n *node, d *Element) {
	if d.given.min {
		if d.Min < n.Min {
			b.report(d, fmt.Sprintf("its min %d is less than %d, which it builds on", d.Min, n.Min))
		}
		n.narrowed.min = n.narrowed.min || d.Min != n.Min
		n.Min = d.Min
	}
	if d.given.max {
		if d.Max > n.Max {
			b.report(d, fmt.Sprintf("its max is greater than %d, which it builds on", n.Max))
		}
		n.narrowed.max = n.narrowed.max || d.Max != n.Max
		n.Max = d.Max
	}
	if d.given.types {
		b.types(n, d)
	}
	if d.given.fixed {
		n.Fixed, n.Pattern, n.narrowed.fixed = d.Fixed, d.Pattern, true
	}
	if d.given.binding {
		if d.Binding.ValueSet == "" {
			d.Binding.ValueSet = n.Binding.ValueSet
		}
		if d.Binding.MaxValueSet == "" {
			d.Binding.MaxValueSet = n.Binding.MaxValueSet
		}
		n.Binding, n.narrowed.binding = d.Binding, true
	}
	if d.given.slicing {
		n.Slicing = d.Slicing
	}
	if d.given.values {
		n.minValue, n.maxValue, n.maxLength, n.narrowed.values = d.minValue, d.maxValue, d.maxLength, true
	}
	n.constrain(d.Constraints)
}

// types narrows the types: each must be one that was allowed, or a
// specialisation of it.
func (b *builder) types(n *node, d *Element) {
	for _, t := range d.Types {
		if !allowed(t.Code, n.Types) && n.ContentReference == "" && n.parent != nil {
			b.report(d, "the type "+t.Code+" is not one of those it builds on")
			return
		}
	}
	n.Types, n.narrowed.types = d.Types, true
}

func allowed(code string, types []TypeRef) bool {
	for _, t := range types {
		if t.Code == code || conformance.IsSubtype(code, t.Code) || t.Code == "*" {
			return true
		}
	}
	return false
}

// constrain adds constraints; one of a known key takes its place.
func (e *Element) constrain(more []Constraint) {
next:
	for _, c := range more {
		for i := range e.Constraints {
			if e.Constraints[i].Key == c.Key {
				e.Constraints = append([]Constraint(nil), e.Constraints...)
				e.Constraints[i] = c
				continue next
			}
		}
		e.Constraints = append(e.Constraints[:len(e.Constraints):len(e.Constraints)], c)
	}
}

// identified gives each element the id that its path and slice name make, where
// it has none that fits: R4 asks for ids (sdf-14), and not all have them.
func identified(elements []*Element) []*Element {
	current := map[string]string{} // path → id of the element that was last there
	for _, e := range elements {
		if e.ID == "" || withoutSlices(e.ID) != afterFirst(e.Path) {
			parent, name := cutLast(e.Path)
			e.ID = join(idAt(parent, current), name)
			if e.SliceName != "" {
				e.ID += ":" + e.SliceName
			}
		}
		if known, ok := current[e.Path]; ok && known != e.ID { // another slice
			maps.DeleteFunc(current, func(path, _ string) bool { return strings.HasPrefix(path, e.Path+".") })
		}
		current[e.Path] = e.ID
	}
	return elements
}

// idAt is the id of the element at a path: that which was last there, or what
// stands in the one above.
func idAt(path string, current map[string]string) string {
	if id, ok := current[path]; ok || path == "" {
		return id
	}
	parent, name := cutLast(path)
	return join(idAt(parent, current), name)
}

// withoutSlices is the path that an id is of, after the type.
func withoutSlices(id string) string {
	parts := strings.Split(id, ".")
	for i, part := range parts {
		parts[i], _, _ = strings.Cut(part, ":")
	}
	return strings.Join(parts[1:], ".")
}

func afterFirst(path string) string {
	_, rest, _ := strings.Cut(path, ".")
	return rest
}
