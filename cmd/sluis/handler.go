package main

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"sluis/fhir/rest"
	"sluis/portal"
	"sluis/smart/authserver"
)

// handler mounts the surfaces on one router: FHIR, the authorization server,
// the portal and health.
func (a *app) handler() (http.Handler, error) {
	auth, err := authserver.New(authserver.Config{
		Issuer: a.issuer(), FHIRBase: a.config.BaseURL, Keys: a.keys, Clients: a.clients(),
		Replay: a.store, Login: a.login(), Log: a.log,
	})
	if err != nil {
		return nil, err
	}
	r := chi.NewRouter()
	r.Get("/healthz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	r.Get("/readyz", a.ready)
	auth.Routes(r)
	base := a.basePath()
	surface := http.StripPrefix(base, rest.New(rest.Config{
		Gate: a.gate, Verify: a.verify, Base: a.config.BaseURL, PageKey: a.keys.Secret("pages"),
		Software: rest.Software{Version: version, Date: released}, Log: a.log,
		MaxBody: int64(a.config.Limits.MaxBody), Timeout: a.config.Limits.RequestTimeout,
		LargeBodies: int64(a.config.Limits.LargeBodies),
	}))
	r.Mount(base, surface)
	if a.develop != nil {
		a.develop.Routes(r)
	}
	if a.login() == nil {
		return r, nil
	}
	pages, err := a.portal(auth)
	if err != nil {
		return nil, err
	}
	r.Get("/", http.RedirectHandler(portal.Home, http.StatusSeeOther).ServeHTTP)
	r.Mount(portal.Path, http.StripPrefix(portal.Path, pages))
	return r, nil
}

// portal is the patient's pages, behind the login.
func (a *app) portal(auth *authserver.Server) (http.Handler, error) {
	names := map[string]string{}
	for _, c := range a.config.Custodians {
		names[c.ID] = c.Name
	}
	return portal.New(portal.Config{
		Gate: a.gate, Session: auth.SessionToken, Verify: a.verify, Login: auth.LoginURL, Logout: auth.LogoutURL(),
		Names: names, FormKey: a.keys.Secret("forms"), Log: a.log,
	})
}

// basePath is the path of the FHIR base, "/fhir" unless configured otherwise.
func (a *app) basePath() string {
	u, err := url.Parse(a.config.BaseURL)
	if err != nil {
		return "/fhir"
	}
	return "/" + strings.Trim(u.Path, "/")
}

// ready answers 200 when the store answers and its schema is current.
func (a *app) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
	defer cancel()
	if err := a.store.Ready(ctx); err != nil {
		a.log.Error("not ready", "error", err)
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusOK)
}

// clients are the registered backends; clients with other scopes have no flow
// to get a token by yet.
func (a *app) clients() []authserver.Client {
	var out []authserver.Client
	for _, c := range a.config.Clients {
		scopes := strings.Join(c.Scopes, " ")
		if !strings.Contains(scopes, "system/") {
			continue
		}
		out = append(out, authserver.Client{
			ID: c.ID, Organization: c.Organization, JWKS: string(c.JWKS), Scopes: scopes, ChooseIDs: c.ChooseIDs, Purposes: []string{"TREAT"},
		})
	}
	return out
}
