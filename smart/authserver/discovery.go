package authserver

import (
	"encoding/json"
	"net/http"
)

// smartConfiguration is .well-known/smart-configuration (SMART App Launch 2.2,
// conformance). It claims what works today and nothing else: there is no
// authorization endpoint yet, and so no launch, and no issuer, which belongs to
// sso-openid-connect.
type smartConfiguration struct {
	TokenEndpoint        string   `json:"token_endpoint"`
	GrantTypes           []string `json:"grant_types_supported"`
	AuthMethods          []string `json:"token_endpoint_auth_methods_supported"`
	AuthAlgorithms       []string `json:"token_endpoint_auth_signing_alg_values_supported"`
	JWKS                 string   `json:"jwks_uri"`
	Scopes               []string `json:"scopes_supported"`
	CodeChallengeMethods []string `json:"code_challenge_methods_supported"` // REQUIRED even so
	Capabilities         []string `json:"capabilities"`
}

func (s *Server) smartConfiguration() ([]byte, error) {
	c := smartConfiguration{
		TokenEndpoint:        s.tokenURL,
		GrantTypes:           []string{"client_credentials"},
		AuthMethods:          []string{"private_key_jwt"},
		JWKS:                 s.config.Issuer + "/auth/jwks",
		Scopes:               []string{"system/*.cruds", "system/*.rs", "system/*.read", "system/*.write", "system/*.*"},
		CodeChallengeMethods: []string{"S256"},
		Capabilities:         []string{"client-confidential-asymmetric", "permission-v1", "permission-v2"},
	}
	for _, alg := range assertionAlgorithms {
		c.AuthAlgorithms = append(c.AuthAlgorithms, string(alg))
	}
	return json.Marshal(c)
}

// public serves a document that anyone may read from any page, always as
// application/json, whatever Accept says.
func public(document []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("X-Content-Type-Options", "nosniff")
		_, _ = w.Write(document) // the client has gone: nobody is left to tell
	}
}
