package terminology

import (
	"slices"
	"strings"

	"sluis/fhir"
)

// codeSystem is a CodeSystem as it is used: concepts in their order, and how
// they stand to each other.
type codeSystem struct {
	url, version, name, title, status, date string

	content     content
	insensitive bool // codes that differ in case alone are the same
	isA         bool // a child is a kind of its parent
	properties  map[string]propertyKind
	concepts    []concept
	places      map[string]int32 // code, as key makes it, → concept
	grammar     *grammar         // of a system whose codes follow a rule
}

// content is CodeSystem.content.
type content string

const (
	complete   content = "complete"
	notPresent content = "not-present"
)

// propertyKind says what a property is for, beside being one.
type propertyKind int

const (
	otherProperty propertyKind = iota
	parentProperty
	childProperty
	inactiveProperty
	statusProperty
	abstractProperty
)

// conceptProperties is where R4 defines the properties with a meaning of their
// own (R4 codesystem.html#defined-props).
const conceptProperties = "http://hl7.org/fhir/concept-properties#"

var propertyKinds = map[string]propertyKind{
	"parent": parentProperty, "subsumedBy": parentProperty, "child": childProperty,
	"inactive": inactiveProperty, "status": statusProperty, "notSelectable": abstractProperty,
}

// concept is one code. Parents and children are those of the nesting and those
// that properties name.
type concept struct {
	code, display, definition string
	parents, children         []int32
	designations              []designation
	properties                []property
	abstract, inactive        bool
}

// designation is another text for a concept. Use is the JSON of a Coding, or "".
type designation struct{ language, use, usage, value string }

// property is a value of a concept: key is the JSON member (valueCode), raw the
// JSON in it, text what a filter compares with: of a Coding its code.
type property struct{ code, key, raw, text string }

// whole reports whether a code that is not here is not a code.
func (cs *codeSystem) whole() bool { return cs.content == complete }

// key is what codes that are the same have in common.
func (cs *codeSystem) key(code string) string {
	if cs.insensitive {
		return strings.ToLower(code)
	}
	return code
}

// find is the place of a code among the concepts.
func (cs *codeSystem) find(code string) (int32, bool) {
	i, ok := cs.places[cs.key(code)]
	return i, ok
}

func (cs *codeSystem) canonical() string {
	if cs.version == "" {
		return cs.url
	}
	return cs.url + "|" + cs.version
}

// readCodeSystem reads a CodeSystem resource. The error is an *fhir.Error of kind
// Unprocessable: no url, a code that stands twice, a hierarchy with a cycle.
func readCodeSystem(doc *fhir.Document) (*codeSystem, error) { return codeSystemOf(doc.Root()) }

func codeSystemOf(root fhir.Node) (*codeSystem, error) {
	text := func(name string) string { return root.Get(name).Text() }
	cs := &codeSystem{
		url: text("url"), version: text("version"), name: text("name"), title: text("title"), status: text("status"), date: text("date"),
		content: content(text("content")), insensitive: text("caseSensitive") == "false",
		properties: map[string]propertyKind{}, places: map[string]int32{},
	}
	meaning := text("hierarchyMeaning")
	cs.isA = meaning == "" || meaning == "is-a"
	if cs.url == "" {
		return nil, defect("a code system without a url cannot be used")
	}
	for p := range root.Get("property").All() {
		cs.properties[p.Get("code").Text()] = kindOfProperty(p.Get("code").Text(), p.Get("uri").Text())
	}
	if err := cs.readConcepts(root.Get("concept"), -1); err != nil {
		return nil, err
	}
	cs.link()
	return cs, cs.acyclic()
}

// kindOfProperty goes by the uri, and by the code where there is none.
func kindOfProperty(code, uri string) propertyKind {
	if name, ok := strings.CutPrefix(uri, conceptProperties); ok {
		return propertyKinds[name]
	}
	return propertyKinds[code]
}

