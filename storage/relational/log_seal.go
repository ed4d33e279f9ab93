package relational

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sluis/audit"
	"sluis/storage"
)

const (
	sealBatch = 8192             // records under one checkpoint, about
	sealLease = 15 * time.Second // a sealer that says nothing for so long is gone
)

// errNotSealer says that another process seals.
var errNotSealer = errors.New("storage: another process seals the log")

// chainHead is the end of the chain.
type chainHead struct {
	seq    int64
	link   [32]byte
	sealed [2]int64 // last event sealed of each file, where events are in the order of commit
}

// place is where a record stands: a file and its number there.
type place struct {
	file  int
	event int64
}

// leaf is a record to be sealed. Its hash is zero when the record is gone.
type leaf struct {
	place
	hash [32]byte
}

// Seal implements storage.Log. Whoever holds the lease's row, in its own
// transaction, is alone with the end of the chain; the lease only spares the
// others the try.
func (l *Log) Seal(ctx context.Context, sign func(audit.Checkpoint) []byte) (int, error) {
	total := 0
	for {
		n, err := l.sealOnce(ctx, sign)
		total += n
		switch {
		case errors.Is(err, errNotSealer), errors.Is(err, storage.ErrBusy):
			return total, nil
		case err != nil:
			return total, fmt.Errorf("storage: seal the log: %w", err)
		case n < sealBatch:
			return total, nil
		}
	}
}

// sealOnce seals one batch in one transaction. It writes nothing when there is
// nothing to seal.
func (l *Log) sealOnce(ctx context.Context, sign func(audit.Checkpoint) []byte) (int, error) {
	if idle, err := l.idle(ctx); idle || err != nil {
		return 0, err
	}
	n := 0
	err := l.own.Write(ctx, func(tx Tx) error {
		if err := l.hold(ctx, tx); err != nil {
			return err
		}
		end, err := readHead(ctx, tx)
		if err != nil {
			return err
		}
		leaves, err := l.unsealed(ctx, tx, end, sealBatch)
		if err != nil || len(leaves) == 0 {
			return err
		}
		n = len(leaves)
		return l.extend(ctx, tx, end, leaves, sign)
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}

func (l *Log) idle(ctx context.Context) (bool, error) {
	end, err := readHead(ctx, l.own)
	if err != nil {
		return false, err
	}
	leaves, err := l.unsealed(ctx, l.own, end, 1)
	return len(leaves) == 0, err
}

// hold takes or renews the lease, and with it the lock on its row.
func (l *Log) hold(ctx context.Context, tx Tx) error {
	now := time.Now()
	n, err := tx.Exec(ctx, `UPDATE audit_sealer SET holder = $1, expires = $2 WHERE one = 1 AND (holder = $3 OR expires <= $4)`,
		l.holder, now.Add(sealLease).UnixMicro(), l.holder, now.UnixMicro())
	if err == nil && n == 0 {
		return errNotSealer
	}
	return err
}

// release gives the lease back, if this Log holds it.
func (l *Log) release(ctx context.Context) error {
	err := l.own.Write(ctx, func(tx Tx) error {
		_, err := tx.Exec(ctx, `UPDATE audit_sealer SET expires = 0 WHERE one = 1 AND holder = $1 AND expires > 0`, l.holder)
		return err
	})
	if errors.Is(err, storage.ErrBusy) {
		return nil // it expires by itself
	}
	return err
}

// extend links the leaves to the chain and signs its new end.
func (l *Log) extend(ctx context.Context, tx Tx, end chainHead, leaves []leaf, sign func(audit.Checkpoint) []byte) error {
	places := make([]place, len(leaves))
	for i, x := range leaves {
		end.seq++
		end.link = audit.Link(end.link, x.hash)
		end.sealed[x.file] = max(end.sealed[x.file], x.event)
		places[i] = x.place
	}
	c := audit.Checkpoint{Seq: end.seq, Link: end.link, At: time.Now().UnixMicro()}
	signature := sign(c)
	if len(signature) == 0 {
		return errors.New("the checkpoint could not be signed")
	}
	_, err := tx.Exec(ctx, `INSERT INTO audit_checkpoint (seq, link, at, signature, members, sealed_to, sealed_to2) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		c.Seq, c.Link[:], c.At, signature, packMembers(places), end.sealed[0], end.sealed[1])
	if err != nil {
		return err
	}
	return l.settle(ctx, tx, places)
}

// querier is what can be read from, in a transaction or not.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (Rows, error)
}

func readHead(ctx context.Context, q querier) (h chainHead, err error) {
	rows, err := q.Query(ctx, `SELECT seq, link, sealed_to, sealed_to2 FROM audit_checkpoint ORDER BY seq DESC LIMIT 1`)
	err = each(rows, err, func(r Rows) error {
		var link []byte
		if err := r.Scan(&h.seq, &link, &h.sealed[0], &h.sealed[1]); err != nil {
			return err
		}
		return readHash(&h.link, link)
	})
	return h, err
}

func readHash(to *[32]byte, from []byte) error {
	if copy(to[:], from) != len(to) || len(from) != len(to) {
		return fmt.Errorf("storage: a hash of %d bytes in the log", len(from))
	}
	return nil
}
