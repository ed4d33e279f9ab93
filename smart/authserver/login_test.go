package authserver_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"sluis/smart"
	"sluis/smart/authserver"
	"sluis/smart/authserver/devlogin"
)

func TestLogin_endsInASessionOfThatPatient(t *testing.T) {
	for person, want := range map[string]string{"0": "Patient/a", "2": "RelatedPerson/r", "5": "Patient/a"} {
		h := newHouse(t, nil)
		b := h.browser(t)
		done := b.get(b.callback(h, person))
		if to := done.next(t); to != h.http.URL+"/portal/log" {
			t.Errorf("person %s ends at %s", person, to)
		}
		g, err := smart.Verify(b.get(h.http.URL+"/portal").body, h.keys.Public(), h.expect, now)
		if err != nil || g.User.String() != want || !g.OwnToken() || g.ACR != high || g.Client != "portal" || g.Scopes.String() != "patient/*.rs patient/Consent.cud" {
			t.Errorf("person %s: grant %+v, %v", person, g, err)
		}
		if want := now.Add(15 * time.Minute); !g.Expires.Equal(want) {
			t.Errorf("person %s: expires %v, want %v", person, g.Expires, want)
		}
	}
}

func TestS5_cookiesAreForThisHostAndItsServerAlone(t *testing.T) {
	h := newHouse(t, nil)
	b := h.browser(t)
	begun := b.get(h.http.URL + "/auth/login")
	done := b.get(b.choose(begun.next(t), "0"))
	for name, v := range map[string]visit{"__Host-sluis_login": begun, "__Host-sluis_session": done} {
		found := false
		for _, c := range v.Cookies() {
			if c.Name != name {
				continue
			}
			found = true
			if !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || c.MaxAge <= 0 || c.MaxAge > 900 {
				t.Errorf("%s", c.Raw)
			}
		}
		if !found {
			t.Errorf("%s is not set: %v", name, v.Cookies())
		}
		if v.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s may be cached", v.Request.URL.Path)
		}
	}
	if strings.Contains(done.Header.Get("Location"), "eyJ") {
		t.Error("the token stands in a URL")
	}
	// A cookie without the prefix could have been planted by another host.
	r := httptest.NewRequest(http.MethodGet, "/portal", nil)
	r.AddCookie(&http.Cookie{Name: "sluis_session", Value: "planted"})
	if token, ok := h.server.SessionToken(r); ok {
		t.Errorf("a planted session is read: %s", token)
	}
}

func TestG1_lowAssuranceLoginGetsNoSession(t *testing.T) {
	h := newHouse(t, nil)
	b := h.browser(t)
	authorize := must(url.Parse(b.get(h.http.URL + "/auth/login").next(t)))
	if got := authorize.Query().Get("acr_values"); got != high {
		t.Errorf("the provider is asked for acr_values %q", got)
	}
	if v := b.refused(h, b.callback(h, "1"), 403); !strings.Contains(v.body, "stronger") {
		t.Error(v.body)
	}
}

func TestLogin_onlyPatientsAndRepresentatives(t *testing.T) {
	for _, person := range []string{"3", "4", "6", "7"} {
		h := newHouse(t, nil)
		b := h.browser(t)
		b.refused(h, b.callback(h, person), 403)
	}
}

func TestC_stateMismatchRefused(t *testing.T) {
	for name, change := range map[string]func(url.Values){
		"another state":    func(q url.Values) { q.Set("state", rand.Text()) },
		"no state":         func(q url.Values) { q.Del("state") },
		"no code":          func(q url.Values) { q.Del("code") },
		"another provider": func(q url.Values) { q.Set("iss", "https://attacker.example") },
		"an error":         func(q url.Values) { q.Set("error", "access_denied") },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, nil)
			b := h.browser(t)
			back := must(url.Parse(b.callback(h, "0")))
			q := back.Query()
			change(q)
			back.RawQuery = q.Encode()
			b.refused(h, back.String(), 400)
		})
	}
}

// Login CSRF and session fixation: the attacker's answer in the victim's
// browser.
func TestC_callbackInAnotherBrowserRefused(t *testing.T) {
	h := newHouse(t, nil)
	attacker, victim := h.browser(t), h.browser(t)
	back := attacker.callback(h, "0")
	victim.refused(h, back, 400)
	victim.callback(h, "0") // the victim has a login of its own under way
	victim.refused(h, back, 400)
}

