package authserver_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"

	"sluis/fhir"
	"sluis/smart"
	"sluis/smart/authserver"
)

func TestBackendServices_tokenForASignedAssertion(t *testing.T) {
	w := newWorld(t, nil)
	for name, key := range map[string]jose.JSONWebKey{"ES384": ecKey, "RS384": rsaKey} {
		a := w.post(t, form(sign(t, key, goodClaims()), "system/Observation.rs system/Patient.read"))
		if a.Status != 200 || a.Type != "Bearer" || a.ExpiresIn != 300 || a.Refresh != "" || a.Scope != "system/Observation.rs system/Patient.read" {
			t.Fatalf("%s: %+v", name, a)
		}
		if a.Header.Get("Cache-Control") != "no-store" || a.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: headers %v", name, a.Header)
		}
		g, err := smart.Verify(a.Token, w.keys.Public(), smart.Expectation{Issuer: issuer, Audience: fhirBase}, now)
		if err != nil || g.Client != "hospital-epd" || g.Organization != "hospital" || !g.User.IsZero() || len(g.Purposes) != 1 || !g.Expires.Equal(now.Add(300*time.Second)) {
			t.Errorf("%s: grant %+v, %v", name, g, err)
		}
		if g.ChooseIDs || g.Supervisor || g.PrivacyOfficer {
			t.Errorf("%s: a right that the client has not: %+v", name, g)
		}
	}
}

func TestBackendServices_assertionRefused(t *testing.T) {
	ecJWK, err := ecKey.Public().MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	good := goodClaims()
	header := map[string]any{"alg": "HS384", "kid": "ec", "typ": "JWT"}
	attacks := map[string]string{
		"empty":                   "",
		"not a JWT":               "hospital-epd",
		"alg none":                forged(with(header, "alg", "none"), good, nil),
		"HS with the public key":  forged(header, good, ecJWK),
		"HS256":                   forged(with(header, "alg", "HS256"), good, ecJWK),
		"ES256 named":             forged(with(header, "alg", "ES256"), good, ecJWK),
		"stranger's key, our kid": sign(t, foreign, good),
		"unknown kid":             sign(t, jose.JSONWebKey{Key: ecKey.Key, KeyID: "other"}, good),
		"kid of another kty":      sign(t, jose.JSONWebKey{Key: ecKey.Key, KeyID: "rsa"}, good),
		"no kid":                  sign(t, jose.JSONWebKey{Key: ecKey.Key}, good),
		"kid as a path":           sign(t, jose.JSONWebKey{Key: foreign.Key, KeyID: "../../etc/passwd"}, good),
		"jku":                     sign(t, ecKey, good, "jku", "https://attacker.example/jwks"),
		"jwk":                     sign(t, foreign, good, "jwk", foreign.Public()),
		"x5u":                     sign(t, ecKey, good, "x5u", "https://attacker.example/cert"),
		"crit":                    sign(t, ecKey, good, "crit", []string{"exp"}),
		"typ of an access token":  sign(t, ecKey, good, "typ", "at+jwt"),
		"unknown client":          sign(t, ecKey, with(good, "iss", "nobody", "sub", "nobody")),
		"no issuer":               sign(t, ecKey, with(good, "iss", nil)),
		"sub of another":          sign(t, ecKey, with(good, "sub", "other")),
		"no sub":                  sign(t, ecKey, with(good, "sub", nil)),
		"aud the issuer":          sign(t, ecKey, with(good, "aud", issuer)),
		"aud the FHIR base":       sign(t, ecKey, with(good, "aud", fhirBase)),
		"aud many":                sign(t, ecKey, with(good, "aud", []string{tokenURL, "https://other.example/token"})),
		"no aud":                  sign(t, ecKey, with(good, "aud", nil)),
		"expired":                 sign(t, ecKey, with(good, "exp", now.Unix())),
		"no exp":                  sign(t, ecKey, with(good, "exp", nil)),
		"exp too far":             sign(t, ecKey, with(good, "exp", now.Add(5*time.Minute+time.Second).Unix())),
		"exp absurd":              sign(t, ecKey, with(good, "exp", 1e300)),
		"not yet valid":           sign(t, ecKey, with(good, "nbf", now.Add(time.Minute).Unix())),
		"issued in the future":    sign(t, ecKey, with(good, "iat", now.Add(time.Minute).Unix())),
		"no jti":                  sign(t, ecKey, with(good, "jti", nil)),
		"jti too long":            sign(t, ecKey, with(good, "jti", strings.Repeat("j", 257))),
		"our own access token":    accessToken(t),
	}
	w := newWorld(t, nil)
	for name, assertion := range attacks {
		if a := w.post(t, form(assertion, "system/Patient.rs")); a.Status != 400 || a.Error != "invalid_client" || a.Token != "" || a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %+v", name, a)
		}
	}
	if len(w.replay.seen) != 0 {
		t.Errorf("refused assertions filled the replay memory: %v", w.replay.seen)
	}
	if a := w.post(t, form(sign(t, ecKey, good), "system/Patient.rs")); a.Status != 200 {
		t.Errorf("the assertion of which each attack is one change: %+v", a)
	}
}

