// Package sqlite is storage in a folder: sluis.db holds the resources, and
// audit.db the log of reads, so that a long write never stops a read.
//
// It owns the connections, their settings and what SQLite writes differently;
// everything else is storage/relational's. It is the only package that imports
// the SQLite driver.
//
// The one path through it: Open, then the interfaces of storage.
package sqlite
