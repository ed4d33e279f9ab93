package relational

import (
	"context"
	"slices"
)

// logMigration is the only migration of a file that holds a log alone.
const logMigration = 100

// MigrateLog brings a file that holds a log alone up to date, as Migrate does
// a whole database.
func MigrateLog(ctx context.Context, conn Conn) error {
	all, err := dialectMigrations(migrations, conn.Dialect().Name())
	if err != nil {
		return err
	}
	want := slices.DeleteFunc(all, func(m migration) bool { return m.number != logMigration })
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
		return applyMigrations(ctx, tx, want, applied)
	})
}
