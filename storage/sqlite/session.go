package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"sync"
)

// maxStatements bounds the prepared statements of a connection. The text of a
// statement depends on the shape of a request only, so there are few.
const maxStatements = 300

// session is one connection and the statements prepared on it: SQLite takes
// longer to compile a search than to answer it. One caller uses it at a time.
type session struct {
	conn     *sql.Conn // nil before the first use, and after a failure
	prepared map[string]*sql.Stmt
}

// sessions is a pool of connections; taking one waits for it.
type sessions struct {
	db     *sql.DB
	free   chan *session
	closed chan struct{}
	once   sync.Once
}

var errClosed = errors.New("sqlite: the store is closed")

func newSessions(db *sql.DB, n int) *sessions {
	db.SetMaxOpenConns(n)
	db.SetMaxIdleConns(n)
	p := &sessions{db: db, free: make(chan *session, n), closed: make(chan struct{})}
	for range n {
		p.free <- &session{}
	}
	return p
}

func (p *sessions) take(ctx context.Context) (*session, error) {
	var s *session
	select {
	case s = <-p.free:
	case <-p.closed:
		return nil, errClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if s.conn != nil {
		return s, nil
	}
	conn, err := p.db.Conn(ctx)
	if err != nil {
		p.free <- s
		return nil, classify(err)
	}
	s.conn, s.prepared = conn, map[string]*sql.Stmt{}
	return s, nil
}

// close waits for those who have a session, and closes all.
func (p *sessions) close() error {
	p.once.Do(func() {
		close(p.closed)
		for range cap(p.free) {
			if s := <-p.free; s.conn != nil {
				_ = s.conn.Close()
			}
		}
	})
	return p.db.Close()
}

// give returns a session after its work ended with err.
func (p *sessions) give(s *session, err error) {
	if errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) || len(s.prepared) > maxStatements {
		_ = s.conn.Close() // closes its statements as well
		s.conn, s.prepared = nil, nil
	}
	p.free <- s
}

// prepare finds or makes a prepared statement.
func (s *session) prepare(ctx context.Context, query string) (*sql.Stmt, error) {
	if stmt := s.prepared[query]; stmt != nil {
		return stmt, nil
	}
	stmt, err := s.conn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	s.prepared[query] = stmt
	return stmt, nil
}

// transaction runs f between begin and COMMIT, or ROLLBACK. These two run to
// their end whatever becomes of the caller: a connection must not go back to
// its pool within a transaction.
func (s *session) transaction(ctx context.Context, begin string, f func() error) error {
	if _, err := s.conn.ExecContext(ctx, begin); err != nil {
		return err
	}
	always := context.WithoutCancel(ctx)
	err := f()
	if err == nil {
		if _, err = s.conn.ExecContext(always, "COMMIT"); err == nil {
			return nil
		}
	}
	if _, failed := s.conn.ExecContext(always, "ROLLBACK"); failed != nil && s.stuck(always) {
		return errors.Join(err, failed, driver.ErrBadConn)
	}
	return err
}

// stuck reports whether a transaction is still open. SQLite ends it by itself
// after some errors, and then ROLLBACK is one more.
func (s *session) stuck(ctx context.Context) bool {
	_, err := s.conn.ExecContext(ctx, "BEGIN")
	if err == nil {
		_, err = s.conn.ExecContext(ctx, "ROLLBACK")
	}
	return err != nil
}
