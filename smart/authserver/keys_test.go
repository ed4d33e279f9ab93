package authserver_test

import (
	"bytes"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"sluis/smart/authserver"
)

func openKeys(t testing.TB, dir string) *authserver.Keys {
	t.Helper()
	keys, err := authserver.OpenKeys(dir)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func TestKeys_madeOnceAndForTheOwnerAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	first, again := openKeys(t, dir), openKeys(t, dir)
	if first.Signing().KeyID != again.Signing().KeyID || !first.Checkpoint().Equal(again.Checkpoint()) || !bytes.Equal(first.Secret("x"), again.Secret("x")) {
		t.Error("a second start has other keys")
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 3 {
		t.Fatalf("want three files, got %v, %v", files, err)
	}
	for _, f := range files {
		if info, err := f.Info(); err != nil || info.Mode() != 0o600 {
			t.Errorf("%s: %v, %v", f.Name(), info.Mode(), err)
		}
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("folder: %v, %v", info.Mode(), err)
	}
}

func TestKeys_oneUseEach(t *testing.T) {
	keys := openKeys(t, filepath.Join(t.TempDir(), "keys"))
	if keys.Checkpoint().Equal(keys.Signing().Key) {
		t.Error("the checkpoint key signs tokens")
	}
	if a, b := keys.Secret("pages"), keys.Secret("import"); bytes.Equal(a, b) || len(a) != 32 {
		t.Errorf("two purposes share a secret: %x, %x", a, b)
	}
	other := openKeys(t, filepath.Join(t.TempDir(), "keys"))
	if other.Signing().KeyID == keys.Signing().KeyID || bytes.Equal(other.Secret("pages"), keys.Secret("pages")) {
		t.Error("two servers share keys")
	}
}

func TestKeys_widerModesRefuseToStart(t *testing.T) {
	for name, widen := range map[string]func(dir string) error{
		"folder of the group":  func(dir string) error { return os.Chmod(dir, 0o750) },
		"folder of the world":  func(dir string) error { return os.Chmod(dir, 0o701) },
		"signing key readable": func(dir string) error { return os.Chmod(filepath.Join(dir, "access-token.pem"), 0o640) },
		"checkpoint key too":   func(dir string) error { return os.Chmod(filepath.Join(dir, "checkpoint.pem"), 0o604) },
		"secret writable":      func(dir string) error { return os.Chmod(filepath.Join(dir, "secret.pem"), 0o620) },
		"a link in its place": func(dir string) error {
			path := filepath.Join(dir, "secret.pem")
			if err := os.Rename(path, filepath.Join(dir, "elsewhere")); err != nil {
				return err
			}
			return os.Symlink("elsewhere", path)
		},
		"truncated": func(dir string) error { return os.Truncate(filepath.Join(dir, "secret.pem"), 20) },
		"empty":     func(dir string) error { return os.Truncate(filepath.Join(dir, "access-token.pem"), 0) },
		"of another kind": func(dir string) error {
			return os.Rename(filepath.Join(dir, "secret.pem"), filepath.Join(dir, "checkpoint.pem"))
		},
	} {
		dir := filepath.Join(t.TempDir(), "keys")
		openKeys(t, dir)
		if err := widen(dir); err != nil {
			t.Fatal(err)
		}
		if _, err := authserver.OpenKeys(dir); err == nil {
			t.Errorf("%s: started", name)
		}
	}
}

func TestKeys_processesThatStartTogetherAgree(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	ids := make([]string, 8)
	var wg sync.WaitGroup
	for i := range ids {
		wg.Go(func() {
			if keys, err := authserver.OpenKeys(dir); err == nil {
				ids[i] = keys.Signing().KeyID + string(keys.Secret("x"))
			}
		})
	}
	wg.Wait()
	for _, id := range ids {
		if id == "" || id != ids[0] {
			t.Fatalf("keys differ or are missing: %q", ids)
		}
	}
}