func TestC_codeReplayRefused(t *testing.T) {
	h := newHouse(t, nil)
	b := h.browser(t)
	begun := b.get(h.http.URL + "/auth/login")
	back := b.choose(begun.next(t), "0")
	if v := b.get(back); v.StatusCode != http.StatusSeeOther {
		t.Fatalf("first use: %d", v.StatusCode)
	}
	replay := h.browser(t)
	r := must(http.NewRequest(http.MethodGet, back, nil))
	for _, c := range begun.Cookies() {
		r.AddCookie(c)
	}
	if v := replay.do(r); v.StatusCode != 400 || len(v.Cookies()) != 1 || v.Cookies()[0].MaxAge >= 0 {
		t.Errorf("with the cookie of the first use: %d %v", v.StatusCode, v.Cookies())
	}
	if v := b.get(back); v.StatusCode != 400 {
		t.Errorf("in the same browser: %d", v.StatusCode)
	}
}

// Each change is made in the browser, on the way to the provider: the answer
// then belongs to something else than was begun here.
func TestC_tamperedRequestRefused(t *testing.T) {
	for name, change := range map[string]func(url.Values){
		"wrong nonce":     func(q url.Values) { q.Set("nonce", rand.Text()) },
		"wrong challenge": func(q url.Values) { q.Set("code_challenge", strings.Repeat("A", 43)) },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, nil)
			b := h.browser(t)
			authorize := must(url.Parse(b.get(h.http.URL + "/auth/login").next(t)))
			q := authorize.Query()
			change(q)
			authorize.RawQuery = q.Encode()
			b.refused(h, b.choose(authorize.String(), "0"), 502)
		})
	}
}

func TestLogin_takesNoLongerThanTenMinutes(t *testing.T) {
	h := newHouse(t, nil)
	b := h.browser(t)
	authorize := b.get(h.http.URL + "/auth/login").next(t)
	h.clock = now.Add(10 * time.Minute)
	b.refused(h, b.choose(authorize, "0"), 400)
}

func TestLogin_noSessionWhenReplayCannotBeChecked(t *testing.T) {
	h := newHouse(t, nil)
	b := h.browser(t)
	back := b.callback(h, "0")
	h.replay.err = errors.New("database down")
	if v := b.refused(h, back, 400); strings.Contains(v.body, "database") {
		t.Error(v.body)
	}
}

func TestC_openRedirectRefused(t *testing.T) {
	h := newHouse(t, nil)
	for _, to := range []string{
		"https://attacker.example/", "//attacker.example/", `/\attacker.example`, `\\attacker.example`, "/\tattacker", "javascript:alert(1)",
		"attacker.example", "/%0d%0aSet-Cookie:x=y\r\n", "", "/é",
	} {
		b := h.browser(t)
		authorize := b.get(h.http.URL + "/auth/login?" + url.Values{"return": {to}}.Encode()).next(t)
		if end := b.get(b.choose(authorize, "0")).next(t); end != h.http.URL+"/portal" {
			t.Errorf("return=%q ends at %s", to, end)
		}
	}
	b := h.browser(t)
	authorize := b.get(h.http.URL + h.server.LoginURL("/portal/log?page=2&x=%2F")).next(t)
	if end := b.get(b.choose(authorize, "0")).next(t); end != h.http.URL+"/portal/log?page=2&x=%2F" {
		t.Errorf("a path of this host ends at %s", end)
	}
}

// swap stands between the server and the provider and changes the ID token.
type swap struct {
	real http.RoundTripper
	to   func(old string) string
}

func (s swap) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := s.real.RoundTrip(r)
	if err != nil || !strings.HasSuffix(r.URL.Path, "/token") {
		return res, err
	}
	var body map[string]any
	if err := json.NewDecoder(res.Body).Decode(&body); err != nil {
		return nil, err
	}
	if id, ok := body["id_token"].(string); ok {
		body["id_token"] = s.to(id)
	}
	raw := must(json.Marshal(body))
	res.Body, res.ContentLength = io.NopCloser(bytes.NewReader(raw)), int64(len(raw))
	return res, nil
}

func TestC_forgedIDTokenRefused(t *testing.T) {
	stranger := jose.JSONWebKey{Key: must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)), KeyID: "x"}
	resigned := func(old string) string {
		claims := unverified(old)
		signer := must(jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: stranger}, nil))
		return must(jwt.Signed(signer).Claims(claims).Serialize())
	}
	for name, forge := range map[string]func(string) string{
		"alg none": func(old string) string { return forged(map[string]any{"alg": "none"}, unverified(old), nil) },
		"HS256": func(old string) string {
			return forged(map[string]any{"alg": "HS256"}, unverified(old), []byte("sluis"))
		},
		"stranger's key":    resigned,
		"signature cut off": func(old string) string { return old[:strings.LastIndex(old, ".")+1] },
		"nothing":           func(string) string { return "" },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, func(l *authserver.Login, p *devlogin.Provider) {
				l.HTTP = &http.Client{Transport: swap{p.Client().Transport, forge}}
			})
			b := h.browser(t)
			b.refused(h, b.callback(h, "0"), 502)
		})
	}
	unchanged := newHouse(t, func(l *authserver.Login, p *devlogin.Provider) {
		l.HTTP = &http.Client{Transport: swap{p.Client().Transport, func(old string) string { return old }}}
	})
	b := unchanged.browser(t)
	b.get(b.callback(unchanged, "0")).next(t)
}

