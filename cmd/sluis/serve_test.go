package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"sluis/cmd/sluis/demodata"
	"sluis/fhir"
)

// service is a server that runs as a process of its own.
type service struct {
	site
	cmd        *exec.Cmd
	stderr     *bytes.Buffer
	base, feed string
}

// freePort is an address that was free a moment ago.
func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// serve starts `sluis serve` with more settings and waits until it is ready.
func serve(t *testing.T, yaml string) *service {
	t.Helper()
	listen, feed := freePort(t), freePort(t)
	yaml = strings.Replace(yaml, "listen: 127.0.0.1:0", "listen: "+feed, 1)
	s := &service{site: newSite(t, yaml+"\nlisten: "+listen, ""), base: "http://" + listen + "/fhir", feed: feed, stderr: &bytes.Buffer{}}
	s.cmd = command(t, "serve", "--config", s.file)
	s.cmd.Stderr = s.stderr
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.cmd.Process.Kill() }) // it has ended, unless the test failed
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if resp, err := http.Get("http://" + listen + "/readyz"); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return s
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("not ready: %s", s.stderr)
		}
	}
}

// do sends a request and reads the answer, which must have that status.
func (s *service) do(status int, method, path, token, body string) *fhir.Document {
	s.Helper()
	r, err := http.NewRequest(method, s.base+path, strings.NewReader(body))
	if err != nil {
		s.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/fhir+json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		s.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != status {
		s.Fatalf("%s %s: %s, want %d (%v)\n%s", method, path, resp.Status, status, err, text)
	}
	if len(text) == 0 {
		return nil
	}
	doc, err := fhir.ParseDocument(text)
	if err != nil {
		s.Fatalf("%s %s: %v\n%s", method, path, err, text)
	}
	return doc
}

// token runs `sluis token`.
func (s *service) token(args ...string) string {
	s.Helper()
	return strings.TrimSpace(s.run(append([]string{"token"}, args...)...).expect(s, 0).stdout)
}

// found is how many resources a search finds.
func (s *service) found(token, search string) string {
	s.Helper()
	return s.do(http.StatusOK, http.MethodGet, "/"+search+"&_summary=count", token, "").Root().Get("total").Text()
}

// terminate sends SIGTERM and waits for the end, which must be an orderly one.
func (s *service) terminate() {
	s.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		s.Fatal(err)
	}
	s.ended()
}

func (s *service) ended() {
	s.Helper()
	if err := s.cmd.Wait(); err != nil {
		s.Errorf("serve ended with %v\n%s", err, s.stderr)
	}
}

