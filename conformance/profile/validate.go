package profile

import (
	"time"

	"sluis/conformance"
	"sluis/conformance/fhirpath"
	"sluis/fhir"
)

// Terminology knows value sets. ValidateCode says whether a code is in one, by
// its canonical ("url" or "url|version"); system is "" where the element, a code
// or a string, does not say it. known is false where that cannot be told: the
// value set, or a code system it is made of, is not at hand.
type Terminology interface {
	ValidateCode(valueSet, system, code string) (member, known bool)
}

// Request is what a document is held to besides R4 itself and the profiles in
// meta.profile.
type Request struct {
	Profiles    []string    // named: one that is not known is an error
	Terminology Terminology // nil: bindings of codings are not checked, and an issue says so
	At          time.Time   // for now() in constraints

	// Resolve finds what a literal reference points at, outside the document; nil,
	// or what it does not find, is not judged. It must hand out only what the caller
	// of the validation may see.
	Resolve func(reference string) (*fhir.Document, bool)
}

// Bounds on one validation.
const (
	maxIssues = 200
	maxSteps  = 20 * fhirpath.Steps // of all its constraints and profiles together
	maxDepth  = 200                 // elements and profiles within each other
)

// Validate holds a document to R4 and to its profiles: the structure
// (conformance.Validate), R4's invariants and bindings, the definitions of its
// extensions, the profiles in meta.profile of every resource in it, and those
// that are named. It returns every problem, up to 200, each with severity, code
// and FHIRPath location; no issue of severity error means valid. What cannot be
// checked is an issue that says so.
func (l *Library) Validate(doc *fhir.Document, request Request) []fhir.Issue {
	r := &run{library: l, request: request, seen: map[string]bool{}, trials: map[trial]bool{}, entries: new(map[string]conformance.Element), steps: maxSteps}
	for _, i := range conformance.Validate(doc) {
		r.add(i)
	}
	root := conformance.RootElement(doc)
	if !root.Type.IsResource() {
		return r.issues
	}
	at := &place{name: root.Type.Name(), index: -1, element: root, scope: &scope{resource: root, root: root}}
	r.resource(at)
	for _, canonical := range request.Profiles {
		r.profile(at, canonical, "error")
	}
	if request.Terminology == nil {
		r.issue(at, "information", "not-supported", "bindings to value sets were not checked")
	}
	return r.issues
}

// run is one validation.
type run struct {
	library *Library
	request Request
	issues  []fhir.Issue
	seen    map[string]bool // so that two profiles do not say the same
	trials  map[trial]bool
	entries *map[string]conformance.Element // of the Bundle, when first asked for
	steps   int                             // that are left
	depth   int
	doubt   bool // a slice could not be told for want of a value set
}

// place is an element with its way from the root.
type place struct {
	parent  *place
	name    string
	index   int // -1 where the element does not repeat
	element conformance.Element
	scope   *scope
}

// scope is the resource that an element belongs to, and that which contains it.
type scope struct{ resource, root conformance.Element }

// child is a place below.
func (at *place) child(name string, index int, e conformance.Element) *place {
	out := &place{parent: at, name: name, index: index, element: e, scope: at.scope}
	if e.Type.IsResource() {
		out.scope = &scope{resource: e, root: e}
		if name == "contained" {
			out.scope.root = at.scope.root
		}
	}
	return out
}

// String is the FHIRPath location, as conformance.Validate writes it.
func (at *place) String() string {
	if at.parent == nil {
		return at.name
	}
	s := at.parent.String() + "." + at.name
	if at.index >= 0 {
		s += "[" + itoa(at.index) + "]"
	}
	return s
}

// below lists the children with their places.
func (at *place) below() []*place {
	var out []*place
	counts := map[string]int{}
	for name, e := range at.element.Children() {
		index := -1
		if at.element.Type.Repeats(name) {
			index = counts[name]
			counts[name]++
		}
		out = append(out, at.child(name, index, e))
	}
	return out
}

func (r *run) issue(at *place, severity, code, details string) {
	r.add(fhir.Issue{Severity: severity, Code: code, Details: details, Expression: []string{at.String()}})
}

func (r *run) add(i fhir.Issue) {
	key := i.Severity + i.Code + i.Details + i.Expression[0]
	if r.seen[key] || len(r.issues) >= maxIssues {
		return
	}
	r.seen[key] = true
	r.issues = append(r.issues, i)
}

// full reports that nothing more can be said, so nothing more is looked at.
func (r *run) full() bool { return len(r.issues) >= maxIssues }

// spend takes steps for work on a profile; false, with an issue, when none are
// left.
func (r *run) spend(at *place, steps int) bool {
	if r.steps -= steps; r.steps > 0 {
		return true
	}
	r.steps = 0
	r.issue(at.top(), "error", "too-costly", "to check the document against its profiles costs more than a validation may")
	return false
}

func (at *place) top() *place {
	for at.parent != nil {
		at = at.parent
	}
	return at
}

// resource holds a resource to R4's definition of its type, and to the profiles
// that it says it meets.
func (r *run) resource(at *place) {
	p, _, ok := r.library.Profile(structurePrefix + at.element.Type.Name())
	if !ok {
		return
	}
	r.base(at, p.root)
	for canonical := range at.element.Node.At("meta", "profile").All() {
		r.profile(at, canonical.Text(), "warning")
	}
}

// profile holds an element to a profile by its canonical; unknown is the severity
// of not knowing it.
func (r *run) profile(at *place, canonical, unknown string) {
	p, issues, ok := r.library.Profile(canonical)
	for _, i := range issues {
		r.issue(at, "error", "invalid", "the profile cannot be relied on: "+i.Details)
	}
	switch {
	case !ok && len(issues) == 0:
		r.issue(at, unknown, "not-found", "the profile "+canonical+" is not known: it was not checked")
	case ok:
		r.against(at, p)
	}
}

// against holds an element to a profile.
func (r *run) against(at *place, p *Profile) {
	if !conformance.IsSubtype(at.element.Type.Name(), p.Type) {
		r.issue(at, "error", "structure", "the profile "+p.URL+" is for "+p.Type)
		return
	}
	switch {
	case p.Constraint:
		r.node(at, p.root)
	case !p.Core: // R4's own are what base has checked
		r.issue(at, "error", "not-supported", p.URL+" defines a type and does not constrain one: it was not checked")
	}
}

// enter bounds the depth; leave goes with it.
func (r *run) enter(at *place) bool {
	if r.depth++; r.depth > maxDepth {
		r.issue(at, "error", "too-costly", "nested too deep to be checked")
		return false
	}
	return true
}

func (r *run) leave() { r.depth-- }
