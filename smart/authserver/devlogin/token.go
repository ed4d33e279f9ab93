package devlogin

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// token is POST token (OpenID Connect Core 1.0 §3.1.3): a code and its PKCE
// verifier for an ID token. The access token opens nothing.
func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 16<<10)
	login, ok := p.fetch(r.PostFormValue("code"))
	switch {
	case r.PostFormValue("grant_type") != "authorization_code":
		writeJSON(w, http.StatusBadRequest, map[string]string{"error": "unsupported_grant_type"})
		return
	case r.PostFormValue("client_id") != p.config.ClientID:
		writeJSON(w, http.StatusUnauthorized, map[string]string{"error": "invalid_client"})
		return
	case !ok || r.PostFormValue("redirect_uri") != p.config.RedirectURI || !verifies(r.PostFormValue("code_verifier"), login.challenge):
		writeJSON(w, http.StatusBadRequest, map[string]string{"error": "invalid_grant"})
		return
	}
	id, err := p.idToken(login)
	if err != nil {
		writeJSON(w, http.StatusInternalServerError, map[string]string{"error": "server_error"})
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"access_token": rand.Text(), "token_type": "Bearer", "expires_in": 60, "id_token": id,
	})
}

// fetch takes a code out of memory, whatever becomes of it: the first use is
// the last.
func (p *Provider) fetch(c string) (code, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	login, ok := p.codes[c]
	delete(p.codes, c)
	return login, ok && p.config.Now().Before(login.expires)
}

// verifies is RFC 7636 §4.6 with S256.
func verifies(verifier, challenge string) bool {
	sum := sha256.Sum256([]byte(verifier))
	return subtle.ConstantTimeCompare([]byte(base64.RawURLEncoding.EncodeToString(sum[:])), []byte(challenge)) == 1
}

func (p *Provider) idToken(login code) (string, error) {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: p.key}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return "", err
	}
	now := p.config.Now()
	claims := map[string]any{
		"iss": p.config.Issuer, "sub": login.FHIRUser, "aud": p.config.ClientID,
		"iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(), "auth_time": now.Unix(),
		"nonce": login.nonce, "name": login.Name, "fhirUser": login.FHIRUser, "acr": login.ACR,
	}
	if login.Patient != "" {
		claims["patient"] = login.Patient
	}
	return jwt.Signed(signer).Claims(claims).Serialize()
}
