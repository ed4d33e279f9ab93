package profile

import (
	"strconv"
	"strings"
	"sync"

	"sluis/conformance"
	"sluis/conformance/fhirpath"
	"sluis/fhir"
)

// Profile is a StructureDefinition with its snapshot, as validation walks it.
type Profile struct {
	URL, Version, Name string
	Type               string // the type it is about
	Kind               string // resource, complex-type, primitive-type or logical
	Base               string // canonical of what it builds on
	Abstract           bool
	Constraint         bool // it constrains a type, and does not define one
	Core               bool // it is R4's own

	contexts []context
	root     *node
}

// context is where an extension may stand.
type context struct{ kind, expression string }

// Element is one ElementDefinition.
type Element struct {
	ID, Path, SliceName string
	Min, Max            int // Max is Unbounded for *
	Types               []TypeRef
	ContentReference    string    // #Questionnaire.item
	Fixed, Pattern      fhir.Node // zero: none
	Binding             Binding
	Slicing             *Slicing
	Constraints         []Constraint

	minValue, maxValue fhir.Node
	maxLength          int
	given              given
	narrowed           given // by a profile, against the type's own definition
}

// Unbounded is the Max of an element that may repeat without end.
const Unbounded = 1<<31 - 1

// given are the parts that a differential states.
type given struct{ min, max, types, fixed, binding, slicing, values bool }

// TypeRef is one type that an element may have.
type TypeRef struct {
	Code           string
	Profiles       []string // of the value; it has to meet one
	TargetProfiles []string // of what a reference or canonical points at
}

// Binding is the value set an element is bound to; Strength "" is none.
type Binding struct {
	Strength, ValueSet string
	MaxValueSet        string // outside of which no code may be, however strong the binding
}

// Slicing says how the values of a repeating element are told apart.
type Slicing struct {
	Discriminators []Discriminator
	Ordered        bool
	Rules          string // open, closed or openAtEnd
}

// Discriminator is what tells slices apart.
type Discriminator struct{ Type, Path string }

// Constraint is an invariant.
type Constraint struct {
	Key, Severity, Human, Expression string
	compiled                         *expression
	core                             bool // of a type's own definition
}

// expression is compiled when it is first needed; the error is kept.
type expression struct {
	once sync.Once
	*fhirpath.Expression
	err error
}

// readProfile reads a StructureDefinition's head.
func readProfile(n fhir.Node) *Profile {
	p := &Profile{
		URL: n.Get("url").Text(), Version: n.Get("version").Text(), Name: n.Get("name").Text(), Type: n.Get("type").Text(),
		Kind: n.Get("kind").Text(), Base: n.Get("baseDefinition").Text(), Abstract: n.Get("abstract").Text() == "true",
		Constraint: n.Get("derivation").Text() == "constraint",
	}
	for c := range n.Get("context").All() {
		p.contexts = append(p.contexts, context{c.Get("type").Text(), c.Get("expression").Text()})
	}
	return p
}

// readElements reads the elements of a snapshot or differential.
func readElements(n fhir.Node, core bool) []*Element {
	var out []*Element
	for e := range n.Get("element").All() {
		out = append(out, readElement(e, core))
	}
	return out
}

func readElement(n fhir.Node, core bool) *Element {
	e := &Element{
		ID: n.Get("id").Text(), Path: n.Get("path").Text(), SliceName: n.Get("sliceName").Text(),
		Max: Unbounded, ContentReference: n.Get("contentReference").Text(),
	}
	for m := range n.All() {
		e.member(m.Key(), m, core)
	}
	return e
}

func (e *Element) member(key string, m fhir.Node, core bool) {
	switch {
	case key == "min":
		e.Min, _ = strconv.Atoi(m.Text())
		e.given.min = true
	case key == "max":
		e.Max, e.given.max = readMax(m.Text()), true
	case key == "type":
		e.Types, e.given.types = readTypes(m), true
	case key == "binding":
		e.Binding, e.given.binding = readBinding(m), true
	case key == "slicing":
		e.Slicing, e.given.slicing = readSlicing(m), true
	case key == "constraint":
		e.Constraints = readConstraints(m, core)
	case strings.HasPrefix(key, "fixed"):
		e.Fixed, e.given.fixed = m, true
	case strings.HasPrefix(key, "pattern"):
		e.Pattern, e.given.fixed = m, true
	case strings.HasPrefix(key, "minValue"):
		e.minValue, e.given.values = m, true
	case strings.HasPrefix(key, "maxValue"):
		e.maxValue, e.given.values = m, true
	case key == "maxLength":
		e.maxLength, _ = strconv.Atoi(m.Text())
		e.given.values = true
	}
}

func readMax(s string) int {
	if s == "*" {
		return Unbounded
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return Unbounded
	}
	return n
}

const (
	structurePrefix = "http://hl7.org/fhir/StructureDefinition/"
	systemPrefix    = "http://hl7.org/fhirpath/System."
	fhirType        = structurePrefix + "structuredefinition-fhir-type"
	maxValueSet     = structurePrefix + "elementdefinition-maxValueSet"
)

func readTypes(n fhir.Node) []TypeRef {
	var out []TypeRef
	for t := range n.All() {
		ref := TypeRef{Code: t.Get("code").Text(), Profiles: texts(t.Get("profile")), TargetProfiles: texts(t.Get("targetProfile"))}
		if system, ok := strings.CutPrefix(ref.Code, systemPrefix); ok {
			ref.Code = strings.ToLower(system[:1]) + system[1:]
			for x := range t.Get("extension").All() {
				if x.Get("url").Text() == fhirType {
					ref.Code = x.Get("valueUrl").Text()
				}
			}
		}
		out = append(out, ref)
	}
	return out
}

func texts(n fhir.Node) []string {
	var out []string
	for v := range n.All() {
		out = append(out, v.Text())
	}
	return out
}

func readBinding(n fhir.Node) Binding {
	b := Binding{Strength: n.Get("strength").Text(), ValueSet: n.Get("valueSet").Text()}
	for x := range n.Get("extension").All() {
		if x.Get("url").Text() == maxValueSet {
			b.MaxValueSet = x.Get("valueCanonical").Text()
		}
	}
	return b
}

func readSlicing(n fhir.Node) *Slicing {
	s := &Slicing{Ordered: n.Get("ordered").Text() == "true", Rules: n.Get("rules").Text()}
	for d := range n.Get("discriminator").All() {
		s.Discriminators = append(s.Discriminators, Discriminator{d.Get("type").Text(), d.Get("path").Text()})
	}
	return s
}

func readConstraints(n fhir.Node, core bool) []Constraint {
	var out []Constraint
	for c := range n.All() {
		out = append(out, Constraint{
			Key: c.Get("key").Text(), Severity: c.Get("severity").Text(), Human: c.Get("human").Text(),
			Expression: c.Get("expression").Text(), compiled: &expression{}, core: core,
		})
	}
	return out
}

// typeNamed is the type of R4 that a TypeRef's code means.
func (t TypeRef) typeNamed() (conformance.Type, bool) { return conformance.TypeNamed(t.Code) }
