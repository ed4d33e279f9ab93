package relational

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"time"

	"sluis/audit"
	"sluis/storage"
)

// Log implements storage.Log and Recorder. It is safe for concurrent use.
type Log struct {
	// own is where Append and Seal write, and no one else.
	own Conn
	// files are the databases that hold records, to read them: first the one
	// that Append writes and that holds the chain; second, where there is one,
	// that of the writes' own transactions.
	files  []Conn
	holder string // this Log, for the sealer's lease
	commit *committer
}

var (
	_ storage.Log = (*Log)(nil)
	_ Recorder    = (*Log)(nil)
)

// NewLog makes a log on migrated databases. own is for Append and Seal alone, so
// that they wait for nobody, and Close closes it. resources is where Record's
// transactions commit: another file, or the same database through the
// connections of everyone, which then read the log as well. Without it, own does
// all.
func NewLog(own, resources Conn) *Log {
	l := &Log{own: own, files: []Conn{own, resources}, holder: rand.Text()}
	switch {
	case resources == nil:
		l.files = []Conn{own}
	case manyWriters(own):
		l.files = []Conn{resources}
	}
	l.commit = startCommitter(func(ctx context.Context, rows [][]any) error {
		return own.Write(ctx, func(tx Tx) error { return insertEvents(ctx, tx, rows) })
	})
	return l
}

// manyWriters reports whether many connections write the database at once.
// Then numbers are not in the order of commit, and unsealed records stand in
// audit_pending. Where one writes a file at a time, they are simply those after
// the last one sealed.
func manyWriters(c Conn) bool { return c.Dialect().Name() != "sqlite" }

// Append implements storage.Log.
func (l *Log) Append(ctx context.Context, records []audit.Record) error {
	if len(records) == 0 {
		return nil
	}
	rows, err := eventRows(records)
	if err != nil {
		return err
	}
	return l.commit.append(ctx, rows)
}

// recorded is how many records of a transaction are written at a time.
const recorded = 1000

// Record implements Recorder: the records are durable when the transaction is.
func (l *Log) Record(ctx context.Context, tx Tx, records []audit.Record) error {
	for part := range slices.Chunk(records, recorded) {
		rows, err := eventRows(part)
		if err != nil {
			return err
		}
		if err := insertEvents(ctx, tx, rows); err != nil {
			return err
		}
	}
	return nil
}

func insertEvents(ctx context.Context, tx Tx, rows [][]any) error {
	return tx.Send(ctx, Step{Into: eventTable, Values: rows})
}

// Replay is the store of token identifiers beside the log.
func (l *Log) Replay() storage.Replay { return replay{l.files[0]} }

// Quarantine is the store of deliveries at fault, with the resources.
func (l *Log) Quarantine() storage.Quarantine { return quarantine{l.files[len(l.files)-1]} }

// Jobs is the store of requests to be carried out, with the resources.
func (l *Log) Jobs() storage.Jobs { return jobs{l.files[len(l.files)-1]} }

// Close answers who waits in Append, gives the sealer's lease back and closes
// the log's own database.
func (l *Log) Close() error {
	l.commit.close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	return errors.Join(l.release(ctx), l.own.Close())
}
