package main

import (
	"context"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"sluis/cmd/sluis/config"
	"sluis/cmd/sluis/story"
)

// playing is the demo after its story.
type playing struct {
	*show
	story.People
}

// play starts a demo on free ports and tells its story.
func play(t *testing.T, d demoCommand) playing {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	d.Listen, d.MLLP, d.Seed = "127.0.0.1:0", "127.0.0.1:0", 1
	s, err := d.start(ctx, t.TempDir())
	if err != nil {
		stop()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		if err := s.wait(); err != nil {
			t.Error(err)
		}
	})
	people, err := s.tell(ctx, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	return playing{s, people}
}

// visitor is a browser without a screen: it keeps cookies and fills in forms.
type visitor struct {
	*testing.T
	http.Client
	origin string
}

func (p playing) visitor(t *testing.T) visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return visitor{t, http.Client{Jar: jar, Timeout: time.Minute}, p.issuer()}
}

// open is the page that a request ends at.
func (v visitor) open(method, path string, form url.Values) (status int, page string) {
	v.Helper()
	r, err := http.NewRequest(method, v.origin+path, strings.NewReader(form.Encode()))
	if err != nil {
		v.Fatal(err)
	}
	r.Header.Set("Accept-Language", "nl")
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	res, err := v.Do(r)
	if err != nil {
		v.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		v.Fatal(err)
	}
	return res.StatusCode, string(text)
}

func (v visitor) page(method, path string, form url.Values) string {
	v.Helper()
	status, page := v.open(method, path, form)
	if status != http.StatusOK {
		v.Fatalf("%s %s: %d %s", method, path, status, page)
	}
	return page
}

var (
	loginLink  = regexp.MustCompile(`href="(/auth/login[^"]*)"`)
	formAction = regexp.MustCompile(`<form method="post" action="([^"]+)"`)
)

// match is the first group of a pattern that a page must hold.
func (v visitor) match(pattern *regexp.Regexp, page string) string {
	v.Helper()
	m := pattern.FindStringSubmatch(page)
	if m == nil {
		v.Fatalf("no %s in %s", pattern, page)
	}
	return html.UnescapeString(m[1])
}

// login does what a person does from the portal's first page on.
func (v visitor) login(name string) {
	v.Helper()
	choice := v.page(http.MethodGet, v.match(loginLink, v.page(http.MethodGet, "/", nil)), nil)
	button := v.match(regexp.MustCompile(`value="(\d+)">`+regexp.QuoteMeta(html.EscapeString(name))), choice)
	home := v.page(http.MethodPost, v.match(formAction, choice), url.Values{"person": {button}})
	if !strings.Contains(home, html.EscapeString(name)) {
		v.Fatalf("not logged in as %s: %s", name, home)
	}
}

// The demo's patients log in, see their own pages, and are out after a logout.
func TestDemo_patientsLogIn(t *testing.T) {
	p := play(t, demoCommand{Patients: 4})
	a, b := p.visitor(t), p.visitor(t)
	a.login(p.Patient.Name)
	b.login(p.Other.Name)
	if page := b.page(http.MethodGet, "/portal/", nil); strings.Contains(page, html.EscapeString(p.Patient.Name)) {
		t.Error("one patient sees another")
	}
	if page := a.page(http.MethodPost, "/auth/logout", url.Values{}); !loginLink.MatchString(page) || strings.Contains(page, html.EscapeString(p.Patient.Name)) {
		t.Errorf("after the logout: %s", page)
	}
	if page := a.page(http.MethodGet, "/portal/log", nil); !strings.Contains(page, "Development login") {
		t.Errorf("without a session the log shows %s", page)
	}
}

// Only the demo has a login without proof: a server without a configured
// provider has no login, and no portal, at all.
func TestServe_hasNoDevelopmentLogin(t *testing.T) {
	c, err := config.Load("", nil, config.Flag{Name: "data", Value: t.TempDir()}, config.Flag{Name: "listen", Value: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	a, err := open(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = a.close() }()
	listener, err := a.listen() // so that the base URL is known
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	handler, err := a.handler()
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int{
		"/auth/dev/authorize": 404, "/auth/dev/.well-known/openid-configuration": 404, "/auth/login": 404, "/portal/": 404, "/portal/log": 404, "/": 404,
		"/auth/jwks": 200, "/healthz": 200,
	} {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != want {
			t.Errorf("%s: %d, want %d", path, w.Code, want)
		}
	}
}
