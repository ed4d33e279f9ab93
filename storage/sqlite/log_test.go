package sqlite

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"testing"
	"time"

	"sluis/audit"
	"sluis/storage"
	"sluis/storage/storagetest"
)

func TestLog(t *testing.T) {
	storagetest.RunLog(t, func(t testing.TB) storagetest.LogDatabase {
		dir := t.TempDir()
		return storagetest.LogDatabase{
			Open: func(t testing.TB) storagetest.LogStores { return logStores(t, dir) },
			Exec: func(t testing.TB, tamper bool, statement string) error { return execLog(t, dir, tamper, statement) },
		}
	})
}

func logStores(t testing.TB, dir string) storagetest.LogStores {
	s, err := Open(context.Background(), dir)
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

// execLog speaks to the file behind the log's back.
func execLog(t testing.TB, dir string, tamper bool, statement string) error {
	db, err := sql.Open("sqlite", dsn(filepath.Join(dir, "audit.db")))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if tamper {
		for _, trigger := range []string{"audit_event_kept", "audit_event_stays"} {
			if _, err := db.Exec("DROP TRIGGER IF EXISTS " + trigger); err != nil {
				t.Fatal(err)
			}
		}
	}
	_, err = db.Exec(statement)
	return err
}

// Spec, audit.md "Cost": at most 700 bytes on disk per event, its indexes and
// its share of the chain included.
func TestLogBytesPerEvent(t *testing.T) {
	const n = 20_000
	dir := t.TempDir()
	s := logStores(t, dir)
	storagetest.FillLog(t, s, n)
	if err := s.Close(); err != nil { // empties the WAL
		t.Fatal(err)
	}
	file, err := os.Stat(filepath.Join(dir, "audit.db"))
	if err != nil {
		t.Fatal(err)
	}
	each := file.Size() / n
	t.Logf("%d bytes per event", each)
	if each > 700 {
		t.Errorf("%d bytes per event", each)
	}
}

// A long write stops no record of a read: it goes to another file.
func TestAppendBesideALongWrite(t *testing.T) {
	s := logStores(t, t.TempDir())
	defer s.Close()
	record := storagetest.Event("a", 1)
	_, err := s.Log.(*Store).Apply(context.Background(), storage.Tx{At: time.Now(), Records: func([]storage.Result) []audit.Record {
		// Within the write's transaction, which holds its file's lock.
		if err := s.Log.Append(context.Background(), []audit.Record{record}); err != nil {
			t.Errorf("append during a write: %v", err)
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
}

func BenchmarkLogAppend(b *testing.B) {
	s := logStores(b, b.TempDir())
	defer s.Close()
	storagetest.BenchmarkAppend(b, s)
}
