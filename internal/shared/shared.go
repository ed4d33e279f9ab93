package shared

import (
	"os"
	"path/filepath"
	"testing"
)

// Path returns the path of a file or folder of the shared test data. Where the
// data are not at hand the test is skipped, saying so; with SLUIS_REQUIRE_ALL=1,
// as in CI, it fails instead.
func Path(t testing.TB, name string) string {
	t.Helper()
	if root := os.Getenv("SLUIS_SHARED_DATA"); root != "" {
		if p := filepath.Join(root, filepath.FromSlash(name)); exists(p) {
			return p
		}
	}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for parent := filepath.Dir(dir); ; dir, parent = parent, filepath.Dir(parent) {
		if p := filepath.Join(dir, "shared", "data", filepath.FromSlash(name)); exists(p) {
			return p
		}
		if parent == dir {
			break
		}
	}
	Missing(t, "shared test data "+name)
	return ""
}

// Missing skips a test for want of something, or fails it with
// SLUIS_REQUIRE_ALL=1.
func Missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("SLUIS_REQUIRE_ALL") == "1" {
		t.Fatalf("%s is missing and SLUIS_REQUIRE_ALL=1", what)
	}
	t.Skipf("%s is missing: skipped", what)
}

func exists(p string) bool {
	_, err := os.Stat(p)
	return err == nil
}
