package relational

import (
	"context"

	"sluis/audit"
)

// Checkpoints implements storage.Log.
func (l *Log) Checkpoints(ctx context.Context) (out []audit.SignedCheckpoint, err error) {
	rows, err := l.files[0].Query(ctx, `SELECT seq, link, at, signature FROM audit_checkpoint ORDER BY seq`)
	err = each(rows, err, func(r Rows) error {
		var c audit.SignedCheckpoint
		var link []byte
		if err := r.Scan(&c.Seq, &link, &c.At, &c.Signature); err != nil {
			return err
		}
		out = append(out, c)
		return readHash(&out[len(out)-1].Link, link)
	})
	return out, err
}

// batch is a row of the chain.
type batch struct {
	chainHead
	members []byte
}

// Chain implements storage.Log. It holds one batch in memory at a time.
func (l *Log) Chain(ctx context.Context, yield func(audit.Sealed) error) error {
	var end chainHead
	for {
		b, ok, err := nextBatch(ctx, l.files[0], end.seq)
		if err != nil {
			return err
		}
		if ok {
			if err := l.walkBatch(ctx, end, b, yield); err != nil {
				return err
			}
			end = b.chainHead
			continue
		}
		if done, err := l.walkTail(ctx, end, yield); done || err != nil {
			return err
		}
	}
}

func nextBatch(ctx context.Context, q querier, after int64) (b batch, ok bool, err error) {
	rows, err := q.Query(ctx, `SELECT seq, link, sealed_to, sealed_to2, members FROM audit_checkpoint WHERE seq > $1 ORDER BY seq LIMIT 1`, after)
	err = each(rows, err, func(r Rows) error {
		var link []byte
		if err := r.Scan(&b.seq, &link, &b.sealed[0], &b.sealed[1], &b.members); err != nil {
			return err
		}
		ok = true
		return readHash(&b.link, link)
	})
	return b, ok, err
}

// walkBatch yields the records of a batch with the links that their stored
// leaves make. After a record, or a batch, that is gone the links are unknown
// up to the next batch. A batch whose list cannot be read yields its last place alone.
func (l *Log) walkBatch(ctx context.Context, before chainHead, b batch, yield func(audit.Sealed) error) error {
	places, err := unpackMembers(b.members, len(l.files))
	if err != nil || len(places) == 0 {
		return yield(audit.Sealed{Seq: b.seq})
	}
	stored, err := l.load(ctx, places)
	if err != nil {
		return err
	}
	first := b.seq - int64(len(places)) + 1
	link, known := before.link, first == before.seq+1
	for i, p := range places {
		s, found := stored[p]
		s.Seq = first + int64(i)
		if known = known && found; known {
			link = audit.Link(link, s.Leaf)
			s.Link = link
		}
		if err := yield(s); err != nil {
			return err
		}
	}
	return nil
}

// walkTail yields what is not in the chain, unless the chain has grown
// meanwhile: then done is false and nothing was yielded.
func (l *Log) walkTail(ctx context.Context, end chainHead, yield func(audit.Sealed) error) (done bool, err error) {
	var tail []leaf
	err = l.files[0].Snapshot(ctx, func(tx Tx) error {
		now, err := readHead(ctx, tx)
		if err != nil || now.seq != end.seq {
			return err
		}
		done = true
		tail, err = l.unsealed(ctx, tx, now, 1<<31-1)
		return err
	})
	for len(tail) > 0 && err == nil {
		n := min(len(tail), sealBatch)
		err = l.yieldTail(ctx, tail[:n], yield)
		tail = tail[n:]
	}
	return done, err
}

func (l *Log) yieldTail(ctx context.Context, tail []leaf, yield func(audit.Sealed) error) error {
	places := make([]place, len(tail))
	for i, x := range tail {
		places[i] = x.place
	}
	stored, err := l.load(ctx, places)
	if err != nil {
		return err
	}
	for _, x := range tail {
		if err := yield(stored[x.place]); err != nil {
			return err
		}
	}
	return nil
}

// load reads records by their places; those that are gone are left out, and
// those that cannot be read have no canonical bytes.
func (l *Log) load(ctx context.Context, places []place) (map[place]audit.Sealed, error) {
	out := make(map[place]audit.Sealed, len(places))
	for file, conn := range l.files {
		var wanted []int64
		for _, p := range places {
			if p.file == file {
				wanted = append(wanted, p.event)
			}
		}
		if len(wanted) == 0 {
			continue
		}
		rows, err := conn.Query(ctx, `SELECT event, leaf, body FROM audit_event WHERE `+conn.Dialect().In("event", "$1"), wanted)
		err = each(rows, err, func(r Rows) error {
			p := place{file: file}
			s, err := scanSealed(r, &p.event)
			out[p] = s
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func scanSealed(r Rows, event *int64) (s audit.Sealed, err error) {
	var leaf, body []byte
	if err := r.Scan(event, &leaf, &body); err != nil {
		return s, err
	}
	copy(s.Leaf[:], leaf)
	if record, err := audit.Expand(body); err == nil {
		s.Canonical = record.Canonical()
	}
	return s, nil
}
