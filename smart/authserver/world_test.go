package authserver_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"sluis/smart/authserver"
)

const (
	issuer   = "https://sluis.example"
	fhirBase = "https://sluis.example/fhir"
	tokenURL = issuer + "/auth/token"
)

var (
	now     = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	quiet   = slog.New(slog.DiscardHandler)
	ecKey   = jose.JSONWebKey{Key: must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader)), KeyID: "ec"}
	rsaKey  = jose.JSONWebKey{Key: must(rsa.GenerateKey(rand.Reader, 2048)), KeyID: "rsa"}
	foreign = jose.JSONWebKey{Key: must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader)), KeyID: "ec"}
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// memory is a storage.Replay for one process.
type memory struct {
	mu   sync.Mutex
	seen map[string]time.Time
	err  error
}

func (m *memory) First(_ context.Context, issuer, jti string, expires time.Time) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return false, m.err
	}
	key := issuer + "\x00" + jti
	if _, known := m.seen[key]; known {
		return false, nil
	}
	if m.seen == nil {
		m.seen = map[string]time.Time{}
	}
	m.seen[key] = expires
	return true, nil
}

func jwks(keys ...jose.JSONWebKey) string {
	var set jose.JSONWebKeySet
	for _, k := range keys {
		set.Keys = append(set.Keys, k.Public())
	}
	return string(must(json.Marshal(set)))
}

func hospital() authserver.Client {
	return authserver.Client{
		ID: "hospital-epd", Organization: "hospital", JWKS: jwks(ecKey, rsaKey), Purposes: []string{"TREAT"},
		Scopes: "system/Patient.rs system/Observation.cruds system/Encounter.rs?status=finished",
	}
}

// world is one authorization server with its keys and its memory.
type world struct {
	keys    *authserver.Keys
	replay  *memory
	server  *authserver.Server
	handler http.Handler
}

func newWorld(t testing.TB, change func(*authserver.Config)) *world {
	t.Helper()
	w := &world{keys: openKeys(t, filepath.Join(t.TempDir(), "keys")), replay: &memory{}}
	config := authserver.Config{
		Issuer: issuer, FHIRBase: fhirBase, Keys: w.keys, Clients: []authserver.Client{hospital()},
		Replay: w.replay, Now: func() time.Time { return now }, Log: quiet,
	}
	if change != nil {
		change(&config)
	}
	var err error
	if w.server, err = authserver.New(config); err != nil {
		t.Fatal(err)
	}
	r := chi.NewRouter()
	w.server.Routes(r)
	w.handler = r
	return w
}

func goodClaims() map[string]any {
	return map[string]any{
		"iss": "hospital-epd", "sub": "hospital-epd", "aud": tokenURL, "jti": rand.Text(),
		"iat": now.Unix(), "exp": now.Add(4 * time.Minute).Unix(),
	}
}

func with(m map[string]any, pairs ...any) map[string]any {
	m = maps.Clone(m)
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i].(string)] = pairs[i+1]
		if pairs[i+1] == nil {
			delete(m, pairs[i].(string))
		}
	}
	return m
}

func sign(t testing.TB, key jose.JSONWebKey, claims map[string]any, header ...any) string {
	t.Helper()
	alg := jose.ES384
	if _, isRSA := key.Key.(*rsa.PrivateKey); isRSA {
		alg = jose.RS384
	}
	options := (&jose.SignerOptions{}).WithType("JWT")
	for i := 0; i < len(header); i += 2 {
		options = options.WithHeader(jose.HeaderKey(header[i].(string)), header[i+1])
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, options)
	if err != nil {
		t.Fatal(err)
	}
	return must(jwt.Signed(signer).Claims(claims).Serialize())
}

// forged is a token with any header, signed with HMAC under a secret.
func forged(header, claims map[string]any, secret []byte) string {
	enc := base64.RawURLEncoding
	input := enc.EncodeToString(must(json.Marshal(header))) + "." + enc.EncodeToString(must(json.Marshal(claims)))
	if secret == nil {
		return input + "."
	}
	m := hmac.New(sha256.New, secret)
	m.Write([]byte(input))
	return input + "." + enc.EncodeToString(m.Sum(nil))
}

func form(assertion, scope string) url.Values {
	return url.Values{
		"grant_type": {"client_credentials"}, "scope": {scope}, "client_assertion": {assertion},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
	}
}

type answer struct {
	Status      int
	Header      http.Header
	Token       string `json:"access_token"`
	Type        string `json:"token_type"`
	ExpiresIn   int    `json:"expires_in"`
	Scope       string `json:"scope"`
	Refresh     string `json:"refresh_token"`
	Error       string `json:"error"`
	Description string `json:"error_description"`
}

func (w *world) send(t testing.TB, r *http.Request) answer {
	t.Helper()
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	a := answer{Status: rec.Code, Header: rec.Result().Header}
	if err := json.Unmarshal(rec.Body.Bytes(), &a); err != nil {
		t.Fatalf("status %d, body %q: %v", rec.Code, rec.Body, err)
	}
	return a
}

func (w *world) post(t testing.TB, f url.Values) answer {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, tokenURL, strings.NewReader(f.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return w.send(t, r)
}
