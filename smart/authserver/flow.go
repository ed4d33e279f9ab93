package authserver

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"golang.org/x/oauth2"
)

// flow is one login under way. The browser that began it carries it, sealed,
// and only that browser can finish it.
type flow struct {
	State    string    `json:"s"`
	Nonce    string    `json:"n"`
	Verifier string    `json:"v"` // PKCE
	Return   string    `json:"r"` // a path of this host
	Expires  time.Time `json:"e"`
}

// flowLife is how long a patient may take at the provider.
const flowLife = 10 * time.Minute

func newFlow(returnTo string, at time.Time) flow {
	return flow{State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(), Return: returnTo, Expires: at.Add(flowLife)}
}

// sealer encrypts flows with a key of its own purpose.
type sealer struct{ aead cipher.AEAD }

func newSealer(key []byte) (sealer, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return sealer{}, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return sealer{aead}, err
}

func (s sealer) seal(f flow) (string, error) {
	plain, err := json.Marshal(f)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(s.aead.Seal(nil, nil, plain, nil)), nil
}

var errFlow = errors.New("authserver: no login is under way in this browser")

func (s sealer) open(sealed string, at time.Time) (flow, error) {
	raw, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil {
		return flow{}, errFlow
	}
	plain, err := s.aead.Open(nil, nil, raw, nil)
	if err != nil {
		return flow{}, errFlow
	}
	var f flow
	if err := json.Unmarshal(plain, &f); err != nil || !at.Before(f.Expires) {
		return flow{}, errFlow
	}
	return f, nil
}

// Cookie names without their prefix.
const (
	flowCookie    = "sluis_login"
	sessionCookie = "sluis_session"
)

// cookieName binds a cookie to this host over TLS (__Host-, RFC 6265bis
// §4.1.3.2), so that no other host or plain connection can plant one. Without
// TLS, in development, browsers refuse the prefix.
func (l *login) cookieName(name string) string {
	if l.secure {
		return "__Host-" + name
	}
	return name
}

// setCookie writes a cookie for this browser alone; a zero life deletes it.
func (l *login) setCookie(w http.ResponseWriter, name, value string, life time.Duration) {
	c := &http.Cookie{
		Name: l.cookieName(name), Value: value, Path: "/", MaxAge: int(life / time.Second),
		HttpOnly: true, Secure: l.secure, SameSite: http.SameSiteLaxMode,
	}
	if life <= 0 {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

func (l *login) cookie(r *http.Request, name string) (string, bool) {
	c, err := r.Cookie(l.cookieName(name))
	if err != nil || c.Value == "" {
		return "", false
	}
	return c.Value, true
}
