package sluis_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
)

// pkg is what `go list` says of one package; Imports are those of its files
// outside tests, Deps all that it reaches by them.
type pkg struct {
	ImportPath   string
	Imports      []string
	Deps         []string
	GoFiles      []string
	TestGoFiles  []string
	XTestGoFiles []string
}

// house lists the packages of this module, with -e: what does not build is the
// compiler's to tell, not a reason to leave the floors unseen.
var house = sync.OnceValues(func() ([]pkg, error) {
	var stderr bytes.Buffer
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Imports,Deps,GoFiles,TestGoFiles,XTestGoFiles", "./...")
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w\n%s", err, stderr.String())
	}
	var pkgs []pkg
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		switch err := dec.Decode(&p); {
		case errors.Is(err, io.EOF):
			return pkgs, nil
		case err != nil:
			return nil, err
		}
		pkgs = append(pkgs, p)
	}
})

const module = "sluis/"

// place is where a package stands. Packages of the same room may know each
// other; of two rooms of one floor only allowed pairs do.
type place struct {
	path  string // the package, and all below it without a place of their own
	floor int
	room  string
}

const tools = 4

// plan is the house. What is not on it fails the test: a new package is put
// here, with thought.
var plan = []place{
	{"fhir", 0, "language"}, {"fhir/path", 0, "language"}, {"fhir/index", 0, "language"}, {"fhir/query", 0, "language"}, {"fhir/patch", 0, "language"},
	{"fhir/xml", 0, "language"}, {"fhir/subset", 0, "language"},
	{"conformance", 0, "language"}, {"conformance/terminology", 0, "language"},
	{"smart", 1, "smart"}, {"consent", 1, "consent"}, {"audit", 1, "audit"}, {"storage", 1, "storage"},
	{"gate", 2, "gate"},
	{"storage/relational", 2, "relational"}, {"storage/sqlite", 2, "sqlite"}, {"storage/postgres", 2, "postgres"},
	{"storage/storagetest", 2, "storagetest"}, {"storage/postgres/pgtest", 2, "postgres"},
	{"fhir/rest", 3, "rest"}, {"smart/authserver", 3, "authserver"}, {"feed", 3, "feed"}, {"portal", 3, "portal"},
	{"conformance/suite", 3, "suite"},
	{"cmd", tools, "top"}, {"conformance/noninterference", tools, "top"}, {"conformance/cast", tools, "top"}, {"conformance/differential", tools, "top"},
	{"conformance/gen", tools, "tool"}, {"internal/testreport", tools, "tool"}, {"internal/shared", tools, "tests"},
}

// neighbours are the pairs of rooms on one floor of which the first may know
// the second, or a single package of it.
var neighbours = map[[2]string]string{
	{"storage", "audit"}:       "sluis/audit", // the record type, which a log stores
	{"sqlite", "relational"}:   "",
	{"postgres", "relational"}: "",
}

// support are the packages that exist for tests; the rest of the house must not
// come to depend on them.
var support = []string{"storage/storagetest", "storage/postgres/pgtest", "storage/relational/plantest", "conformance/cast", "conformance/noninterference", "conformance/differential", "conformance/differential/naive", "internal/shared"}

func isSupport(importPath string) bool {
	return slices.Contains(support, strings.TrimPrefix(importPath, module))
}

func placeOf(importPath string) (place, bool) {
	path, ours := strings.CutPrefix(importPath, module)
	if !ours {
		return place{}, false
	}
	best, found := place{}, false
	for _, p := range plan {
		if (path == p.path || strings.HasPrefix(path, p.path+"/")) && len(p.path) > len(best.path) {
			best, found = p, true
		}
	}
	return best, found
}

