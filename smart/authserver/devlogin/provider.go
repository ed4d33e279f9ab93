package devlogin

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/go-chi/chi/v5"
	jose "github.com/go-jose/go-jose/v4"
)

// Config is the provider and its one client.
type Config struct {
	Issuer      string // public URL, e.g. https://sluis.example/auth/dev
	ClientID    string
	RedirectURI string
	People      []Person         // who can be picked from the start; Admit adds others
	Now         func() time.Time // nil: time.Now
}

// Person is one demo person that can be picked.
type Person struct {
	Name     string // as the page shows it
	FHIRUser string // Patient/1
	Patient  string // for a RelatedPerson: the id of the Patient
	ACR      string // how well the provider pretends to know the person
}

// Provider is the OpenID provider. It is an http.Handler on the paths below its
// issuer, safe for concurrent use.
type Provider struct {
	config Config
	path   string
	key    jose.JSONWebKey
	mux    http.ServeMux

	mu     sync.Mutex
	people []Person // grows only: a page that was made before stays right
	codes  map[string]code
}

// code is a login that waits to be fetched, once.
type code struct {
	Person
	nonce, challenge string
	expires          time.Time
}

// codeLife is how long a code may wait; it is fetched at once.
const codeLife = time.Minute

// New makes a provider with a key of its own, which dies with the process.
func New(c Config) (*Provider, error) {
	issuer, err := url.Parse(c.Issuer)
	if err != nil || issuer.Host == "" || c.ClientID == "" || c.RedirectURI == "" {
		return nil, errors.New("devlogin: issuer, client id and redirect URI are required")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	p := &Provider{
		config: c, path: issuer.Path, people: slices.Clone(c.People), codes: map[string]code{},
		key: jose.JSONWebKey{Key: private, KeyID: rand.Text(), Algorithm: string(jose.ES256), Use: "sig"},
	}
	p.mux.HandleFunc("GET "+p.path+"/.well-known/openid-configuration", p.discovery)
	p.mux.HandleFunc("GET "+p.path+"/jwks", p.jwks)
	p.mux.HandleFunc("GET "+p.path+"/authorize", p.choose)
	p.mux.HandleFunc("POST "+p.path+"/authorize", p.chosen)
	p.mux.HandleFunc("POST "+p.path+"/token", p.token)
	return p, nil
}

// Admit lets further people be picked from now on.
func (p *Provider) Admit(people ...Person) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.people = append(p.people, people...)
}

// admitted are those who can be picked now.
func (p *Provider) admitted() []Person {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.people)
}

// Routes mounts the provider on a router that stands at the root of the host.
func (p *Provider) Routes(r chi.Router) { r.Handle(p.path+"/*", p) }

func (p *Provider) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.mux.ServeHTTP(w, r) }

// discovery is OpenID Connect Discovery 1.0 §4.2.
func (p *Provider) discovery(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]any{
		"issuer":                                         p.config.Issuer,
		"authorization_endpoint":                         p.config.Issuer + "/authorize",
		"token_endpoint":                                 p.config.Issuer + "/token",
		"jwks_uri":                                       p.config.Issuer + "/jwks",
		"response_types_supported":                       []string{"code"},
		"grant_types_supported":                          []string{"authorization_code"},
		"subject_types_supported":                        []string{"public"},
		"id_token_signing_alg_values_supported":          []string{p.key.Algorithm},
		"token_endpoint_auth_methods_supported":          []string{"none"},
		"code_challenge_methods_supported":               []string{"S256"},
		"authorization_response_iss_parameter_supported": true,
	})
}

func (p *Provider) jwks(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{p.key.Public()}})
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client has gone: nobody is left to tell
}
