package authserver_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"sluis/smart"
	"sluis/smart/authserver"
)

func TestDiscovery_statesOnlyWhatWorks(t *testing.T) {
	for _, base := range []string{fhirBase, "https://sluis.example/r4/fhir", "https://fhir.example"} {
		w := newWorld(t, func(c *authserver.Config) { c.FHIRBase = base })
		r := httptest.NewRequest(http.MethodGet, base+"/.well-known/smart-configuration", nil)
		r.Header.Set("Accept", "application/fhir+xml")
		rec := httptest.NewRecorder()
		w.handler.ServeHTTP(rec, r)
		if rec.Code != 200 || rec.Header().Get("Content-Type") != "application/json" || rec.Header().Get("Access-Control-Allow-Origin") != "*" {
			t.Fatalf("%s: %d %v", base, rec.Code, rec.Header())
		}
		var doc map[string]any
		if err := json.Unmarshal(rec.Body.Bytes(), &doc); err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]string{
			"token_endpoint": tokenURL, "grant_types_supported": "client_credentials",
			"token_endpoint_auth_methods_supported":            "private_key_jwt",
			"token_endpoint_auth_signing_alg_values_supported": "RS384 ES384",
			"capabilities":                     "client-confidential-asymmetric permission-v1 permission-v2",
			"code_challenge_methods_supported": "S256",
		} {
			if got := words(doc[name]); got != want {
				t.Errorf("%s: %s is %q, want %q", base, name, got, want)
			}
		}
		for _, absent := range []string{"issuer", "authorization_endpoint", "introspection_endpoint", "revocation_endpoint", "management_endpoint", "response_types_supported", "registration_endpoint"} {
			if doc[absent] != nil {
				t.Errorf("%s is claimed and does not exist", absent)
			}
		}
		jwksAt(t, w, doc["jwks_uri"].(string))
	}
}

func words(v any) string {
	list, ok := v.([]any)
	if !ok {
		s, _ := v.(string)
		return s
	}
	var out []string
	for _, x := range list {
		out = append(out, x.(string))
	}
	return strings.Join(out, " ")
}

// jwksAt checks that the published keys verify our tokens and hold no secret.
func jwksAt(t *testing.T, w *world, at string) {
	t.Helper()
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, at, nil))
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(rec.Body.Bytes(), &set); err != nil || len(set.Keys) != 1 || !set.Keys[0].IsPublic() || bytes.Contains(rec.Body.Bytes(), []byte(`"d"`)) {
		t.Fatalf("%d %s: %v", rec.Code, rec.Body, err)
	}
	keys, err := smart.NewKeySet(set.Keys...)
	if err != nil {
		t.Fatal(err)
	}
	token := must(smart.Mint(smart.Grant{JTI: "j", Client: "c", Organization: "o", Expires: now.Add(time.Minute)}, smart.Expectation{Issuer: issuer, Audience: fhirBase}, w.keys.Signing(), now))
	if _, err := smart.Verify(token, keys, smart.Expectation{Issuer: issuer, Audience: fhirBase}, now); err != nil {
		t.Error(err)
	}
}

// Each scope that discovery lists can be granted.
func TestDiscovery_eachScopeWorks(t *testing.T) {
	w := newWorld(t, func(c *authserver.Config) { c.Clients[0].Scopes = "system/*.cruds" })
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, fhirBase+"/.well-known/smart-configuration", nil))
	var doc struct {
		Scopes []string `json:"scopes_supported"`
	}
	if err := json.Unmarshal(rec.Body.Bytes(), &doc); err != nil || len(doc.Scopes) == 0 {
		t.Fatalf("%s, %v", rec.Body, err)
	}
	for _, s := range doc.Scopes {
		if a := w.post(t, form(sign(t, ecKey, goodClaims()), s)); a.Scope != s {
			t.Errorf("%s: %+v", s, a)
		}
	}
}
