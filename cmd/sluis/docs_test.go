package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"sluis/internal/shared"
)

var shellBlock = regexp.MustCompile("(?s)```sh\n(.*?)```")

// What docs/smart.md tells to type works as it stands there.
func TestDocs_smart(t *testing.T) {
	for _, tool := range []string{"bash", "openssl", "curl"} {
		if _, err := exec.LookPath(tool); err != nil {
			shared.Missing(t, tool)
		}
	}
	page, err := os.ReadFile("../../docs/smart.md")
	if err != nil {
		t.Fatal(err)
	}
	var blocks []string
	for _, m := range shellBlock.FindAllStringSubmatch(string(page), -1) {
		blocks = append(blocks, m[1])
	}
	if len(blocks) < 5 {
		t.Fatalf("%d blocks were found", len(blocks))
	}
	dir := t.TempDir()
	bash := func(script string) string {
		t.Helper()
		cmd := exec.Command("bash", "-euo", "pipefail", "-c", script)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return string(out)
	}
	bash(blocks[0])
	p := play(t, demoCommand{Patients: 8, JWKS: filepath.Join(dir, "my-app.jwks.json")})
	b64url, _, _ := strings.Cut(blocks[0][strings.Index(blocks[0], "b64url()"):], "\n")
	rest := b64url + "\n" + strings.Join(blocks[1:], "\necho\n")
	said := bash(strings.ReplaceAll(rest, "http://127.0.0.1:8080", p.issuer()))
	for _, want := range []string{`"grant_types_supported":["client_credentials"]`, `"total":8`, `"display":"Heart rate"`, "the token's scopes do not reach this"} {
		if !strings.Contains(said, want) {
			t.Errorf("no %s in %s", want, said)
		}
	}
}

// The demo's feed takes in the message that README.md sends it.
func TestDocs_exampleMessage(t *testing.T) {
	message, err := os.ReadFile("../../docs/examples/admission.hl7")
	if err != nil {
		t.Fatal(err)
	}
	p := play(t, demoCommand{Patients: 2})
	for _, one := range messages(message) {
		if ack, err := sendOne(t.Context(), p.feeds[0].listener.Addr().String(), one); err != nil || !strings.HasPrefix(ack, "MSA|AA|") {
			t.Errorf("%s %v", ack, err)
		}
	}
}

// What README.md imports is taken in, once.
func TestDocs_exampleBundle(t *testing.T) {
	s := newSite(t, "", "")
	for _, says := range []string{"2 created", "2 unchanged"} {
		s.imports("home", "../../docs/examples/patient.json").expect(t, 0).says(t, says, "0 rejected")
	}
}