// readConcepts reads concepts and those nested in them, in document order.
func (cs *codeSystem) readConcepts(list fhir.Node, parent int32) error {
	for n := range list.All() {
		c := concept{code: n.Get("code").Text(), display: n.Get("display").Text(), definition: n.Get("definition").Text()}
		if c.code == "" {
			return defect("the code system %s has a concept without a code", shown(cs.url))
		}
		if _, ok := cs.find(c.code); ok {
			return defect("the code %s stands twice in the code system %s", shown(c.code), shown(cs.url))
		}
		c.designations = readDesignations(n)
		c.properties = readProperties(n)
		if parent >= 0 {
			c.parents = []int32{parent}
		}
		at := int32(len(cs.concepts))
		cs.concepts = append(cs.concepts, c)
		cs.places[cs.key(c.code)] = at
		if err := cs.readConcepts(n.Get("concept"), at); err != nil {
			return err
		}
	}
	return nil
}

func readDesignations(n fhir.Node) []designation {
	var out []designation
	for d := range n.Get("designation").All() {
		out = append(out, designation{
			language: d.Get("language").Text(), use: string(d.Get("use").Raw()), usage: d.At("use", "system").Text() + "|" + d.At("use", "code").Text(),
			value: d.Get("value").Text(),
		})
	}
	return out
}

func readProperties(n fhir.Node) []property {
	var out []property
	for p := range n.Get("property").All() {
		for m := range p.All() {
			if !strings.HasPrefix(m.Key(), "value") {
				continue
			}
			text := m.Text()
			if m.Kind() == fhir.Object {
				text = m.Get("code").Text()
			}
			out = append(out, property{code: p.Get("code").Text(), key: m.Key(), raw: string(m.Raw()), text: text})
		}
	}
	return out
}

// link reads what properties say of parents and children, and of whether a
// concept is in use.
func (cs *codeSystem) link() {
	for i := range cs.concepts {
		for _, p := range cs.concepts[i].properties {
			kind, declared := cs.properties[p.code]
			if !declared {
				kind = propertyKinds[p.code]
			}
			cs.apply(int32(i), kind, p.text)
		}
	}
	for i := range cs.concepts {
		for _, p := range cs.concepts[i].parents {
			cs.concepts[p].children = append(cs.concepts[p].children, int32(i))
		}
	}
}

// retired are the statuses of a concept that is not to be used any more. A
// deprecated one still may be (R4 codesystem.html#status).
var retired = []string{"retired", "inactive", "withdrawn"}

func (cs *codeSystem) apply(i int32, kind propertyKind, value string) {
	c := &cs.concepts[i]
	switch kind {
	case parentProperty:
		if p, ok := cs.find(value); ok {
			cs.under(p, i)
		}
	case childProperty:
		if child, ok := cs.find(value); ok {
			cs.under(i, child)
		}
	case inactiveProperty:
		c.inactive = c.inactive || value == "true"
	case statusProperty:
		c.inactive = c.inactive || slices.Contains(retired, value)
	case abstractProperty:
		c.abstract = value == "true"
	case otherProperty:
	}
}

// under makes one concept the parent of another, once.
func (cs *codeSystem) under(parent, child int32) {
	if c := &cs.concepts[child]; !slices.Contains(c.parents, parent) {
		c.parents = append(c.parents, parent)
	}
}

// acyclic refuses a hierarchy in which a concept is below itself.
func (cs *codeSystem) acyclic() error {
	waiting := make([]int, len(cs.concepts)) // parents not yet passed
	var free []int32
	for i, c := range cs.concepts {
		if waiting[i] = len(c.parents); waiting[i] == 0 {
			free = append(free, int32(i))
		}
	}
	for passed := 0; passed < len(free); passed++ {
		for _, child := range cs.concepts[free[passed]].children {
			if waiting[child]--; waiting[child] == 0 {
				free = append(free, child)
			}
		}
	}
	if at := slices.IndexFunc(waiting, func(n int) bool { return n > 0 }); at >= 0 {
		return defect("the hierarchy of the code system %s has a cycle through or above %s", shown(cs.url), shown(cs.concepts[at].code))
	}
	return nil
}

// readBuiltinSystem is readCodeSystem for what R4 carries.
func readBuiltinSystem(doc *fhir.Document) (*codeSystem, error) {
	cs, err := readCodeSystem(doc)
	if err == nil && cs.url == countrySystem {
		withCountries(cs)
	}
	return cs, err
}
