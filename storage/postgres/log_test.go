package postgres

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"sluis/audit"
	"sluis/storage"
	"sluis/storage/postgres/pgtest"
	"sluis/storage/relational"
	"sluis/storage/storagetest"
)

func TestLog(t *testing.T) {
	storagetest.RunLog(t, func(t testing.TB) storagetest.LogDatabase {
		url := pgtest.URL(t)
		return storagetest.LogDatabase{
			Open: func(t testing.TB) storagetest.LogStores { return logStores(t, url) },
			Exec: func(t testing.TB, tamper bool, statement string) error { return execLog(t, url, tamper, statement) },
		}
	})
}

func logStores(t testing.TB, url string) storagetest.LogStores {
	s, err := Open(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	return storagetest.LogStores{
		Log: s, Replay: s, Quarantine: s, Jobs: s, Close: s.Close,
		Write: func(ctx context.Context, records []audit.Record) error {
			_, err := s.Apply(ctx, storage.Tx{At: time.Now(), Records: func([]storage.Result) []audit.Record { return records }})
			return err
		},
	}
}

// execLog speaks to the database behind the log's back.
func execLog(t testing.TB, url string, tamper bool, statement string) error {
	ctx := context.Background()
	c, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(ctx)
	if tamper {
		if _, err := c.Exec(ctx, `ALTER TABLE audit_event DISABLE TRIGGER audit_event_kept`); err != nil {
			t.Fatal(err)
		}
	}
	_, err = c.Exec(ctx, statement)
	return err
}

// Spec, audit.md "Cost": at most 700 bytes on disk per event, its indexes and
// its share of the chain included.
func TestLogBytesPerEvent(t *testing.T) {
	const n = 20_000
	url := pgtest.URL(t)
	s := logStores(t, url)
	storagetest.FillLog(t, s, n)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	c, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(ctx)
	var size int64
	if err := c.QueryRow(ctx, `SELECT pg_total_relation_size('audit_event') + pg_total_relation_size('audit_checkpoint')`).Scan(&size); err != nil {
		t.Fatal(err)
	}
	each := size / n
	t.Logf("%d bytes per event", each)
	if each > 700 {
		t.Errorf("%d bytes per event", each)
	}
}

// A record whose transaction commits late is sealed all the same, after records
// that were numbered later.
func TestLateCommitIsSealed(t *testing.T) {
	ctx := context.Background()
	url := pgtest.URL(t)
	s := logStores(t, url)
	defer s.Close()
	late, err := openConn(ctx, url, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer late.Close()
	record := func(n int) []audit.Record { return []audit.Record{storagetest.Event("a", n)} }
	seal := func(want int) {
		t.Helper()
		n, err := s.Log.Seal(ctx, func(audit.Checkpoint) []byte { return []byte("signed") })
		if err != nil || n != want {
			t.Errorf("sealed %d, want %d (%v)", n, want, err)
		}
	}
	err = late.Write(ctx, func(tx relational.Tx) error {
		if err := s.Log.(*Store).Record(ctx, tx, record(1)); err != nil {
			return err
		}
		if err := s.Log.Append(ctx, record(2)); err != nil {
			return err
		}
		seal(1)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	seal(1)
	var chain int
	if err := s.Log.Chain(ctx, func(x audit.Sealed) error {
		if chain++; x.Seq != int64(chain) || x.Canonical == nil {
			t.Errorf("%d: %+v", chain, x)
		}
		return nil
	}); err != nil || chain != 2 {
		t.Errorf("%d in the chain, %v", chain, err)
	}
}

func BenchmarkLogAppend(b *testing.B) {
	s := logStores(b, pgtest.URL(b))
	defer s.Close()
	storagetest.BenchmarkAppend(b, s)
}
