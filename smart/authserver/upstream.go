package authserver

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"sluis/fhir"
)

// Login configures who logs patients in: an OpenID provider, such as a broker
// of DigiD, that states the fhirUser and how well it knows them.
type Login struct {
	Issuer       string   // of the provider
	ClientID     string   // ours, at the provider
	ClientSecret string   // "" for a public client; PKCE is used in either case
	ACR          []string // authentication contexts that are good enough; at least one
	Scopes       string   // of a session, patient/ and user/ only, e.g. "patient/*.rs"

	Client   string        // client_id in the tokens of a session; "" is portal
	Lifetime time.Duration // of a session; 0 is 15 minutes, at most smart.MaxLifetime
	Home     string        // path to go to after login when none was asked; "" is /
	HTTP     *http.Client  // reaches the provider; nil: 10 seconds, no redirects
}

// upstream is the provider as this server sees it. It is discovered at the
// first login, because it may start after this server does.
type upstream struct {
	config   Login
	fhirBase string
	redirect string
	now      func() time.Time

	mu       sync.Mutex
	provider *oidc.Provider
}

// identity is who the provider says has logged in, read to our types.
type identity struct {
	user    fhir.Ref // Patient or RelatedPerson
	patient fhir.Ref // whom a RelatedPerson logs in for
	acr     string
}

// errAssurance is a login that is genuine but too weak.
var errAssurance = errors.New("authserver: the login is too weak")

// errNotPatient is a login that is genuine but of somebody this is not for.
var errNotPatient = errors.New("authserver: the login is not a patient's or a representative's")

func providerClient() *http.Client {
	return &http.Client{
		Timeout:       10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// discover returns the provider, which it asks for once and then remembers; a
// failure is not remembered. The context carries the client, not a deadline:
// go-oidc keeps it to fetch keys later.
func (u *upstream) discover() (*oidc.Provider, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.provider != nil {
		return u.provider, nil
	}
	p, err := oidc.NewProvider(oidc.ClientContext(context.Background(), u.config.HTTP), u.config.Issuer)
	if err != nil {
		return nil, fmt.Errorf("authserver: discovery of the OpenID provider: %w", err)
	}
	u.provider = p
	return p, nil
}

func (u *upstream) oauth(p *oidc.Provider) oauth2.Config {
	endpoint := p.Endpoint()
	endpoint.AuthStyle = oauth2.AuthStyleInHeader
	if u.config.ClientSecret == "" {
		endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	return oauth2.Config{
		ClientID: u.config.ClientID, ClientSecret: u.config.ClientSecret,
		Endpoint: endpoint, RedirectURL: u.redirect, Scopes: []string{oidc.ScopeOpenID, "fhirUser"},
	}
}

// authorizeURL is where the browser goes to log in.
func (u *upstream) authorizeURL(f flow) (string, error) {
	p, err := u.discover()
	if err != nil {
		return "", err
	}
	c := u.oauth(p)
	return c.AuthCodeURL(f.State, oidc.Nonce(f.Nonce), oauth2.S256ChallengeOption(f.Verifier),
		oauth2.SetAuthURLParam("acr_values", strings.Join(u.config.ACR, " "))), nil
}

// identify turns a code into who logged in. The ID token must be the provider's,
// for us, in force, and the answer to this very flow.
func (u *upstream) identify(ctx context.Context, code string, f flow) (identity, error) {
	p, err := u.discover()
	if err != nil {
		return identity{}, err
	}
	ctx = oidc.ClientContext(ctx, u.config.HTTP)
	c := u.oauth(p)
	tokens, err := c.Exchange(ctx, code, oauth2.VerifierOption(f.Verifier))
	if err != nil {
		return identity{}, exchangeError(err)
	}
	raw, _ := tokens.Extra("id_token").(string)
	verifier := p.Verifier(&oidc.Config{ClientID: u.config.ClientID, Now: u.now})
	token, err := verifier.Verify(ctx, raw)
	if err != nil {
		return identity{}, fmt.Errorf("authserver: ID token: %w", err)
	}
	if subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(f.Nonce)) != 1 {
		return identity{}, errors.New("authserver: ID token: nonce of another login")
	}
	return u.read(token)
}

// exchangeError keeps the provider's error code and drops its body, which is
// the provider's to log.
func exchangeError(err error) error {
	var refusal *oauth2.RetrieveError
	if errors.As(err, &refusal) {
		return fmt.Errorf("authserver: the provider refused the code: status %d %s", refusal.Response.StatusCode, refusal.ErrorCode)
	}
	return fmt.Errorf("authserver: exchange of the code: %w", err)
}

// read maps the claims. What is missing or of another kind is a refusal.
func (u *upstream) read(token *oidc.IDToken) (identity, error) {
	var claims struct {
		FHIRUser string `json:"fhirUser"`
		Patient  string `json:"patient"`
		ACR      string `json:"acr"`
	}
	if err := token.Claims(&claims); err != nil {
		return identity{}, fmt.Errorf("authserver: ID token: %w", err)
	}
	if !slices.Contains(u.config.ACR, claims.ACR) {
		return identity{}, errAssurance
	}
	user, ok := fhir.ParseRef(strings.TrimPrefix(claims.FHIRUser, u.fhirBase+"/"))
	if !ok || user.Version != 0 || user.Type != "Patient" && user.Type != "RelatedPerson" {
		return identity{}, errNotPatient
	}
	id := identity{user: user, acr: claims.ACR}
	if claims.Patient != "" {
		id.patient = fhir.Ref{Type: "Patient", ID: claims.Patient}
	}
	return id, nil
}