// TestServe_AnswersWithoutToken: health, metadata and discovery are public,
// nothing else is; and without a provider for logins there is no portal.
func TestServe_AnswersWithoutToken(t *testing.T) {
	s := serve(t, town)
	origin := strings.TrimSuffix(s.base, "/fhir")
	for path, status := range map[string]int{"/healthz": 200, "/readyz": 200, "/portal/": 404, "/auth/login": 404, "/fhir/Patient": 401, "/elsewhere": 404} {
		resp, err := http.Get(origin + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != status {
			t.Errorf("GET %s: %d, want %d", path, resp.StatusCode, status)
		}
	}
	sluis(t, "health", origin+"/readyz").expect(t, 0)
	if got := s.do(200, "GET", "/metadata", "", "").Type(); got != "CapabilityStatement" {
		t.Errorf("metadata is a %s", got)
	}
	if got := s.do(200, "GET", "/.well-known/smart-configuration", "", "").Root().Get("token_endpoint").Text(); got != origin+"/auth/token" {
		t.Errorf("token_endpoint is %q", got)
	}
	s.terminate()
	sluis(t, "health", origin+"/readyz").expect(t, 1)
}

// TestServe_TakesDataInByEveryDoor: an operator's token, a registered backend,
// a feed over MLLP, and an import beside the running server, in two processes on
// one SQLite store; afterwards the log of all of it is sealed and whole.
func TestServe_TakesDataInByEveryDoor(t *testing.T) {
	d := demodata.Make(11, 4)
	epds, err := newBackends(d)
	if err != nil {
		t.Fatal(err)
	}
	client, err := json.Marshal(map[string]any{
		"id": epds["hospital"].id, "organization": "hospital", "scopes": []string{"system/*.cruds"}, "jwks": json.RawMessage(epds["hospital"].client().JWKS),
	})
	if err != nil {
		t.Fatal(err)
	}
	s := serve(t, town+"\nclients: ["+string(client)+"]")

	operator := s.token("--scope", "system/*.cruds", "--organization", "hospital")
	patient := s.do(201, "POST", "/Patient", operator, `{"resourceType":"Patient","gender":"other"}`).Root().Get("id").Text()
	s.do(200, "GET", "/Patient/"+patient, operator, "")
	s.do(404, "GET", "/Patient/"+patient, s.token("--scope", "system/*.cruds", "--organization", "practice"), "")
	s.run("token", "--scope", "system/*.cruds", "--organization", "nowhere").expect(t, 1).says(t, `"nowhere" is not a configured custodian`)

	backend, err := epds["hospital"].token(context.Background(), strings.TrimSuffix(s.base, "/fhir")+"/auth/token")
	if err != nil {
		t.Fatal(err)
	}
	s.do(200, "POST", "", backend, string(d.HospitalTransaction(d.Patient(0))))

	message := write(t, t.TempDir()+"/message.hl7", string(d.Message(d.Patient(1), demodata.Admission, demodata.UTF8)))
	sluis(t, "send", s.feed, message).expect(t, 0).says(t, "AA ")
	sluis(t, "send", s.feed, message).expect(t, 0).says(t, "AA ")
	refused := write(t, t.TempDir()+"/refused.hl7", strings.Replace(string(d.Message(d.Patient(1), demodata.Admission, demodata.UTF8)), "|ADT^A01", "|ADT^A40", 1))
	sluis(t, "send", s.feed, refused).expect(t, 1).says(t, "AR ")

	dir := t.TempDir()
	if err := d.WriteNDJSON(dir); err != nil {
		t.Fatal(err)
	}
	s.imports("practice", filepath.Join(dir, "practice")).expect(t, 0)
	if got := s.found(operator, "Patient?"); got != "3" {
		t.Errorf("the hospital has %s patients, want 3", got)
	}
	practice := s.token("--scope", "system/*.cruds", "--organization", "practice")
	if got := s.found(practice, "Patient?"); got != "4" {
		t.Errorf("the practice has %s patients, want 4", got)
	}
	s.terminate()
	s.run("audit", "verify").expect(t, 0)
	if out := s.run("audit", "verify"); strings.Contains(out.stdout, "unsealed") {
		t.Errorf("the server left records unsealed:\n%s", out.stdout)
	}
}

// TestServe_Drains: a request that is under way at SIGTERM gets its answer, its
// record is sealed, and the server ends with 0.
func TestServe_Drains(t *testing.T) {
	s := serve(t, town)
	operator := s.token("--scope", "system/*.cruds", "--organization", "hospital")
	body, rest := io.Pipe()
	r, err := http.NewRequest(http.MethodPost, s.base+"/Patient", body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+operator)
	r.Header.Set("Content-Type", "application/fhir+json")
	answered := make(chan int, 1)
	go func() {
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Error(err)
			answered <- 0
			return
		}
		resp.Body.Close()
		answered <- resp.StatusCode
	}()
	if _, err := io.WriteString(rest, `{"resourceType":`); err != nil { // taken: the request is under way
		t.Fatal(err)
	}
	s.found(operator, "Patient?") // the server has answered another since
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for { // until the listener is closed
		conn, err := net.Dial("tcp", strings.TrimSuffix(strings.TrimPrefix(s.base, "http://"), "/fhir"))
		if err != nil {
			break
		}
		conn.Close()
		time.Sleep(5 * time.Millisecond)
	}
	if _, err := io.WriteString(rest, `"Patient"}`); err != nil {
		t.Fatal(err)
	}
	rest.Close()
	if got := <-answered; got != http.StatusCreated {
		t.Errorf("the request under way got %d, want 201", got)
	}
	s.ended()
	if out := s.run("audit", "verify").expect(t, 0); strings.Contains(out.stdout, "unsealed") {
		t.Errorf("the last record is not sealed:\n%s", out.stdout)
	}
}

// TestServe_RefusesWrongConfiguration: exit code 1, and every problem with its
// line; nothing is made.
func TestServe_RefusesWrongConfiguration(t *testing.T) {
	file := write(t, t.TempDir()+"/sluis.yaml", "listen: nowhere\nhome: home\ncustodians: [{id: home, name: Home}]\nlimts: {}\nzone: Mars\n")
	sluis(t, "serve", "--config", file).expect(t, 1).says(t, file+":1: listen: ", file+":4: limts: no such setting", file+":5: zone: ")
	if made := folder(t, filepath.Dir(file)); len(made) != 1 {
		t.Errorf("%d files beside the configuration", len(made)-1)
	}
	busy := newSite(t, town, "")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	busy.run("serve", "--listen", l.Addr().String()).expect(t, 1).says(t, "address already in use")
}

func TestDemo_Check(t *testing.T) {
	sluis(t, "demo", "--check").expect(t, 0).says(t, "Every step is as it should be.", "the log is whole")
}

func TestVersion(t *testing.T) { sluis(t, "version").expect(t, 0).says(t, "sluis "+version) }
