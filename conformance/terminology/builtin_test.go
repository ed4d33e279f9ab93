package terminology

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"sluis/conformance"
)

// instant is the time of every answer in these tests.
var instant = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func builtin() *Service { return New(nil, instant) }

func TestEverythingOfR4CanBeRead(t *testing.T) {
	systems, sets := builtinSystems.index().places, builtinSets.index().places
	if len(systems) != 1062+5 || len(sets) != 1316+1 {
		t.Fatalf("%d code systems and %d value sets", len(systems), len(sets))
	}
	concepts := 0
	for url, at := range systems {
		cs := builtinSystems.find(url, at.version)
		if cs == nil || cs.url != url || cs.version != at.version {
			t.Fatalf("%s: %+v", url, cs)
		}
		concepts += len(cs.concepts)
	}
	if concepts < 20_000 {
		t.Errorf("only %d concepts", concepts)
	}
	for url, at := range sets {
		if vs := builtinSets.find(url, at.version); vs == nil || vs.url != url || len(vs.include) == 0 {
			t.Fatalf("%s: %+v", url, vs)
		}
	}
	if builtinSystems.find("http://hl7.org/fhir/administrative-gender", "3.0.0") != nil || builtinSets.find("http://example.org", "") != nil {
		t.Error("found what is not there")
	}
}

// TestLibrariesAreAsGenerated: a library edited by hand fails here.
func TestLibrariesAreAsGenerated(t *testing.T) {
	provenance, err := os.ReadFile("../data/PROVENANCE.md")
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"codesystems.tsv": conformance.CodeSystems().Index, "codesystems.ndjson.gz": conformance.CodeSystems().File,
		"valuesets.tsv": conformance.ValueSets().Index, "valuesets.ndjson.gz": conformance.ValueSets().File,
	} {
		if row := fmt.Sprintf("| %s | %x |", name, sha256.Sum256([]byte(content))); !strings.Contains(string(provenance), row) {
			t.Errorf("PROVENANCE.md has no row %q: run the generator", row)
		}
	}
	if size := len(conformance.CodeSystems().File) + len(conformance.ValueSets().File); size > 1<<20 {
		t.Errorf("the vocabulary takes %d bytes of the binary", size)
	}
}

func TestCountriesHaveThreeForms(t *testing.T) {
	cs := builtinSystems.find(countrySystem, "")
	for _, code := range []string{"NL", "NLD", "528", "AF", "AFG", "004", "GB", "GBR", "826"} {
		if _, ok := cs.find(code); !ok {
			t.Errorf("no country %s", code)
		}
	}
	if len(cs.concepts) != 3*249 {
		t.Errorf("%d codes", len(cs.concepts))
	}
}

func TestR4SystemsWithoutContent(t *testing.T) {
	for _, url := range slices.Sorted(maps.Keys(builtinSystems.index().places)) {
		cs := builtinSystems.find(url, "")
		if cs.content == notPresent {
			t.Log(url)
			if _, err := builtin().system(url, ""); !isUnknown(err) {
				t.Errorf("%s is judged without its content: %v", url, err)
			}
		}
	}
}

func TestSystems(t *testing.T) {
	all := Systems()
	for url, want := range map[string]bool{
		"http://hl7.org/fhir/administrative-gender": true, ucumSystem: true, countrySystem: true,
		"http://snomed.info/sct": false, "http://loinc.org": false, "http://hl7.org/fhir/sid/cvx": false,
	} {
		if slices.Contains(all, url) != want {
			t.Errorf("%s: %v", url, !want)
		}
	}
}

func BenchmarkFirstUse(b *testing.B) {
	for b.Loop() {
		systems := newLibrary(conformance.CodeSystems(), readBuiltinSystem)
		if systems.find("http://hl7.org/fhir/administrative-gender", "") == nil {
			b.Fatal("not found")
		}
	}
}

func BenchmarkMember(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if builtin().Member("http://hl7.org/fhir/ValueSet/administrative-gender", "http://hl7.org/fhir/administrative-gender", "female") != Member {
			b.Fatal("not a member")
		}
	}
}
