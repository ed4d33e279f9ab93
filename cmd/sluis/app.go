package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"
	"time"

	"sluis/audit"
	"sluis/cmd/sluis/config"
	"sluis/consent"
	"sluis/consent/label"
	"sluis/gate"
	"sluis/smart"
	"sluis/smart/authserver"
	"sluis/smart/authserver/devlogin"
	"sluis/storage"
	"sluis/storage/postgres"
	"sluis/storage/sqlite"
)

// backend is what a database gives.
type backend interface {
	storage.Store
	storage.Log
	storage.Replay
	storage.Quarantine
	storage.Jobs
	storage.Indexing
}

// app is the rooms, put together.
type app struct {
	config config.Config
	log    *slog.Logger
	keys   *authserver.Keys
	store  backend
	gate   *gate.Gate

	provider *authserver.Login // of the demo; nil: the configured one
	develop  *devlogin.Provider
}

// open makes an app: keys, database (migrated), gate, and the custodians of
// the configuration as Organizations.
func open(ctx context.Context, c config.Config) (*app, error) {
	a := &app{config: c, log: logger(c)}
	var err error
	if a.keys, err = openKeys(c); err != nil {
		return nil, err
	}
	if a.store, err = openStore(ctx, c); err != nil {
		return nil, err
	}
	labels, err := label.Reviewed()
	if err != nil {
		return nil, errors.Join(err, a.store.Close())
	}
	a.gate = gate.New(gate.Config{
		Store: a.store, Log: a.store, Quarantine: a.store, Jobs: a.store, Indexing: a.store, Labels: labels,
		Home: c.Home, Trusted: c.TrustedAssigners, Profile: consent.Profile(c.Consent.Profile),
		Zone: c.Location(), Floor: c.Consent.FloorPurposes, Now: time.Now, RemapKey: a.keys.Secret("import"), Base: c.BaseURL,
		DeleteMany: c.ConditionalDelete == "multiple",
	})
	if err := a.custodians(ctx); err != nil {
		return nil, errors.Join(err, a.store.Close())
	}
	return a, nil
}

// openKeys opens the server's own keys, in a folder of their own.
func openKeys(c config.Config) (*authserver.Keys, error) {
	return authserver.OpenKeys(filepath.Join(c.Data, "keys"))
}

func openStore(ctx context.Context, c config.Config) (backend, error) {
	if c.Database != "" {
		return postgres.Open(ctx, string(c.Database))
	}
	return sqlite.Open(ctx, c.Data)
}

func (a *app) close() error { return a.store.Close() }

// custodians stores each configured custodian as an Organization of its own,
// under its configured id; a start with nothing new changes nothing.
func (a *app) custodians(ctx context.Context) error {
	for _, c := range a.config.Custodians {
		body, err := organization(c)
		if err != nil {
			return err
		}
		entry := gate.ImportEntry{Source: "Organization/" + c.ID, Type: "Organization", Body: body}
		if _, err := a.gate.Import(ctx, a.operator(c.ID), []gate.ImportEntry{entry}, gate.AsIs, true); err != nil {
			return fmt.Errorf("custodian %s: %w", c.ID, err)
		}
	}
	return nil
}

// operator is the named grant under which the operator's own commands run: a
// custodian's backend with every system scope.
func (a *app) operator(custodian string) gate.Caller {
	return gate.Caller{Request: "operator", Grant: smart.Grant{
		Client: "sluis-operator", Organization: custodian, Scopes: everything(), ChooseIDs: true, Purposes: []string{"HOPERAT"},
	}}
}

// everything is system/*.cruds.
func everything() smart.Scopes {
	s, err := smart.ParseScopes("system/*.cruds")
	if err != nil {
		panic(err) // a constant
	}
	return s
}

// expectation is what an access token must say to be one of this server's.
func (a *app) expectation() smart.Expectation {
	return smart.Expectation{Issuer: a.issuer(), Audience: a.config.BaseURL}
}

// issuer is the origin of the public base URL.
func (a *app) issuer() string {
	u, err := url.Parse(a.config.BaseURL)
	if err != nil || u.Host == "" {
		return a.config.BaseURL
	}
	return u.Scheme + "://" + u.Host
}

// verify turns a bearer token into a grant.
func (a *app) verify(token string) (smart.Grant, error) {
	return smart.Verify(token, a.keys.Public(), a.expectation(), time.Now())
}

// sealEvery is how long a committed record may stay outside the chain.
const sealEvery = time.Second

// seal links new records to the chain until ctx ends, and once more then.
func (a *app) seal(ctx context.Context) {
	tick := time.NewTicker(sealEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			a.sealOnce(ctx)
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
			defer cancel()
			a.sealOnce(last)
			return
		}
	}
}

func (a *app) sealOnce(ctx context.Context) {
	sign := audit.Signer(a.keys.Checkpoint())
	if _, err := a.store.Seal(ctx, sign); err != nil && ctx.Err() == nil {
		a.log.Error("the log could not be sealed", "error", err)
	}
}
