// Package rest is FHIR over HTTP (R4 http.html): one short file for each
// interaction, content negotiation, paging, and the one table that turns an
// error into a status.
//
// It owns what HTTP looks like. It does not decide, store or record: data are
// reached through gate alone, and authorisation is not middleware but the Access
// that gate makes for each interaction.
//
// The one path through it: serve (server.go) authenticates and parses, the
// interaction's file calls one verb of gate, render.go writes the answer.
package rest
