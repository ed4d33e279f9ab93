package relational

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"time"

	"sluis/storage"
)

// replay implements storage.Replay.
type replay struct{ conn Conn }

var _ storage.Replay = replay{}

// replayMargin is how much longer than its life an identifier is remembered:
// the clocks of the processes may differ.
const replayMargin = time.Hour

// First implements storage.Replay: the primary key lets one insert through.
func (s replay) First(ctx context.Context, issuer, jti string, expires time.Time) (first bool, err error) {
	err = s.conn.Write(ctx, func(tx Tx) error {
		n, err := tx.Exec(ctx, `INSERT INTO replay (key, expires) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING`,
			replayKey(issuer, jti), expires.UnixMicro())
		if err != nil {
			return err
		}
		first = n == 1
		_, err = tx.Exec(ctx, `DELETE FROM replay WHERE expires < $1`, time.Now().Add(-replayMargin).UnixMicro())
		return err
	})
	return first && err == nil, err
}

// replayKey keeps (a, bc) and (ab, c) apart.
func replayKey(issuer, jti string) []byte {
	b := binary.AppendUvarint(nil, uint64(len(issuer)))
	sum := sha256.Sum256(append(append(b, issuer...), jti...))
	return sum[:]
}
