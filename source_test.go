package sluis_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// source is one Go file of the module.
type source struct {
	path  string // slashes, from the root of the module
	text  []byte
	fset  *token.FileSet
	file  *ast.File
	test  bool
	tools bool // made by a generator
}

// dir is the package's path within the module.
func (s source) dir() string { return filepath.ToSlash(filepath.Dir(s.path)) }

func (s source) line(at token.Pos) int { return s.fset.Position(at).Line }

// at names a place for a message.
func (s source) at(p token.Pos) string { return s.path + ":" + strconv.Itoa(s.line(p)) }

// sources parses every Go file below the root, hidden and data folders apart.
var sources = sync.OnceValues(func() ([]source, error) {
	var all []source
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch name := d.Name(); {
		case err != nil:
			return err
		case d.IsDir() && path != "." && (strings.HasPrefix(name, ".") || name == "testdata"):
			return filepath.SkipDir
		case d.IsDir() || filepath.Ext(path) != ".go":
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		s, err := parse(filepath.ToSlash(path), text)
		all = append(all, s)
		return err
	})
	return all, err
})

func parse(path string, text []byte) (source, error) {
	s := source{path: path, text: text, fset: token.NewFileSet(), test: strings.HasSuffix(path, "_test.go")}
	var err error
	s.file, err = parser.ParseFile(s.fset, path, text, parser.ParseComments|parser.SkipObjectResolution)
	s.tools = err == nil && ast.IsGenerated(s.file)
	return s, err
}

// each runs a check over every file and reports what it finds.
func each(t *testing.T, check func(source) []string) {
	t.Helper()
	all, err := sources()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Fatal("no source was found")
	}
	for _, s := range all {
		for _, finding := range check(s) {
			t.Error(finding)
		}
	}
}

// uses lists the places where a file names pkg.name for one of the names.
func uses(s source, pkg string, names ...string) []token.Pos {
	local := ""
	for _, spec := range s.file.Imports {
		if path, _ := strconv.Unquote(spec.Path.Value); path == pkg {
			local = pkg[strings.LastIndexByte(pkg, '/')+1:]
			if spec.Name != nil {
				local = spec.Name.Name
			}
		}
	}
	var found []token.Pos
	if local == "" {
		return nil
	}
	ast.Inspect(s.file, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok && slices.Contains(names, sel.Sel.Name) {
			if x, ok := sel.X.(*ast.Ident); ok && x.Name == local {
				found = append(found, sel.Pos())
			}
		}
		return true
	})
	return found
}

func clocks(s source) (out []string) {
	if s.test || !slices.Contains(pure, s.dir()) {
		return nil
	}
	for _, p := range uses(s, "time", "Now", "Since", "Until", "After", "Tick", "NewTimer", "NewTicker", "Sleep", "Local") {
		out = append(out, s.at(p)+": a pure package has no clock: the time is an argument, so that a decision can be asked again for any moment")
	}
	return out
}

// permitters are the packages that may make an Access.
var permitters = []string{"gate", "storage/storagetest", "storage/relational/plantest"}

func permits(s source) (out []string) {
	if s.test || slices.Contains(permitters, s.dir()) {
		return nil
	}
	for _, p := range uses(s, "sluis/storage", "Permit") {
		out = append(out, s.at(p)+": only gate makes an Access: it is the decision, in the form of a value")
	}
	return out
}

func stores(s source) (out []string) {
	at, _ := placeOf(module + s.dir())
	if s.test || at.floor != 3 {
		return nil
	}
	for _, p := range uses(s, "sluis/storage", "Store") {
		out = append(out, s.at(p)+": a surface holds a gate, never the store behind it")
	}
	return out
}

// The longest a file and a function may be, in lines.
const (
	maxFile     = 700
	maxFunction = 60
)

func lengths(s source) (out []string) {
	if s.tools {
		return nil
	}
	if n := bytes.Count(s.text, []byte("\n")); n > maxFile {
		out = append(out, s.path+" has "+strconv.Itoa(n)+" lines: split it by idea")
	}
	if s.test {
		return out
	}
	for _, decl := range s.file.Decls {
		f, ok := decl.(*ast.FuncDecl)
		if !ok {
			continue
		}
		n := s.line(f.End()) - s.line(f.Pos()) + 1
		if n > maxFunction && !excused(s.file, f) {
			out = append(out, s.at(f.Pos())+": "+f.Name.Name+" has "+strconv.Itoa(n)+" lines: split it, or say in a comment that it is \"long because\"")
		}
	}
	return out
}

