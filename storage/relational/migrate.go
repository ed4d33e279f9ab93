package relational

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"sort"
	"strconv"
	"strings"
)

// migrations are the files schema/NNNN_name.<dialect>.sql, or
// schema/NNNN_name.sql where both databases read the same text. Numbers up to
// 0099 are the resources', from 0100 the log's.
//
//go:embed schema/*.sql
var migrations embed.FS

type migration struct {
	number   int64
	name     string
	sql      string
	checksum string
}

// Migrate brings the schema up to date in one transaction. Several processes
// may start at once: they take turns. A migration that was applied with other
// text, or that this program does not know, is an error: the program and the
// database do not fit.
func Migrate(ctx context.Context, conn Conn) error {
	want, err := dialectMigrations(migrations, conn.Dialect().Name())
	if err != nil {
		return err
	}
	return migrate(ctx, conn, want, adopt)
}

// migrate applies what is wanted and not there yet, one process at a time, and
// then does what comes after.
func migrate(ctx context.Context, conn Conn, want []migration, after func(context.Context, Tx) error) error {
	return conn.Write(ctx, func(tx Tx) error {
		if err := tx.Send(ctx, conn.Dialect().Lock(Lock{Key: migrationLock, Exclusive: true})...); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `CREATE TABLE IF NOT EXISTS schema_version (
			number bigint PRIMARY KEY, name text NOT NULL, checksum text NOT NULL)`); err != nil {
			return err
		}
		applied, err := appliedMigrations(ctx, tx)
		if err != nil {
			return err
		}
		if err := applyMigrations(ctx, tx, want, applied); err != nil {
			return err
		}
		return after(ctx, tx)
	})
}

const migrationLock = 0x736c756973 // "sluis"

func applyMigrations(ctx context.Context, tx Tx, want []migration, applied map[int64]string) error {
	for _, m := range want {
		sum, done := applied[m.number]
		delete(applied, m.number)
		if done && sum != m.checksum {
			return fmt.Errorf("storage: migration %s was applied with another text", m.name)
		}
		if done {
			continue
		}
		if _, err := tx.Exec(ctx, m.sql); err != nil {
			return fmt.Errorf("storage: migration %s: %w", m.name, err)
		}
		if _, err := tx.Exec(ctx, `INSERT INTO schema_version (number, name, checksum) VALUES ($1, $2, $3)`,
			m.number, m.name, m.checksum); err != nil {
			return err
		}
	}
	for number := range applied {
		return fmt.Errorf("storage: the database has migration %04d, which this program does not know", number)
	}
	return nil
}

func appliedMigrations(ctx context.Context, tx Tx) (map[int64]string, error) {
	applied := map[int64]string{}
	rows, err := tx.Query(ctx, `SELECT number, checksum FROM schema_version`)
	err = each(rows, err, func(r Rows) error { return readApplied(r, applied) })
	return applied, err
}

func readApplied(r Rows, applied map[int64]string) error {
	var number int64
	var sum string
	err := r.Scan(&number, &sum)
	applied[number] = sum
	return err
}

// dialectMigrations lists the migrations of one dialect by number.
func dialectMigrations(files fs.FS, dialect string) ([]migration, error) {
	names, err := fs.Glob(files, "schema/*.sql")
	if err != nil {
		return nil, err
	}
	var out []migration
	for _, name := range names {
		base := strings.TrimSuffix(strings.TrimPrefix(name, "schema/"), ".sql")
		base, only, special := strings.Cut(base, ".")
		if special && only != dialect {
			continue
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		digits, _, _ := strings.Cut(base, "_")
		number, err := strconv.ParseInt(digits, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("storage: migration %s has no number", name)
		}
		sum := sha256.Sum256(text)
		out = append(out, migration{number, base, string(text), hex.EncodeToString(sum[:])})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].number < out[j].number })
	return out, nil
}
