package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"runtime"
	"time"

	driver "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"sluis/storage"
	"sluis/storage/relational"
)

// busyTimeout is how long a statement waits for another process.
const busyTimeout = 5 * time.Second

// conn is relational.Conn on one file: one connection that writes, for which
// callers queue, and a few that read. In WAL mode neither waits for the other.
type conn struct {
	writer, readers *sessions
}

var _ relational.Conn = (*conn)(nil)

// openConn opens or makes a file. Every commit is on disk before it is
// acknowledged (synchronous=FULL).
func openConn(ctx context.Context, path string) (*conn, error) {
	writing, err := sql.Open("sqlite", dsn(path, "journal_mode(WAL)", "synchronous(FULL)"))
	if err != nil {
		return nil, err
	}
	reading, err := sql.Open("sqlite", dsn(path, "query_only(1)"))
	if err != nil {
		return nil, errors.Join(err, writing.Close())
	}
	c := &conn{writer: newSessions(writing, 1), readers: newSessions(reading, max(4, runtime.GOMAXPROCS(0)))}
	// The file and its WAL must be there before anyone reads.
	if err := c.Write(ctx, func(relational.Tx) error { return nil }); err != nil {
		return nil, errors.Join(fmt.Errorf("sqlite: %s: %w", path, err), c.Close())
	}
	return c, nil
}

func dsn(path string, pragmas ...string) string {
	values := url.Values{}
	values.Add("_pragma", fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()))
	for _, p := range append(pragmas, "foreign_keys(1)", "cache_size(-8000)", "mmap_size(268435456)") {
		values.Add("_pragma", p)
	}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + values.Encode()
}

func (c *conn) Dialect() relational.Dialect { return dialect{} }

func (c *conn) Query(ctx context.Context, query string, args ...any) (relational.Rows, error) {
	s, err := c.readers.take(ctx)
	if err != nil {
		return nil, err
	}
	r, err := s.query(ctx, query, args)
	if err != nil {
		c.readers.give(s, err)
		return nil, classify(err)
	}
	return &rows{Rows: r, done: func(err error) { c.readers.give(s, err) }}, nil
}

// Snapshot sees the state at its first statement.
func (c *conn) Snapshot(ctx context.Context, f func(relational.Tx) error) error {
	return within(ctx, c.readers, "BEGIN", f)
}

// Write takes the file's lock first, so that no statement fails for want of it.
func (c *conn) Write(ctx context.Context, f func(relational.Tx) error) error {
	return within(ctx, c.writer, "BEGIN IMMEDIATE", f)
}

func within(ctx context.Context, pool *sessions, begin string, f func(relational.Tx) error) (err error) {
	s, err := pool.take(ctx)
	if err != nil {
		return err
	}
	defer func() { pool.give(s, err) }()
	return classify(s.transaction(ctx, begin, func() error { return f(&tx{s}) }))
}

func (c *conn) Ping(ctx context.Context) error {
	return c.Snapshot(ctx, func(relational.Tx) error { return nil })
}

// Close closes the readers first, so that the writer's end empties the WAL.
func (c *conn) Close() error { return errors.Join(c.readers.close(), c.writer.close()) }

// tx is relational.Tx.
type tx struct{ session *session }

func (s *session) query(ctx context.Context, query string, args []any) (*sql.Rows, error) {
	stmt, err := s.prepare(ctx, query)
	if err != nil {
		return nil, err
	}
	return stmt.QueryContext(ctx, arguments(args)...)
}

func (t *tx) Query(ctx context.Context, query string, args ...any) (relational.Rows, error) {
	r, err := t.session.query(ctx, query, args)
	if err != nil {
		return nil, classify(err)
	}
	return &rows{Rows: r, done: func(error) {}}, nil
}

// Exec prepares nothing: without arguments the text may hold several statements.
func (t *tx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	result, err := t.session.conn.ExecContext(ctx, query, arguments(args)...)
	if err != nil {
		return 0, classify(err)
	}
	return result.RowsAffected()
}

// Send runs the steps one by one: there is no wire to save.
func (t *tx) Send(ctx context.Context, steps ...relational.Step) error {
	for _, s := range steps {
		if err := t.step(ctx, s); err != nil {
			return classify(err)
		}
	}
	return nil
}

func (t *tx) step(ctx context.Context, s relational.Step) error {
	if s.Into != nil {
		return t.replace(ctx, s)
	}
	if s.Each == nil {
		stmt, err := t.session.prepare(ctx, s.SQL)
		if err == nil {
			_, err = stmt.ExecContext(ctx, arguments(s.Args)...)
		}
		return err
	}
	r, err := t.Query(ctx, s.SQL, s.Args...)
	if err != nil {
		return err
	}
	defer r.Close()
	for r.Next() {
		if err := s.Each(r); err != nil {
			return err
		}
	}
	return r.Err()
}

// arguments writes lists as JSON, which dialect.In reads.
func arguments(args []any) []any {
	out := args
	for i, a := range args {
		switch a.(type) {
		case []string, []int64:
			if &out[0] == &args[0] {
				out = append([]any{}, args...)
			}
			text, _ := json.Marshal(a) // cannot fail on these
			out[i] = string(text)
		}
	}
	return out
}

// rows is relational.Rows; done is called once, when they are closed.
type rows struct {
	*sql.Rows
	done func(error)
}

func (r *rows) Err() error { return classify(r.Rows.Err()) }

func (r *rows) Close() {
	err := r.Rows.Close()
	if r.done != nil {
		r.done(errors.Join(err, r.Rows.Err()))
		r.done = nil
	}
}

// classify marks lost races as storage.ErrBusy.
func classify(err error) error {
	var e *driver.Error
	if errors.Is(err, storage.ErrBusy) || !errors.As(err, &e) {
		return err
	}
	switch code := e.Code(); {
	case code&0xff == sqlite3.SQLITE_BUSY, code&0xff == sqlite3.SQLITE_LOCKED,
		code == sqlite3.SQLITE_CONSTRAINT_UNIQUE, code == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		return fmt.Errorf("%w: %w", storage.ErrBusy, err)
	}
	return err
}
