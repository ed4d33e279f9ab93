package postgres

import (
	"context"
	"errors"

	"sluis/storage"
	"sluis/storage/relational"
)

// Store is everything that storage asks for, in one database.
type Store struct {
	*relational.Store
	*relational.Log
	storage.Replay
	storage.Quarantine
	storage.Jobs
}

var (
	_ storage.Store      = (*Store)(nil)
	_ storage.Indexing   = (*Store)(nil)
	_ storage.Log        = (*Store)(nil)
	_ storage.Replay     = (*Store)(nil)
	_ storage.Quarantine = (*Store)(nil)
	_ storage.Jobs       = (*Store)(nil)
)

// Open connects to a database by its URL or keyword string (libpq's), and
// brings its schema up to date; several nodes may do so at once. The log
// commits on a pool of two connections of its own, so that requests that hold
// all others never wait for a record that waits for them.
func Open(ctx context.Context, url string) (*Store, error) {
	resources, err := openConn(ctx, url, 0)
	if err != nil {
		return nil, err
	}
	if err := relational.Migrate(ctx, resources); err != nil {
		return nil, errors.Join(err, resources.Close())
	}
	records, err := openConn(ctx, url, logConnections)
	if err != nil {
		return nil, errors.Join(err, resources.Close())
	}
	log := relational.NewLog(records, resources)
	return &Store{relational.NewStore(resources, log), log, log.Replay(), log.Quarantine(), log.Jobs()}, nil
}

// logConnections are one for the committer and one for who reads or seals.
const logConnections = 2

// Close ends the log first: who waits in Append gets an answer.
func (s *Store) Close() error { return errors.Join(s.Log.Close(), s.Store.Close()) }
