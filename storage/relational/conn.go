package relational

import (
	"context"

	"sluis/audit"
)

// Conn is a database as this package needs it. Statements are written once for
// both databases, with the placeholders $1, $2, …; slices of strings and of
// int64 are arguments for Dialect.In.
//
// Errors: a lost race (serialization, deadlock, unique key, database locked) is
// storage.ErrBusy, wrapped; the context's error stays itself; anything else is
// the driver's.
type Conn interface {
	Dialect() Dialect

	// Query runs one statement in a snapshot of its own: one round trip.
	Query(ctx context.Context, sql string, args ...any) (Rows, error)

	// Snapshot runs f in a read-only transaction that sees one state.
	Snapshot(ctx context.Context, f func(Tx) error) error

	// Write runs f in a transaction and commits when f returns nil. It does
	// not retry.
	Write(ctx context.Context, f func(Tx) error) error

	Ping(ctx context.Context) error
	Close() error
}

// Tx is a running transaction; it must not outlive the function it was given to.
type Tx interface {
	Query(ctx context.Context, sql string, args ...any) (Rows, error)

	// Exec returns the number of rows affected.
	Exec(ctx context.Context, sql string, args ...any) (int64, error)

	// Send runs the steps in order, in one round trip where the database has
	// a wire. The first error ends it.
	Send(ctx context.Context, steps ...Step) error
}

// Rows is a result set, read as with database/sql. Close may be called twice.
type Rows interface {
	Next() bool
	Scan(dest ...any) error
	Err() error
	Close()
}

// Step is one part of Tx.Send: a statement (SQL, Args, and Each to be called
// with its rows), or rows for a table (Into, Values).
type Step struct {
	SQL  string
	Args []any
	Each func(Rows) error // called for each row; nil: there are none

	Into   *Table
	Values [][]any // one slice per row, in the order of Into.Columns

	// Of are keys of Into's first column of which Values are now all the rows:
	// other ones go, those that are there already are left alone.
	Of []int64
}

// Table says how rows are inserted in bulk.
type Table struct {
	Name    string
	Columns []Column
	// Conflict is an ON CONFLICT clause, or "".
	Conflict string
}

// Column is a column and its SQL type, one of bigint, integer, text, bytea,
// boolean, "double precision" and words. The Go values are int64 (also for
// integer), string, []byte, bool, float64 and []string, none of them null.
type Column struct{ Name, Type string }

// Dialect is what differs between the two databases within a statement.
type Dialect interface {
	// Name is the part of a migration's file name: "sqlite" or "postgres".
	Name() string

	// In is the condition that column is one of the elements of the argument
	// at that placeholder, a []string or []int64.
	In(column, placeholder string) string

	// Contains is the condition that a text column contains the argument.
	Contains(column, placeholder string) string

	// Words selects the rids of the resources that have all words of the
	// argument, which WordsArg makes, in their narrative or, with content, in any
	// of their strings.
	Words(content bool, placeholder string) string
	WordsArg(words []string) any

	// Cast gives expr, a bare placeholder or NULL, one of the types of
	// Column.
	Cast(expr, columnType string) string

	// Allot is a statement that reserves $1 new surrogate keys and returns
	// them as ascending ranges (from, to), both inclusive.
	Allot() string

	// Lock takes the locks, for the rest of the transaction, in the order of
	// the keys. A database with one writer has nothing to do.
	Lock(locks ...Lock) []Step

	// ForUpdate is the clause that locks the rows a SELECT returns, or "".
	ForUpdate(table string) string
}

// Lock is an advisory lock. Writers of one custodian's type share its lock; a
// conditional change of the type holds it alone.
type Lock struct {
	Key       int64
	Exclusive bool
}

// Recorder writes audit records inside a transaction of Apply. The log
// implements it.
type Recorder interface {
	Record(ctx context.Context, tx Tx, records []audit.Record) error
}

// each calls f for each row and closes rows.
func each(rows Rows, err error, f func(Rows) error) error {
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := f(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
