package smart

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"reflect"
	"strings"
	"testing"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"pgregory.net/rapid"

	"sluis/fhir"
)

var (
	now    = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	expect = Expectation{Issuer: "https://sluis.example", Audience: "https://sluis.example/fhir"}

	edKey = jose.JSONWebKey{Key: ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32)), KeyID: "ed"}
	ecKey = jose.JSONWebKey{Key: newP384(), KeyID: "ec"}
)

func newP384() *ecdsa.PrivateKey {
	k, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return k
}

func ourKeys(t testing.TB) KeySet {
	t.Helper()
	set, err := NewKeySet(edKey.Public(), ecKey.Public())
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func practitioner(t testing.TB) Grant {
	return Grant{
		JTI: "j1", Client: "ehr", User: fhir.Ref{Type: "Practitioner", ID: "gp"}, Organization: "practice",
		Patient: fhir.Ref{Type: "Patient", ID: "a"}, Purposes: []string{"TREAT"}, Role: "01.015",
		Scopes: mustParse(t, "patient/*.rs user/Practitioner.r"), ACR: "high", Expires: now.Add(5 * time.Minute),
	}
}

func mint(t testing.TB, g Grant, key jose.JSONWebKey) string {
	t.Helper()
	token, err := Mint(g, expect, key, now)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// forge signs any header and claims with a function, as an attacker can.
func forge(t testing.TB, header, claims map[string]any, sign func([]byte) []byte) string {
	t.Helper()
	h, err := json.Marshal(header)
	if err != nil {
		t.Fatal(err)
	}
	c, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	return seal(h, c, sign)
}

func seal(header, claims []byte, sign func([]byte) []byte) string {
	input := base64.RawURLEncoding.EncodeToString(header) + "." + base64.RawURLEncoding.EncodeToString(claims)
	return input + "." + base64.RawURLEncoding.EncodeToString(sign([]byte(input)))
}

func ours(input []byte) []byte { return ed25519.Sign(edKey.Key.(ed25519.PrivateKey), input) }

func hs256(secret []byte) func([]byte) []byte {
	return func(input []byte) []byte {
		m := hmac.New(sha256.New, secret)
		m.Write(input)
		return m.Sum(nil)
	}
}

func goodHeader() map[string]any {
	return map[string]any{"alg": "EdDSA", "kid": "ed", "typ": TokenType}
}

func goodClaims() map[string]any {
	return map[string]any{
		"iss": expect.Issuer, "aud": expect.Audience, "sub": "Practitioner/gp", "client_id": "ehr", "jti": "j1",
		"iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(), "scope": "user/Observation.rs",
		"fhirUser": "Practitioner/gp", "organization": "practice",
	}
}

func with(m map[string]any, pairs ...any) map[string]any {
	m = maps.Clone(m)
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] == nil {
			delete(m, pairs[i].(string))
			continue
		}
		m[pairs[i].(string)] = pairs[i+1]
	}
	return m
}

