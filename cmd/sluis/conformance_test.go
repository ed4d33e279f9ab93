package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sluis/smart"
)

// The command plays conversations with a whole server, as an operator would,
// and its exit code tells how they went.
func TestConformance(t *testing.T) {
	p := play(t, demoCommand{Patients: 2})
	token, err := p.mint(smart.Grant{
		Client: "suite", Scopes: everything(), Organization: p.data.Hospital.ID, Purposes: []string{"TREAT"}, Expires: time.Now().Add(time.Hour),
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, url, token, chapter, said, failed string
	}{
		{"all well", p.config.BaseURL, token, "smart-app-launch", "smart-app-launch                  3      0       0", ""},
		{"a slash behind the base", p.config.BaseURL + "/", token, "json", "json.html", ""},
		{"a wrong token", p.config.BaseURL, "nonsense", "json", "FAILED json.html/fidelity", "13 of 13 cases failed"},
		{"no such chapter", p.config.BaseURL, token, "poetry", "", `no chapter "poetry"`},
		{"no FHIR server", p.issuer() + "/portal", token, "", "", "is no CapabilityStatement"},
		{"nobody there", "http://127.0.0.1:1", token, "", "", "connection refused"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out strings.Builder
			c := conformanceCommand{URL: tt.url, Token: tt.token, Chapter: tt.chapter}
			err := c.report(context.Background(), &out)
			if said := out.String(); !strings.Contains(said, tt.said) || strings.Contains(said, token) {
				t.Errorf("it said %s", said)
			}
			if tt.failed == "" && err != nil || tt.failed != "" && (err == nil || !strings.Contains(err.Error(), tt.failed)) {
				t.Errorf("%v, want %q", err, tt.failed)
			}
		})
	}
	page := filepath.Join(t.TempDir(), "report.html")
	c := conformanceCommand{URL: p.config.BaseURL, Token: token, Chapter: "smart-app-launch", HTML: page}
	if err := c.report(context.Background(), io.Discard); err != nil {
		t.Error(err)
	}
	if text, err := os.ReadFile(page); err != nil || !strings.Contains(string(text), "3 passed, 0 failed") || strings.Contains(string(text), token) {
		t.Errorf("the page: %v, %s", err, text)
	}
	c.HTML = filepath.Join(page, "nowhere")
	if err := c.report(context.Background(), io.Discard); err == nil {
		t.Error("a page that cannot be written is no error")
	}
	sluis(t, "conformance", p.config.BaseURL, "--token", "nonsense", "--chapter", "json").expect(t, 1).says(t, "FAILED json.html", "13 of 13")
}