// refuse says why one package must not import another, or "".
func refuse(from, to string) string {
	a, ok := placeOf(from)
	b, okToo := placeOf(to)
	switch {
	case !strings.HasPrefix(to, module):
		return refuseLeaf(from, to)
	case !ok || !okToo:
		return "a package has no floor: give it one in the plan of floors_test.go"
	case isSupport(to) && !isSupport(from):
		return "it exists for tests alone"
	case to == "sluis/internal/shared":
		return ""
	case a.room == b.room:
		return ""
	case b.floor > a.floor:
		return fmt.Sprintf("floor %d must not know floor %d: what is below is used, and tested, without what is above", a.floor, b.floor)
	case a.floor == 3 && b.floor == 3:
		return "surfaces never know each other: what two of them need belongs to gate or below"
	case a.floor == 3 && b.floor == 2 && b.room != "gate":
		return "a surface reaches data only through gate: a second way to the rows is a way around the gates"
	case a.floor == b.floor && a.floor > 0 && !neighbourly(a, b, to):
		return fmt.Sprintf("rooms of floor %d do not know each other: gate brings together what they decide", a.floor)
	}
	return ""
}

func neighbourly(a, b place, to string) bool {
	only, ok := neighbours[[2]string{a.room, b.room}]
	return ok && (only == "" || only == to) || a.floor == tools && a.room == "top"
}

func TestFloors(t *testing.T) {
	pkgs, err := house()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pkgs {
		if p.ImportPath == "sluis" {
			continue
		}
		if _, found := placeOf(p.ImportPath); !found {
			t.Errorf("%s has no floor: give it one in the plan of floors_test.go", p.ImportPath)
		}
		for _, to := range p.Imports {
			if reason := refuse(p.ImportPath, to); reason != "" {
				t.Errorf("%s imports %s: %s", p.ImportPath, to, reason)
			}
		}
	}
}

// leaves are libraries that only some packages may import, outside tests. An
// empty list means tests alone.
var leaves = []struct {
	library string
	allowed []string
	reason  string
}{
	{"github.com/jackc/pgx/v5", []string{"storage/postgres"}, "a backend's types must not leak out of it"},
	{"modernc.org/sqlite", []string{"storage/sqlite"}, "a backend's types must not leak out of it"},
	{"database/sql", []string{"storage/relational", "storage/sqlite", "storage/postgres"}, "a backend's types must not leak out of it"},
	{"github.com/coreos/go-oidc/v3", []string{"smart/authserver"}, "people are authenticated in one place"},
	{"golang.org/x/oauth2", []string{"smart/authserver"}, "people are authenticated in one place"},
	{"github.com/go-chi/chi/v5", []string{"fhir/rest", "smart/authserver", "portal", "cmd/sluis"}, "only where routes are mounted"},
	{"github.com/google/fhir", []string{"consent/r4", "audit/balp", "feed", "fhir/rest"}, "only where resources are authored or interpreted: its output is never stored, and it costs 60 times the one-pass reader"},
	{"google.golang.org/protobuf", []string{"consent/r4", "audit/balp", "feed", "fhir/rest"}, "goes with google/fhir"},
	{"github.com/alecthomas/kong", []string{"cmd"}, "only commands have a command line"},
	{"gopkg.in/yaml.v3", []string{"cmd"}, "only commands read configuration"},
	{"github.com/evanphx/json-patch/v5", nil, "fhir/patch is held to it in tests, and keeps closer to RFC 6902"},
	{"pgregory.net/rapid", []string{"storage/storagetest"}, "for tests and the suites that other tests run"},
	{"testing", append([]string{"conformance/suite"}, support...), "only in suites that other tests run"},
}

// pure are the packages that decide or describe: same input, same answer.
var pure = []string{"fhir", "fhir/path", "fhir/patch", "fhir/index", "fhir/query", "fhir/xml", "fhir/subset", "conformance", "conformance/fhirpath", "conformance/profile", "conformance/terminology", "smart", "consent", "consent/r4", "consent/label"}

// impure must not be imported by a pure package.
var impure = []string{"context", "net/http", "database/sql", "log", "log/slog", "math/rand", "math/rand/v2", "crypto/rand", "os"}

