package portal

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"log/slog"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"

	"sluis/fhir"
	"sluis/gate"
	"sluis/smart"
)

// Config is what the portal is made of.
type Config struct {
	Gate *gate.Gate
	// Session returns the access token of the browser's session.
	Session func(*http.Request) (token string, ok bool)
	Verify  func(token string) (smart.Grant, error)
	// Login and Logout are the paths that begin and end a session.
	Login, Logout string
	// Names of custodians by the id of their Organization.
	Names map[string]string
	// FormKey authenticates the portal's own forms.
	FormKey []byte
	Log     *slog.Logger
}

type portal struct{ Config }

// Path is where the portal is mounted.
const Path = "/portal"

// New returns the portal's handler, to be mounted at Path.
func New(c Config) http.Handler {
	p := &portal{c}
	r := chi.NewRouter()
	r.Use(headers)
	r.Get("/", p.page(p.data))
	r.Get("/consents", p.page(p.consents))
	r.Post("/consents", p.form(p.give))
	r.Post("/consents/{id}/withdraw", p.form(p.withdraw))
	r.Get("/log", p.page(p.whoLooked))
	return r
}

// headers forbid framing, scripts and caching of every page.
func headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
		h.Set("X-Frame-Options", "DENY")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// visit is one request of a patient who is logged in.
type visit struct {
	*portal
	w      http.ResponseWriter
	r      *http.Request
	words  words
	token  string
	caller gate.Caller
}

// visitor authenticates, or sends the browser to the login.
func (p *portal) visitor(w http.ResponseWriter, r *http.Request) *visit {
	v := &visit{portal: p, w: w, r: r, words: language(r)}
	token, ok := p.Session(r)
	if !ok {
		http.Redirect(w, r, p.Login, http.StatusSeeOther)
		return nil
	}
	grant, err := p.Verify(token)
	if err != nil {
		http.Redirect(w, r, p.Login, http.StatusSeeOther)
		return nil
	}
	if !grant.OwnToken() {
		v.fail(fhir.NewError(fhir.Forbidden, "forbidden", v.words["patientsOnly"]))
		return nil
	}
	v.token = token
	v.caller = gate.Caller{Grant: grant, Request: rand.Text(), Network: r.RemoteAddr, Raw: r.Method + " " + r.URL.Path}
	return v
}

// page serves one page by GET.
func (p *portal) page(show func(*visit) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), 30*time.Second)
		defer cancel()
		if v := p.visitor(w, r.WithContext(ctx)); v != nil {
			if err := show(v); err != nil {
				v.fail(err)
			}
		}
	}
}

// form serves one POST, if it comes from a page made for this session.
func (p *portal) form(do func(*visit) error) http.HandlerFunc {
	return p.page(func(v *visit) error {
		v.r.Body = http.MaxBytesReader(v.w, v.r.Body, 64<<10)
		if err := v.r.ParseForm(); err != nil {
			return fhir.NewError(fhir.Invalid, "structure", "bad form")
		}
		if !hmac.Equal([]byte(v.r.PostForm.Get("form")), []byte(v.formToken())) {
			return fhir.NewError(fhir.Forbidden, "forbidden", v.words["formExpired"])
		}
		if err := do(v); err != nil {
			return err
		}
		http.Redirect(v.w, v.r, Path+"/consents", http.StatusSeeOther)
		return nil
	})
}

// formToken ties a form to the session (against cross-site request forgery).
func (v *visit) formToken() string {
	mac := hmac.New(sha256.New, v.FormKey)
	mac.Write([]byte(v.token))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// statuses of the portal's error page.
var statuses = map[fhir.Kind]int{
	fhir.Invalid: http.StatusBadRequest, fhir.Forbidden: http.StatusForbidden, fhir.NotFound: http.StatusNotFound,
	fhir.Precondition: http.StatusConflict, fhir.Unprocessable: http.StatusUnprocessableEntity, fhir.Unavailable: http.StatusServiceUnavailable,
}

func (v *visit) fail(err error) {
	status, ok := statuses[fhir.KindOf(err)]
	if !ok {
		status = http.StatusInternalServerError
		v.Log.Error("portal", "error", err)
	}
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.w.WriteHeader(status)
	v.render("problem", map[string]any{"Issues": fhir.IssuesOf(err)})
}
