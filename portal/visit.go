package portal

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net"
	"net/http"
	"time"

	"sluis/gate"
	"sluis/smart"
)

// visit is one request of a patient who is logged in.
type visit struct {
	*portal
	w      http.ResponseWriter
	r      *http.Request
	words  words
	token  string
	caller gate.Caller
}

// requestTime bounds what one page may take.
const requestTime = 30 * time.Second

var errNoSession = errors.New("portal: nobody is logged in")

// grant is what the session's token says.
func (p *portal) grant(r *http.Request) (token string, g smart.Grant, err error) {
	token, ok := p.Session(r)
	if !ok {
		return "", smart.Grant{}, errNoSession
	}
	g, err = p.Verify(token)
	return token, g, err
}

// page serves one page to whom has a session of a patient or representative.
// Who has none is sent to the login; a form is not, because what was filled in
// would be lost without a word.
func (p *portal) page(show func(*visit) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), requestTime)
		defer cancel()
		v := &visit{portal: p, w: w, r: r.WithContext(ctx), words: language(r)}
		token, grant, err := p.grant(r)
		switch {
		case err != nil && r.Method == http.MethodGet:
			http.Redirect(w, r, p.Login(Path+r.URL.Path), http.StatusSeeOther)
			return
		case err != nil:
			v.fail(refusal{http.StatusUnauthorized, "sessionOver"})
			return
		case !grant.OwnToken():
			v.fail(refusal{http.StatusForbidden, "patientsOnly"})
			return
		}
		v.token = token
		v.caller = gate.Caller{Grant: grant, Request: rand.Text(), Network: address(r), Raw: r.Method + " " + Path + r.URL.Path}
		if err := show(v); err != nil {
			v.fail(err)
		}
	}
}

// address is the peer's, for the record only.
func address(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// maxForm bounds the body of a form in bytes.
const maxForm = 64 << 10

// form serves one POST, if it comes from a page made for this session, and
// then shows the consents.
func (p *portal) form(do func(*visit) error) http.HandlerFunc {
	return p.page(func(v *visit) error {
		v.r.Body = http.MaxBytesReader(v.w, v.r.Body, maxForm)
		if err := v.r.ParseForm(); err != nil {
			return refusal{http.StatusBadRequest, "badForm"}
		}
		if !hmac.Equal([]byte(v.r.PostForm.Get("form")), []byte(v.formToken())) {
			return refusal{http.StatusForbidden, "formExpired"}
		}
		if err := do(v); err != nil {
			return err
		}
		http.Redirect(v.w, v.r, Path+"/consents", http.StatusSeeOther)
		return nil
	})
}

// formToken ties a form to the session (against cross-site request forgery).
func (v *visit) formToken() string {
	mac := hmac.New(sha256.New, v.key("form"))
	mac.Write([]byte(v.token))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// key is a key for one purpose.
func (p *portal) key(purpose string) []byte {
	mac := hmac.New(sha256.New, p.FormKey)
	mac.Write([]byte(purpose))
	return mac.Sum(nil)
}
