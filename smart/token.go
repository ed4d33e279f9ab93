package smart

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"errors"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"sluis/fhir"
)

// TokenType is the typ of an access token (RFC 9068 §2.1): no other JWT of this
// server can pass for one.
const TokenType = "at+jwt"

// MaxLifetime bounds a token between iat and exp (SMART App Launch 2.2: at most
// an hour).
const MaxLifetime = time.Hour

// treatment is the v3-ActReason code that a practitioner asks under when the
// token names none.
const treatment = "TREAT"

// claims is an access token on the wire (RFC 9068 §2.2 and SMART's own names).
type claims struct {
	Issuer    string           `json:"iss"`
	Audience  jwt.Audience     `json:"aud"`
	Subject   string           `json:"sub"`
	Client    string           `json:"client_id"`
	JTI       string           `json:"jti"`
	Issued    *jwt.NumericDate `json:"iat"`
	NotBefore *jwt.NumericDate `json:"nbf,omitempty"`
	Expires   *jwt.NumericDate `json:"exp"`
	Scope     string           `json:"scope"`

	FHIRUser     string   `json:"fhirUser,omitempty"` // relative: Practitioner/1
	Patient      string   `json:"patient,omitempty"`  // the logical id, as in SMART's token response
	Organization string   `json:"organization,omitempty"`
	Purposes     []string `json:"purpose_of_use,omitempty"`
	Role         string   `json:"role,omitempty"`
	Responsible  string   `json:"responsible,omitempty"`
	ACR          string   `json:"acr,omitempty"`

	ChooseIDs      bool `json:"choose_ids,omitempty"`
	PrivacyOfficer bool `json:"privacy_officer,omitempty"`
	Supervisor     bool `json:"supervisor,omitempty"`
}

// Mint signs an access token that says what g says, for the issuer and audience
// of as, valid from at until g.Expires; g.JTI is the caller's to choose, unique.
// With an Ed25519 key it is a pure function of its arguments; ES384 draws a
// nonce. The key is private, with a kid. A grant that Verify would refuse is an
// error, and so is a lifetime over MaxLifetime.
func Mint(g Grant, as Expectation, key jose.JSONWebKey, at time.Time) (string, error) {
	if why := g.contradiction(); why != "" {
		return "", errors.New("smart: no token: " + why)
	}
	if as.Issuer == "" || as.Audience == "" {
		return "", errors.New("smart: no token: issuer and audience are required")
	}
	if life := g.Expires.Sub(at); life <= 0 || life > MaxLifetime {
		return "", errors.New("smart: no token: it must expire within " + MaxLifetime.String())
	}
	signer, err := newSigner(key)
	if err != nil {
		return "", err
	}
	return jwt.Signed(signer).Claims(g.claims(as, at)).Serialize()
}

func newSigner(key jose.JSONWebKey) (jose.Signer, error) {
	var alg jose.SignatureAlgorithm
	ok := false
	switch k := key.Key.(type) {
	case ed25519.PrivateKey:
		alg, ok = algorithm(k.Public())
	case *ecdsa.PrivateKey:
		alg, ok = algorithm(&k.PublicKey)
	}
	if !ok || key.KeyID == "" {
		return nil, errors.New("smart: want a private Ed25519 or P-384 key with a kid")
	}
	return jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, (&jose.SignerOptions{}).WithType(TokenType))
}

func (g Grant) claims(as Expectation, at time.Time) claims {
	return claims{
		Issuer: as.Issuer, Audience: jwt.Audience{as.Audience}, Subject: g.subject(),
		Client: g.Client, JTI: g.JTI,
		Issued: jwt.NewNumericDate(at), Expires: jwt.NewNumericDate(g.Expires),
		Scope: g.Scopes.String(), FHIRUser: g.User.String(), Patient: g.Patient.ID,
		Organization: g.Organization, Purposes: g.Purposes, Role: g.Role,
		Responsible: g.Responsible.String(), ACR: g.ACR,
		ChooseIDs: g.ChooseIDs, PrivacyOfficer: g.PrivacyOfficer, Supervisor: g.Supervisor,
	}
}

// subject is RFC 9068's sub: the user, or the client where nobody logged in.
func (g Grant) subject() string {
	if g.User.IsZero() {
		return g.Client
	}
	return g.User.String()
}

// grant reads the claims back. It is total: what cannot be read is an error.
func (c claims) grant() (Grant, error) {
	g := Grant{
		JTI: c.JTI, Client: c.Client, Organization: c.Organization, Purposes: c.Purposes,
		Role: c.Role, ACR: c.ACR, Expires: c.Expires.Time().UTC(),
		ChooseIDs: c.ChooseIDs, PrivacyOfficer: c.PrivacyOfficer, Supervisor: c.Supervisor,
	}
	var err error
	if g.Scopes, err = ParseScopes(c.Scope); err != nil {
		return Grant{}, err
	}
	if g.User, err = reference("fhirUser", c.FHIRUser); err != nil {
		return Grant{}, err
	}
	if g.Responsible, err = reference("responsible", c.Responsible); err != nil {
		return Grant{}, err
	}
	if c.Patient != "" {
		g.Patient = fhir.Ref{Type: "Patient", ID: c.Patient}
	}
	if len(g.Purposes) == 0 && (g.User.Type == "Practitioner" || g.User.Type == "PractitionerRole") {
		g.Purposes = []string{treatment}
	}
	return g, nil
}

func reference(claim, s string) (fhir.Ref, error) {
	if s == "" {
		return fhir.Ref{}, nil
	}
	r, ok := fhir.ParseRef(s)
	if !ok {
		return fhir.Ref{}, errors.New(claim + " is not a relative reference")
	}
	return r, nil
}
