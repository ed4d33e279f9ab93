// Package authserver issues the tokens that smart verifies: to a registered
// backend against its signed assertion (SMART Backend Services), and to a
// patient who logged in at an OpenID provider, as a session of the portal.
//
// It owns the server's own keys (OpenKeys), the registered clients, the token
// endpoint, the discovery document and the login. It does not decide about
// data: what it hands out is a smart.Grant, signed with smart.Mint, and the gate
// reads nothing else. Launch flows are not served yet and not advertised.
//
// The one path through it: New checks the whole configuration, Routes mounts
// the endpoints; POST /auth/token turns an assertion into a token, GET
// /auth/login → provider → GET /auth/callback turns a login into a session,
// which the portal reads with SessionToken.
package authserver
