package conformance_test

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path"
	"strings"
	"testing"

	"sluis/internal/shared"
)

// example is one JSON file of the shared test data.
type example struct {
	name string
	body []byte
}

// examples reads the resources of a tar file; lines of NDJSON count each.
func examples(t testing.TB, file string) []example {
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
	var out []example
	for archive := tar.NewReader(unzipped); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		name := path.Base(header.Name)
		if header.Typeflag != tar.TypeReg || name == "package.json" || !strings.HasSuffix(name, "json") {
			continue
		}
		body, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, split(name, body)...)
	}
	if len(out) == 0 {
		t.Fatalf("no examples in %s", file)
	}
	return out
}

func split(name string, body []byte) []example {
	if !strings.HasSuffix(name, ".ndjson") {
		return []example{{name, body}}
	}
	var out []example
	for line := range strings.Lines(string(body)) {
		out = append(out, example{name, []byte(line)})
	}
	return out
}

const officialExamples = "r4-examples/r4-examples-json.tgz"
