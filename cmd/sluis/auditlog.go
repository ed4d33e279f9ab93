package main

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"iter"
	"os"

	"sluis/audit"
	"sluis/cmd/sluis/config"
)

// checkpointKey is the public half of the key that signs checkpoints.
func checkpointKey(c config.Config) (ed25519.PublicKey, error) {
	keys, err := openKeys(c)
	if err != nil {
		return nil, err
	}
	return keys.Checkpoint().Public().(ed25519.PublicKey), nil
}

// openLog opens keys and store, without anything else of the app: verifying
// writes nothing, and what is not there is not made.
func (s settings) openLog(ctx context.Context) (*app, error) {
	c, err := s.load()
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(c.Data); err != nil {
		return nil, fmt.Errorf("the keys of the log: %w", err)
	}
	a := &app{config: c, log: logger(c)}
	if a.keys, err = openKeys(c); err != nil {
		return nil, err
	}
	a.store, err = openStore(ctx, c)
	return a, err
}

// verifyLog reads the whole log once and names what does not fit.
func (a *app) verifyLog(ctx context.Context) (audit.Report, error) {
	checkpoints, err := a.store.Checkpoints(ctx)
	if err != nil {
		return audit.Report{}, err
	}
	return audit.Verify(a.chain(ctx), checkpoints, a.keys.Checkpoint().Public().(ed25519.PublicKey))
}

// chain is the log as a sequence.
func (a *app) chain(ctx context.Context) iter.Seq2[audit.Sealed, error] {
	return func(yield func(audit.Sealed, error) bool) {
		stopped := false
		err := a.store.Chain(ctx, func(s audit.Sealed) error {
			if !yield(s, nil) {
				stopped = true
				return context.Canceled
			}
			return nil
		})
		if err != nil && !stopped {
			yield(audit.Sealed{}, err)
		}
	}
}
