package sqlite

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"sluis/storage"
	"sluis/storage/relational"
)

// Store is everything that storage asks for, in one folder.
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

// Open opens the store in a folder, which it makes if need be, and brings its
// schema up to date. Only the owner may read the folder's files.
func Open(ctx context.Context, dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	resources, err := openFile(ctx, filepath.Join(dir, "sluis.db"), relational.Migrate)
	if err != nil {
		return nil, err
	}
	records, err := openFile(ctx, filepath.Join(dir, "audit.db"), relational.MigrateLog)
	if err != nil {
		return nil, errors.Join(err, resources.Close())
	}
	log := relational.NewLog(records, resources)
	return &Store{relational.NewStore(resources, log), log, log.Replay(), log.Quarantine(), log.Jobs()}, nil
}

// openFile makes the file itself, because SQLite would let others read it.
func openFile(ctx context.Context, path string, migrate func(context.Context, relational.Conn) error) (*conn, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	c, err := openConn(ctx, path)
	if err != nil {
		return nil, err
	}
	if err := migrate(ctx, c); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// Close ends the log first: who waits in Append gets an answer.
func (s *Store) Close() error { return errors.Join(s.Log.Close(), s.Store.Close()) }
