package terminology

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"sluis/conformance"
	"sluis/internal/shared"
)

var update = flag.Bool("update", false, "write the golden files anew")

type published struct {
	URL       string
	Expansion struct {
		Extension []struct{ URL string }
		Contains  []publishedEntry
	}
}

type publishedEntry struct {
	System, Code string
	Contains     []publishedEntry
}

func (p publishedEntry) flat(into map[Coding]bool) {
	if p.Code != "" {
		into[Coding{System: p.System, Code: p.Code}] = true
	}
	for _, c := range p.Contains {
		c.flat(into)
	}
}

// TestPublishedExpansions compares every expansion that HL7 published for R4 with
// ours. Those are made for validation (excludeNotForUI, R4
// valueset-operation-expand.html) and leave out what is deprecated. The exceptions
// stand in testdata/published.txt with their reason, each of which is checked.
func TestPublishedExpansions(t *testing.T) {
	var lines []string
	for _, p := range publishedExpansions(t) {
		if reason := differs(t, p); reason != "" {
			lines = append(lines, p.URL+"\t"+reason)
		}
	}
	slices.Sort(lines)
	golden(t, "testdata/published.txt", lines)
}

func publishedExpansions(t *testing.T) []published {
	t.Helper()
	f, err := os.Open(shared.Path(t, "r4-definitions/Bundle-valueset-expansions.json.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var bundle struct {
		Entry []struct{ Resource published }
	}
	if err := json.NewDecoder(unzipped).Decode(&bundle); err != nil {
		t.Fatal(err)
	}
	var out []published
	for _, e := range bundle.Entry {
		out = append(out, e.Resource)
	}
	if len(out) != 553 {
		t.Fatalf("%d published expansions", len(out))
	}
	return out
}

// differs says why an expansion is not the published one, or "".
func differs(t *testing.T, p published) string {
	s := builtin()
	vs, err := s.set(p.URL)
	if err != nil {
		t.Fatal(err)
	}
	x, err := s.enumerate(vs)
	if err != nil {
		return err.Error()
	}
	want := map[Coding]bool{}
	for _, c := range p.Expansion.Contains {
		c.flat(want)
	}
	var extra, further, lacking []string
	for _, e := range x.entries {
		c := Coding{System: e.system, Code: e.code}
		if want[c] {
			delete(want, c)
			continue
		}
		if e.abstract || e.inactive || deprecated(e) {
			continue
		}
		if e.cs != nil && byProperty(e.cs, e.at) {
			further = append(further, e.code)
			continue
		}
		extra = append(extra, e.code)
	}
	for c := range want {
		lacking = append(lacking, c.Code)
	}
	slices.Sort(lacking)
	switch {
	case len(lacking) > 0:
		return fmt.Sprintf("lacks %q, has besides %q", lacking, extra)
	case len(extra) > 0 && len(p.Expansion.Extension) > 0:
		return fmt.Sprintf("published cut short: has %d codes more", len(extra))
	case len(extra) > 0:
		return fmt.Sprintf("has besides %q", extra)
	case len(further) > 0:
		return fmt.Sprintf("published without what is below by the property child: %q", further)
	}
	return ""
}

func deprecated(e entry) bool {
	if e.cs == nil {
		return false
	}
	return slices.ContainsFunc(e.cs.concepts[e.at].properties, func(p property) bool { return p.code == "status" && p.text == "deprecated" })
}

// byProperty reports whether a concept or one above it has a parent that a
// property alone makes one: the nesting gives one parent.
func byProperty(cs *codeSystem, i int32) bool {
	for above := range cs.above(i) {
		if len(cs.concepts[above].parents) > 1 {
			return true
		}
	}
	return false
}

// golden compares lines with a file, in which lines that begin with # are
// comments.
func golden(t *testing.T, file string, got []string) {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil && !*update {
		t.Fatal(err)
	}
	var comments, want []string
	for line := range strings.Lines(string(raw)) {
		if line = strings.TrimSuffix(line, "\n"); strings.HasPrefix(line, "#") {
			comments = append(comments, line)
		} else if line != "" {
			want = append(want, line)
		}
	}
	if *update {
		if err := os.WriteFile(file, []byte(strings.Join(append(comments, got...), "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	for _, line := range got {
		if !slices.Contains(want, line) {
			t.Errorf("%s lacks: %s", file, line)
		}
	}
	for _, line := range want {
		if !slices.Contains(got, line) {
			t.Errorf("%s has what is not so any more: %s", file, line)
		}
	}
}

// TestRequiredBindingsResolve: each value set that binds an element of R4 as
// required is here, and can be listed or judged.
func TestRequiredBindingsResolve(t *testing.T) {
	bound := requiredBindings(t)
	if len(bound) < 200 {
		t.Fatalf("only %d required bindings", len(bound))
	}
	for _, canonical := range bound {
		s := builtin()
		vs, err := s.set(canonical)
		if canonical == loincAnswers && isUnknown(err) {
			continue
		}
		if err != nil {
			t.Error(err)
			continue
		}
		if example, ok := byRule[vs.url]; ok {
			if s.Member(canonical, example.System, example.Code) != Member || s.Member(canonical, example.System, "?") != NotMember {
				t.Errorf("%s does not judge %s", canonical, example.Code)
			}
			continue
		}
		if _, err := s.enumerate(vs); err != nil {
			t.Errorf("%s: %v", canonical, err)
		}
	}
}

// loincAnswers is the one required value set that R4 does not carry: a list of
// LOINC's, at MolecularSequence.
const loincAnswers = "http://loinc.org/vs/LL379-9|4.0.1"

// byRule are required value sets that cannot be listed, with a code that is in
// them.
var byRule = map[string]Coding{
	"http://hl7.org/fhir/ValueSet/mimetypes":  {System: mediaTypeSystem, Code: "application/fhir+json"},
	"http://hl7.org/fhir/ValueSet/ucum-units": {System: ucumSystem, Code: "mm[Hg]"},
}

func requiredBindings(t *testing.T) []string {
	t.Helper()
	seen := map[string]bool{}
	for _, name := range []string{"types", "resources"} {
		f, err := os.Open(shared.Path(t, "r4-definitions/Bundle-"+name+".json.gz"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		unzipped, err := gzip.NewReader(bufio.NewReader(f))
		if err != nil {
			t.Fatal(err)
		}
		var bundle struct {
			Entry []struct {
				Resource struct {
					Snapshot struct {
						Element []struct {
							Binding struct{ Strength, ValueSet string }
						}
					}
				}
			}
		}
		if err := json.NewDecoder(unzipped).Decode(&bundle); err != nil {
			t.Fatal(err)
		}
		for _, e := range bundle.Entry {
			for _, el := range e.Resource.Snapshot.Element {
				if el.Binding.Strength == "required" && el.Binding.ValueSet != "" {
					seen[el.Binding.ValueSet] = true
				}
			}
		}
	}
	var out []string
	for v := range seen {
		out = append(out, v)
	}
	slices.Sort(out)
	return out
}

// TestAllValueSetsOfR4 expands each of the 1,317 and holds those that cannot be
// to testdata/unexpanded.txt.
func TestAllValueSetsOfR4(t *testing.T) {
	var lines []string
	for line := range strings.Lines(conformance.ValueSets().Index) {
		url, _, _ := strings.Cut(line, "\t")
		if strings.HasPrefix(url, "#") {
			continue
		}
		s := builtin()
		vs, err := s.set(url)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.enumerate(vs); err != nil {
			lines = append(lines, url+"\t"+err.Error())
		}
	}
	golden(t, "testdata/unexpanded.txt", lines)
}
