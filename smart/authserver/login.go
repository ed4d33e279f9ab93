package authserver

import (
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"sluis/fhir"
	"sluis/smart"
)

// login is a Login that was checked.
type login struct {
	Login
	scopes   smart.Scopes
	upstream *upstream
	sealer   sealer
	secure   bool
}

// openLogin checks the login by making the token of one session.
func (s *Server) openLogin() error {
	if s.config.Login == nil {
		return nil
	}
	l := &login{Login: s.config.Login.withDefaults(), secure: strings.HasPrefix(s.config.Issuer, "https://")}
	if l.ClientID == "" || len(l.ACR) == 0 {
		return errors.New("login: a client id and the acr values that are good enough are required")
	}
	if l.Home != localPath(l.Home) {
		return fmt.Errorf("login: home %q is not a path of this host", l.Home)
	}
	var err error
	if l.scopes, err = smart.ParseScopes(l.Scopes); err != nil {
		return fmt.Errorf("login: %w", err)
	}
	if l.sealer, err = newSealer(s.config.Keys.Secret("login")); err != nil {
		return err
	}
	l.upstream = &upstream{config: l.Login, fhirBase: s.config.FHIRBase, redirect: s.config.Issuer + "/auth/callback", now: s.config.Now}
	s.login = l
	if _, err = s.session(identity{user: fhir.Ref{Type: "Patient", ID: "check"}, acr: l.ACR[0]}, s.config.Now()); err != nil {
		return fmt.Errorf("login: %w", err)
	}
	return nil
}

func (l Login) withDefaults() Login {
	if l.Client == "" {
		l.Client = "portal"
	}
	if l.Lifetime == 0 {
		l.Lifetime = 15 * time.Minute
	}
	if l.Home == "" {
		l.Home = "/"
	}
	if l.HTTP == nil {
		l.HTTP = providerClient()
	}
	return l
}

// session mints the token of a patient's session.
func (s *Server) session(who identity, at time.Time) (string, error) {
	return smart.Mint(smart.Grant{
		JTI: rand.Text(), Client: s.login.Client, Scopes: s.login.scopes,
		User: who.user, Patient: who.patient, ACR: who.acr,
		Expires: at.Add(s.login.Lifetime).UTC().Truncate(time.Second),
	}, s.tokens, s.config.Keys.Signing(), at)
}

// SessionToken returns the access token of the browser's session. It is not
// verified: the caller gives it to smart.Verify, as any token, and sends the
// browser to LoginURL when that fails.
func (s *Server) SessionToken(r *http.Request) (string, bool) {
	if s.login == nil {
		return "", false
	}
	return s.login.cookie(r, sessionCookie)
}

// LoginURL is the path that logs a browser in and then brings it to a path of
// this host.
func (s *Server) LoginURL(returnTo string) string {
	return pathOf(s.config.Issuer) + "/auth/login?" + url.Values{"return": {returnTo}}.Encode()
}

// LogoutURL is the path to POST to, to end the session of a browser.
func (s *Server) LogoutURL() string { return pathOf(s.config.Issuer) + "/auth/logout" }

// startLogin is GET /auth/login?return=/path.
func (s *Server) startLogin(w http.ResponseWriter, r *http.Request) {
	returnTo := localPath(r.URL.Query().Get("return"))
	if returnTo == "" {
		returnTo = s.login.Home
	}
	f := newFlow(returnTo, s.config.Now())
	to, err := s.login.upstream.authorizeURL(f)
	if err != nil {
		s.page(w, r, http.StatusBadGateway, "The login service cannot be reached. Try again later.", err)
		return
	}
	sealed, err := s.login.sealer.seal(f)
	if err != nil {
		s.page(w, r, http.StatusInternalServerError, "The login could not be started.", err)
		return
	}
	noStore(w)
	s.login.setCookie(w, flowCookie, sealed, flowLife)
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// finishLogin is GET /auth/callback, where the provider sends the browser back.
func (s *Server) finishLogin(w http.ResponseWriter, r *http.Request) {
	s.login.setCookie(w, flowCookie, "", 0)
	at := s.config.Now()
	f, err := s.resume(r, at)
	if err != nil {
		s.page(w, r, http.StatusBadRequest, "This login was not begun here, took too long, or is already done. Begin again.", err)
		return
	}
	who, err := s.login.upstream.identify(r.Context(), r.URL.Query().Get("code"), f)
	if err != nil {
		status, text := refusal(err)
		s.page(w, r, status, text, err)
		return
	}
	token, err := s.session(who, at)
	if err != nil {
		s.page(w, r, http.StatusForbidden, "This login cannot be used here.", err)
		return
	}
	noStore(w)
	s.login.setCookie(w, sessionCookie, token, s.login.Lifetime)
	http.Redirect(w, r, f.Return, http.StatusSeeOther)
}

// resume returns the flow that this browser began and the provider answers,
// once: a second answer to the same state is refused on every node.
func (s *Server) resume(r *http.Request, at time.Time) (flow, error) {
	sealed, ok := s.login.cookie(r, flowCookie)
	if !ok {
		return flow{}, errFlow
	}
	f, err := s.login.sealer.open(sealed, at)
	if err != nil {
		return flow{}, err
	}
	q := r.URL.Query()
	if subtle.ConstantTimeCompare([]byte(q.Get("state")), []byte(f.State)) != 1 {
		return flow{}, errors.New("authserver: state of another login")
	}
	if iss := q.Get("iss"); iss != "" && iss != s.login.Issuer { // RFC 9207
		return flow{}, errors.New("authserver: answer of another provider")
	}
	if q.Get("error") != "" || q.Get("code") == "" {
		return flow{}, errors.New("authserver: the provider gave no code")
	}
	first, err := s.config.Replay.First(r.Context(), "login", f.State, f.Expires)
	if err != nil {
		return flow{}, err
	}
	if !first {
		return flow{}, errors.New("authserver: this login is already done")
	}
	return f, nil
}

// logout is POST /auth/logout. The token lives on until it expires, in minutes,
// but no browser holds it.
func (s *Server) logout(w http.ResponseWriter, r *http.Request) {
	noStore(w)
	s.login.setCookie(w, sessionCookie, "", 0)
	http.Redirect(w, r, s.login.Home, http.StatusSeeOther)
}

// localPath returns a path of this host with its query, or "" for anything that
// a browser could read as another host.
func localPath(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "" || u.Host != "" || u.Opaque != "" || !strings.HasPrefix(raw, "/") ||
		strings.HasPrefix(raw, "//") || strings.ContainsFunc(raw, func(r rune) bool { return r <= ' ' || r == '\\' || r > '~' }) {
		return ""
	}
	return raw
}
