package authserver_test

import (
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"

	"sluis/smart"
	"sluis/smart/authserver"
	"sluis/smart/authserver/devlogin"
)

const (
	high = "urn:example:high"
	low  = "urn:example:low"
)

// people of the development provider, by position.
var people = []devlogin.Person{
	{Name: "Patient A", FHIRUser: "Patient/a", ACR: high},
	{Name: "Patient A, password only", FHIRUser: "Patient/a", ACR: low},
	{Name: "Parent of A", FHIRUser: "RelatedPerson/r", Patient: "a", ACR: high},
	{Name: "A doctor", FHIRUser: "Practitioner/gp", ACR: high},
	{Name: "Nobody in particular", ACR: high},
	{Name: "Patient A of this server", FHIRUser: "{base}/Patient/a", ACR: high},
	{Name: "Patient A elsewhere", FHIRUser: "https://other.example/fhir/Patient/a", ACR: high},
	{Name: "A representative of nobody", FHIRUser: "RelatedPerson/r", ACR: high},
}

// house is a server with a login, on a real connection under TLS.
type house struct {
	*world
	http     *httptest.Server
	provider *devlogin.Provider
	clock    time.Time
	expect   smart.Expectation
}

func newHouse(t *testing.T, change func(*authserver.Login, *devlogin.Provider)) *house {
	t.Helper()
	h := &house{clock: now}
	var router http.Handler
	h.http = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { router.ServeHTTP(w, r) }))
	t.Cleanup(h.http.Close)
	h.expect = smart.Expectation{Issuer: h.http.URL, Audience: h.http.URL + "/fhir"}
	tick := func() time.Time { return h.clock }

	demo := append([]devlogin.Person(nil), people...)
	demo[5].FHIRUser = strings.ReplaceAll(demo[5].FHIRUser, "{base}", h.expect.Audience)
	var err error
	h.provider, err = devlogin.New(devlogin.Config{
		Issuer: h.http.URL + "/auth/dev", ClientID: "sluis", RedirectURI: h.http.URL + "/auth/callback", People: demo, Now: tick,
	})
	if err != nil {
		t.Fatal(err)
	}
	login := &authserver.Login{
		Issuer: h.http.URL + "/auth/dev", ClientID: "sluis", ACR: []string{high},
		Scopes: "patient/*.rs patient/Consent.cud", Home: "/portal", HTTP: h.provider.Client(),
	}
	if change != nil {
		change(login, h.provider)
	}
	h.world = newWorld(t, func(c *authserver.Config) {
		c.Issuer, c.FHIRBase, c.Login, c.Now = h.expect.Issuer, h.expect.Audience, login, tick
	})
	r := chi.NewRouter()
	h.server.Routes(r)
	h.provider.Routes(r)
	r.Get("/portal*", func(w http.ResponseWriter, r *http.Request) {
		token, _ := h.server.SessionToken(r)
		_, _ = io.WriteString(w, token)
	})
	router = r
	return h
}

// browser keeps cookies and follows redirects one by one, so that a test can
// stand between them.
type browser struct {
	t      *testing.T
	client *http.Client
}

func (h *house) browser(t *testing.T) browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return browser{t, &http.Client{
		Transport: h.http.Client().Transport, Jar: jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

type visit struct {
	*http.Response
	body string
}

func (b browser) do(r *http.Request) visit {
	b.t.Helper()
	res, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return visit{res, string(body)}
}

func (b browser) get(at string) visit {
	b.t.Helper()
	return b.do(must(http.NewRequest(http.MethodGet, at, nil)))
}

// next is where a redirect leads; anything else ends the test.
func (v visit) next(t *testing.T) string {
	t.Helper()
	if v.StatusCode != http.StatusSeeOther {
		t.Fatalf("%s: status %d, not a redirect: %s", v.Request.URL.Path, v.StatusCode, v.body)
	}
	return must(v.Location()).String()
}

var formAction = regexp.MustCompile(`action="([^"]+)"`)

// choose picks a person on the provider's page and returns the callback's URL.
func (b browser) choose(authorize, person string) string {
	b.t.Helper()
	page := b.get(authorize)
	if page.StatusCode != 200 || !strings.Contains(page.body, "Not for production") {
		b.t.Fatalf("authorize: %d %s", page.StatusCode, page.body)
	}
	action := must(page.Request.URL.Parse(html.UnescapeString(formAction.FindStringSubmatch(page.body)[1])))
	r := must(http.NewRequest(http.MethodPost, action.String(), strings.NewReader("person="+person)))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.do(r).next(b.t)
}

// callback goes as far as the provider's answer.
func (b browser) callback(h *house, person string) string {
	b.t.Helper()
	return b.choose(b.get(h.http.URL+"/auth/login?return=/portal/log").next(b.t), person)
}

func (b browser) refused(h *house, at string, status int) visit {
	b.t.Helper()
	v := b.get(at)
	if v.StatusCode != status {
		b.t.Errorf("status %d, want %d: %s", v.StatusCode, status, v.body)
	}
	if token := b.get(h.http.URL + "/portal").body; token != "" {
		b.t.Errorf("there is a session: %s", token)
	}
	return v
}
