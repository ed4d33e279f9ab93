package authserver_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	jose "github.com/go-jose/go-jose/v4"

	"sluis/smart/authserver"
)

// L1: what could never meet the requirements is refused before the server
// starts, and everything wrong is named at once.
func TestL1_registrationRefused(t *testing.T) {
	small := jose.JSONWebKey{Key: &rsa.PublicKey{N: must(rsa.GenerateKey(rand.Reader, 2048)).N, E: 65537}, KeyID: "r"}
	small.Key.(*rsa.PublicKey).N.Rsh(small.Key.(*rsa.PublicKey).N, 1024)
	huge := jose.JSONWebKey{Key: &rsa.PublicKey{N: must(rsa.GenerateKey(rand.Reader, 2048)).N, E: 65537}, KeyID: "r"}
	huge.Key.(*rsa.PublicKey).N.Lsh(huge.Key.(*rsa.PublicKey).N, 8192)
	p256 := jose.JSONWebKey{Key: must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)), KeyID: "p"}
	enc := ecKey
	enc.Use = "enc"
	for name, change := range map[string]func(*authserver.Client){
		"no id":           func(c *authserver.Client) { c.ID = "" },
		"no organisation": func(c *authserver.Client) { c.Organization = "" },
		"a reference":     func(c *authserver.Client) { c.Organization = "Organization/x" },
		"no scopes":       func(c *authserver.Client) { c.Scopes = "" },
		"user scopes":     func(c *authserver.Client) { c.Scopes = "user/*.rs" },
		"patient scopes":  func(c *authserver.Client) { c.Scopes = "system/*.rs patient/*.rs" },
		"bad scopes":      func(c *authserver.Client) { c.Scopes = "system/*.sr" },
		"launch scopes":   func(c *authserver.Client) { c.Scopes = "system/*.rs launch" },
		"no keys":         func(c *authserver.Client) { c.JWKS = `{"keys":[]}` },
		"no JWKS":         func(c *authserver.Client) { c.JWKS = "" },
		"a private key": func(c *authserver.Client) {
			c.JWKS = string(must(json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{ecKey}})))
		},
		"a symmetric key":       func(c *authserver.Client) { c.JWKS = `{"keys":[{"kty":"oct","kid":"s","k":"c2VjcmV0"}]}` },
		"one kid and kty twice": func(c *authserver.Client) { c.JWKS = jwks(ecKey, foreign) },
		"no kid":                func(c *authserver.Client) { c.JWKS = jwks(jose.JSONWebKey{Key: ecKey.Key}) },
		"P-256":                 func(c *authserver.Client) { c.JWKS = jwks(p256) },
		"a small RSA key":       func(c *authserver.Client) { c.JWKS = jwks(small) },
		"an oversized RSA key":  func(c *authserver.Client) { c.JWKS = jwks(huge) },
		"a key to encrypt":      func(c *authserver.Client) { c.JWKS = jwks(enc) },
		"contradicting rights":  func(c *authserver.Client) { c.Supervisor, c.ChooseIDs = true, true },
	} {
		c := hospital()
		change(&c)
		_, err := authserver.New(authserver.Config{
			Issuer: issuer, FHIRBase: fhirBase, Keys: openKeys(t, filepath.Join(t.TempDir(), "keys")), Replay: &memory{}, Clients: []authserver.Client{c},
		})
		if err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestServer_configurationRefused(t *testing.T) {
	keys := openKeys(t, filepath.Join(t.TempDir(), "keys"))
	good := authserver.Config{Issuer: issuer, FHIRBase: fhirBase, Keys: keys, Replay: &memory{}}
	for name, change := range map[string]func(*authserver.Config){
		"no keys":          func(c *authserver.Config) { c.Keys = nil },
		"no replay memory": func(c *authserver.Config) { c.Replay = nil },
		"no issuer":        func(c *authserver.Config) { c.Issuer = "" },
		"issuer with /":    func(c *authserver.Config) { c.Issuer += "/" },
		"relative base":    func(c *authserver.Config) { c.FHIRBase = "/fhir" },
		"base with query":  func(c *authserver.Config) { c.FHIRBase += "?x" },
		"same client":      func(c *authserver.Config) { c.Clients = []authserver.Client{hospital(), hospital()} },
	} {
		c := good
		change(&c)
		if _, err := authserver.New(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	bad := hospital()
	bad.Scopes, bad.JWKS, bad.Organization = "system/*.sr", "{", ""
	good.Clients = []authserver.Client{bad}
	_, err := authserver.New(good)
	if err == nil || !strings.Contains(err.Error(), "scope") || !strings.Contains(err.Error(), "jwks") || !strings.Contains(err.Error(), "organization") {
		t.Errorf("not all problems are named: %v", err)
	}
}
