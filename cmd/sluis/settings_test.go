package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sluis/cmd/sluis/demodata"
	"sluis/feed/mllp"
)

// post sends a body to the visitor's server and returns the status.
func (v *visit) post(path, body string) int {
	v.Helper()
	r := httptest.NewRequest(http.MethodPost, v.app.config.BaseURL+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+v.token)
	r.Header.Set("Content-Type", "application/fhir+json")
	rec := httptest.NewRecorder()
	v.handler.ServeHTTP(rec, r)
	return rec.Code
}

// TestSettings_Limits: limits.max_body and limits.request_timeout hold for the
// FHIR surface.
func TestSettings_Limits(t *testing.T) {
	large := `{"resourceType":"Patient","name":[{"text":"` + strings.Repeat("x", 2048) + `"}]}`
	v := newSite(t, home+"limits: {max_body: 2KiB}", "").visit("home")
	if got := v.post("/Patient", large); got != http.StatusRequestEntityTooLarge {
		t.Errorf("a body over max_body got %d", got)
	}
	if got := v.post("/Patient", `{"resourceType":"Patient"}`); got != http.StatusCreated {
		t.Errorf("a small body got %d", got)
	}
	if got := newSite(t, home, "").visit("home").post("/Patient", large); got != http.StatusCreated {
		t.Errorf("the same body under the default got %d", got)
	}
	if got := newSite(t, home+"limits: {request_timeout: 1ns}", "").visit("home").post("/Patient", large); got != http.StatusServiceUnavailable {
		t.Errorf("a request without time got %d", got)
	}
}

// TestSettings_LargeBodies: what is more than limits.large_bodies at once is put
// off, and small requests are not.
func TestSettings_LargeBodies(t *testing.T) {
	v := newSite(t, home+"limits: {large_bodies: 2MiB}", "").visit("home")
	large := `{"resourceType":"Binary","contentType":"text/plain","data":"` + strings.Repeat("AAAA", 1<<19) + `"}`
	body, rest := io.Pipe()
	first := make(chan int)
	go func() { first <- v.send(body).Code }()
	if _, err := io.WriteString(rest, large[:len(large)-1]); err != nil { // and is as good as sent
		t.Fatal(err)
	}
	second := v.send(strings.NewReader(large))
	if second.Code != http.StatusServiceUnavailable || second.Header().Get("Retry-After") == "" {
		t.Errorf("a second large body got %d, Retry-After %q", second.Code, second.Header().Get("Retry-After"))
	}
	if got := v.send(strings.NewReader(`{"resourceType":"Binary","contentType":"text/plain"}`)).Code; got != http.StatusCreated {
		t.Errorf("a small body beside a large one got %d", got)
	}
	_, _ = io.WriteString(rest, "}")
	_ = rest.Close()
	if got := <-first; got != http.StatusCreated {
		t.Errorf("the first large body got %d", got)
	}
	if got := v.send(strings.NewReader(large)).Code; got != http.StatusCreated {
		t.Errorf("a large body afterwards got %d", got)
	}
}

func (v *visit) send(body io.Reader) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, v.app.config.BaseURL+"/Binary", body)
	r.Header.Set("Authorization", "Bearer "+v.token)
	r.Header.Set("Content-Type", "application/fhir+json")
	rec := httptest.NewRecorder()
	v.handler.ServeHTTP(rec, r)
	return rec
}

// authority issues certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	var a authority
	a.cert, a.key = certificate(t, authority{}, &x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign})
	return a
}

// certificate issues one; an authority without a certificate signs itself.
func certificate(t *testing.T, by authority, c *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c.SerialNumber, c.NotBefore, c.NotAfter = big.NewInt(1), time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	c.Subject = pkix.Name{CommonName: "test"}
	if by.cert == nil {
		by = authority{c, key}
	}
	der, err := x509.CreateCertificate(rand.Reader, c, by.cert, &key.PublicKey, by.key)
	if err != nil {
		t.Fatal(err)
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return made, key
}

// issue makes a certificate for a name.
func (a authority) issue(t *testing.T, name string) tls.Certificate {
	t.Helper()
	cert, key := certificate(t, a, &x509.Certificate{
		DNSNames: []string{name}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
	})
	return tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key}
}

func asPEM(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// TestSettings_FeedTLS: feeds[].tls is mutual: a sender is heard only with the
// certificate that the feed names, of the authority it names.
func TestSettings_FeedTLS(t *testing.T) {
	ours, theirs := newAuthority(t), newAuthority(t)
	own := ours.issue(t, "sluis.example")
	key, err := x509.MarshalPKCS8PrivateKey(own.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	s := newSite(t, strings.Replace(town, "    charset:", `    tls: {certificate_file: feed.pem, key_file: feed.key, client_ca_file: senders.pem}
    certificate: epd.example
    charset:`, 1), "")
	dir := filepath.Dir(s.file)
	write(t, filepath.Join(dir, "feed.pem"), asPEM("CERTIFICATE", own.Certificate[0]))
	write(t, filepath.Join(dir, "feed.key"), asPEM("PRIVATE KEY", key))
	write(t, filepath.Join(dir, "senders.pem"), asPEM("CERTIFICATE", ours.cert.Raw))
	v := s.visit("hospital")
	feeds, err := v.app.startFeeds()
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- feeds[0].serve() }()
	address := feeds[0].listener.Addr().String()
	d := demodata.Make(2, 1)
	message := d.Message(d.Patient(0), demodata.Admission, demodata.UTF8)
	for _, tt := range []struct {
		name   string
		config *tls.Config
		want   string
	}{
		{"the sender", &tls.Config{Certificates: []tls.Certificate{ours.issue(t, "epd.example")}}, "AA"},
		{"another of the authority", &tls.Config{Certificates: []tls.Certificate{ours.issue(t, "other.example")}}, "AR"},
		{"another authority", &tls.Config{Certificates: []tls.Certificate{theirs.issue(t, "epd.example")}}, ""},
		{"no certificate", &tls.Config{}, ""},
	} {
		tt.config.RootCAs, tt.config.ServerName = x509.NewCertPool(), "sluis.example"
		tt.config.RootCAs.AddCert(ours.cert)
		if got := sent(t, address, tt.config, message); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	if got := v.count("Patient?_summary=count"); got != "1" {
		t.Errorf("%s patients, want 1", got)
	}
	if err := feeds[0].Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
	write(t, filepath.Join(dir, "senders.pem"), "nothing")
	s.run("serve", "--listen", "127.0.0.1:0").expect(t, 1).says(t, "senders.pem holds no certificate")
}

// sent is the acknowledgement code of a message, "" when there was none.
func sent(t *testing.T, address string, c *tls.Config, message []byte) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	conn, err := (&tls.Dialer{Config: c}).DialContext(ctx, "tcp", address)
	if err != nil {
		return ""
	}
	defer conn.Close()
	ack, err := mllp.Send(ctx, conn, message)
	if ctx.Err() != nil {
		t.Error(ctx.Err())
	}
	if err != nil {
		return ""
	}
	return string(ack.Code)
}
