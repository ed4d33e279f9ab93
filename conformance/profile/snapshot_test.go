package profile

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"sluis/fhir"
)

// lines lists the elements of a snapshot that concern a path, as id, cardinality
// and types.
func lines(p *Profile, path string) []string {
	var out []string
	for _, e := range p.Elements() {
		if e.Path != path && !strings.HasPrefix(e.Path, path+".") {
			continue
		}
		max := fmt.Sprint(e.Max)
		if e.Max == Unbounded {
			max = "*"
		}
		var types []string
		for _, t := range e.Types {
			types = append(types, t.Code)
		}
		out = append(out, fmt.Sprintf("%s %d..%s %s", e.ID, e.Min, max, strings.Join(types, "|")))
	}
	return out
}

func TestSnapshot(t *testing.T) {
	for name, tc := range map[string]struct {
		definition, path string
		want             []string
	}{
		"nothing": {constraint("x", "Patient"), "Patient.gender", []string{"Patient.gender 0..1 code"}},
		"a type's elements": {constraint("x", "Patient", `{"path":"Patient.maritalStatus.text","min":1}`), "Patient.maritalStatus",
			[]string{"Patient.maritalStatus 0..1 CodeableConcept", "Patient.maritalStatus.id 0..1 string", "Patient.maritalStatus.extension 0..* Extension", "Patient.maritalStatus.coding 0..* Coding", "Patient.maritalStatus.text 1..1 string"}},
		"a slice": {constraint("x", "Bundle", slicing("Bundle.link", "value", "relation", "open"), `{"path":"Bundle.link","sliceName":"self","max":"1"}`), "Bundle.link",
			[]string{"Bundle.link 0..* BackboneElement", "Bundle.link.id 0..1 string", "Bundle.link.extension 0..* Extension", "Bundle.link.modifierExtension 0..* Extension", "Bundle.link.relation 1..1 string", "Bundle.link.url 1..1 uri",
				"Bundle.link:self 0..1 BackboneElement", "Bundle.link:self.id 0..1 string", "Bundle.link:self.extension 0..* Extension", "Bundle.link:self.modifierExtension 0..* Extension", "Bundle.link:self.relation 1..1 string", "Bundle.link:self.url 1..1 uri"}},
		"a choice": {constraint("x", "Patient", `{"path":"Patient.deceasedBoolean","min":1}`), "Patient.deceased[x]",
			[]string{"Patient.deceased[x] 0..1 boolean", "Patient.deceased[x]:deceasedBoolean 1..1 boolean"}},
		"a contentReference": {constraint("x", "Observation", `{"path":"Observation.component.referenceRange.text","min":1}`), "Observation.component.referenceRange",
			[]string{"Observation.component.referenceRange 0..* ", "Observation.component.referenceRange.id 0..1 string", "Observation.component.referenceRange.extension 0..* Extension", "Observation.component.referenceRange.modifierExtension 0..* Extension",
				"Observation.component.referenceRange.low 0..1 Quantity", "Observation.component.referenceRange.high 0..1 Quantity", "Observation.component.referenceRange.type 0..1 CodeableConcept", "Observation.component.referenceRange.appliesTo 0..* CodeableConcept",
				"Observation.component.referenceRange.age 0..1 Range", "Observation.component.referenceRange.text 1..1 string"}},
		"ids that do not fit": {constraint("x", "Patient", `{"id":"1","path":"Patient.name","min":1}`), "Patient.name", []string{"Patient.name 1..* HumanName"}},
	} {
		p, issues := Snapshot(parse(t, []byte(tc.definition)), nil)
		if len(issues) > 0 {
			t.Errorf("%s: %+v", name, issues)
			continue
		}
		if got := lines(p, tc.path); !slices.Equal(got, tc.want) {
			t.Errorf("%s:\n got %q\nwant %q", name, got, tc.want)
		}
	}
}

func TestSnapshot_NamesWhatCannotBe(t *testing.T) {
	for name, tc := range map[string]struct{ definition, want string }{
		"unknown element":    {constraint("x", "Patient", `{"path":"Patient.nothing","min":1}`), "there is no element nothing"},
		"below a type":       {constraint("x", "Patient", `{"path":"Patient.name.nothing","min":1}`), "there is no element nothing"},
		"of several types":   {constraint("x", "Observation", `{"path":"Observation.value[x].unit","min":1}`), "there is no element unit"},
		"less than required": {constraint("x", "Observation", `{"path":"Observation.status","min":0}`), "min 0 is less than 1"},
		"more than allowed":  {constraint("x", "Patient", `{"path":"Patient.gender","max":"2"}`), "max is greater than 1"},
		"another type":       {constraint("x", "Patient", `{"path":"Patient.deceased[x]","type":[{"code":"string"}]}`), "the type string is not one"},
		"an unknown profile": {constraint("x", "Patient", `{"path":"Patient.name","type":[{"code":"HumanName","profile":["http://x.org/none"]}]}`, `{"path":"Patient.name.family","min":1}`), "http://x.org/none is not known"},
		"an unknown base":    {strings.ReplaceAll(constraint("x", "Patient"), "StructureDefinition/Patient", "StructureDefinition/Nothing"), "is not known"},
	} {
		_, issues := Snapshot(parse(t, []byte(tc.definition)), nil)
		if len(issues) != 1 || issues[0].Severity != "error" || !strings.Contains(issues[0].Details, tc.want) {
			t.Errorf("%s: %+v", name, issues)
		}
	}
}

// TestSnapshot_ChainsAndCircles builds on an uploaded profile, and on itself.
func TestSnapshot_ChainsAndCircles(t *testing.T) {
	parent := constraint("parent", "Patient", `{"path":"Patient.name","min":1}`)
	child := strings.ReplaceAll(constraint("child", "Patient", `{"path":"Patient.name","max":"3"}`), "http://hl7.org/fhir/StructureDefinition/Patient", "http://x.org/parent")
	p, issues := Snapshot(parse(t, []byte(child)), resolver(map[string]*fhir.Document{"http://x.org/parent": parse(t, []byte(parent))}))
	if len(issues) > 0 || !slices.Equal(lines(p, "Patient.name"), []string{"Patient.name 1..3 HumanName"}) {
		t.Errorf("%+v", issues)
	}
	one := strings.ReplaceAll(constraint("one", "Patient"), "http://hl7.org/fhir/StructureDefinition/Patient", "http://x.org/two")
	two := strings.ReplaceAll(constraint("two", "Patient"), "http://hl7.org/fhir/StructureDefinition/Patient", "http://x.org/one")
	if _, issues := Snapshot(parse(t, []byte(one)), resolver(map[string]*fhir.Document{"http://x.org/one": parse(t, []byte(one)), "http://x.org/two": parse(t, []byte(two))})); len(issues) == 0 {
		t.Error("a circle was not refused")
	}
}

// TestSnapshot_IsBounded gives a differential that makes each slice of slices
// anew.
func TestSnapshot_IsBounded(t *testing.T) {
	var elements []string
	path := "Questionnaire"
	for range 40 {
		path += ".item"
		for _, slice := range []string{"a", "b", "c"} {
			elements = append(elements, `{"path":"`+path+`","sliceName":"`+slice+`","min":1}`)
		}
	}
	p, issues := Snapshot(parse(t, []byte(constraint("x", "Questionnaire", elements...))), nil)
	if p != nil && len(p.Elements()) > 2*maxElements {
		t.Errorf("%d elements, %d issues", len(p.Elements()), len(issues))
	}
}
