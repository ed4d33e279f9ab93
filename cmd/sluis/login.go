package main

import (
	"sluis/smart/authserver"
)

// portalScopes are what a session of the portal may do.
const portalScopes = "patient/*.rs patient/Consent.cruds"

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
		Scopes: portalScopes, Home: "/portal/",
	}
}
