package sqlite

import "sluis/storage/relational"

// dialect is relational.Dialect for SQLite. A list is an argument of JSON.
type dialect struct{}

func (dialect) Name() string { return "sqlite" }

func (dialect) In(column, placeholder string) string {
	return column + " IN (SELECT value FROM json_each(" + placeholder + "))"
}

func (dialect) Contains(column, placeholder string) string {
	return "instr(" + column + ", " + placeholder + ") > 0"
}

// Cast is not needed: a value has its type whatever the column.
func (dialect) Cast(expr, _ string) string { return expr }

func (dialect) Allot() string {
	return `UPDATE surrogate SET next = next + $1 RETURNING next - $1, next - 1`
}

// Lock is not needed: one transaction writes at a time.
func (dialect) Lock(...relational.Lock) []relational.Step { return nil }

func (dialect) ForUpdate(string) string { return "" }