// excused looks for the reason in the function's comments.
func excused(file *ast.File, f *ast.FuncDecl) bool {
	from := f.Pos()
	if f.Doc != nil {
		from = f.Doc.Pos()
	}
	return slices.ContainsFunc(file.Comments, func(c *ast.CommentGroup) bool {
		return from <= c.Pos() && c.End() <= f.End() && strings.Contains(strings.Join(strings.Fields(c.Text()), " "), "long because")
	})
}

func TestSource_PurePackagesHaveNoClock(t *testing.T)   { each(t, clocks) }
func TestSource_OnlyGateMakesAccess(t *testing.T)       { each(t, permits) }
func TestSource_SurfacesHoldNoStore(t *testing.T)       { each(t, stores) }
func TestSource_FilesAndFunctionsAreShort(t *testing.T) { each(t, lengths) }

func TestSource_EveryPackageHasADoc(t *testing.T) {
	documented := map[string]bool{}
	each(t, func(s source) []string {
		if s.path == "doc.go" || strings.HasSuffix(s.path, "/doc.go") {
			documented[s.dir()] = s.file.Doc != nil && !s.test
		} else if !s.test && !documented[s.dir()] {
			documented[s.dir()] = false
		}
		return nil
	})
	for dir, ok := range documented {
		if !ok {
			t.Errorf("%s has no doc.go with what it owns, what it does not, and the one path through it", dir)
		}
	}
}

// TestSource_CanFail shows the checks what they must find.
func TestSource_CanFail(t *testing.T) {
	long := "package gate\n\nfunc f() {\n" + strings.Repeat("\t_ = 1\n", maxFunction) + "}\n"
	for _, tt := range []struct {
		name, path, text string
		check            func(source) []string
		found            int
	}{
		{"clock", "smart/x.go", "package smart\nimport clock \"time\"\nvar x = clock.Now()\n", clocks, 1},
		{"clock allowed", "gate/x.go", "package gate\nimport \"time\"\nvar x = time.Now()\n", clocks, 0},
		{"permit", "portal/x.go", "package portal\nimport \"sluis/storage\"\nvar x = storage.Permit\n", permits, 1},
		{"permit in gate", "gate/x.go", "package gate\nimport \"sluis/storage\"\nvar x = storage.Permit\n", permits, 0},
		{"permit in a test", "portal/x_test.go", "package portal\nimport \"sluis/storage\"\nvar x = storage.Permit\n", permits, 0},
		{"store", "feed/mllp/x.go", "package mllp\nimport \"sluis/storage\"\nvar x storage.Store\n", stores, 1},
		{"long function", "gate/x.go", long, lengths, 1},
		{"long function excused", "gate/x.go", strings.Replace(long, "{\n", "{\n\t// Long because, and\n\t// long because it is a table.\n", 1), lengths, 0},
		{"long file", "gate/x.go", "package gate\n" + strings.Repeat("\n", maxFile), lengths, 1},
	} {
		s, err := parse(tt.path, []byte(tt.text))
		if err != nil {
			t.Fatal(err)
		}
		if got := tt.check(s); len(got) != tt.found {
			t.Errorf("%s: found %q, want %d", tt.name, got, tt.found)
		}
	}
}

var requirement = regexp.MustCompile(`(?m)^\t(\S+) (v\S+)$`)

// TestDependencies_AreAccountedFor: each direct requirement stands in
// docs/dependencies.md with its version, and nothing else does.
func TestDependencies_AreAccountedFor(t *testing.T) {
	mod, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := os.ReadFile("docs/dependencies.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^\| (\S+) \| (v[0-9]\S*) \|`).FindAllStringSubmatch(string(doc), -1) {
		rows[m[1]] = m[2]
	}
	for _, m := range requirement.FindAllStringSubmatch(string(mod), -1) {
		if rows[m[1]] != m[2] {
			t.Errorf("docs/dependencies.md: %s is %q, go.mod has %s", m[1], rows[m[1]], m[2])
		}
		delete(rows, m[1])
	}
	for name := range rows {
		t.Errorf("docs/dependencies.md: %s is no direct requirement of go.mod", name)
	}
}
