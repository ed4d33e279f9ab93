package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"sluis/cmd/sluis/config"
	"sluis/cmd/sluis/demodata"
)

// backends are the demo's EPDs by custodian, each with a key of its own.
type backends map[string]*epd

// epd is a SMART backend client (SMART App Launch 2.2, Backend Services).
type epd struct {
	id, organization string
	key              jose.JSONWebKey
}

func newBackends(d demodata.Data) (backends, error) {
	out := backends{}
	for _, custodian := range []demodata.Custodian{d.Hospital, d.Practice} {
		private, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
		if err != nil {
			return nil, err
		}
		out[custodian.ID] = &epd{custodian.ID + "-epd", custodian.ID, jose.JSONWebKey{Key: private, KeyID: "demo", Algorithm: string(jose.ES384), Use: "sig"}}
	}
	return out, nil
}

// client is the registration: the public key and the scopes.
func (e *epd) client() config.Client {
	jwks, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{e.key.Public()}})
	if err != nil {
		panic(err) // a key just made
	}
	return config.Client{ID: e.id, Organization: e.organization, Scopes: []string{"system/*.cruds"}, JWKS: config.JSON(jwks)}
}

// token asks the token endpoint, with a signed assertion (RFC 7523).
func (e *epd) token(ctx context.Context, endpoint string) (string, error) {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES384, Key: e.key}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return "", err
	}
	assertion, err := jwt.Signed(signer).Claims(jwt.Claims{
		Issuer: e.id, Subject: e.id, Audience: jwt.Audience{endpoint}, ID: rand.Text(), Expiry: jwt.NewNumericDate(time.Now().Add(2 * time.Minute)),
	}).Serialize()
	if err != nil {
		return "", err
	}
	form := url.Values{
		"grant_type": {"client_credentials"}, "scope": {"system/*.cruds"}, "client_assertion": {assertion},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	var answer struct {
		AccessToken string `json:"access_token"`
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return "", err
	}
	if answer.AccessToken == "" {
		return "", fmt.Errorf("%s: %s", answer.Error, answer.Description)
	}
	return answer.AccessToken, nil
}
