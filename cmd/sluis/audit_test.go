package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sluis/cmd/sluis/demodata"
)

// TestAudit_ExportVerifiesOffline: an export verifies with the public key alone,
// away from the store; with any byte changed, or cut short, it does not.
func TestAudit_ExportVerifiesOffline(t *testing.T) {
	dir := t.TempDir()
	if err := demodata.Make(9, 2).WriteNDJSON(dir); err != nil {
		t.Fatal(err)
	}
	everywhere(t, town, func(t *testing.T, s site) {
		s.imports("hospital", filepath.Join(dir, "hospital")).expect(t, 0)
		export := filepath.Join(t.TempDir(), "log.jsonl")
		s.run("audit", "export", "--out", export).expect(t, 0)
		s.run("audit", "export", "--out", export).expect(t, 1) // nothing is overwritten
		text, err := os.ReadFile(export)
		if err != nil {
			t.Fatal(err)
		}
		if out := s.run("audit", "export").expect(t, 0); out.stdout != string(text) {
			t.Error("the export on standard output is another one")
		}
		if !bytes.HasSuffix(text, []byte(`"unsealed":0}`+"\n")) {
			t.Fatalf("not all is sealed: %s", text[max(0, len(text)-100):])
		}
		key := strings.TrimSpace(s.run("audit", "key").expect(t, 0).stdout)
		verify := func() ended { return sluis(t, "audit", "verify", "--key", key, export) }
		verify().expect(t, 0).says(t, "the log is whole")
		other := strings.TrimSpace(newSite(t, town, "").run("audit", "key").expect(t, 0).stdout)
		sluis(t, "audit", "verify", "--key", other, export).expect(t, 1)

		rng := seed(t)
		for range 6 {
			at := rng.IntN(len(text))
			bent := bytes.Clone(text)
			bent[at] ^= 1 << rng.IntN(8)
			write(t, export, string(bent))
			if out := verify(); out.code != 1 {
				t.Errorf("with byte %d changed from %q to %q: exit code %d", at, text[at], bent[at], out.code)
			}
		}
		write(t, export, string(text[:len(text)/2]))
		verify().expect(t, 1)
	})
}

// TestAudit_VerifyMakesNothing: a store that is not there is not a whole log.
func TestAudit_VerifyMakesNothing(t *testing.T) {
	s := newSite(t, town, "")
	s.run("audit", "verify").expect(t, 1).says(t, "no such file or directory")
	if made := folder(t, filepath.Dir(s.file)); len(made) != 1 {
		t.Errorf("verify made %d files", len(made)-1)
	}
}
