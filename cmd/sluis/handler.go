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
	}))
	r.Mount(base, surface)
	if a.login() != nil {
		names := map[string]string{}
		for _, c := range a.config.Custodians {
			names[c.ID] = c.Name
		}
		r.Mount(portal.Path, http.StripPrefix(portal.Path, portal.New(portal.Config{
			Gate: a.gate, Session: auth.SessionToken, Verify: a.verify, Login: auth.LoginURL(portal.Path + "/"),
			Logout: auth.LogoutURL(), Names: names, FormKey: a.keys.Secret("forms"), Log: a.log,
		})))
	}
	return r, nil
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
