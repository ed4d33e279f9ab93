// Package postgres is storage on PostgreSQL: any number of stateless nodes on
// one database.
//
// It owns the pool, its settings and what PostgreSQL writes differently;
// everything else is storage/relational's. It is the only package that imports
// pgx, and it uses no database/sql.
//
// The one path through it: Open, then the interfaces of storage. Tests take a
// database of their own from postgres/pgtest.
package postgres
