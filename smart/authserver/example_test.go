package authserver_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"sluis/smart"
	"sluis/smart/authserver"
)

// A hospital's system proves itself with a signed assertion, gets a token for
// the part of its request that was pre-authorised, and the FHIR server reads
// the grant back.
func Example() {
	if err := backend(); err != nil {
		fmt.Println(err)
	}
	// Output:
	// granted system/Observation.rs for 300 seconds
	// hospital-epd of hospital may search: true, may delete: false
}

func backend() error {
	dir, err := os.MkdirTemp("", "sluis")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	keys, err := authserver.OpenKeys(filepath.Join(dir, "keys"))
	if err != nil {
		return err
	}
	private, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		return err
	}
	own := jose.JSONWebKey{Key: private, KeyID: "2026"}
	registered, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{own.Public()}})
	if err != nil {
		return err
	}
	server, err := authserver.New(authserver.Config{
		Issuer: "https://sluis.example", FHIRBase: "https://sluis.example/fhir", Keys: keys, Replay: &memory{},
		Clients: []authserver.Client{{ID: "hospital-epd", Organization: "hospital", JWKS: string(registered), Scopes: "system/Observation.rs"}},
	})
	if err != nil {
		return err
	}
	router := chi.NewRouter()
	server.Routes(router)

	answer, err := ask(router, own)
	if err != nil {
		return err
	}
	fmt.Println("granted", answer.Scope, "for", answer.ExpiresIn, "seconds")
	here := smart.Expectation{Issuer: "https://sluis.example", Audience: "https://sluis.example/fhir"}
	grant, err := smart.Verify(answer.Token, keys.Public(), here, time.Now())
	if err != nil {
		return err
	}
	fmt.Printf("%s of %s may search: %t, may delete: %t\n", grant.Client, grant.Organization,
		grant.Allows(smart.SearchPermission, "Observation"), grant.Allows(smart.DeletePermission, "Observation"))
	return nil
}

// ask is what the hospital's system does.
func ask(server http.Handler, own jose.JSONWebKey) (answer, error) {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES384, Key: own}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return answer{}, err
	}
	assertion, err := jwt.Signed(signer).Claims(map[string]any{
		"iss": "hospital-epd", "sub": "hospital-epd", "aud": "https://sluis.example/auth/token",
		"exp": time.Now().Add(time.Minute).Unix(), "jti": rand.Text(),
	}).Serialize()
	if err != nil {
		return answer{}, err
	}
	body := url.Values{
		"grant_type": {"client_credentials"}, "scope": {"system/Observation.cruds"}, "client_assertion": {assertion},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
	}
	r := httptest.NewRequest(http.MethodPost, "https://sluis.example/auth/token", strings.NewReader(body.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	server.ServeHTTP(w, r)
	var a answer
	err = json.Unmarshal(w.Body.Bytes(), &a)
	return a, err
}
