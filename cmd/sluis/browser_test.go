package main

import (
	"context"
	"fmt"
	"html"
	"image/color"
	"image/png"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"sluis/internal/shared"
)

// screen renders pages in a real browser. The browser has no hands to log in
// with, so a proxy beside it adds the session of a visitor.
type screen struct {
	*testing.T
	chromium, proxy   string
	profile, pictures string // folders
}

func (v visitor) screen() screen {
	v.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		shared.Missing(v, "Chromium")
	}
	to, err := url.Parse(v.origin)
	if err != nil {
		v.Fatal(err)
	}
	proxy := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.Out.Header.Set("Accept-Language", "nl")
		for _, cookie := range v.Jar.Cookies(to) {
			r.Out.AddCookie(cookie)
		}
	}})
	v.Cleanup(proxy.Close)
	pictures := os.Getenv("SLUIS_SCREENSHOTS") // a folder to keep them in, for people
	if pictures == "" {
		pictures = v.TempDir()
	}
	return screen{v.T, path, proxy.URL, v.TempDir(), pictures}
}

// Widths of a desktop and a phone, in CSS pixels.
const (
	desktop = 1100
	phone   = 390
)

var (
	unseen = regexp.MustCompile(`(?s)<head>.*</head>|<[^>]*>`)
	spaces = regexp.MustCompile(`\s+`)
)

// render returns what a page says, after the browser has read it, and the
// colour of its upper left corner, which comes from the style sheet.
func (s screen) render(name, path string, width int) (text string, corner color.Color) {
	s.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	file := filepath.Join(s.pictures, fmt.Sprintf("%s-%d.png", name, width))
	cmd := exec.CommandContext(ctx, s.chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--user-data-dir="+s.profile,
		fmt.Sprintf("--window-size=%d,1600", width), "--screenshot="+file, "--dump-dom", s.proxy+path)
	dom, err := cmd.Output()
	if err != nil {
		s.Fatalf("chromium: %v", err)
	}
	f, err := os.Open(file)
	if err != nil {
		s.Fatal(err)
	}
	defer f.Close()
	picture, err := png.Decode(f)
	if err != nil {
		s.Fatal(err)
	}
	if got := picture.Bounds().Dx(); got != width {
		s.Errorf("%s is %d pixels wide, not %d", name, got, width)
	}
	return spaces.ReplaceAllString(html.UnescapeString(unseen.ReplaceAllString(string(dom), " ")), " "), picture.At(2, 2)
}

// blue is the colour of the portal's header.
var blue = color.RGBA{0x0a, 0x4f, 0x96, 0xff}

// Each page, as a browser shows it on a desktop and on a phone.
func TestPortal_inABrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("a dozen starts of a browser: skipped with -short")
	}
	p := play(t, demoCommand{Patients: 4})
	outside, inside := p.visitor(t), p.visitor(t)
	before, in := outside.screen(), inside.screen()
	inside.login(p.Patient.Name)
	inside.give("practice")
	for _, page := range []struct {
		screen
		name, path string
		says       []string
	}{
		{before, "welcome", "/portal/", []string{"Welkom", "Inloggen"}},
		{in, "data", "/portal/", []string{"Zo bent u bekend", p.Patient.Name, "Uitslagen en metingen", "Medicatie", "Ziekenhuis aan de Sluis", "Uitloggen"}},
		{in, "list", "/portal/data/results", []string{"Heart rate", "Wanneer", "Ouder"}},
		{in, "consents", "/portal/consents", []string{"Deze toestemmingen gelden", "Huisartsenpraktijk De Kade", "psychiatrie", "Intrekken", "Geef toestemming", "niet meer gelden (1)"}},
		{in, "log", "/portal/log", []string{"Uzelf", "geweigerd", "er is geen behandelrelatie", "met uw toestemming", "huisarts"}},
		{in, "problem", "/portal/nothing", []string{"Dat ging niet", "Terug naar het begin"}},
	} {
		for _, width := range []int{desktop, phone} {
			text, corner := page.render(page.name, page.path, width)
			for _, want := range page.says {
				if !strings.Contains(text, want) {
					t.Errorf("%s, %d pixels wide, does not say %q: %s", page.name, width, want, text)
				}
			}
			if got := color.RGBAModel.Convert(corner); got != blue {
				t.Errorf("%s, %d pixels wide: the header is %v: the style sheet did not apply", page.name, width, got)
			}
		}
	}
	if text, _ := before.render("devlogin", loginPath, phone); !strings.Contains(text, "Not for production") {
		t.Errorf("the login says %s", text)
	}
}

const loginPath = "/auth/login?return=%2Fportal%2F"

// give fills in the form of the consents page.
func (v visitor) give(organization string) {
	v.Helper()
	page := v.page(http.MethodGet, "/portal/consents", nil)
	field := func(name string) []string {
		return []string{v.match(regexp.MustCompile(`name="`+name+`" value="([^"]*)"`), page)}
	}
	v.page(http.MethodPost, "/portal/consents", url.Values{"form": field("form"), "once": field("once"), "organization": {organization}})
}
