package profile

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"sluis/fhir"
	"sluis/internal/shared"
)

var update = flag.Bool("update", false, "write the golden lists, keeping the reasons")

// resources reads the files of a tar of the shared data, by name.
func resources(t testing.TB, file, suffix string) map[string][]byte {
	t.Helper()
	f, err := os.Open(shared.Path(t, file))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for archive := tar.NewReader(unzipped); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if header.Typeflag != tar.TypeReg || !strings.HasSuffix(header.Name, suffix) || path.Base(header.Name) == "package.json" {
			continue
		}
		name := path.Base(header.Name)
		if out[name] != nil {
			name = header.Name
		}
		if out[name], err = io.ReadAll(archive); err != nil {
			t.Fatal(err)
		}
	}
	if len(out) == 0 {
		t.Fatalf("nothing in %s", file)
	}
	return out
}

func parse(t testing.TB, body []byte) *fhir.Document {
	t.Helper()
	doc, err := fhir.ParseDocument(body)
	if err != nil {
		t.Fatalf("%v: %.80s", err, body)
	}
	return doc
}

// TestSnapshotsOfR4 makes the snapshot of each of R4's profiles and extensions
// again from its differential, and compares it with the published one: the same
// elements, each with the same cardinality, types, fixed values and binding.
func TestSnapshotsOfR4(t *testing.T) {
	reasons := readReasons(t, "testdata/snapshots-of-r4.txt")
	different := map[string]string{}
	n := 0
	for name, body := range resources(t, "r4-definitions/hl7.fhir.r4.core-4.0.1.tgz", ".json") {
		if !strings.HasPrefix(name, "StructureDefinition-") {
			continue
		}
		doc := parse(t, body)
		if doc.Root().Get("derivation").Text() != "constraint" || doc.Root().Get("snapshot").IsZero() {
			continue
		}
		n++
		if d := compareSnapshots(t, doc); d != "" {
			different[strings.TrimSuffix(strings.TrimPrefix(name, "StructureDefinition-"), ".json")] = d
		}
	}
	t.Logf("%d profiles, %d differ", n, len(different))
	checkReasons(t, "testdata/snapshots-of-r4.txt", reasons, different)
}

// compareSnapshots says what is different, or "".
func compareSnapshots(t *testing.T, doc *fhir.Document) string {
	t.Helper()
	made, issues := Snapshot(doc, nil)
	for _, i := range issues {
		return i.Details
	}
	published := readElements(doc.Root().Get("snapshot"), false)
	ours := made.Elements()
	for i, want := range published {
		if i >= len(ours) {
			return "no " + want.ID
		}
		if got := ours[i]; summary(got) != summary(want) {
			return summary(got) + " is published as " + summary(want)
		}
	}
	if len(ours) > len(published) {
		return "more: " + ours[len(published)].ID
	}
	return ""
}

func summary(e *Element) string {
	max := fmt.Sprint(e.Max)
	if e.Max == Unbounded {
		max = "*"
	}
	types := []string{}
	for _, t := range e.Types {
		slices.Sort(t.TargetProfiles)
		types = append(types, fmt.Sprint(t.Code, t.Profiles, t.TargetProfiles))
	}
	return fmt.Sprintf("%s %s %d..%s %v %s%s %v", e.ID, e.SliceName, e.Min, max, types, compact(e.Fixed.Raw()), compact(e.Pattern.Raw()), e.Binding)
}

func compact(raw []byte) string {
	var v any
	if len(raw) == 0 || json.Unmarshal(raw, &v) != nil {
		return ""
	}
	out, _ := json.Marshal(v)
	return string(out)
}

// readReasons reads a golden list, NAME: REASON.
func readReasons(t *testing.T, file string) map[string]string {
	t.Helper()
	out := map[string]string{}
	text, err := os.ReadFile(file)
	if err != nil && !*update {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		name, reason, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if !ok || reason == "" {
			t.Fatalf("%s: a line is NAME: REASON, not %q", file, line)
		}
		out[name] = reason
	}
	return out
}

// checkReasons holds what was found to the golden list: no more, no less.
func checkReasons(t *testing.T, file string, reasons, found map[string]string) {
	t.Helper()
	var out strings.Builder
	for _, name := range sortedKeys(found) {
		if reasons[name] == "" {
			if !*update {
				t.Errorf("%s: %s", name, found[name])
			}
			reasons[name] = found[name]
		}
		fmt.Fprintf(&out, "%s: %s\n", name, reasons[name])
	}
	for _, name := range sortedKeys(reasons) {
		if _, still := found[name]; !still && !*update {
			t.Errorf("%s is as it should be: take it off %s (%s)", name, file, reasons[name])
		}
	}
	if *update {
		if err := os.WriteFile(file, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func sortedKeys(m map[string]string) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
