// Package devlogin is a tiny OpenID provider for development and demonstration:
// whoever opens it picks a named demo person and is logged in as that person,
// without any proof. Each page says that it is not for production, its keys and
// codes live in memory, and it is mounted only where the configuration asks for
// it.
//
// It owns discovery, JWKS, the authorize page and the token endpoint of the
// authorization code flow with PKCE (OpenID Connect Core 1.0 §3.1), for one
// client with one redirect URI. It does not know Sluis: authserver treats it
// as it treats a real provider.
//
// The one path through it: New, then Routes on the public router, Admit when
// there are people to admit, and Client for the server itself, which so reaches
// the provider without a network.
package devlogin