func accessToken(t *testing.T) string {
	w := newWorld(t, nil)
	return w.post(t, form(sign(t, ecKey, goodClaims()), "system/Patient.rs")).Token
}

func TestBackendServices_jtiReplayRefused(t *testing.T) {
	w := newWorld(t, nil)
	assertion := sign(t, ecKey, goodClaims())
	if a := w.post(t, form(assertion, "system/Patient.rs")); a.Status != 200 {
		t.Fatalf("first use: %+v", a)
	}
	if a := w.post(t, form(assertion, "system/Patient.rs")); a.Error != "invalid_client" {
		t.Errorf("second use: %+v", a)
	}
	// Another node and a restart know nothing but the shared memory.
	node := newWorld(t, func(c *authserver.Config) { c.Replay = w.replay })
	if a := node.post(t, form(assertion, "system/Patient.rs")); a.Error != "invalid_client" {
		t.Errorf("on another node: %+v", a)
	}
	for _, expires := range w.replay.seen {
		if !expires.Equal(now.Add(4 * time.Minute)) {
			t.Errorf("remembered until %v, not until the assertion expires", expires)
		}
	}
}

func TestBackendServices_jtiIsUniquePerClient(t *testing.T) {
	w := newWorld(t, func(c *authserver.Config) {
		other := hospital()
		other.ID, other.Organization = "practice-his", "practice"
		c.Clients = append(c.Clients, other)
	})
	claims := goodClaims()
	if a := w.post(t, form(sign(t, ecKey, claims), "system/Patient.rs")); a.Status != 200 {
		t.Fatalf("%+v", a)
	}
	if a := w.post(t, form(sign(t, ecKey, with(claims, "iss", "practice-his", "sub", "practice-his")), "system/Patient.rs")); a.Status != 200 {
		t.Errorf("the same jti of another client: %+v", a)
	}
}

func TestBackendServices_noTokenWhenReplayCannotBeChecked(t *testing.T) {
	w := newWorld(t, nil)
	w.replay.err = errors.New("database down")
	a := w.post(t, form(sign(t, ecKey, goodClaims()), "system/Patient.rs"))
	if a.Status != 503 || a.Error != "temporarily_unavailable" || a.Token != "" || strings.Contains(a.Description, "database") {
		t.Errorf("%+v", a)
	}
}

func TestBackendServices_scopesStayWithinThePreAuthorised(t *testing.T) {
	w := newWorld(t, nil)
	for asked, want := range map[string]string{
		"system/Observation.cruds":             "system/Observation.cruds",
		"system/Patient.cruds":                 "system/Patient.rs",
		"system/*.rs":                          "system/Patient.rs system/Observation.rs system/Encounter.rs?status=finished",
		"system/Encounter.rs":                  "system/Encounter.rs?status=finished",
		"system/Patient.rs system/Condition.r": "system/Patient.rs",
		"system/Patient.rs user/Patient.rs":    "system/Patient.rs",
	} {
		if a := w.post(t, form(sign(t, ecKey, goodClaims()), asked)); a.Status != 200 || a.Scope != want {
			t.Errorf("%s: granted %+v, want %s", asked, a, want)
		}
	}
	for _, asked := range []string{"", "system/Condition.rs", "user/Patient.rs", "patient/*.rs", "system/Patient.sr", "everything", "openid", "system/Patient.d", "\"\\\x01"} {
		if a := w.post(t, form(sign(t, ecKey, goodClaims()), asked)); a.Status != 400 || a.Error != "invalid_scope" || a.Token != "" || strings.ContainsAny(a.Description, "\"\\\x01") {
			t.Errorf("%q: %+v", asked, a)
		}
	}
}

