package relational

import (
	"context"
	"time"

	"sluis/fhir"
	"sluis/storage"
)

// jobs implements storage.Jobs.
type jobs struct{ conn Conn }

var _ storage.Jobs = jobs{}

// StartJob implements storage.Jobs.
func (s jobs) StartJob(ctx context.Context, j storage.Job) error {
	return s.conn.Write(ctx, func(tx Tx) error {
		if _, err := tx.Exec(ctx, `DELETE FROM job WHERE expires <= $1`, j.Started.UnixMicro()); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO job (id, owner, request, result, started, alive, expires) VALUES ($1, $2, $3, NULL, $4, $5, $6)`,
			j.ID, j.Owner, notNil(j.Request), j.Started.UnixMicro(), j.Alive.UnixMicro(), j.Expires.UnixMicro())
		return err
	})
}

// Job implements storage.Jobs.
func (s jobs) Job(ctx context.Context, owner, id string, at time.Time) (storage.Job, error) {
	j := storage.Job{ID: id, Owner: owner}
	found := false
	rows, err := s.conn.Query(ctx, `SELECT request, result, started, alive, expires FROM job WHERE id = $1 AND owner = $2 AND expires > $3`,
		clean(id), owner, at.UnixMicro())
	err = each(rows, err, func(r Rows) error {
		found = true
		var started, alive, expires int64
		err := r.Scan(&j.Request, &j.Result, &started, &alive, &expires)
		j.Started, j.Alive, j.Expires = time.UnixMicro(started).UTC(), time.UnixMicro(alive).UTC(), time.UnixMicro(expires).UTC()
		return err
	})
	if err == nil && !found {
		err = fhir.ErrNotFound()
	}
	return j, err
}

// FinishJob implements storage.Jobs.
func (s jobs) FinishJob(ctx context.Context, id string, result []byte) error {
	return s.conn.Write(ctx, func(tx Tx) error {
		_, err := tx.Exec(ctx, `UPDATE job SET result = $2 WHERE id = $1 AND result IS NULL`, id, notNil(result))
		return err
	})
}

// DropJob implements storage.Jobs.
func (s jobs) DropJob(ctx context.Context, owner, id string, at time.Time) error {
	return s.conn.Write(ctx, func(tx Tx) error {
		n, err := tx.Exec(ctx, `DELETE FROM job WHERE id = $1 AND owner = $2 AND expires > $3`, clean(id), owner, at.UnixMicro())
		if err == nil && n == 0 {
			err = fhir.ErrNotFound()
		}
		return err
	})
}
