package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"sluis/gate"
	"sluis/storage"
)

const (
	// reindexBatch is how many resources are indexed in one transaction, which
	// those who write to them wait for.
	reindexBatch = 100
	// reindexPoll is how often a process that has nothing to index looks whether
	// there is something, and which search parameters there are.
	reindexPoll = 2 * time.Second
	// reindexTell is how often the log says how far it is.
	reindexTell = 10 * time.Second
)

// reindex keeps the index up to the search parameters until ctx ends. Of several
// processes one does it at a time; when that ends, another goes on.
func (a *app) reindex(ctx context.Context) {
	tell := indexLog{log: a.log, ready: map[string]bool{}, current: true}
	for ctx.Err() == nil {
		began := time.Now()
		p, err := a.gate.Reindex(ctx, reindexBatch)
		wait := time.Since(began) // half of the time is everyone else's
		switch {
		case ctx.Err() != nil:
			return
		case errors.Is(err, storage.ErrBusy):
			wait = reindexPoll
		case err != nil:
			a.log.Error("the index could not be brought up to date", "error", err)
			wait = reindexPoll
		default:
			if tell.progress(p); p.Ready {
				wait = reindexPoll
			}
		}
		tell.states(a.gate.IndexStates())
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}

// indexLog tells the log how far the index is, each thing once.
type indexLog struct {
	log     *slog.Logger
	current bool // all of the index is
	told    time.Time
	ready   map[string]bool // by url
	failure string
}

// progress tells of the whole, now and then.
func (l *indexLog) progress(p storage.Progress) {
	if p.Ready == l.current && (p.Ready || time.Since(l.told) < reindexTell) {
		return
	}
	l.current, l.told = p.Ready, time.Now()
	if p.Ready {
		l.log.Info("the index is up to date")
	} else {
		l.log.Info("indexing", "done", p.Done, "total", p.Total, "failed", p.Failed)
	}
}

// states tells which search parameters have come, become ready, or gone.
func (l *indexLog) states(states []gate.IndexStatus, err error) {
	failure := ""
	if err != nil {
		failure = err.Error()
	}
	if failure != l.failure && failure != "" {
		l.log.Error("nothing is written as long as a search parameter cannot be followed", "error", err)
	}
	l.failure = failure
	now := map[string]bool{}
	for _, s := range states {
		now[s.URL] = s.Ready
		if ready, known := l.ready[s.URL]; known && ready == s.Ready {
			continue
		}
		text := "a search parameter is to be indexed"
		if s.Ready {
			text = "a search parameter is served"
		}
		l.log.Info(text, "url", s.URL, "done", s.Progress.Done, "total", s.Progress.Total, "failed", s.Progress.Failed)
	}
	for url := range l.ready {
		if _, still := now[url]; !still {
			l.log.Info("a search parameter is no longer served", "url", url)
		}
	}
	l.ready = now
}
