package path_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"sluis/conformance"
	"sluis/fhir/path"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestExpressionsOfR4 compiles every expression of every type, those of the
// subject table and of the pseudo parameters included, and compares what does
// not compile, with the reason, with the golden list.
func TestExpressionsOfR4(t *testing.T) {
	var out strings.Builder
	compiled, without := 0, map[string]int{}
	for _, name := range conformance.Types() {
		for _, p := range append(conformance.Parameters(name), conformance.Pseudo(name)...) {
			if p.Expression == "" {
				without[p.Code]++
				continue
			}
			if _, err := path.Compile(p.Expression, name); err != nil {
				fmt.Fprintf(&out, "unsupported %s.%s: %v\n", name, p.Code, err)
				continue
			}
			compiled++
		}
	}
	for _, code := range []string{"_content", "_filter", "_has", "_list", "_query", "_text", "_type"} {
		if n := without[code]; n > 0 {
			fmt.Fprintf(&out, "no expression %s: %d types\n", code, n)
		}
		delete(without, code)
	}
	for code, n := range without {
		t.Errorf("%s has no expression on %d types: list it above with the others", code, n)
	}
	fmt.Fprintf(&out, "compiled %d\n", compiled)
	golden(t, "testdata/expressions.golden", out.String())
}

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
