package authserver

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"sluis/fhir"
	"sluis/smart"
)

// Client is one registered backend.
type Client struct {
	ID           string
	Organization string   // id of the Organization that is its custodian
	JWKS         string   // JSON: {"keys":[…]}, public keys for RS384 or ES384
	Scopes       string   // pre-authorised, system/ only
	Purposes     []string // v3-ActReason codes it asks under

	ChooseIDs      bool
	PrivacyOfficer bool
	Supervisor     bool
}

// registered is a Client that was checked.
type registered struct {
	Client
	ceiling smart.Scopes
	keys    map[keyName]any // *rsa.PublicKey or *ecdsa.PublicKey
}

// keyName is what an assertion chooses a key by: its kid, and the kty that the
// algorithm implies.
type keyName struct {
	id        string
	algorithm jose.SignatureAlgorithm
}

// assertionAlgorithms are those that SMART requires of a server, and no others.
var assertionAlgorithms = []jose.SignatureAlgorithm{jose.RS384, jose.ES384}

// register checks a client whole; the error names all that is wrong.
func register(c Client) (*registered, error) {
	out := &registered{Client: c}
	var scopeErr, keyErr error
	out.ceiling, scopeErr = smart.ParseScopes(c.Scopes)
	if scopeErr == nil && !onlySystem(out.ceiling) {
		scopeErr = errors.New("scopes: want at least one, all of them system/")
	}
	out.keys, keyErr = clientKeys(c.JWKS)
	if c.ID == "" {
		keyErr = errors.Join(keyErr, errors.New("id is empty"))
	}
	if !fhir.IsID(c.Organization) {
		keyErr = errors.Join(keyErr, errors.New("organization must be the id of an Organization"))
	}
	if err := errors.Join(scopeErr, keyErr); err != nil {
		return nil, fmt.Errorf("client %q: %w", c.ID, err)
	}
	return out, nil
}

func onlySystem(s smart.Scopes) bool {
	for _, r := range s.Resources {
		if r.Level != smart.SystemLevel {
			return false
		}
	}
	return len(s.Resources) > 0 && len(s.Other) == 0
}

// grant is what a token of the client says.
func (c *registered) grant(scopes smart.Scopes, jti string, expires time.Time) smart.Grant {
	return smart.Grant{
		JTI: jti, Client: c.ID, Organization: c.Organization, Scopes: scopes,
		Purposes: c.Purposes, Expires: expires.UTC().Truncate(time.Second),
		ChooseIDs: c.ChooseIDs, PrivacyOfficer: c.PrivacyOfficer, Supervisor: c.Supervisor,
	}
}

func clientKeys(jwks string) (map[keyName]any, error) {
	var set jose.JSONWebKeySet
	if err := json.Unmarshal([]byte(jwks), &set); err != nil {
		return nil, fmt.Errorf("jwks: %w", err)
	}
	keys := map[keyName]any{}
	for _, k := range set.Keys {
		name, err := clientKey(k)
		if err != nil {
			return nil, fmt.Errorf("jwks: key %q: %w", k.KeyID, err)
		}
		if _, double := keys[name]; double {
			return nil, fmt.Errorf("jwks: key %q: its kid and kty stand twice", k.KeyID)
		}
		keys[name] = k.Key
	}
	if len(keys) == 0 {
		return nil, errors.New("jwks: no key for RS384 or ES384")
	}
	return keys, nil
}

// maxRSABits bounds the work that verifying with a client's key can cost.
const maxRSABits = 8192

func clientKey(k jose.JSONWebKey) (keyName, error) {
	name := keyName{id: k.KeyID}
	switch key := k.Key.(type) {
	case *rsa.PublicKey:
		name.algorithm = jose.RS384
		if bits := key.N.BitLen(); bits < 2048 || bits > maxRSABits {
			return name, fmt.Errorf("an RSA key has 2048 to %d bits", maxRSABits)
		}
	case *ecdsa.PublicKey:
		name.algorithm = jose.ES384
		if key.Curve != elliptic.P384() {
			return name, errors.New("an EC key is on P-384")
		}
	default:
		return name, errors.New("want a public RSA or EC key")
	}
	switch {
	case k.KeyID == "":
		return name, errors.New("kid is missing")
	case k.Use != "" && k.Use != "sig":
		return name, errors.New("use is not sig")
	case k.Algorithm != "" && k.Algorithm != string(name.algorithm):
		return name, fmt.Errorf("alg must be %s", name.algorithm)
	}
	return name, nil
}
