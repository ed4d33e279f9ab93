package portal_test

import (
	"context"
	"html"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"sluis/conformance/cast"
	"sluis/gate"
	"sluis/portal"
	"sluis/smart"
	"sluis/storage/sqlite"
)

// world is the cast on an embedded store of its own.
func world(t *testing.T) *cast.World {
	t.Helper()
	store, err := sqlite.Open(context.Background(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return cast.New(t, store)
}

// sessions are the grants of the tests' sessions, by their token.
type sessions map[string]smart.Grant

func (s sessions) verify(token string) (smart.Grant, error) {
	g, ok := s[token]
	if !ok {
		return smart.Grant{}, http.ErrNoCookie
	}
	return g, nil
}

// scopes are those that cmd/sluis gives to a session.
const scopes = "patient/*.rs patient/Consent.cu"

func grant(t *testing.T, g smart.Grant) smart.Grant {
	t.Helper()
	parsed, err := smart.ParseScopes(scopes)
	if err != nil {
		t.Fatal(err)
	}
	g.Client, g.JTI, g.Scopes, g.Expires = "portal", "session", parsed, time.Now().Add(time.Minute)
	return g
}

// browser sees the portal with a session; "" is none.
type browser struct {
	*testing.T
	handler  http.Handler
	session  string
	language string
}

// open serves the portal of a gate: a and b are sessions of the patients A and
// B, again is another session of A.
func open(t *testing.T, w *cast.World, g *gate.Gate) browser {
	t.Helper()
	a, b := grant(t, smart.Grant{User: w.A.AtPractice}), grant(t, smart.Grant{User: w.B.AtPractice})
	known := sessions{"a": a, "again": a, "b": b, "gp": grant(t, smart.Grant{User: w.GP, Patient: w.A.AtPractice, Organization: w.Practice})}
	return serve(t, g, known)
}

func serve(t *testing.T, g *gate.Gate, known sessions) browser {
	t.Helper()
	h, err := portal.New(portal.Config{
		Gate: g, Verify: known.verify,
		Session: func(r *http.Request) (string, bool) {
			c, err := r.Cookie("session")
			return strings.TrimPrefix(c.String(), "session="), err == nil
		},
		Login: func(to string) string { return "/login?" + url.Values{"return": {to}}.Encode() }, Logout: "/logout",
		Names:   map[string]string{"hospital": "Ziekenhuis aan de Sluis", "practice": "Praktijk De Kade"},
		FormKey: []byte("0123456789abcdef0123456789abcdef"), Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return browser{t, http.StripPrefix(portal.Path, h), "a", "nl"}
}

// as is the same browser with another session.
func (b browser) as(session string) browser {
	b.session = session
	return b
}

func (b browser) send(method, path string, form url.Values, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://sluis.test"+portal.Path+path, strings.NewReader(form.Encode()))
	r.RemoteAddr = "[2001:db8::7]:4711"
	r.Header.Set("Accept-Language", b.language)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	if b.session != "" {
		r.AddCookie(&http.Cookie{Name: "session", Value: b.session})
	}
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	return w
}

// page is the HTML of a page that must be in order.
func (b browser) page(path string) string {
	b.Helper()
	w := b.send(http.MethodGet, path, nil)
	if w.Code != http.StatusOK {
		b.Fatalf("%s: %d %s", path, w.Code, w.Body)
	}
	return w.Body.String()
}

// text is what a page says, without its markup.
func (b browser) text(path string) string {
	b.Helper()
	return visible(b.page(path))
}

var (
	tags   = regexp.MustCompile(`<[^>]*>`)
	spaces = regexp.MustCompile(`\s+`)
)

func visible(page string) string {
	text := spaces.ReplaceAllString(html.UnescapeString(tags.ReplaceAllString(page, " ")), " ")
	return strings.NewReplacer(" ,", ",", " .", ".").Replace(text)
}

// field is the value of the first hidden field of that name.
func field(page, name string) string {
	m := regexp.MustCompile(`name="` + name + `" value="([^"]*)"`).FindStringSubmatch(page)
	if m == nil {
		return ""
	}
	return m[1]
}

// giving is the filled-in form of the consents page.
func (b browser) giving(organization string) url.Values {
	b.Helper()
	page := b.page("/consents")
	form := url.Values{"form": {field(page, "form")}, "once": {field(page, "once")}, "organization": {organization}}
	if form.Get("form") == "" || form.Get("once") == "" {
		b.Fatalf("the page has no form: %s", page)
	}
	return form
}

var withdrawal = regexp.MustCompile(`action="/portal(/consents/[^"]+/withdraw)"`)

// withdrawing is the first form to withdraw a consent, and where it goes.
func (b browser) withdrawing() (path string, form url.Values) {
	b.Helper()
	page := b.page("/consents")
	m := withdrawal.FindStringSubmatch(page)
	if m == nil {
		b.Fatalf("nothing can be withdrawn: %s", page)
	}
	return m[1], url.Values{"form": {field(page, "form")}, "version": {field(page, "version")}}
}

// post expects the redirect to the consents that ends a form, or the status
// of a refusal.
func (b browser) post(path string, form url.Values, status int) {
	b.Helper()
	w := b.send(http.MethodPost, path, form)
	if w.Code != status {
		b.Fatalf("%s: %d, want %d: %s", path, w.Code, status, visible(w.Body.String()))
	}
	if to := w.Header().Get("Location"); status == http.StatusSeeOther && to != "/portal/consents" {
		b.Errorf("%s leads to %q", path, to)
	}
}
