// Command testreport reads what `go test -json` prints and closes it in few
// lines: every package's own line, all that a failed test said, every skipped
// test with its reason, and the count.
//
// It owns the rule that a skipped test is a failure, unless its reason is one
// that was allowed: a test run that left out half of itself must not look green.
//
// It runs no test.
//
// The one path through it: go test -json ./... | testreport [-allow REGEXP].
package main
