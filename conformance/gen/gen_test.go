package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"sluis/internal/shared"
)

// TestTablesAreReproducible makes the tables again and compares them with those
// that are embedded.
func TestTablesAreReproducible(t *testing.T) {
	in := filepath.Dir(shared.Path(t, "r4-definitions/"+resourcesFile))
	out := t.TempDir()
	if err := generate(in, out); err != nil {
		t.Fatal(err)
	}
	made, err := tableNames(out)
	if err != nil {
		t.Fatal(err)
	}
	embedded, err := tableNames(filepath.Join("..", "data"))
	if err != nil || !slices.Equal(made, embedded) {
		t.Fatalf("made %q, embedded %q, %v", made, embedded, err)
	}
	for _, name := range append(made, provenanceFile) {
		got, err := os.ReadFile(filepath.Join(out, name))
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(filepath.Join("..", "data", name))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s differs from the one made now (%v)", name, err)
		}
	}
}

func TestConcerning(t *testing.T) {
	for _, tc := range []struct {
		expression, base string
		want             []string
	}{
		{"", "Patient", nil},
		{"A.x | B.y", "B", []string{"B.y"}},
		{"A.x | A.x | (A.y as Quantity) | B.z", "A", []string{"A.x", "(A.y as Quantity)"}},
		{"AB.x | A.y", "A", []string{"A.y"}},
		{"A.where(b='c' or (d | e)) | B.x", "A", []string{"A.where(b='c' or (d | e))"}},
		{"name | alias", "InsurancePlan", []string{"InsurancePlan.name", "InsurancePlan.alias"}},
	} {
		if got, err := concerning(tc.expression, tc.base); err != nil || !slices.Equal(got, tc.want) {
			t.Errorf("%q for %s: %q, %v", tc.expression, tc.base, got, err)
		}
	}
	if got, err := concerning("A.x", "B"); err == nil {
		t.Errorf("nothing concerns B: %q", got)
	}
}

func TestResolvedNarrowsOnlyWhatIsSaidThroughout(t *testing.T) {
	for _, tc := range []struct{ parts, want []string }{
		{[]string{"A.b.where(resolve() is Patient)"}, []string{"Patient"}},
		{[]string{"A.b.where(resolve() is Patient)", "A.c.where(resolve() is Group)"}, []string{"Group", "Patient"}},
		{[]string{"A.b.where(resolve() is Patient)", "A.c"}, nil},
		{[]string{"A.b.where(resolve() is Patient).c"}, nil},
		{nil, nil},
	} {
		if got := resolved(tc.parts); !slices.Equal(got, tc.want) {
			t.Errorf("%q: %q", tc.parts, got)
		}
	}
}

func TestCodeTable(t *testing.T) {
	open := valueSet{Expansion: &struct {
		Extension []struct{ URL string }
		Contains  []concept
	}{Contains: []concept{
		{System: "s", Code: "b"}, {System: "s", Code: "a", Contains: []concept{{System: "s", Code: "c"}, {System: "s", Code: "x", Abstract: true}}},
		{System: "s", Code: "b"}, {System: "r", Code: "d"},
	}}}
	got, err := codeTable([]string{"http://x/one"}, map[string]valueSet{"http://x/one": open})
	if err != nil || !bytes.HasSuffix(got, []byte("\none r d\none s a b c\n")) {
		t.Errorf("%s, %v", got, err)
	}
	open.Compose.Include = []struct{ System string }{{"s"}}
	open.Expansion.Extension = []struct{ URL string }{{"unclosed"}}
	if got, err = codeTable([]string{"http://x/one"}, map[string]valueSet{"http://x/one": open}); err != nil || !bytes.HasSuffix(got, []byte("\none s *\n")) {
		t.Errorf("%s, %v", got, err)
	}
	for name, bound := range map[string][]string{
		"absent":        {"http://x/none"},
		"the same name": {"http://x/one", "http://y/one"},
	} {
		if _, err := codeTable(bound, map[string]valueSet{"http://x/one": open, "http://y/one": open}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestGenerateNamesWhatIsMissing(t *testing.T) {
	if err := generate(t.TempDir(), t.TempDir()); !os.IsNotExist(err) {
		t.Errorf("%v", err)
	}
}