func refuseLeaf(from, to string) string {
	path := strings.TrimPrefix(from, module)
	if slices.Contains(pure, path) && slices.Contains(impure, to) {
		return "a pure package has no I/O, no clock, no log and no chance: give it the value as an argument"
	}
	for _, leaf := range leaves {
		if !under(to, leaf.library) {
			continue
		}
		if !slices.ContainsFunc(leaf.allowed, func(a string) bool { return under(path, a) }) {
			return leaf.reason
		}
	}
	return ""
}

func under(path, root string) bool { return path == root || strings.HasPrefix(path, root+"/") }

// reach is what packages must not reach even through others. Packages that use
// google/fhir are left out where it reaches too much itself.
var reach = []struct {
	packages  []string
	forbidden []string
	reason    string
}{
	{[]string{"fhir", "fhir/path", "fhir/patch", "fhir/index", "fhir/query", "fhir/xml", "fhir/subset", "conformance", "conformance/fhirpath", "conformance/profile", "conformance/terminology", "smart", "consent", "consent/label", "audit", "storage"},
		[]string{"net/http", "database/sql", "log/slog", "os/exec", "github.com/google/fhir/go/jsonformat"}, "the lower floors must be usable without a server"},
	{[]string{"gate"}, []string{"net/http", "github.com/jackc/pgx/v5", "modernc.org/sqlite", "database/sql"}, "gate speaks neither HTTP nor SQL"},
	{[]string{"fhir/rest", "smart/authserver", "feed", "portal"}, []string{"github.com/jackc/pgx/v5", "modernc.org/sqlite", "database/sql"}, "surfaces know no database"},
}

func TestFloors_Transitive(t *testing.T) {
	pkgs, err := house()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pkgs {
		for _, rule := range reach {
			if !slices.Contains(rule.packages, strings.TrimPrefix(p.ImportPath, module)) {
				continue
			}
			for _, dep := range p.Deps {
				if slices.Contains(rule.forbidden, dep) {
					t.Errorf("%s reaches %s: %s", p.ImportPath, dep, rule.reason)
				}
			}
		}
	}
}

// TestFloors_CanFail shows the rules what they must refuse and what not.
func TestFloors_CanFail(t *testing.T) {
	for _, tt := range []struct {
		from, to string
		refused  bool
	}{
		{"sluis/gate", "sluis/storage", false},
		{"sluis/gate", "sluis/audit/balp", false},
		{"sluis/storage", "sluis/audit", false},
		{"sluis/storage/postgres", "sluis/storage/relational", false},
		{"sluis/feed/mllp", "sluis/feed/hl7v2", false},
		{"sluis/cmd/sluis", "sluis/storage/postgres", false},
		{"sluis/fhir/index", "sluis/conformance", false},
		{"sluis/feed/hl7v2", "github.com/google/fhir/go/jsonformat", false},
		{"sluis/storage/storagetest", "sluis/internal/shared", false},

		{"sluis/storage", "sluis/gate", true},
		{"sluis/storage", "sluis/audit/balp", true},
		{"sluis/audit", "sluis/storage", true},
		{"sluis/smart", "sluis/consent", true},
		{"sluis/gate", "sluis/storage/sqlite", true},
		{"sluis/fhir/rest", "sluis/storage/relational", true},
		{"sluis/fhir/rest", "sluis/smart/authserver", true},
		{"sluis/portal", "sluis/fhir/rest", true},
		{"sluis/fhir", "sluis/smart", true},
		{"sluis/gate", "sluis/internal/shared", true},
		{"sluis/gate", "sluis/unheard", true},
		{"sluis/gate", "github.com/google/fhir/go/jsonformat", true},
		{"sluis/fhir/rest", "github.com/jackc/pgx/v5/pgxpool", true},
		{"sluis/gate", "github.com/go-chi/chi/v5", true},
		{"sluis/consent/r4", "context", true},
		{"sluis/gate", "testing", true},
	} {
		if reason := refuse(tt.from, tt.to); (reason != "") != tt.refused {
			t.Errorf("%s imports %s: refused %v (%q), want %v", tt.from, tt.to, reason != "", reason, tt.refused)
		}
	}
}
