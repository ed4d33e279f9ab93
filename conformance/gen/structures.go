package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

type structureDefinition struct {
	URL            string
	Name           string
	Kind           string
	Abstract       bool
	Type           string
	BaseDefinition string
	Derivation     string
	Extension      []extension
	Snapshot       struct{ Element []elementDefinition }
}

type elementDefinition struct {
	ID               string
	Path             string
	Min              int
	Max              string
	Base             struct{ Path string }
	Type             []elementType
	ContentReference string
	Binding          struct{ Strength, ValueSet string }
	IsSummary        bool
	IsModifier       bool
	Representation   []string
}

type extension struct{ URL, ValueCode string }

type elementType struct {
	Code          string
	Profile       []string
	TargetProfile []string
	Extension     []struct{ URL, ValueURL string }
}

const (
	structurePrefix = "http://hl7.org/fhir/StructureDefinition/"
	systemPrefix    = "http://hl7.org/fhirpath/System."
	fhirType        = "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type"
	valueSetPrefix  = "http://hl7.org/fhir/ValueSet/"
)

// metadataResource is a pattern of the specification, not a type: it is in the
// bundle of types, marked concrete.
const metadataResource = "MetadataResource"

func resourceTypes(all []structureDefinition) []string {
	var out []string
	for _, s := range all {
		if s.Kind == "resource" && !s.Abstract && s.Name != metadataResource {
			out = append(out, s.Name)
		}
	}
	slices.Sort(out)
	return out
}

// structureTable writes every resource and complex type, each followed by its
// nested elements as structures of their own, and returns the value sets that
// bind an element of type code or CodeableConcept as required.
func structureTable(all []structureDefinition) ([]byte, bindings, error) {
	w := &structureWriter{
		table: newTable("STRUCTURE kind parent, then its elements: name min max types"),
		codes: map[string]bool{}, concepts: map[string]bool{},
	}
	slices.SortFunc(all, func(a, b structureDefinition) int { return strings.Compare(a.Name, b.Name) })
	for _, s := range all {
		if !wanted(s) {
			continue
		}
		if err := w.structure(s); err != nil {
			return nil, bindings{}, fmt.Errorf("%s: %w", s.Name, err)
		}
	}
	return w.Bytes(), bindings{slices.Sorted(maps.Keys(w.codes)), slices.Sorted(maps.Keys(w.concepts))}, nil
}

// bindings are the value sets that bind elements as required.
type bindings struct{ codes, concepts []string }

// wanted leaves out the primitives, which conformance knows by code, and all
// profiles but SimpleQuantity, on which the definitions of other types build.
func wanted(s structureDefinition) bool {
	switch {
	case s.Name == metadataResource || s.Kind == "primitive-type":
		return false
	case s.Derivation == "constraint":
		return s.Name == "SimpleQuantity"
	}
	return s.Kind == "resource" || s.Kind == "complex-type"
}

type structureWriter struct {
	*table
	codes, concepts map[string]bool
}

// structure writes the root and then each nested element that has children.
func (w *structureWriter) structure(s structureDefinition) error {
	kind, parent := s.Kind, strings.TrimPrefix(s.BaseDefinition, structurePrefix)
	switch {
	case s.Abstract:
		kind = "abstract"
	case s.Derivation == "constraint":
		parent = "Element" // its own elements are all listed
	}
	w.line("%s %s %s", s.Name, kind, dash(parent))
	root := s.Snapshot.Element[0].Path
	if err := w.children(s, root); err != nil {
		return err
	}
	for _, e := range s.Snapshot.Element[1:] {
		if !nested(e) {
			continue
		}
		w.line("%s nested %s", e.Path, e.Type[0].Code)
		if err := w.children(s, e.Path); err != nil {
			return err
		}
	}
	return nil
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func nested(e elementDefinition) bool {
	return len(e.Type) == 1 && (e.Type[0].Code == "BackboneElement" || e.Type[0].Code == "Element")
}

// children writes the elements directly below path that are defined here and
// not by the parent structure.
func (w *structureWriter) children(s structureDefinition, path string) error {
	for _, e := range s.Snapshot.Element {
		name, ok := strings.CutPrefix(e.Path, path+".")
		if !ok || strings.Contains(name, ".") || inherited(e, s) || e.Max == "0" {
			continue
		}
		types, err := w.types(e)
		if err != nil {
			return fmt.Errorf("%s: %w", e.Path, err)
		}
		w.line(" %s %d %s %s", name, e.Min, e.Max, strings.Join(types, " "))
	}
	return nil
}

// inherited tells by base.path that an element comes from an ancestor: in
// Patient.contact, id has the base Element.id.
func inherited(e elementDefinition, s structureDefinition) bool {
	from, _, _ := strings.Cut(e.Base.Path, ".")
	if s.Derivation == "constraint" {
		return from == "Element"
	}
	return from != s.Name
}

func (w *structureWriter) types(e elementDefinition) ([]string, error) {
	if e.ContentReference != "" {
		return []string{strings.TrimPrefix(e.ContentReference, "#")}, nil
	}
	if nested(e) {
		return []string{e.Path}, nil
	}
	var out []string
	for _, t := range e.Type {
		name, err := w.typeName(e, t)
		if err != nil {
			return nil, err
		}
		out = append(out, name)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("no type")
	}
	return out, nil
}

func (w *structureWriter) typeName(e elementDefinition, t elementType) (string, error) {
	switch {
	case e.Path == "Resource.id":
		return "id", nil // R4 says System.String; the text of resource.html#id says id
	case strings.HasPrefix(t.Code, systemPrefix):
		for _, x := range t.Extension {
			if x.URL == fhirType {
				return x.ValueURL, nil
			}
		}
		return "", fmt.Errorf("%s without a FHIR type", t.Code)
	case t.Code == "Reference":
		return "Reference" + targets(t.TargetProfile), nil
	case t.Code == "code" && e.Binding.Strength == "required":
		return "code:" + bind(w.codes, e.Binding.ValueSet), nil
	case t.Code == "CodeableConcept" && e.Binding.Strength == "required":
		return "CodeableConcept:" + bind(w.concepts, e.Binding.ValueSet), nil
	case t.Code == "Quantity" && slices.Contains(t.Profile, structurePrefix+"SimpleQuantity"):
		return "Quantity=SimpleQuantity", nil
	}
	return t.Code, nil
}

func targets(profiles []string) string {
	var names []string
	for _, p := range profiles {
		name := strings.TrimPrefix(p, structurePrefix)
		if name == "Resource" {
			return ""
		}
		names = append(names, name)
	}
	if len(names) == 0 {
		return ""
	}
	slices.Sort(names)
	return "(" + strings.Join(names, ",") + ")"
}

func bind(bound map[string]bool, valueSet string) string {
	u, _, _ := strings.Cut(valueSet, "|")
	bound[u] = true
	return shortName(u)
}

// shortName is the last part of a value set's canonical; codeTable makes sure
// that no two share one.
func shortName(u string) string { return u[strings.LastIndexByte(u, '/')+1:] }
