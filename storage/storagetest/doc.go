// Package storagetest proves the duties of storage. Run and RunLog are the
// suites that every backend and every decorator of one must pass.
//
// It owns the laws, each a sub-test by name, and the small fixtures they need.
// It knows no backend: query.Match, a model in memory, is the oracle.
//
// The one path through it: a backend's test calls Run with a function that opens
// an empty store.
package storagetest
