// Package relational is storage on a relational database: the schema, the one
// renderer from query.Expr to SQL, and the logic of Apply. storage/sqlite and
// storage/postgres give it a Conn.
//
// It owns everything the two backends share. It knows no driver, and it decides
// nothing: an Access comes in and is part of every statement.
//
// The one path through it: Store.Search settles from which index to start
// (course.go), renders Access ∧ Query into one statement, runs it in one snapshot
// that also tells the policy's version, and refuses the answer when that is not
// the Access's. docs/indexes.md shows the tables and three such statements.
package relational
