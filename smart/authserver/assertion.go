package authserver

import (
	"context"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/json"
	"github.com/go-jose/go-jose/v4/jwt"

	"sluis/smart"
)

// assertionLife is how far ahead a client's assertion may expire (SMART
// Backend Services: five minutes).
const assertionLife = 5 * time.Minute

// maxJTI bounds what the replay memory must keep for each assertion.
const maxJTI = 256

// assertion is a client's proof of itself (RFC 7523 §3, SMART "Asymmetric
// client authentication").
type assertion struct {
	Issuer    string           `json:"iss"`
	Subject   string           `json:"sub"`
	Audience  jwt.Audience     `json:"aud"`
	Expires   *jwt.NumericDate `json:"exp"`
	NotBefore *jwt.NumericDate `json:"nbf"`
	Issued    *jwt.NumericDate `json:"iat"`
	JTI       string           `json:"jti"`
}

// authenticate returns the client that made the assertion. Until its signature
// holds, the error is the same whatever is wrong: it tells neither which clients
// exist nor which keys they have. An assertion is accepted once, on all
// nodes; when the memory of those seen cannot be asked, none is.
func (s *Server) authenticate(ctx context.Context, raw string, at time.Time) (*registered, error) {
	client, a, ok := s.signed(raw)
	if !ok {
		return nil, invalidClient("the assertion is not signed by a registered client's key")
	}
	if err := a.check(client.ID, s.tokenURL, at); err != nil {
		return nil, err
	}
	first, err := s.config.Replay.First(ctx, "client "+client.ID, a.JTI, a.Expires.Time())
	if err != nil {
		return nil, &oauthError{status: 503, code: "temporarily_unavailable", description: "the assertion cannot be checked now", cause: err}
	}
	if !first {
		return nil, invalidClient("jti was used before")
	}
	return client, nil
}

// signed finds the one key that the header and the claimed issuer name and
// holds the signature against it.
func (s *Server) signed(raw string) (*registered, assertion, bool) {
	h, err := smart.ParseHeader(raw)
	if err != nil || h.Type != "JWT" {
		return nil, assertion{}, false
	}
	jws, err := jose.ParseSignedCompact(raw, assertionAlgorithms)
	if err != nil {
		return nil, assertion{}, false
	}
	var a assertion
	if json.Unmarshal(jws.UnsafePayloadWithoutVerification(), &a) != nil {
		return nil, assertion{}, false
	}
	client, ok := s.clients[a.Issuer]
	if !ok {
		return nil, assertion{}, false
	}
	key, ok := client.keys[keyName{h.KeyID, jose.SignatureAlgorithm(h.Algorithm)}]
	if !ok {
		return nil, assertion{}, false
	}
	_, err = jws.Verify(key) // over the very payload that a was read from
	return client, a, err == nil
}

func (a assertion) check(client, tokenURL string, at time.Time) error {
	switch {
	case a.Issuer != client || a.Subject != client:
		return invalidClient("iss and sub are both the client_id")
	case len(a.Audience) != 1 || a.Audience[0] != tokenURL:
		return invalidClient("aud is the URL of this token endpoint")
	case a.Expires == nil || !at.Before(a.Expires.Time()):
		return invalidClient("exp is missing or past")
	case a.Expires.Time().After(at.Add(assertionLife)):
		return invalidClient("exp is more than five minutes ahead")
	case future(a.NotBefore, at) || future(a.Issued, at):
		return invalidClient("the assertion is not yet valid")
	case a.JTI == "" || len(a.JTI) > maxJTI:
		return invalidClient("jti is missing or too long")
	}
	return nil
}

// future allows for clocks that stand half a minute apart.
func future(d *jwt.NumericDate, at time.Time) bool {
	return d != nil && d.Time().After(at.Add(30*time.Second))
}
