package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"sluis/fhir"
	"sluis/storage"
	"sluis/storage/relational"
)

// conn is relational.Conn on a pool.
type conn struct{ pool *pgxpool.Pool }

var _ relational.Conn = conn{}

// settings hold on every connection unless the URL says otherwise: no statement
// runs away, none is compiled, which costs more than any of ours takes, and none
// reads a table from end to end where an index will do. For what looks small or
// dense the planner would, and be wrong when the rows that are asked for stand at
// the end.
var settings = map[string]string{
	"statement_timeout":                   "30000",
	"idle_in_transaction_session_timeout": "60000",
	"jit":                                 "off",
	"enable_seqscan":                      "off",
	"application_name":                    "sluis",
}

// openConn makes a pool of at most so many connections; 0 leaves it to the URL.
func openConn(ctx context.Context, url string, most int32) (conn, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return conn{}, errors.New("postgres: the connection string cannot be read") // it may hold a password
	}
	for name, value := range settings {
		if _, given := config.ConnConfig.RuntimeParams[name]; !given {
			config.ConnConfig.RuntimeParams[name] = value
		}
	}
	if most > 0 {
		config.MaxConns = most
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return conn{}, err
	}
	return conn{pool}, nil
}

func (c conn) Dialect() relational.Dialect { return dialect{} }

func (c conn) Query(ctx context.Context, sql string, args ...any) (relational.Rows, error) {
	return queried(c.pool.Query(ctx, sql, args...))
}

func (c conn) Snapshot(ctx context.Context, f func(relational.Tx) error) error {
	return c.within(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, f)
}

// Write is READ COMMITTED: each statement sees what was committed before it, so
// that a lock taken by one statement holds for what the next one reads.
func (c conn) Write(ctx context.Context, f func(relational.Tx) error) error {
	return c.within(ctx, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, f)
}

func (c conn) within(ctx context.Context, options pgx.TxOptions, f func(relational.Tx) error) error {
	return classify(pgx.BeginTxFunc(ctx, c.pool, options, func(t pgx.Tx) error { return f(tx{t}) }))
}

func (c conn) Ping(ctx context.Context) error { return c.pool.Ping(ctx) }

func (c conn) Close() error {
	c.pool.Close()
	return nil
}

// tx is relational.Tx.
type tx struct{ tx pgx.Tx }

func (t tx) Query(ctx context.Context, sql string, args ...any) (relational.Rows, error) {
	return queried(t.tx.Query(ctx, sql, args...))
}

func (t tx) Exec(ctx context.Context, sql string, args ...any) (int64, error) {
	tag, err := t.tx.Exec(ctx, sql, args...)
	return tag.RowsAffected(), classify(err)
}

// Send is one round trip: the statements are pipelined.
func (t tx) Send(ctx context.Context, steps ...relational.Step) error {
	if len(steps) == 0 {
		return nil
	}
	var batch pgx.Batch
	for _, s := range steps {
		if s.Into != nil {
			if err := queueRows(&batch, s); err != nil {
				return err
			}
			continue
		}
		queued := batch.Queue(s.SQL, s.Args...)
		if s.Each != nil {
			queued.Query(func(r pgx.Rows) error { return eachRow(r, s.Each) })
		}
	}
	return classify(t.tx.SendBatch(ctx, &batch).Close())
}

func eachRow(r pgx.Rows, f func(relational.Rows) error) error {
	for r.Next() {
		if err := f(rows{r}); err != nil {
			return err
		}
	}
	return r.Err()
}

// rows is relational.Rows.
type rows struct{ pgx.Rows }

func queried(r pgx.Rows, err error) (relational.Rows, error) {
	if err != nil {
		return nil, classify(err)
	}
	return rows{r}, nil
}

func (r rows) Err() error { return classify(r.Rows.Err()) }

// classify marks lost races as storage.ErrBusy and a statement that took too
// long as Unavailable (PostgreSQL appendix A).
func classify(err error) error {
	var e *pgconn.PgError
	if errors.Is(err, storage.ErrBusy) || !errors.As(err, &e) {
		return err
	}
	switch e.Code {
	case "40001", "40P01", "23505", "55P03": // serialization, deadlock, unique key, lock not available
		return fmt.Errorf("%w: %w", storage.ErrBusy, err)
	case "57014", "57P01", "53300": // canceled, shut down, too many connections
		return fhir.Wrap(err, fhir.Unavailable, "timeout", "the database took too long")
	}
	return err
}