func TestBackendServices_malformedRequests(t *testing.T) {
	w := newWorld(t, nil)
	good := func() url.Values { return form(sign(t, ecKey, goodClaims()), "system/Patient.rs") }
	change := func(name string, values ...string) url.Values {
		f := good()
		f[name] = values
		return f
	}
	for name, c := range map[string]struct {
		form url.Values
		want string
	}{
		"no grant type":        {change("grant_type"), "invalid_request"},
		"another grant type":   {change("grant_type", "password"), "unsupported_grant_type"},
		"code not served":      {change("grant_type", "authorization_code"), "unsupported_grant_type"},
		"scope twice":          {change("scope", "system/Patient.rs", "system/Observation.rs"), "invalid_request"},
		"a quote in a name":    {change(`"\`, "a", "b"), "invalid_request"},
		"assertion twice":      {change("client_assertion", "a", "b"), "invalid_request"},
		"no assertion type":    {change("client_assertion_type"), "invalid_client"},
		"client_id of another": {change("client_id", "other"), "invalid_client"},
	} {
		if a := w.post(t, c.form); a.Status != 400 || a.Error != c.want || a.Token != "" || strings.ContainsAny(a.Description, `"\`) {
			t.Errorf("%s: %+v", name, a)
		}
	}
	if a := w.post(t, change("client_id", "hospital-epd")); a.Status != 200 {
		t.Errorf("a client_id that agrees: %+v", a)
	}

	query := httptest.NewRequest(http.MethodPost, tokenURL+"?"+good().Encode(), nil)
	query.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if a := w.send(t, query); a.Error != "invalid_request" {
		t.Errorf("parameters in the URL: %+v", a)
	}
	media := httptest.NewRequest(http.MethodPost, tokenURL, strings.NewReader(good().Encode()))
	media.Header.Set("Content-Type", "application/json")
	if a := w.send(t, media); a.Error != "invalid_request" {
		t.Errorf("another media type: %+v", a)
	}
	if a := w.post(t, change("padding", strings.Repeat("x", 64<<10))); a.Status != 413 || a.Error != "invalid_request" {
		t.Errorf("a body too long: %+v", a)
	}
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, tokenURL, nil))
	if rec.Code != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d", rec.Code)
	}
}

func TestBackendServices_rightsComeFromTheRegistrationAlone(t *testing.T) {
	w := newWorld(t, func(c *authserver.Config) {
		c.Clients[0].ChooseIDs = true
		s := hospital()
		s.ID, s.Supervisor, s.Scopes = "inspectorate", true, "system/AuditEvent.rs"
		c.Clients = append(c.Clients, s)
	})
	expect := smart.Expectation{Issuer: issuer, Audience: fhirBase}
	g, err := smart.Verify(w.post(t, form(sign(t, ecKey, goodClaims()), "system/Patient.rs")).Token, w.keys.Public(), expect, now)
	if err != nil || !g.ChooseIDs || g.Supervisor {
		t.Errorf("%+v, %v", g, err)
	}
	supervisor := form(sign(t, ecKey, with(goodClaims(), "iss", "inspectorate", "sub", "inspectorate", "choose_ids", true)), "system/*.cruds")
	g, err = smart.Verify(w.post(t, supervisor).Token, w.keys.Public(), expect, now)
	if err != nil || g.ChooseIDs || !g.Supervisor || g.Scopes.String() != "system/AuditEvent.rs" {
		t.Errorf("%+v, %v", g, err)
	}
}

func TestL1_expiredTokenIsRefused(t *testing.T) {
	w := newWorld(t, nil)
	token := w.post(t, form(sign(t, ecKey, goodClaims()), "system/Patient.rs")).Token
	_, err := smart.Verify(token, w.keys.Public(), smart.Expectation{Issuer: issuer, Audience: fhirBase}, now.Add(301*time.Second))
	if fhir.KindOf(err) != fhir.Unauthorized {
		t.Errorf("five minutes later: %v", err)
	}
}
