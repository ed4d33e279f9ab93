package conformance

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestTypesAreTheOnesOfR4(t *testing.T) {
	if n := len(Types()); n != 146 {
		t.Errorf("%d resource types, R4 has 146", n)
	}
	for name, want := range map[string]bool{
		"Patient": true, "MedicationStatement": true, "Parameters": true,
		"patient": false, "Resource": false, "DomainResource": false, "MetadataResource": false, "HumanName": false, "": false,
	} {
		if IsType(name) != want {
			t.Errorf("IsType(%q) = %v", name, !want)
		}
	}
}

// TestTablesAreAsGenerated holds the tables to the hashes that the generator
// wrote: a table edited by hand fails here.
func TestTablesAreAsGenerated(t *testing.T) {
	provenance, err := tables.ReadFile("data/PROVENANCE.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := tables.ReadDir("data")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if f.Name() == "PROVENANCE.md" {
			continue
		}
		content, err := tables.ReadFile("data/" + f.Name())
		if err != nil {
			t.Fatal(err)
		}
		if row := fmt.Sprintf("| %s | %x |", f.Name(), sha256.Sum256(content)); !strings.Contains(string(provenance), row) {
			t.Errorf("PROVENANCE.md has no row %q: run the generator", row)
		}
	}
}

func TestParametersOfR4(t *testing.T) {
	var codes []string
	for _, p := range Parameters("Observation") {
		codes = append(codes, p.Code)
	}
	if !slices.IsSorted(codes) {
		t.Errorf("not sorted: %v", codes)
	}
	for _, want := range []string{"_id", "_lastUpdated", "_tag", "_profile", "_security", "_source", "_text", "_has", "code", "patient", "code-value-quantity"} {
		if _, ok := Lookup("Observation", want); !ok {
			t.Errorf("Observation has no %s", want)
		}
	}
	for _, none := range []string{"~code", "~date", "Code", "", "name"} {
		if p, ok := Lookup("Observation", none); ok {
			t.Errorf("Lookup(Observation, %q) = %v", none, p)
		}
	}
}

func TestParameterExpressionsConcernTheirBase(t *testing.T) {
	for _, tc := range []struct{ base, code, expression string }{
		{"Observation", "patient", "Observation.subject.where(resolve() is Patient)"},
		{"MedicationStatement", "code", "(MedicationStatement.medication as CodeableConcept)"},
		{"AllergyIntolerance", "code", "AllergyIntolerance.code | AllergyIntolerance.reaction.substance"},
		{"InsurancePlan", "name", "InsurancePlan.name | InsurancePlan.alias"},
		{"Patient", "email", "Patient.telecom.where(system='email')"},
		{"Patient", "_lastUpdated", "Patient.meta.lastUpdated"},
	} {
		if p, ok := Lookup(tc.base, tc.code); !ok || p.Expression != tc.expression {
			t.Errorf("%s.%s: %+v, want %s", tc.base, tc.code, p, tc.expression)
		}
	}
	for _, name := range Types() {
		for _, p := range Parameters(name) {
			for part := range strings.SplitSeq(p.Expression, " | ") {
				if first, _, _ := strings.Cut(strings.TrimLeft(part, "("), "."); part != "" && first != name {
					t.Errorf("%s.%s: part %q of another type", name, p.Code, part)
				}
			}
		}
	}
}

func TestReferenceParametersHaveTargets(t *testing.T) {
	for _, name := range Types() {
		for _, p := range Parameters(name) {
			if p.Type == ReferenceParam && len(p.Targets) == 0 && name+"."+p.Code != "RequestGroup.instantiates-canonical" { // HL7 names none
				t.Errorf("%s.%s has no targets", name, p.Code)
			}
			for _, target := range p.Targets {
				if !IsType(target) {
					t.Errorf("%s.%s: target %s is no type", name, p.Code, target)
				}
			}
		}
	}
	if p, _ := Lookup("Observation", "patient"); !slices.Equal(p.Targets, []string{"Patient"}) {
		t.Errorf("Observation.patient points at %v", p.Targets)
	}
}

func TestSearchableLeavesOutWhatCannotBeAnswered(t *testing.T) {
	for _, name := range Types() {
		for _, p := range Searchable(name) {
			words := p.Code == "_text" || p.Code == "_content"
			if p.Type == SpecialParam && p.Code != "near" || p.Expression == "" != words {
				t.Errorf("%s.%s: %s %q", name, p.Code, p.Type, p.Expression)
			}
		}
		for _, code := range []string{"_id", "_lastUpdated", "_profile", "_security", "_source", "_tag", "_content"} {
			if p, ok := Lookup(name, code); !ok || !p.Searchable() {
				t.Errorf("%s: no %s", name, code)
			}
		}
		for _, code := range []string{"_filter", "_has", "_list", "_query", "_type"} {
			if p, ok := Lookup(name, code); !ok || p.Searchable() {
				t.Errorf("%s: %s is missing or searchable", name, code)
			}
		}
	}
}

func TestNoTwoParametersShareAKey(t *testing.T) {
	seen := map[int32]string{}
	for _, name := range Types() {
		for _, p := range append(slices.Clone(Parameters(name)), Pseudo(name)...) {
			id := p.Base + "." + p.Code
			if p.Base != name || p.Key != ParameterKey(name, p.Code) {
				t.Errorf("%s: base %s, key %d", id, p.Base, p.Key)
			}
			for _, key := range p.keys() {
				if other, ok := seen[key]; ok {
					t.Errorf("%s and %s share key %d", id, other, key)
				}
				seen[key] = id
			}
		}
	}
	if len(seen) < 3000 {
		t.Errorf("only %d parameters", len(seen))
	}
}
