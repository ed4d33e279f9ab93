package devlogin_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"sluis/smart/authserver/devlogin"
)

const (
	issuer   = "https://sluis.example/auth/dev"
	callback = "https://sluis.example/auth/callback"
	verifier = "a-verifier-of-at-least-forty-three-characters-x"
)

func provider(t *testing.T, clock *time.Time) *devlogin.Provider {
	t.Helper()
	p, err := devlogin.New(devlogin.Config{
		Issuer: issuer, ClientID: "sluis", RedirectURI: callback, Now: func() time.Time { return *clock },
		People: []devlogin.Person{{Name: `<b>"A"</b>`, FHIRUser: "Patient/a", ACR: "high"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func authRequest() url.Values {
	sum := sha256.Sum256([]byte(verifier))
	return url.Values{
		"client_id": {"sluis"}, "redirect_uri": {callback}, "response_type": {"code"}, "scope": {"openid"}, "state": {"s"}, "nonce": {"n"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}
}

func send(p http.Handler, method, target, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r)
	return w
}

func newCode(t *testing.T, p http.Handler) string {
	t.Helper()
	w := send(p, http.MethodPost, issuer+"/authorize?"+authRequest().Encode(), "person=0")
	to, err := url.Parse(w.Header().Get("Location"))
	if err != nil || w.Code != http.StatusSeeOther || to.Query().Get("state") != "s" || to.Query().Get("iss") != issuer {
		t.Fatalf("%d %v", w.Code, w.Header())
	}
	return to.Query().Get("code")
}

func redeem(code string) url.Values {
	return url.Values{"grant_type": {"authorization_code"}, "client_id": {"sluis"}, "redirect_uri": {callback}, "code": {code}, "code_verifier": {verifier}}
}

func TestDevLogin_saysThatItIsNotForProduction(t *testing.T) {
	clock := time.Now()
	p := provider(t, &clock)
	for name, q := range map[string]string{"the choice": authRequest().Encode(), "a refusal": ""} {
		w := send(p, http.MethodGet, issuer+"/authorize?"+q, "")
		if !strings.Contains(w.Body.String(), "Not for production") || strings.Contains(w.Body.String(), "<b>") {
			t.Errorf("%s: %s", name, w.Body)
		}
	}
}

// People may come later; those on an older page stay who they were.
func TestDevLogin_admitsLater(t *testing.T) {
	p, err := devlogin.New(devlogin.Config{Issuer: issuer, ClientID: "sluis", RedirectURI: callback})
	if err != nil {
		t.Fatal(err)
	}
	at := issuer + "/authorize?" + authRequest().Encode()
	if w := send(p, http.MethodGet, at, ""); w.Code != 200 || !strings.Contains(w.Body.String(), "Nobody is here yet") || strings.Contains(w.Body.String(), "<button") {
		t.Errorf("before: %d %s", w.Code, w.Body)
	}
	if w := send(p, http.MethodPost, at, "person=0"); w.Code != 400 {
		t.Errorf("nobody logged in: %d", w.Code)
	}
	var admitting sync.WaitGroup
	for range 4 {
		admitting.Go(func() { p.Admit(devlogin.Person{Name: "B", FHIRUser: "Patient/b"}) })
		admitting.Go(func() { send(p, http.MethodGet, at, "") })
	}
	admitting.Wait()
	if w := send(p, http.MethodGet, at, ""); strings.Count(w.Body.String(), "<button") != 4 {
		t.Errorf("after: %s", w.Body)
	}
	newCode(t, p)
}

// What is refused before the redirect URI is trusted stays on the page.
func TestDevLogin_neverRedirectsElsewhere(t *testing.T) {
	clock := time.Now()
	p := provider(t, &clock)
	for name, value := range map[string]string{
		"client_id": "other", "redirect_uri": callback + "/", "response_type": "token", "scope": "profile",
		"state": "", "nonce": "", "code_challenge": "", "code_challenge_method": "plain",
	} {
		q := authRequest()
		q.Set(name, value)
		for method, body := range map[string]string{http.MethodGet: "", http.MethodPost: "person=0"} {
			if w := send(p, method, issuer+"/authorize?"+q.Encode(), body); w.Code != 400 || w.Header().Get("Location") != "" {
				t.Errorf("%s with %s=%q: %d %v", method, name, value, w.Code, w.Header())
			}
		}
	}
	for _, person := range []string{"", "1", "-1", "x"} {
		if w := send(p, http.MethodPost, issuer+"/authorize?"+authRequest().Encode(), "person="+person); w.Code != 400 {
			t.Errorf("person %q: %d", person, w.Code)
		}
	}
}

func TestDevLogin_codeWorksOnceForWhoAskedIt(t *testing.T) {
	clock := time.Now()
	p := provider(t, &clock)
	code := newCode(t, p)
	if w := send(p, http.MethodPost, issuer+"/token", redeem(code).Encode()); w.Code != 200 {
		t.Fatalf("first use: %d %s", w.Code, w.Body)
	}
	if w := send(p, http.MethodPost, issuer+"/token", redeem(code).Encode()); w.Code != 400 {
		t.Errorf("second use: %d %s", w.Code, w.Body)
	}
	for name, value := range map[string]string{
		"grant_type": "password", "client_id": "other", "redirect_uri": callback + "?x", "code": "guess", "code_verifier": strings.Repeat("x", 43),
	} {
		form := redeem(newCode(t, p))
		form.Set(name, value)
		w := send(p, http.MethodPost, issuer+"/token", form.Encode())
		var body map[string]string
		if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || w.Code < 400 || body["error"] == "" || body["id_token"] != "" {
			t.Errorf("%s=%q: %d %s", name, value, w.Code, w.Body)
		}
	}
	code = newCode(t, p)
	clock = clock.Add(time.Minute)
	if w := send(p, http.MethodPost, issuer+"/token", redeem(code).Encode()); w.Code != 400 {
		t.Errorf("after a minute: %d", w.Code)
	}
}

func TestDevLogin_clientReachesNothingElse(t *testing.T) {
	clock := time.Now()
	client := provider(t, &clock).Client()
	for _, at := range []string{"https://attacker.example/auth/dev/jwks", "http://sluis.example/auth/dev/jwks", "https://sluis.example/auth/development"} {
		if res, err := client.Get(at); err == nil {
			res.Body.Close()
			t.Errorf("%s: %d", at, res.StatusCode)
		}
	}
	res, err := client.Get(issuer + "/jwks")
	if err != nil || res.StatusCode != 200 {
		t.Fatalf("%v, %v", res, err)
	}
	res.Body.Close()
}
