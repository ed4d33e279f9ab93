package main

import (
	"context"
	"errors"
	"time"

	"sluis/gate"
	"sluis/storage"
)

const (
	// reindexBatch is how many resources are indexed in one transaction, which
	// those who write to them wait for.
	reindexBatch = 200
	// reindexPoll is how often a process that has nothing to index looks whether
	// there is something, and which search parameters there are.
	reindexPoll = 2 * time.Second
	// reindexTell is how often the log says how far it is.
	reindexTell = 10 * time.Second
)

// reindex keeps the index up to the search parameters until ctx ends. Of several
// processes one does it at a time; when that ends, another goes on.
func (a *app) reindex(ctx context.Context) {
	told := progress{}
	for ctx.Err() == nil {
		began := time.Now()
		p, err := a.gate.Reindex(ctx, reindexBatch)
		wait := time.Since(began) // half of the time is everyone else's
		switch {
		case errors.Is(err, storage.ErrBusy):
			wait = reindexPoll
		case err != nil && ctx.Err() == nil:
			a.log.Error("the index could not be brought up to date", "error", err)
			wait = reindexPoll
		case p.Ready:
			wait = reindexPoll
		}
		a.tellIndex(ctx, told)
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}

// progress is what the log was told of each search parameter, and when.
type progress map[string]told

type told struct {
	ready bool
	at    time.Time
}

// tellIndex logs the search parameters that have come, gone on or become ready.
func (a *app) tellIndex(ctx context.Context, known progress) {
	states, err := a.gate.IndexStates(ctx)
	if err != nil && ctx.Err() == nil {
		a.log.Error("the search parameters cannot be followed", "error", err)
	}
	for _, s := range states {
		last, seen := known[s.URL]
		if last.ready == s.Ready && (s.Ready || seen && time.Since(last.at) < reindexTell) {
			continue
		}
		known[s.URL] = told{s.Ready, time.Now()}
		if p := s.Progress; s.Ready {
			a.log.Info("a search parameter is served", "url", s.URL, "resources", p.Done, "failed", p.Failed)
		} else {
			a.log.Info("a search parameter is being indexed", "url", s.URL, "done", p.Done, "total", p.Total, "failed", p.Failed)
		}
	}
	for url := range known {
		if !served(states, url) {
			delete(known, url)
			a.log.Info("a search parameter is no longer served", "url", url)
		}
	}
}

func served(states []gate.IndexStatus, url string) bool {
	for _, s := range states {
		if s.URL == url {
			return true
		}
	}
	return false
}
