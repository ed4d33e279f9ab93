// Package plantest holds the shapes of searches to the plans they must have on a
// large database: which tables may never be read from end to end. It is for
// tests only.
//
// It owns the population (Fill), the shapes, and the reading of both databases'
// plans. It looks at plans alone: no test of it depends on time.
//
// The one path through it: Run(t, conn) fills the empty database behind conn,
// makes each search through a connection that explains every statement first,
// and fails where a plan scans what it must not.
package plantest