func TestVerify_acceptsWhatWeSigned(t *testing.T) {
	for name, key := range map[string]jose.JSONWebKey{"EdDSA": edKey, "ES384": ecKey} {
		got, err := Verify(mint(t, practitioner(t), key), ourKeys(t), expect, now)
		if want := practitioner(t); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
	// The attacks below differ from this token in one thing each.
	g, err := Verify(forge(t, goodHeader(), goodClaims(), ours), ourKeys(t), expect, now)
	if err != nil || len(g.Purposes) != 1 || g.Purposes[0] != "TREAT" {
		t.Errorf("a practitioner without purpose asks under TREAT: %+v, %v", g, err)
	}
}

// C: the signature and the header. The answer must be the same for all, or an
// attacker learns which keys exist.
func TestC_forgedTokensRefused(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	edPublic := []byte(edKey.Public().Key.(ed25519.PublicKey))
	ecPublic, err := ecKey.Public().MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	stranger := func(input []byte) []byte {
		return ed25519.Sign(ed25519.NewKeyFromSeed(bytes.Repeat([]byte{9}, 32)), input)
	}
	strangerJWK := map[string]any{"kty": "OKP", "crv": "Ed25519", "kid": "ed", "x": base64.RawURLEncoding.EncodeToString(ed25519.NewKeyFromSeed(bytes.Repeat([]byte{9}, 32)).Public().(ed25519.PublicKey))}
	rs384 := func(input []byte) []byte {
		sum := sha512.Sum384(input)
		sig, err := rsa.SignPKCS1v15(rand.Reader, rsaKey, crypto.SHA384, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		return sig
	}
	nothing := func([]byte) []byte { return nil }
	whole := forge(t, goodHeader(), goodClaims(), ours)
	parts := strings.Split(whole, ".")
	header := func(pairs ...any) map[string]any { return with(goodHeader(), pairs...) }
	claims := goodClaims()
	richer, err := json.Marshal(with(claims, "scope", "user/*.cruds"))
	if err != nil {
		t.Fatal(err)
	}

	attacks := map[string]string{
		"alg none":                     forge(t, header("alg", "none"), claims, nothing),
		"alg None":                     forge(t, header("alg", "None"), claims, nothing),
		"alg none, signed":             forge(t, header("alg", "none"), claims, ours),
		"no signature":                 parts[0] + "." + parts[1] + ".",
		"HS256 with the Ed25519 key":   forge(t, header("alg", "HS256"), claims, hs256(edPublic)),
		"HS256 with the P-384 JWK":     forge(t, header("alg", "HS256", "kid", "ec"), claims, hs256(ecPublic)),
		"RS384 of a stranger":          forge(t, header("alg", "RS384"), claims, rs384),
		"ES384 named, Ed25519 signed":  forge(t, header("alg", "ES384"), claims, ours),
		"EdDSA named, kid of the P384": forge(t, header("kid", "ec"), claims, ours),
		"stranger's key, our kid":      forge(t, goodHeader(), claims, stranger),
		"kid unknown":                  forge(t, header("kid", "other"), claims, stranger),
		"kid empty":                    forge(t, header("kid", ""), claims, ours),
		"kid missing":                  forge(t, header("kid", nil), claims, ours),
		"kid as a path":                forge(t, header("kid", "../../dev/null"), claims, hs256(nil)),
		"kid as SQL":                   forge(t, header("kid", "ed' OR '1'='1"), claims, stranger),
		"kid as a list":                forge(t, header("kid", []string{"ed"}), claims, ours),
		"jwk injected":                 forge(t, header("jwk", strangerJWK), claims, stranger),
		"jwk injected, rightly signed": forge(t, header("jwk", strangerJWK), claims, ours),
		"jku injected":                 forge(t, header("jku", "https://attacker.example/jwks"), claims, ours),
		"x5u injected":                 forge(t, header("x5u", "https://attacker.example/cert"), claims, ours),
		"x5c injected":                 forge(t, header("x5c", []string{"AA=="}), claims, ours),
		"crit":                         forge(t, header("crit", []string{"exp"}), claims, ours),
		"b64":                          forge(t, header("b64", true), claims, ours),
		"kid twice":                    seal([]byte(`{"alg":"EdDSA","kid":"other","kid":"ed","typ":"at+jwt"}`), richer, ours),
		"typ of another JWT":           forge(t, header("typ", "JWT"), claims, ours),
		"typ missing":                  forge(t, header("typ", nil), claims, ours),
		"scope tampered":               parts[0] + "." + base64.RawURLEncoding.EncodeToString(richer) + "." + parts[2],
		"signature of another token":   parts[0] + "." + parts[1] + "." + strings.Split(forge(t, goodHeader(), with(claims, "jti", "j2"), ours), ".")[2],
		"claim twice":                  seal([]byte(`{"alg":"EdDSA","kid":"ed","typ":"at+jwt"}`), []byte(`{"iss":"a","iss":"https://sluis.example"}`), ours),
		"not base64":                   "?" + whole,
		"padded":                       strings.Replace(whole, ".", "=.", 1),
		"four parts":                   whole + ".x",
		"JSON serialisation":           `{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`,
		"white space around":           " " + whole,
		"too long":                     whole + strings.Repeat("A", MaxTokenBytes),
		"empty":                        "",
		"dots":                         "..",
	}
	for name, token := range attacks {
		g, err := Verify(token, ourKeys(t), expect, now)
		if err == nil || fhir.KindOf(err) != fhir.Unauthorized || !reflect.DeepEqual(g, Grant{}) {
			t.Errorf("%s: got %+v, %v", name, g, err)
		} else if want := "invalid_token: the token is not one that this server signed"; err.Error() != want {
			t.Errorf("%s says %q", name, err)
		}
	}
	if _, err := Verify(whole, KeySet{}, expect, now); err == nil {
		t.Error("no keys: accepted")
	}
}

func TestC_claimsRefused(t *testing.T) {
	for name, change := range map[string][]any{
		"expired":                   {"exp", now.Unix(), "iat", now.Add(-time.Minute).Unix()},
		"exp missing":               {"exp", nil},
		"exp a string":              {"exp", "4102444800"},
		"iat missing":               {"iat", nil},
		"lives too long":            {"exp", now.Add(2 * time.Hour).Unix()},
		"issued in the future":      {"iat", now.Add(time.Minute).Unix()},
		"not yet valid":             {"nbf", now.Add(time.Minute).Unix()},
		"issuer missing":            {"iss", nil},
		"issuer with a slash":       {"iss", expect.Issuer + "/"},
		"issuer in capitals":        {"iss", strings.ToUpper(expect.Issuer)},
		"audience missing":          {"aud", nil},
		"audience another server":   {"aud", "https://other.example/fhir"},
		"audience a prefix":         {"aud", "https://sluis.example"},
		"audience too many":         {"aud", []string{expect.Audience, "https://other.example/fhir"}},
		"jti missing":               {"jti", nil},
		"client missing":            {"client_id", nil},
		"sub of another user":       {"sub", "Practitioner/other"},
		"sub missing":               {"sub", nil},
		"scope malformed":           {"scope", "user/Observation.sr"},
		"scope a list":              {"scope", []string{"user/*.rs"}},
		"patient scope, none":       {"scope", "patient/*.rs"},
		"patient a reference":       {"scope", "patient/*.rs", "patient", "Patient/a"},
		"patient a search":          {"scope", "patient/*.rs", "patient", "a,b"},
		"user without organisation": {"organization", nil},
		"organisation a reference":  {"organization", "Organization/practice"},
		"fhirUser absolute":         {"fhirUser", "https://sluis.example/fhir/Practitioner/gp"},
		"fhirUser of another type":  {"fhirUser", "Device/1", "sub", "Device/1"},
		"fhirUser of a version":     {"fhirUser", "Practitioner/gp/_history/1", "sub", "Practitioner/gp/_history/1"},
		"user scope, no user":       {"fhirUser", nil, "sub", "ehr"},
		"system with a user":        {"scope", "system/*.rs"},
		"system beside user":        {"scope", "system/*.rs user/*.rs"},
		"system with a patient":     {"scope", "system/*.rs", "fhirUser", nil, "sub", "ehr", "patient", "a"},
		"system, no organisation":   {"scope", "system/*.rs", "fhirUser", nil, "sub", "ehr", "organization", nil},
		"own with organisation":     {"fhirUser", "Patient/a", "sub", "Patient/a"},
		"representative of nobody":  {"fhirUser", "RelatedPerson/r", "sub", "RelatedPerson/r", "organization", nil, "scope", "patient/*.rs"},
		"choose_ids for a user":     {"choose_ids", true},
		"choose_ids a string":       {"choose_ids", "true"},
		"officer's patient":         {"fhirUser", "Patient/a", "sub", "Patient/a", "organization", nil, "privacy_officer", true},
		"supervisor's other right":  {"supervisor", true, "privacy_officer", true},
		"responsible malformed":     {"responsible", "someone"},
	} {
		g, err := Verify(forge(t, goodHeader(), with(goodClaims(), change...), ours), ourKeys(t), expect, now)
		if err == nil || fhir.KindOf(err) != fhir.Unauthorized || !reflect.DeepEqual(g, Grant{}) {
			t.Errorf("%s: got %+v, %v", name, g, err)
		}
	}
	token := forge(t, goodHeader(), goodClaims(), ours)
	for name, e := range map[string]Expectation{"nothing": {}, "no audience": {Issuer: expect.Issuer}, "no issuer": {Audience: expect.Audience}} {
		if _, err := Verify(token, ourKeys(t), e, now); err == nil {
			t.Errorf("expecting %s: accepted", name)
		}
	}
}

func TestVerify_lastMomentOfAToken(t *testing.T) {
	token, end := mint(t, practitioner(t), edKey), practitioner(t).Expires
	if _, err := Verify(token, ourKeys(t), expect, end.Add(-time.Second)); err != nil {
		t.Error("a second before the end:", err)
	}
	var e *fhir.Error
	if _, err := Verify(token, ourKeys(t), expect, end); !errors.As(err, &e) || e.Issues[0].Code != "expired" {
		t.Error("at the end:", err)
	}
	if _, err := Verify(token, ourKeys(t), expect, now.Add(-skew)); err != nil {
		t.Error("a node whose clock is behind by the skew:", err)
	}
}

func TestS4_lowAssuranceIsSentBackToLogIn(t *testing.T) {
	strict := expect
	strict.ACR = map[Level][]string{PatientLevel: {"high", "substantial"}}
	g := practitioner(t)
	if _, err := Verify(mint(t, g, edKey), ourKeys(t), strict, now); err != nil {
		t.Error("a strong login:", err)
	}
	for _, acr := range []string{"", "low", "hi", "HIGH"} {
		g.ACR = acr
		_, err := Verify(mint(t, g, edKey), ourKeys(t), strict, now)
		var weak *AssuranceError
		if !errors.As(err, &weak) || fhir.KindOf(err) != fhir.Unauthorized || !reflect.DeepEqual(weak.ACRValues, []string{"high", "substantial"}) {
			t.Errorf("acr %q: %v", acr, err)
		}
	}
	g.Scopes = mustParse(t, "user/Practitioner.r")
	if _, err := Verify(mint(t, g, edKey), ourKeys(t), strict, now); err != nil {
		t.Error("a level without a minimum:", err)
	}
}

func TestKeySet_refusesWhatIsNotOneOfOurKinds(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, keys := range map[string][]jose.JSONWebKey{
		"duplicate kid": {edKey.Public(), {Key: ecKey.Public().Key, KeyID: "ed"}},
		"no kid":        {{Key: edKey.Public().Key}},
		"private":       {edKey},
		"symmetric":     {{Key: []byte("secret"), KeyID: "s"}},
		"RSA":           {{Key: &rsaKey.PublicKey, KeyID: "r"}},
		"P-256":         {{Key: &p256.PublicKey, KeyID: "p"}},
		"nil":           {{KeyID: "n"}},
	} {
		if _, err := NewKeySet(keys...); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestMint_refusesWhatVerifyWould(t *testing.T) {
	for name, change := range map[string]func(*Grant){
		"no jti":          func(g *Grant) { g.JTI = "" },
		"no organization": func(g *Grant) { g.Organization = "" },
		"expired":         func(g *Grant) { g.Expires = now },
		"too long":        func(g *Grant) { g.Expires = now.Add(MaxLifetime + time.Second) },
		"contradiction":   func(g *Grant) { g.Scopes = mustParse(t, "system/*.rs") },
	} {
		g := practitioner(t)
		change(&g)
		if token, err := Mint(g, expect, edKey, now); err == nil {
			t.Errorf("%s: %s", name, token)
		}
	}
	if _, err := Mint(practitioner(t), expect, edKey.Public(), now); err == nil {
		t.Error("signed with a public key")
	}
	if _, err := Mint(practitioner(t), Expectation{Issuer: "x"}, edKey, now); err == nil {
		t.Error("made for no audience")
	}
}

func TestMint_isPureWithEd25519(t *testing.T) {
	if mint(t, practitioner(t), edKey) != mint(t, practitioner(t), edKey) {
		t.Error("the same arguments gave two tokens")
	}
}

// Whatever can be minted reads back as what was meant.
func TestMint_roundTrip(t *testing.T) {
	keys := ourKeys(t)
	rapid.Check(t, func(t *rapid.T) {
		g := drawGrant(t)
		at := now.Add(time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "at")))
		g.Expires = at.Add(time.Duration(rapid.IntRange(2, 3600).Draw(t, "life")) * time.Second).Truncate(time.Second)
		token, err := Mint(g, expect, edKey, at)
		if why := g.contradiction(); (why == "") != (err == nil) {
			t.Fatalf("Mint of %+v: %v, but %q", g, err, why)
		}
		if err != nil {
			return
		}
		got, err := Verify(token, keys, expect, at)
		if err != nil || !reflect.DeepEqual(got, g) {
			t.Fatalf("minted %+v, verified %+v, %v", g, got, err)
		}
	})
}

// drawGrant draws a backend, a professional or a patient, and now and then
// a mixture that contradicts itself.
func drawGrant(t *rapid.T) Grant {
	id := rapid.StringMatching(`[A-Za-z0-9.-]{1,64}`)
	g := Grant{
		JTI: id.Draw(t, "jti"), Client: rapid.StringN(1, 20, -1).Draw(t, "client"),
		Role: rapid.String().Draw(t, "role"), ACR: rapid.String().Draw(t, "acr"),
		Purposes: []string{rapid.SampledFrom([]string{"TREAT", "HPAYMT", "ETREAT"}).Draw(t, "purpose")},
	}
	var users, reach []string
	switch kind := rapid.IntRange(0, 3).Draw(t, "kind"); kind {
	case 0:
		g.ChooseIDs, reach = rapid.Bool().Draw(t, "choose"), []string{"system"}
	case 1:
		users, reach = []string{"Practitioner", "PractitionerRole"}, []string{"user", "patient"}
		g.Responsible = fhir.Ref{Type: "Practitioner", ID: id.Draw(t, "responsible")}
		g.PrivacyOfficer = rapid.Bool().Draw(t, "officer")
	case 2:
		users, reach = []string{"Patient", "RelatedPerson"}, []string{"user", "patient"}
	case 3:
		users, reach = []string{"Patient", "Practitioner", "Device"}, levels
		g.Supervisor, g.ChooseIDs = rapid.Bool().Draw(t, "supervisor"), rapid.Bool().Draw(t, "choose")
	}
	if g.Scopes = drawScopes(t, "scopes", reach...); g.Scopes.IsZero() {
		g.Scopes.Other = []string{"openid"}
	}
	if users != nil {
		g.User = fhir.Ref{Type: rapid.SampledFrom(users).Draw(t, "user"), ID: id.Draw(t, "userID")}
		g.Patient = fhir.Ref{Type: "Patient", ID: id.Draw(t, "patient")}
	}
	if !g.OwnToken() {
		g.Organization = id.Draw(t, "organization")
	}
	return g
}

func BenchmarkVerify(b *testing.B) {
	keys := ourKeys(b)
	for name, key := range map[string]jose.JSONWebKey{"EdDSA": edKey, "ES384": ecKey} {
		b.Run(name, func(b *testing.B) {
			token := mint(b, practitioner(b), key)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Verify(token, keys, expect, now); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
