package bulk_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sluis/feed/bulk"
	"sluis/internal/shared"
)

func write(t testing.TB, name, content string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func resource(kind, id string) string {
	return fmt.Sprintf(`{"resourceType":%q,"id":%q}`, kind, id) + "\n"
}

// read lists the batches as [source source …], and errors.
func read(l bulk.Limits, paths ...string) string {
	var out []string
	for batch, err := range l.Batches(paths) {
		if err != nil {
			out = append(out, "error")
			continue
		}
		var sources []string
		for _, item := range batch {
			sources = append(sources, filepath.Base(item.Path)+":"+item.Source())
		}
		out = append(out, "["+strings.Join(sources, " ")+"]")
	}
	return strings.Join(out, " ")
}

func TestBatchesAreInTheOrderOfReferences(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.ndjson"), resource("Provenance", "1")+resource("Observation", "1")+resource("Patient", "1"))
	write(t, filepath.Join(dir, "b.ndjson"), resource("Practitioner", "1")+resource("DiagnosticReport", "1")+resource("Encounter", "1"))
	write(t, filepath.Join(dir, "c.json"), resource("Organization", "1"))
	write(t, filepath.Join(dir, "d.json"), `{"resourceType":"Bundle","type":"transaction","entry":[{"resource":{"resourceType":"Patient"}},{"resource":{"resourceType":"Claim"}}]}`)
	write(t, filepath.Join(dir, "f.json"), `{"resourceType":"Bundle","type":"batch","entry":[{"resource":{"resourceType":"Organization"}},{"resource":{"resourceType":"Location"}}]}`)
	write(t, filepath.Join(dir, "e.hl7"), "MSH|^~\\&|A|B\r")
	want := "[c.json:Organization/1] [b.ndjson:Practitioner/1] [f.json:] [a.ndjson:Patient/1] [d.json:] [b.ndjson:Encounter/1] " +
		"[a.ndjson:Observation/1] [b.ndjson:DiagnosticReport/1] [a.ndjson:Provenance/1] [e.hl7:]"
	if got := read(bulk.Limits{}, dir); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestBatchesAreBounded(t *testing.T) {
	dir := t.TempDir()
	large := `{"resourceType":"Patient","id":"large","language":"` + strings.Repeat("x", 500) + `"}` + "\n"
	write(t, filepath.Join(dir, "a.ndjson"), resource("Patient", "1")+resource("Patient", "2")+resource("Patient", "3")+
		large+resource("Patient", "4")+resource("Patient", "4"))
	for _, c := range []struct {
		limits bulk.Limits
		want   string
	}{
		{bulk.Limits{Items: 2}, "[1 2] [3 large] [4] [4]"},
		{bulk.Limits{Bytes: 100}, "[1 2] [3] [large] [4] [4]"},
		{bulk.Limits{}, "[1 2 3 large 4] [4]"},
	} {
		if got := strings.ReplaceAll(read(c.limits, dir), "a.ndjson:Patient/", ""); got != c.want {
			t.Errorf("%+v:\ngot  %s\nwant %s", c.limits, got, c.want)
		}
	}
}

// TestErrorsAreReportedOnce, although files are read several times.
func TestErrorsAreReportedOnce(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.ndjson"), resource("Observation", "1")+"{\n"+`{"resourceType":"Patient"}`+"\n"+resource("Patient", "1"))
	if got, want := read(bulk.Limits{}, dir, filepath.Join(dir, "absent.json")), "error error error [a.ndjson:Patient/1] [a.ndjson:Observation/1]"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	var first error
	for _, err := range bulk.Batches([]string{filepath.Join(dir, "a.ndjson")}) {
		if first = err; err != nil {
			break // and nothing is yielded any more
		}
	}
	if first == nil || !strings.Contains(first.Error(), "a.ndjson:2: ") {
		t.Errorf("%v does not name file and line", first)
	}
}

// TestSharedBulkData: every resource of an export comes out once, and every
// reference to a subject points to an earlier batch.
func TestSharedBulkData(t *testing.T) {
	known, n := map[string]bool{}, 0
	for batch, err := range bulk.Batches([]string{shared.Path(t, "synthea/bulk-ndjson-20-patients.tgz")}) {
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range batch {
			var r struct{ Subject, Patient, Encounter struct{ Reference string } }
			if err := json.Unmarshal(item.Bytes, &r); err != nil {
				t.Fatal(err)
			}
			for _, ref := range []string{r.Subject.Reference, r.Patient.Reference, r.Encounter.Reference} {
				if ref != "" && !known[ref] {
					t.Fatalf("%s refers to %s, which comes later", item.Source(), ref)
				}
			}
		}
		for _, item := range batch {
			if known[item.Source()] {
				t.Errorf("%s comes twice", item.Source())
			}
			known[item.Source()] = true
			n++
		}
	}
	if n != 5485 {
		t.Errorf("%d resources, want 5485", n)
	}
}

func ExampleBatches() {
	dir, err := os.MkdirTemp("", "export")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "export.ndjson")
	lines := `{"resourceType":"Observation","id":"o1","subject":{"reference":"Patient/p1"}}
{"resourceType":"Patient","id":"p1"}
`
	if err := os.WriteFile(file, []byte(lines), 0o600); err != nil {
		fmt.Println(err)
		return
	}
	for batch, err := range bulk.Batches([]string{file}) {
		if err != nil {
			fmt.Println(err)
			continue
		}
		for _, item := range batch {
			fmt.Println(item.Source())
		}
	}
	// Output:
	// Patient/p1
	// Observation/o1
}
