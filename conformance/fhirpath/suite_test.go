package fhirpath

import (
	"encoding/xml"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sluis/conformance"
	"sluis/fhir"
	fhirxml "sluis/fhir/xml"
	"sluis/internal/shared"
)

var update = flag.Bool("update", false, "write the golden list of cases that are not supported, keeping the reasons")

// officialCase is one test of HL7's suite for R4.
type officialCase struct {
	Name       string `xml:"name,attr"`
	Input      string `xml:"inputfile,attr"`
	Predicate  bool   `xml:"predicate,attr"`
	Expression struct {
		Text    string `xml:",chardata"`
		Invalid string `xml:"invalid,attr"`
	} `xml:"expression"`
	Output []struct {
		Type string `xml:"type,attr"`
		Text string `xml:",chardata"`
	} `xml:"output"`
}

const notSupported = "testdata/not-supported.txt"

// TestOfficialCases runs HL7's cases for R4. Those that fail must be the ones
// that the golden list names, each with its reason.
func TestOfficialCases(t *testing.T) {
	var suite struct {
		Groups []struct {
			Name  string         `xml:"name,attr"`
			Tests []officialCase `xml:"test"`
		} `xml:"group"`
	}
	raw, err := os.ReadFile(shared.Path(t, "fhirpath/tests-fhir-r4.xml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := xml.Unmarshal(raw, &suite); err != nil {
		t.Fatal(err)
	}
	reasons := readReasons(t)
	inputs := map[string]Item{}
	failed := map[string]string{}
	var order []string
	n := 0
	for _, g := range suite.Groups {
		for _, c := range g.Tests {
			n++
			problem := c.run(input(t, inputs, c.Input))
			if problem == "" {
				continue
			}
			failed[c.Name] = problem
			order = append(order, c.Name)
			if _, listed := reasons[c.Name]; !listed && !*update {
				t.Errorf("%s: %s: %s", c.Name, c.Expression.Text, problem)
			}
		}
	}
	for name, reason := range reasons {
		if _, fails := failed[name]; !fails {
			t.Errorf("%s passes now: take it off the list (%s)", name, reason)
		}
	}
	t.Logf("%d cases, %d not supported", n, len(failed))
	if *update {
		writeReasons(t, order, reasons, failed)
	}
}

func readReasons(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	text, err := os.ReadFile(notSupported)
	if err != nil && !*update {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		name, reason, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if !ok || reason == "" {
			t.Fatalf("%s: a line is NAME: REASON, not %q", notSupported, line)
		}
		out[name] = reason
	}
	return out
}

func writeReasons(t *testing.T, order []string, reasons, failed map[string]string) {
	t.Helper()
	var b strings.Builder
	for _, name := range order {
		reason := reasons[name]
		if reason == "" {
			reason = failed[name]
		}
		fmt.Fprintf(&b, "%s: %s\n", name, reason)
	}
	if err := os.WriteFile(notSupported, []byte(b.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

var schemaLocation = regexp.MustCompile(` (xsi:schemaLocation|xmlns:xsi)="[^"]*"`)

func input(t testing.TB, known map[string]Item, name string) Item {
	t.Helper()
	if name == "" {
		return Item{}
	}
	if item, ok := known[name]; ok {
		return item
	}
	body, err := os.ReadFile(shared.Path(t, filepath.Join("fhirpath/input", name)))
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasSuffix(name, ".xml") {
		if name == "observation-example.xml" { // its status is out of order, which our reader refuses
			const status, next = `<status value="final"/>`, "<category>"
			body = []byte(strings.Replace(strings.Replace(string(body), status, "", 1), next, status+next, 1))
		}
		body = schemaLocation.ReplaceAll(body, nil)
		if body, err = fhirxml.ToJSON(body); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	doc, err := fhir.ParseDocument(body)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	known[name] = Of(conformance.RootElement(doc))
	return known[name]
}

func (c officialCase) run(focus Item) string {
	e, err := Parse(c.Expression.Text)
	var got Collection
	if err == nil {
		got, err = e.Evaluate(Scope{Focus: focus, At: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC), ConformsTo: conformsToType})
	}
	switch invalid := c.Expression.Invalid != ""; {
	case err != nil && !invalid:
		return err.Error()
	case err != nil:
		return ""
	case invalid:
		return fmt.Sprintf("answers %s, and is invalid (%s)", texted(got), c.Expression.Invalid)
	}
	if c.Predicate {
		got = boolean(got.Holds())
	}
	var want []string
	for _, o := range c.Output {
		want = append(want, strings.TrimPrefix(o.Text, "@"))
	}
	have := texted(got)
	slices.Sort(want)
	slices.Sort(have)
	for i := range have {
		have[i] = strings.TrimPrefix(have[i], "T")
	}
	for i := range want {
		want[i] = strings.TrimPrefix(want[i], "T")
	}
	if !slices.Equal(have, want) {
		return fmt.Sprintf("answers %q, not %q", have, want)
	}
	return ""
}

// conformsToType knows the profiles that R4's resources are.
func conformsToType(i Item, profile string) (conforms, known bool) {
	name, ok := strings.CutPrefix(profile, "http://hl7.org/fhir/StructureDefinition/")
	return typeSpec{"FHIR", name}.is(i), ok
}

func texted(c Collection) []string {
	var out []string
	for _, i := range c {
		out = append(out, i.Text())
	}
	return out
}
