package portal

import (
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"

	"sluis/gate"
	"sluis/smart"
)

// Config is what the portal is made of. Everything is required.
type Config struct {
	Gate *gate.Gate
	// Session returns the access token of the browser's session, which Verify
	// turns into a grant.
	Session func(*http.Request) (token string, ok bool)
	Verify  func(token string) (smart.Grant, error)
	// Login is the path that logs a browser in and then brings it to a path of
	// this host; Logout is the path to POST to, to end the session.
	Login  func(returnTo string) string
	Logout string
	// Names of custodians by the id of their Organization.
	Names map[string]string
	// FormKey authenticates the portal's own forms and its links to further
	// pages; 32 bytes.
	FormKey []byte
	Log     *slog.Logger
}

type portal struct {
	Config
	zone *time.Location
}

// Path is where the portal is mounted, and Home its first page.
const (
	Path = "/portal"
	Home = Path + "/"
)

// New returns the portal's handler, to be mounted at Path with the prefix
// stripped.
func New(c Config) (http.Handler, error) {
	if c.Gate == nil || c.Session == nil || c.Verify == nil || c.Login == nil || c.Logout == "" || c.Log == nil || len(c.FormKey) != 32 {
		return nil, errors.New("portal: the configuration is not whole")
	}
	p := &portal{Config: c, zone: c.Gate.Zone}
	if p.zone == nil { // as gate has it
		var err error
		if p.zone, err = time.LoadLocation("Europe/Amsterdam"); err != nil {
			return nil, err
		}
	}
	r := chi.NewRouter()
	r.Use(headers)
	r.Get("/", p.home)
	r.Get("/data/{kind}", p.page((*visit).list))
	r.Get("/consents", p.page((*visit).consents))
	r.Post("/consents", p.form((*visit).give))
	r.Post("/consents/{id}/withdraw", p.form((*visit).withdraw))
	r.Get("/log", p.page((*visit).whoLooked))
	r.Get("/style.css", style)
	r.NotFound(p.page(func(*visit) error { return refusal{http.StatusNotFound, "notFound"} }))
	return http.NewCrossOriginProtection().Handler(r), nil
}

// headers forbid framing, scripts, foreign content and caching of every page.
func headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
		h.Set("X-Frame-Options", "DENY")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// home is the overview, or the way to the login. It is where a logout ends: a
// redirect from there to a provider on another host would fall under
// form-action, and could log in again unasked.
func (p *portal) home(w http.ResponseWriter, r *http.Request) {
	if _, _, err := p.grant(r); err != nil {
		v := &visit{portal: p, w: w, r: r, words: language(r)}
		v.show(http.StatusOK, "welcome", nil)
		return
	}
	p.page((*visit).overview)(w, r)
}
