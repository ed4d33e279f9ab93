// Command sluis is the one binary: it serves, shows itself (demo), imports,
// mints tokens for an operator, and verifies the log.
//
// It owns the wiring and nothing else: app.go puts the rooms together by hand,
// one file holds each command. It is the only package that reads configuration
// and the environment.
//
// The one path through it: flags, variables and the YAML file become a
// config.Config; open makes an app of it; a command uses the app.
package main
