package index_test

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"
	"testing"

	"sluis/conformance"
	"sluis/fhir"
	"sluis/fhir/index"
	"sluis/internal/shared"
)

// each calls f with every JSON document in an archive of the shared data.
func each(t *testing.T, archive string, f func(name string, doc *fhir.Document)) {
	t.Helper()
	file, err := os.Open(shared.Path(t, archive))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(unzipped); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(h.Name, ".json") {
			continue
		}
		body, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if doc, err := fhir.ParseDocument(body); err != nil {
			t.Errorf("%s: %v", h.Name, err)
		} else if conformance.IsType(doc.Type()) {
			f(h.Name, doc)
		}
	}
}

// TestOfficialExamples extracts from every example of R4. Nothing is refused,
// two extractions agree, and how many parameters of each type have an entry in
// some example is as the golden file has it: an extractor that begins to miss
// something shows there.
func TestOfficialExamples(t *testing.T) {
	types, selected := map[string]bool{}, map[int32]bool{}
	each(t, "r4-examples/r4-examples-json.tgz", func(name string, doc *fhir.Document) {
		e, err := r4.Extract(doc)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		if again, _ := r4.Extract(doc); !reflect.DeepEqual(e, again) {
			t.Errorf("%s: two extractions differ", name)
		}
		types[e.Type] = true
		keys(e, selected)
	})
	var out strings.Builder
	fmt.Fprintf(&out, "%d types\n", len(types))
	for _, typ := range []conformance.ParamType{
		conformance.TokenParam, conformance.StringParam, conformance.DateParam, conformance.ReferenceParam,
		conformance.NumberParam, conformance.QuantityParam, conformance.URIParam,
	} {
		with, without := 0, 0
		for name := range types {
			for _, p := range conformance.Searchable(name) {
				switch {
				case p.Type != typ || index.IsColumn(p.Code) || p.Expression == "":
				case selected[p.Key]:
					with++
				default:
					without++
				}
			}
		}
		fmt.Fprintf(&out, "%s: %d parameters with entries, %d without\n", typ, with, without)
	}
	golden(t, "testdata/examples.golden", out.String())
}

var update = flag.Bool("update", false, "rewrite the golden files")

func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test -update rewrites it); got:\n%s", name, got)
	}
}

func keys(e index.Entries, into map[int32]bool) {
	for _, x := range e.Tokens {
		into[x.Param] = true
	}
	for _, x := range e.Strings {
		into[x.Param] = true
	}
	for _, x := range e.Dates {
		into[x.Param] = true
	}
	for _, x := range e.Numbers {
		into[x.Param] = true
	}
	for _, x := range e.Quantities {
		into[x.Param] = true
	}
	for _, x := range e.References {
		into[x.Param] = true
	}
	for _, x := range e.URIs {
		into[x.Param] = true
	}
}
