package postgres

import "sluis/storage/relational"

// dialect is relational.Dialect for PostgreSQL.
type dialect struct{}

func (dialect) Name() string { return "postgres" }

func (dialect) In(column, placeholder string) string { return column + " = ANY(" + placeholder + ")" }

func (dialect) Contains(column, placeholder string) string {
	return "strpos(" + column + ", " + placeholder + ") > 0"
}

// Words names the column, so that its index answers.
func (dialect) Words(content bool, placeholder string) string {
	column := "narrative"
	if content {
		column = "content"
	}
	return "SELECT rowid FROM words WHERE " + column + " @> " + placeholder + "::text[]"
}

func (dialect) WordsArg(words []string) any { return words }

// Cast names a type for the planner. Texts compare by code point everywhere.
func (dialect) Cast(expr, columnType string) string {
	cast := "CAST(" + expr + " AS " + columnType + ")"
	if columnType == "text" {
		return cast + ` COLLATE "C"`
	}
	return cast
}

func (dialect) Allot() string {
	return `SELECT n, n FROM (SELECT nextval('surrogate') AS n FROM generate_series(1, $1)) s`
}

// Lock takes advisory locks, which hold no row and vanish with the transaction.
// An array is unnested in its order.
func (dialect) Lock(locks ...relational.Lock) []relational.Step {
	keys, exclusive := make([]int64, len(locks)), make([]bool, len(locks))
	for i, l := range locks {
		keys[i], exclusive[i] = l.Key, l.Exclusive
	}
	return []relational.Step{{Args: []any{keys, exclusive},
		SQL: `SELECT CASE WHEN x THEN pg_advisory_xact_lock(k) ELSE pg_advisory_xact_lock_shared(k) END
			FROM unnest($1::bigint[], $2::boolean[]) AS l(k, x)`}}
}

func (dialect) ForUpdate(table string) string { return "FOR UPDATE OF " + table }
