package conformance

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Layout is one object of R4 as those need it who write it in another form or
// leave parts of it out: its members in the order of the definition (R4
// xml.html), and what the definition says of each.
type Layout struct {
	Name      string // Patient, HumanName, Patient.contact
	Resource  bool
	Normative bool // of a resource or data type (R4 versions.html#std-process)

	members map[string]*Member
	names   []string
}

// Member is one member of an object, under its JSON name.
type Member struct {
	Key     string // in JSON and XML: valueQuantity
	Name    string // of the element: value
	Ordinal int    // its place in the definition; the types of a choice share one
	Many    bool
	Form    Form
	Layout  *Layout // of an object; nil for a primitive, and for a resource of any type

	Required  bool
	Summary   bool // ElementDefinition.isSummary
	Modifier  bool // ElementDefinition.isModifier
	Attribute bool // an XML attribute: ElementDefinition.representation is xmlAttr
}

// Form is how the value of a member is written.
type Form uint8

// The forms.
const (
	ObjectForm    Form = iota
	ResourceForm       // a resource, which names its own type
	StringForm         // every primitive that is a string in JSON
	NumberForm         // decimal and integers
	BooleanForm        // boolean
	NarrativeForm      // xhtml
)

// Primitive reports whether the value is a primitive, which may have an id and
// extensions beside it.
func (f Form) Primitive() bool { return f >= StringForm }

// Member finds a member by its JSON name; nil for what R4 does not know.
func (l *Layout) Member(key []byte) *Member { return l.members[string(key)] }

// Has reports whether there is an element of that name, value for valueQuantity.
func (l *Layout) Has(name string) bool { return slices.Contains(l.names, name) }

// LayoutOf is the layout of a resource or data type of R4 or of an element with
// children, such as Patient.contact; nil for any other name. The members of a
// primitive's id and extensions are those of Element.
func LayoutOf(name string) *Layout { return loadLayouts()[name] }

var loadLayouts = sync.OnceValue(func() map[string]*Layout {
	all, flags := loadStructures(), loadFlags()
	out := make(map[string]*Layout, len(all))
	for name, s := range all {
		out[name] = &Layout{
			Name: name, Resource: s.resource, Normative: flags[name+" normative"] != nil,
			members: make(map[string]*Member, len(s.fields)), names: s.elements,
		}
	}
	for name, s := range all {
		for key, f := range s.fields {
			m := f.member(key, out)
			m.Required = s.required.has(f.ordinal)
			for from := s; from != nil; from = all[from.parent] {
				m.Summary = m.Summary || slices.Contains(flags[from.name+" summary"], f.name)
				m.Modifier = m.Modifier || slices.Contains(flags[from.name+" modifier"], f.name)
				m.Attribute = m.Attribute || slices.Contains(flags[from.name+" attribute"], f.name)
			}
			out[name].members[key] = m
		}
	}
	return out
})

func (f *field) member(key string, layouts map[string]*Layout) *Member {
	m := &Member{Key: key, Name: f.name, Ordinal: int(f.ordinal), Many: f.many}
	switch {
	case f.anyResource():
		m.Form = ResourceForm
	case f.to != nil:
		m.Layout = layouts[f.to.name]
	case f.primitive == booleanType:
		m.Form = BooleanForm
	case f.primitive == decimalType || f.primitive == integerType || f.primitive == positiveIntType || f.primitive == unsignedIntType:
		m.Form = NumberForm
	case f.primitive == xhtmlType:
		m.Form = NarrativeForm
	default:
		m.Form = StringForm
	}
	return m
}

// loadFlags reads flags.txt: by "STRUCTURE flag", the elements that have it.
func loadFlags() map[string][]string {
	out := map[string][]string{}
	known := loadStructures()
	for line := range lines("data/flags.txt") {
		f := strings.Fields(line)
		if known[f[0]] == nil {
			panic(fmt.Sprintf("data/flags.txt: unknown structure %s", f[0]))
		}
		out[f[0]+" "+f[1]] = append([]string{}, f[2:]...)
	}
	return out
}
