package relational

import (
	"context"
	"sync/atomic"

	"sluis/fhir"
	"sluis/fhir/query"
	"sluis/storage"
)

// Store implements storage.Store on a Conn.
type Store struct {
	conn     Conn
	recorder Recorder
	known    custodians
	name     string      // of this process, for a lease
	current  atomic.Bool // the index is known to be of this program's making
}

// NewStore makes a store on a migrated database. The recorder writes what
// Tx.Records yields; a Tx with records fails where there is none, because what
// cannot be audited must not happen.
func NewStore(conn Conn, recorder Recorder) *Store {
	return &Store{conn: conn, recorder: recorder, name: newHolder()}
}

// Ready reports whether the database answers and has the schema of this
// program.
func (s *Store) Ready(ctx context.Context) error {
	want, err := dialectMigrations(migrations, s.conn.Dialect().Name())
	if err != nil {
		return err
	}
	applied := map[int64]string{}
	rows, err := s.conn.Query(ctx, `SELECT number, checksum FROM schema_version`)
	if err := each(rows, err, func(r Rows) error { return readApplied(r, applied) }); err != nil {
		return fhir.Wrap(err, fhir.Unavailable, "transient", "the database does not answer")
	}
	for _, m := range want {
		if applied[m.number] != m.checksum {
			return fhir.NewError(fhir.Unavailable, "transient", "the database's schema is not current")
		}
	}
	return nil
}

// Close closes the database.
func (s *Store) Close() error { return s.conn.Close() }

// stale reports whether an access was decided at another version than the
// statement saw. An access that shows nothing is right at every version.
func stale(a storage.Access, seen int64) bool {
	if _, none := a.Expr().(query.None); none {
		return false
	}
	return int64(a.Version()) != seen
}
