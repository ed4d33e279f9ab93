package relational

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// unsealed lists committed records that are not in the chain, in the order in
// which they will be. q reads the first file.
func (l *Log) unsealed(ctx context.Context, q querier, end chainHead, limit int) ([]leaf, error) {
	if manyWriters(l.own) {
		return l.pending(ctx, q, limit)
	}
	out, err := leavesAfter(ctx, q, 0, end.sealed[0], limit)
	if err != nil || len(l.files) == 1 || len(out) >= limit {
		return out, err
	}
	more, err := leavesAfter(ctx, l.files[1], 1, end.sealed[1], limit-len(out))
	return append(out, more...), err
}

// settle forgets what was sealed, where it was noted.
func (l *Log) settle(ctx context.Context, tx Tx, sealed []place) error {
	if !manyWriters(l.own) {
		return nil
	}
	_, err := tx.Exec(ctx, `DELETE FROM audit_pending WHERE `+l.own.Dialect().In("event", "$1"), events(sealed))
	return err
}

func leavesAfter(ctx context.Context, q querier, file int, event int64, limit int) (out []leaf, err error) {
	rows, err := q.Query(ctx, `SELECT event, leaf FROM audit_event WHERE event > $1 ORDER BY event LIMIT `+fmt.Sprint(limit), event)
	err = each(rows, err, func(r Rows) error {
		x, err := scanLeaf(r, file)
		out = append(out, x)
		return err
	})
	return out, err
}

// pending lists what is noted as unsealed. A record that is noted and gone
// comes without a hash: it is sealed as missing, and Verify says so.
func (l *Log) pending(ctx context.Context, q querier, limit int) ([]leaf, error) {
	var noted []int64
	rows, err := q.Query(ctx, `SELECT event FROM audit_pending ORDER BY event LIMIT `+fmt.Sprint(limit))
	err = each(rows, err, func(r Rows) error {
		var event int64
		err := r.Scan(&event)
		noted = append(noted, event)
		return err
	})
	if err != nil || len(noted) == 0 {
		return nil, err
	}
	found := map[int64]leaf{}
	rows, err = q.Query(ctx, `SELECT event, leaf FROM audit_event WHERE `+l.own.Dialect().In("event", "$1"), noted)
	err = each(rows, err, func(r Rows) error {
		x, err := scanLeaf(r, 0)
		found[x.event] = x
		return err
	})
	out := make([]leaf, len(noted))
	for i, event := range noted {
		out[i] = leaf{place{0, event}, found[event].hash}
	}
	return out, err
}

func scanLeaf(r Rows, file int) (x leaf, err error) {
	var hash []byte
	x.file = file
	if err := r.Scan(&x.event, &hash); err != nil {
		return x, err
	}
	return x, readHash(&x.hash, hash)
}

func events(places []place) []int64 {
	out := make([]int64, len(places))
	for i, p := range places {
		out[i] = p.event
	}
	return out
}

// packMembers writes the places of one batch: for each file a head (its number,
// how many) and the differences of the ascending event numbers, as uvarints.
func packMembers(places []place) (b []byte) {
	for len(places) > 0 {
		file := places[0].file
		n := slices.IndexFunc(places, func(p place) bool { return p.file != file })
		if n < 0 {
			n = len(places)
		}
		b = binary.AppendUvarint(binary.AppendUvarint(b, uint64(file)), uint64(n))
		last := int64(0)
		for _, p := range places[:n] {
			b = binary.AppendUvarint(b, uint64(p.event-last))
			last = p.event
		}
		places = places[n:]
	}
	return b
}

// unpackMembers reads what packMembers wrote, for a log of so many files.
func unpackMembers(b []byte, files int) (out []place, err error) {
	next := func() uint64 {
		v, n := binary.Uvarint(b)
		if n <= 0 {
			err, b = errors.New("storage: a batch of the chain cannot be read"), nil
			return 0
		}
		b = b[n:]
		return v
	}
	for len(b) > 0 {
		file, n := int(next()), next()
		if file < 0 || file >= files || n > uint64(len(b)) {
			return nil, errors.New("storage: a batch of the chain names no file of this log")
		}
		last := int64(0)
		for range n {
			last += int64(next())
			out = append(out, place{file, last})
		}
	}
	return out, err
}
