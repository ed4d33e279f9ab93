package conformance

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// structure is one object of R4's JSON: a resource, a data type or an element
// with children. It is what the validator walks along.
type structure struct {
	name     string // Patient, HumanName, Patient.contact
	kind     string // resource, complex-type, nested or abstract
	parent   string // the type it specialises; of a nested one, BackboneElement or Element
	resource bool
	fields   map[string]*field // by JSON name; value[x] once for each of its types
	elements []string          // by ordinal, as in the definition: for messages
	required elementSet
}

// field is one JSON member.
type field struct {
	name      string // in FHIRPath: value for valueQuantity
	typeName  string // of the primitive, the data type or the nested element
	ordinal   uint8  // the same for all types of a choice
	many      bool
	choice    bool
	primitive primitive           // 0: an object
	to        *structure          // of the object; nil: any resource
	codes     map[string]struct{} // required binding of a code; nil: none, or open
	valueSet  string              // of that binding, by its short name
	concepts  concepts            // required binding of a CodeableConcept; nil: none, or open
	targets   []string            // of a Reference; nil: any
}

// anyResource reports whether the member holds a resource.
func (f *field) anyResource() bool { return f.primitive == 0 && f.to == nil }

// elementSet is a set of ordinals. No type of R4 has more than 128 elements; a
// test proves it.
type elementSet [2]uint64

func (s *elementSet) add(ordinal uint8)      { s[ordinal>>6] |= 1 << (ordinal & 63) }
func (s *elementSet) has(ordinal uint8) bool { return s[ordinal>>6]&(1<<(ordinal&63)) != 0 }

// without is the set of what is in s and not in t.
func (s elementSet) without(t elementSet) elementSet { return elementSet{s[0] &^ t[0], s[1] &^ t[1]} }

func (s elementSet) empty() bool { return s[0]|s[1] == 0 }

var loadStructures = sync.OnceValue(func() map[string]*structure {
	b := builder{all: map[string]*structure{}, source: map[string]*definition{}, codes: loadCodes(), concepts: loadConcepts()}
	b.read()
	for name := range b.source {
		b.fill(name)
	}
	return b.all
})

// definition is a structure as it stands in structures.txt.
type definition struct {
	kind, parent string
	lines        []string
	done         bool
}

type builder struct {
	all      map[string]*structure
	source   map[string]*definition
	codes    map[string]concepts
	concepts map[string]concepts
}

// concepts is a value set: system → codes.
type concepts map[string]map[string]struct{}

// open stands for the codes of a system that are not listed.
const open = "*"

// any are its codes of every system; nil where they are not listed.
func (c concepts) any() map[string]struct{} {
	var out map[string]struct{}
	for _, codes := range c {
		if _, unlisted := codes[open]; unlisted {
			return nil
		}
		if len(c) == 1 {
			return codes
		}
		if out == nil {
			out = map[string]struct{}{}
		}
		maps.Copy(out, codes)
	}
	return out
}

func (b *builder) read() {
	var d *definition
	for line := range lines("data/structures.txt") {
		if line[0] == ' ' {
			d.lines = append(d.lines, line[1:])
			continue
		}
		f := strings.Fields(line)
		d = &definition{kind: f[1], parent: f[2]}
		b.source[f[0]] = d
		b.all[f[0]] = &structure{name: f[0], kind: f[1], parent: f[2], resource: f[1] == "resource", fields: map[string]*field{}}
	}
}

// fill makes a structure's fields, those of its parent first.
func (b *builder) fill(name string) *structure {
	d, s := b.source[name], b.all[name]
	if d.done {
		return s
	}
	d.done = true
	if d.parent != "-" {
		parent := b.fill(d.parent)
		s.elements = slices.Clone(parent.elements)
		s.required = parent.required
		for k, f := range parent.fields {
			s.fields[k] = f
		}
	}
	for _, line := range d.lines {
		b.element(s, strings.Fields(line))
	}
	return s
}

// element adds one line: name, min, max, types.
func (b *builder) element(s *structure, f []string) {
	ordinal := uint8(len(s.elements))
	base, choice := strings.CutSuffix(f[0], "[x]")
	s.elements = append(s.elements, base)
	if f[1] != "0" {
		s.required.add(ordinal)
	}
	for _, t := range f[3:] {
		m := &field{name: base, ordinal: ordinal, many: f[2] != "1", choice: choice}
		typeName := b.resolve(m, t)
		key := base
		if choice {
			key += strings.ToUpper(typeName[:1]) + typeName[1:]
		}
		s.fields[key] = m
	}
}

// resolve reads a type as gen writes it: a name, code:VALUESET, CodeableConcept:VALUESET,
// Reference(TARGET,…), TYPE=PROFILE or a path within the same resource. It
// returns the name that a choice is known by.
func (b *builder) resolve(m *field, t string) string {
	name, profile, _ := strings.Cut(t, "=")
	name, valueSet, _ := strings.Cut(name, ":")
	name, targets, restricted := strings.Cut(name, "(")
	if restricted {
		m.targets = strings.Split(strings.TrimSuffix(targets, ")"), ",")
	}
	if name == "CodeableConcept" {
		m.concepts = b.concepts[valueSet]
	} else if valueSet != "" {
		m.codes, m.valueSet = b.codes[valueSet].any(), valueSet
	}
	m.typeName = name
	if m.primitive = primitives[name]; m.primitive != 0 || name == "Resource" {
		return name
	}
	if m.to = b.all[name]; profile != "" {
		m.to = b.all[profile]
	}
	if m.to == nil {
		panic(fmt.Sprintf("data/structures.txt: unknown type %s", t))
	}
	return name
}

// ChecksBinding reports whether Validate knows the codes of a value set that
// binds an element of R4 as required, so that nothing else need check them.
func ChecksBinding(valueSet string) bool {
	url, _, _ := strings.Cut(valueSet, "|")
	return boundSets()[url[strings.LastIndexByte(url, '/')+1:]]
}

var boundSets = sync.OnceValue(func() map[string]bool {
	out := map[string]bool{}
	for name, codes := range loadCodes() {
		out[name] = codes.any() != nil
	}
	for name := range loadConcepts() {
		out[name] = true
	}
	return out
})

// loadCodes and loadConcepts read the value sets that elements are bound to.
var (
	loadCodes    = sync.OnceValue(func() map[string]concepts { return readConcepts("data/codes.txt") })
	loadConcepts = sync.OnceValue(func() map[string]concepts { return readConcepts("data/concepts.txt") })
)

// readConcepts reads lines of VALUESET system code code ...
func readConcepts(file string) map[string]concepts {
	out := map[string]concepts{}
	for line := range lines(file) {
		f := strings.Fields(line)
		if out[f[0]] == nil {
			out[f[0]] = concepts{}
		}
		codes := make(map[string]struct{}, len(f)-2)
		for _, code := range f[2:] {
			codes[code] = struct{}{}
		}
		out[f[0]][f[1]] = codes
	}
	return out
}
