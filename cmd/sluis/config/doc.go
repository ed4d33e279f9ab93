// Package config is what an operator can set: one Config, read from a YAML
// file, from SLUIS_* variables and from flags, later ones overriding earlier.
//
// It owns the names of the settings, their defaults and every check that needs
// no other service: all problems are reported at once, each with the line, the
// variable or the flag it was written in. An unknown name is a problem, not a
// remark: a misspelt setting would otherwise be a gate left open.
//
// It opens no database, no port and no key store; it holds plain values, which
// cmd/sluis turns into the types of the rooms.
//
// The one path through it: Load(file, os.Environ(), flags...) → Config.
package config
