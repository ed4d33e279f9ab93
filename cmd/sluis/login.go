package main

import (
	"sluis/portal"
	"sluis/smart/authserver"
	"sluis/smart/authserver/devlogin"
)

// portalScopes are what a session of the portal may do.
const portalScopes = "patient/*.rs patient/Consent.cu"

// login is how patients get into the portal: through the configured OpenID
// provider. Without one there is no portal; nothing falls back to less.
func (a *app) login() *authserver.Login {
	if a.provider != nil {
		return a.provider
	}
	u := a.config.Portal.Upstream
	if u.Issuer == "" {
		return nil
	}
	return &authserver.Login{
		Issuer: u.Issuer, ClientID: u.ClientID, ClientSecret: string(u.ClientSecret), ACR: u.ACR,
		Scopes: portalScopes, Home: portal.Home,
	}
}

// demoACR is the authentication context of the demo's people.
const demoACR = "urn:sluis:acr:demo"

// embedLogin gives the demo a provider of its own, which asks for no proof; no
// other command calls it. The base URL must be known.
func (a *app) embedLogin() error {
	c := devlogin.Config{Issuer: a.issuer() + "/auth/dev", ClientID: "sluis", RedirectURI: a.issuer() + "/auth/callback"}
	provider, err := devlogin.New(c)
	if err != nil {
		return err
	}
	a.develop = provider
	a.provider = &authserver.Login{
		Issuer: c.Issuer, ClientID: c.ClientID, ACR: []string{demoACR}, Scopes: portalScopes, Home: portal.Home, HTTP: provider.Client(),
	}
	return nil
}
