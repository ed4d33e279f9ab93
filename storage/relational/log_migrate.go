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
	return migrate(ctx, conn, want, func(context.Context, Tx) error { return nil })
}
