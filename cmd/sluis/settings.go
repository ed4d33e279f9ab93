package main

import (
	"fmt"
	"log/slog"
	"os"

	"sluis/cmd/sluis/config"
)

// settings are the flags of every command that opens the store. A flag wins
// over the environment, which wins over the file.
type settings struct {
	Config   string `help:"YAML configuration file." type:"existingfile" env:"SLUIS_CONFIG"`
	Data     string `help:"Directory of the keys and, without --database, of the SQLite files."`
	Database string `help:"postgres:// URL; without it the embedded store is used."`
	BaseURL  string `name:"base-url" help:"FHIR base as clients see it; tokens are made for it."`
}

// load reads the configuration; its error names every problem with its line.
func (s settings) load(more ...config.Flag) (config.Config, error) {
	flags := append(more, config.Flag{Name: "data", Value: s.Data}, config.Flag{Name: "database", Value: s.Database}, config.Flag{Name: "base_url", Value: s.BaseURL})
	c, err := config.Load(s.Config, os.Environ(), flags...)
	if err != nil {
		return config.Config{}, fmt.Errorf("configuration:\n%w", err)
	}
	return c, nil
}

// logger writes the technical log: never a name, a number, an address or a
// token.
func logger(c config.Config) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.Log.Level)); err != nil {
		level = slog.LevelInfo
	}
	return slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
}
