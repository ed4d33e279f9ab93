package profile

import (
	"compress/gzip"
	"io"
	"strings"
	"sync"

	"sluis/conformance"
	"sluis/fhir"
)

// Resolver finds an uploaded resource by its canonical, "url" or "url|version".
type Resolver func(canonical string) (*fhir.Document, bool)

// Library makes profiles from StructureDefinitions and keeps them: R4's own,
// which no upload can replace, and those that its resolver finds. What it has
// resolved it does not ask again: make a new Library when a StructureDefinition
// changes. It is safe for concurrent use.
type Library struct {
	resolve Resolver // nil: R4's own alone

	mu       sync.Mutex
	profiles map[string]*entry
}

// entry is a profile that was asked for; nil for one that cannot be had.
type entry struct {
	profile *Profile
	issues  []fhir.Issue // of its snapshot
	making  bool
}

// NewLibrary is a Library over uploaded StructureDefinitions; nil for none.
func NewLibrary(resolve Resolver) *Library {
	return &Library{resolve: resolve, profiles: map[string]*entry{}}
}

// Profile finds a profile by its canonical, with what is wrong with it: with an
// error among the issues it cannot be relied on.
func (l *Library) Profile(canonical string) (*Profile, []fhir.Issue, bool) {
	if e, ok := coreEntry(canonical); ok {
		return e.profile, e.issues, e.profile != nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.find(canonical)
	return e.profile, e.issues, e.profile != nil
}

// r4Version is what a versioned canonical of R4's own may say.
const r4Version = "4.0.1"

// coreEntry finds R4's own; ok is false for a canonical that is not R4's.
func coreEntry(canonical string) (*entry, bool) {
	url, version, _ := strings.Cut(canonical, "|")
	line, ours := coreLines()[url]
	if !ours {
		return nil, false
	}
	if version != "" && version != r4Version {
		return &entry{}, true
	}
	core.mu.Lock()
	defer core.mu.Unlock()
	e := core.profiles[url]
	if e == nil {
		e = core.make(url, func() (*fhir.Document, bool) {
			doc, err := fhir.ParseDocument([]byte(line))
			return doc, err == nil
		})
	}
	return e, true
}

// core keeps R4's own profiles for all libraries.
var core = NewLibrary(nil)

// coreLines are the lines of R4's definitions by canonical.
var coreLines = sync.OnceValue(func() map[string]string {
	unzipped, err := gzip.NewReader(strings.NewReader(conformance.StructureDefinitions()))
	if err != nil {
		panic(err) // a broken build: the tests read every line
	}
	text, err := io.ReadAll(unzipped)
	if err != nil {
		panic(err)
	}
	out := map[string]string{}
	for line := range strings.Lines(string(text)) {
		url, json, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		out[url] = json
	}
	return out
})

// find is Profile for what a Library itself is making.
func (l *Library) find(canonical string) *entry {
	if l != core {
		if e, ok := coreEntry(canonical); ok {
			return e
		}
	} else {
		canonical, _, _ = strings.Cut(canonical, "|")
	}
	if e := l.profiles[canonical]; e != nil {
		return e
	}
	return l.make(canonical, func() (*fhir.Document, bool) {
		if l == core {
			doc, err := fhir.ParseDocument([]byte(coreLines()[canonical]))
			return doc, err == nil
		}
		if l.resolve == nil {
			return nil, false
		}
		return l.resolve(canonical)
	})
}

// make reads a definition and keeps it. While it is made it stands as what
// cannot be had, so that profiles that build on each other end.
func (l *Library) make(canonical string, load func() (*fhir.Document, bool)) *entry {
	e := &entry{making: true}
	l.profiles[canonical] = e
	doc, ok := load()
	if !ok || doc.Type() != "StructureDefinition" {
		e.making = false
		if l != core && len(l.profiles) > maxKept {
			delete(l.profiles, canonical)
		}
		return e
	}
	e.profile, e.issues = l.build(doc)
	e.making = false
	return e
}

// maxKept bounds the canonicals that lead nowhere: they come from documents.
const maxKept = 10_000

// build makes a profile of a StructureDefinition: from its snapshot where it has
// one, or from its differential.
func (l *Library) build(doc *fhir.Document) (*Profile, []fhir.Issue) {
	for _, view := range []string{"snapshot", "differential"} {
		if members(doc.Root().At(view, "element")) > maxGiven {
			return nil, []fhir.Issue{problem("the " + view + " has too many elements")}
		}
	}
	snapshot := readElements(doc.Root().Get("snapshot"), doc.Root().Get("derivation").Text() != "constraint")
	if len(snapshot) == 0 {
		return l.snapshot(doc)
	}
	p := readProfile(doc.Root())
	p.Core = l == core
	root, ok := parseTree(identified(snapshot))
	if !ok {
		return nil, []fhir.Issue{problem("the snapshot of " + p.URL + " has elements out of place")}
	}
	p.root = root
	if p.Constraint {
		l.compare(p)
	}
	return p, nil
}

// compare marks in an uploaded snapshot what is the type's own and what the
// profile narrows.
func (l *Library) compare(p *Profile) {
	base := l.find(structurePrefix + p.Type).profile
	if base == nil {
		return
	}
	own := map[string]*Element{}
	for _, e := range base.root.elements(nil) {
		own[e.Path] = e
	}
	for _, e := range p.root.elements(nil) {
		b := own[e.Path]
		if b == nil {
			b = &Element{Max: Unbounded}
		}
		e.narrowed = given{
			min: e.Min != b.Min, max: e.Max != b.Max, types: true, fixed: true, values: true,
			binding: e.Binding != b.Binding && e.Binding.Strength != "",
		}
		known := map[string]bool{}
		for _, c := range b.Constraints {
			known[c.Key] = true
		}
		for i := range e.Constraints {
			key := e.Constraints[i].Key
			e.Constraints[i].core = known[key] || structural[key] || key == "ext-1"
		}
	}
}

// structural are the constraints that the reading of every document holds it to
// (conformance.Validate).
var structural = map[string]bool{"ele-1": true, "dom-2": true, "txt-1": true, "txt-2": true}

func problem(details string) fhir.Issue {
	return fhir.Issue{Severity: "error", Code: "invalid", Details: details, Expression: []string{"StructureDefinition"}}
}