// An ID token that was genuine in an earlier login, or until a minute ago.
func TestC_oldIDTokenRefused(t *testing.T) {
	var kept string
	h := newHouse(t, func(l *authserver.Login, p *devlogin.Provider) {
		l.HTTP = &http.Client{Transport: swap{p.Client().Transport, func(fresh string) string {
			if kept == "" {
				kept = fresh
			}
			return kept
		}}}
	})
	first, second := h.browser(t), h.browser(t)
	first.get(first.callback(h, "0")).next(t)
	second.refused(h, second.callback(h, "0"), 502)

	h = newHouse(t, func(l *authserver.Login, p *devlogin.Provider) {
		l.HTTP = &http.Client{Transport: swap{p.Client().Transport, func(fresh string) string {
			h.clock = now.Add(6 * time.Minute)
			return fresh
		}}}
	})
	late := h.browser(t)
	late.refused(h, late.callback(h, "0"), 502)
}

func unverified(token string) map[string]any {
	parsed := must(jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.ES256}))
	claims := map[string]any{}
	if err := parsed.UnsafeClaimsWithoutVerification(&claims); err != nil {
		panic(err)
	}
	return claims
}

func TestF_providerDownIsNoSession(t *testing.T) {
	h := newHouse(t, func(l *authserver.Login, p *devlogin.Provider) {
		real := p.Client().Transport
		l.HTTP = &http.Client{Transport: failing{real}}
	})
	b := h.browser(t)
	if v := b.refused(h, h.http.URL+"/auth/login", 502); strings.Contains(v.body, "refused by test") {
		t.Error("the page tells the cause")
	}
}

type failing struct{ http.RoundTripper }

func (failing) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("refused by test")
}

func TestLogout_forgetsTheSessionAndOnlyFromHere(t *testing.T) {
	h := newHouse(t, nil)
	b := h.browser(t)
	b.get(b.callback(h, "0")).next(t)
	r := must(http.NewRequest(http.MethodPost, h.http.URL+h.server.LogoutURL(), nil))
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	if v := b.do(r); v.StatusCode != http.StatusForbidden || b.get(h.http.URL+"/portal").body == "" {
		t.Errorf("another site ended the session: %d", v.StatusCode)
	}
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if v := b.do(r); v.next(t) != h.http.URL+"/portal" || b.get(h.http.URL+"/portal").body != "" {
		t.Error("the session lives on")
	}
}

func TestLogin_pagesCannotBeFramed(t *testing.T) {
	h := newHouse(t, nil)
	b := h.browser(t)
	for _, v := range []visit{b.get(h.http.URL + "/auth/callback"), b.get(b.get(h.http.URL + "/auth/login").next(t))} {
		if !strings.Contains(v.Header.Get("Content-Security-Policy"), "frame-ancestors 'none'") || v.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %v", v.Request.URL.Path, v.Header)
		}
	}
}

func TestLogin_configurationRefused(t *testing.T) {
	for name, change := range map[string]func(*authserver.Login){
		"no acr":             func(l *authserver.Login) { l.ACR = nil },
		"no client":          func(l *authserver.Login) { l.ClientID = "" },
		"system scopes":      func(l *authserver.Login) { l.Scopes = "system/*.rs" },
		"bad scopes":         func(l *authserver.Login) { l.Scopes = "patient/*.sr" },
		"too long":           func(l *authserver.Login) { l.Lifetime = 2 * time.Hour },
		"home on other host": func(l *authserver.Login) { l.Home = "//attacker.example" },
	} {
		l := authserver.Login{Issuer: "https://idp.example", ClientID: "sluis", ACR: []string{high}, Scopes: "patient/*.rs"}
		change(&l)
		_, err := authserver.New(authserver.Config{
			Issuer: issuer, FHIRBase: fhirBase, Keys: openKeys(t, t.TempDir()+"/keys"), Replay: &memory{}, Login: &l,
		})
		if err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
