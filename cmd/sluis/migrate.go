package main

import (
	"context"
	"fmt"
)

// migrateCommand is `sluis migrate`: opening a store brings it up to date.
type migrateCommand struct{ settings }

func (m *migrateCommand) Run(ctx context.Context) error {
	c, err := m.load()
	if err != nil {
		return err
	}
	store, err := openStore(ctx, c)
	if err != nil {
		return err
	}
	if err := store.Ready(ctx); err != nil {
		return err
	}
	fmt.Println("the schema is current")
	return store.Close()
}
