package files_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sluis/feed/files"
	"sluis/feed/hl7v2"
	"sluis/internal/shared"
)

func write(t testing.TB, path, content string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// tgz makes an archive of name, content, name, content, …
func tgz(t testing.TB, path string, members ...string) string {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	a := tar.NewWriter(z)
	for i := 0; i < len(members); i += 2 {
		h := &tar.Header{Name: members[i], Mode: 0o600, Size: int64(len(members[i+1])), Typeflag: tar.TypeReg}
		if err := a.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		a.Write([]byte(members[i+1]))
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return write(t, path, out.String())
}

// read lists everything as path:line kind type id, or the error.
func read(max int, dir string, paths ...string) string {
	var out strings.Builder
	for item, err := range files.Read(max, paths...) {
		if err != nil {
			fmt.Fprintf(&out, "error %v\n", err)
			continue
		}
		fmt.Fprintf(&out, "%s %d %s %s\n", item.Place(), item.Kind, item.Type, item.ID)
	}
	return strings.ReplaceAll(out.String(), dir+string(filepath.Separator), "")
}

const (
	bundle  = `{"resourceType":"Bundle","id":"b","type":"transaction","entry":[]}`
	patient = `{"resourceType":"Patient","id":"p1"}`
)

func TestReadDirectory(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.json"), "\uFEFF"+bundle)
	write(t, filepath.Join(dir, "b.JSON"), patient)
	write(t, filepath.Join(dir, "c", "d.ndjson"), patient+"\n\n"+`{"resourceType":"Patient","id":"p2"}`)
	write(t, filepath.Join(dir, "README.txt"), "not for us")
	write(t, filepath.Join(dir, ".hidden", "x.json"), "not for us")
	write(t, filepath.Join(dir, "._a.json"), "not for us")
	write(t, filepath.Join(dir, "e.hl7"), "MSH|1\rPID|1\r\rMSH|2\rPID|2\r")
	tgz(t, filepath.Join(dir, "f.tgz"), "x/y.ndjson", patient+"\r\n"+patient, "x/z.txt", "no", "x/w.json", bundle)
	want := `a.json:1 1 Bundle b
b.JSON:1 2 Patient p1
c/d.ndjson:1 2 Patient p1
c/d.ndjson:3 2 Patient p2
e.hl7:1 3  
e.hl7:4 3  
f.tgz:x/y.ndjson:1 2 Patient p1
f.tgz:x/y.ndjson:2 2 Patient p1
f.tgz:x/w.json:1 1 Bundle b
`
	if got := read(0, dir, dir); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// TestErrorsNameFileAndLine: what is wrong is named, and what stands behind it
// is still read.
func TestErrorsNameFileAndLine(t *testing.T) {
	dir := t.TempDir()
	in := func(name, content string) string { return write(t, filepath.Join(dir, name), content) }
	big := strings.Repeat("x", 300)
	for _, c := range []struct{ path, want string }{
		{in("a.ndjson", patient+"\n{\n"+patient+"\n[]\n{}\n"), `a.ndjson:1 2 Patient p1
error a.ndjson:2: 
a.ndjson:3 2 Patient p1
error a.ndjson:4: 
error a.ndjson:5: not a resource: it has no resourceType
`},
		{in("b.json", `{"resourceType":"Bundle","type":"searchset"}`), `error b.json:1: a Bundle of type "searchset" is not imported; transaction, batch and collection are
`},
		{in("c.json", `{"resourceType":"Patient","id":"`+big+`"}`), "error c.json: larger than allowed\n"},
		{in("d.ndjson", patient+"\n"+big), "d.ndjson:1 2 Patient p1\nerror d.ndjson:2: larger than allowed\n"},
		{in("e.hl7", "PID|1\rMSH|1\r"+strings.Repeat("OBX|"+big[:100]+"\r", 4)+"MSH|2\r"),
			"error e.hl7:1: a segment stands before the first MSH\nerror e.hl7:2: larger than allowed\ne.hl7:7 3  \n"},
		{in("f.tgz", "no gzip"), "error f.tgz: "},
		{in("g.txt", "x"), "error g.txt: not a .json, .ndjson, .hl7, .tar or .tgz file, or one of these with .gz\n"},
		{filepath.Join(dir, "absent.json"), "error absent.json: no such file or directory\n"},
	} {
		got := read(256, dir, c.path)
		if !matchLines(got, c.want) {
			t.Errorf("got\n%swant\n%s", got, c.want)
		}
	}
}

// matchLines compares line by line; a wanted line that ends in ": " is a prefix.
func matchLines(got, want string) bool {
	g, w := strings.Split(strings.TrimSuffix(got, "\n"), "\n"), strings.Split(strings.TrimSuffix(want, "\n"), "\n")
	if len(g) != len(w) {
		return false
	}
	for i := range w {
		if g[i] != w[i] && !(strings.HasSuffix(w[i], ": ") && strings.HasPrefix(g[i], w[i])) {
			return false
		}
	}
	return true
}

// TestMessagesAreCutAsTheyStand: line ends of every kind, batch envelopes, MLLP
// block characters, and line feeds inside a text.
func TestMessagesAreCutAsTheyStand(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct {
		content string
		want    []string
	}{
		"CR":              {"MSH|1\rPID|1\rMSH|2\rPID|2", []string{"MSH|1\rPID|1\r", "MSH|2\rPID|2"}},
		"LF":              {"\nMSH|1\nPID|1\n\nMSH|2\n", []string{"MSH|1\nPID|1\n\n", "MSH|2\n"}},
		"CRLF":            {"MSH|1\r\nPID|1\r\nMSH|2\r\n", []string{"MSH|1\r\nPID|1\r\n", "MSH|2\r\n"}},
		"batch":           {"FHS|^~\\&\rBHS|^~\\&\rMSH|1\rPID|1\rBTS|1\rFTS|1\r", []string{"MSH|1\rPID|1\r"}},
		"MLLP":            {"\x0bMSH|1\rPID|1\r\x1c\r\x0bMSH|2\rPID|2\x1c\r", []string{"MSH|1\rPID|1\r\r", "MSH|2\rPID|2\r"}},
		"text":            {"MSH|1\rNTE|1||a\nb\rPID|1\r", []string{"MSH|1\rNTE|1||a\nb\rPID|1\r"}},
		"empty":           {"", nil},
		"blank":           {"\r\n\r\n", nil},
		"byte order mark": {"\uFEFFMSH|1\r", []string{"MSH|1\r"}},
	} {
		path := write(t, filepath.Join(dir, "m.hl7"), c.content)
		var got []string
		for item, err := range files.Read(0, path) {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			got = append(got, string(item.Bytes))
		}
		if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestReadStopsWhenAsked(t *testing.T) {
	dir := t.TempDir()
	paths := []string{
		write(t, filepath.Join(dir, "a.ndjson"), patient+"\n"+patient),
		write(t, filepath.Join(dir, "b.hl7"), "MSH|1\rMSH|2\r"),
		tgz(t, filepath.Join(dir, "c.tgz"), "x.json", patient, "y.json", patient),
	}
	for stop := 1; stop <= 6; stop++ {
		n := 0
		for range files.Read(0, paths...) { // yielding after a break would panic
			if n++; n == stop {
				break
			}
		}
		if n != stop {
			t.Errorf("%d items, want %d", n, stop)
		}
	}
}

func ExampleRead() {
	for item, err := range files.Read(0, "testdata/import") {
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(strings.TrimSpace(filepath.ToSlash(item.Place()) + " " + item.Type + " " + item.ID))
	}
	// Output:
	// testdata/import/epd.hl7:1
	// testdata/import/epd.hl7:3
	// testdata/import/patients.ndjson:1 Patient a
	// testdata/import/patients.ndjson:2 Patient b
}

func TestSharedSamples(t *testing.T) {
	n := 0
	for item, err := range files.Read(0, shared.Path(t, "hl7v2/simhospital-stream-1040.hl7")) {
		if err != nil {
			t.Fatal(err)
		}
		if _, err := hl7v2.Parse(item.Bytes, hl7v2.Options{}); err != nil {
			t.Errorf("%s: %v", item.Place(), err)
		}
		n++
	}
	if n != 1040 {
		t.Errorf("%d messages, want 1040", n)
	}
	bundles := 0
	for item, err := range files.Read(0, shared.Path(t, "synthea/synthea-v2.4-smart-80-transaction-bundles.tgz")) {
		if err != nil {
			t.Fatal(err)
		}
		if item.Kind == files.Bundle {
			bundles++
		}
	}
	if bundles != 80 {
		t.Errorf("%d bundles, want 80", bundles)
	}
}
