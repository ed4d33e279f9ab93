package smart

import (
	"errors"
	"slices"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/json"

	"sluis/fhir"
)

// Expectation is what a token must have been made for.
type Expectation struct {
	Issuer   string // iss, compared byte by byte
	Audience string // aud: the base URL of this FHIR server

	// ACR lists, for the scopes of a level, the authentication contexts that
	// are good enough for them; a level without an entry asks for none.
	ACR map[Level][]string
}

// AssuranceError is the cause of the refusal of a token whose user logged in
// too weakly: RFC 9470 insufficient_user_authentication. The surface names
// ACRValues in its challenge.
type AssuranceError struct{ ACRValues []string }

func (e *AssuranceError) Error() string { return "insufficient_user_authentication" }

// skew is how far the clocks of two nodes may stand apart for iat and nbf. An
// expiry is never stretched.
const skew = 30 * time.Second

// Verify reads an access token: a JWT of RFC 9068, signed by one of our own
// keys with that key's own algorithm, EdDSA or ES384, made for this issuer and
// audience, in force at that time. Every error is a *fhir.Error of kind
// Unauthorized; its text is for the developer of a client. Until the signature
// holds, the text is the same whatever is wrong, so that nothing can be learnt
// about keys; one for too weak a login has an *AssuranceError as its cause.
func Verify(token string, keys KeySet, expect Expectation, at time.Time) (Grant, error) {
	c, err := authenticated(token, keys)
	if err != nil {
		return Grant{}, refused("the token is not one that this server signed")
	}
	if err := c.current(expect, at); err != nil {
		return Grant{}, err
	}
	g, err := c.grant()
	if err != nil {
		return Grant{}, refused(err.Error())
	}
	if why := g.contradiction(); why != "" {
		return Grant{}, refused(why)
	}
	if c.Subject != g.subject() {
		return Grant{}, refused("sub is neither the fhirUser nor, without one, the client")
	}
	if err := expect.assured(g); err != nil {
		return Grant{}, err
	}
	return g, nil
}

// authenticated returns the claims of a token whose signature holds.
func authenticated(token string, keys KeySet) (claims, error) {
	h, err := ParseHeader(token)
	if err != nil {
		return claims{}, err
	}
	key, ok := keys.find(h)
	if !ok || h.Type != TokenType {
		return claims{}, errors.New("smart: unknown key, algorithm or type")
	}
	jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(key.Algorithm)})
	if err != nil {
		return claims{}, err
	}
	payload, err := jws.Verify(key.Key)
	if err != nil {
		return claims{}, err
	}
	var c claims
	if err := json.Unmarshal(payload, &c); err != nil {
		return claims{}, err
	}
	return c, nil
}

// current checks the registered claims (RFC 9068 §4). A missing exp or iat is
// refused like an expired one.
func (c claims) current(expect Expectation, at time.Time) error {
	switch {
	case expect.Issuer == "" || c.Issuer != expect.Issuer:
		return refused("iss is not the authorization server of this FHIR server")
	case expect.Audience == "" || len(c.Audience) != 1 || c.Audience[0] != expect.Audience:
		return refused("aud is not this FHIR server")
	case c.Expires == nil || c.Issued == nil:
		return refused("exp and iat are required")
	case !at.Before(c.Expires.Time()):
		return fhir.NewError(fhir.Unauthorized, "expired", "invalid_token: the token has expired")
	case c.Issued.Time().After(at.Add(skew)) || c.NotBefore != nil && c.NotBefore.Time().After(at.Add(skew)):
		return refused("the token is not yet valid")
	case c.Expires.Time().Sub(c.Issued.Time()) > MaxLifetime:
		return refused("the token lives longer than an hour")
	}
	return nil
}

// assured holds the user's login against the minimum of each level in use.
func (e Expectation) assured(g Grant) error {
	for _, s := range g.Scopes.Resources {
		enough := e.ACR[s.Level]
		if len(enough) == 0 || slices.Contains(enough, g.ACR) {
			continue
		}
		return fhir.Wrap(&AssuranceError{ACRValues: enough}, fhir.Unauthorized, "login",
			"insufficient_user_authentication: these scopes need a stronger login")
	}
	return nil
}

func refused(why string) *fhir.Error {
	return fhir.NewError(fhir.Unauthorized, "login", "invalid_token: "+why)
}
