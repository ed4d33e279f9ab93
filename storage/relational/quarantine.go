package relational

import (
	"context"
	"time"

	"sluis/storage"
)

// quarantine implements storage.Quarantine.
type quarantine struct{ conn Conn }

var _ storage.Quarantine = quarantine{}

// Keep implements storage.Quarantine. Texts are cleaned of what a database
// cannot store; the message is kept to the byte.
func (s quarantine) Keep(ctx context.Context, q storage.Quarantined) error {
	return s.conn.Write(ctx, func(tx Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO quarantine (id, feed, key, received, reason, message) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO NOTHING`,
			clean(q.ID), clean(q.Feed), clean(q.Key), q.Received.UnixMicro(), clean(q.Reason), notNil(q.Message))
		return err
	})
}

func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// List implements storage.Quarantine.
func (s quarantine) List(ctx context.Context, limit int) (out []storage.Quarantined, err error) {
	if limit <= 0 {
		return nil, nil
	}
	rows, err := s.conn.Query(ctx, `SELECT id, feed, key, received, reason, message FROM quarantine ORDER BY received DESC, id DESC LIMIT $1`, int64(limit))
	err = each(rows, err, func(r Rows) error {
		var q storage.Quarantined
		var received int64
		err := r.Scan(&q.ID, &q.Feed, &q.Key, &received, &q.Reason, &q.Message)
		q.Received = time.UnixMicro(received).UTC()
		out = append(out, q)
		return err
	})
	return out, err
}
