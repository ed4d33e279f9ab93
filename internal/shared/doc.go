// Package shared finds the test data that are kept beside the repository, and
// says what to do when something a test needs is not at hand. It is for tests
// only.
//
// It owns the search for the data and the rule that a missing part is announced
// on a developer's machine and is a failure in CI (SLUIS_REQUIRE_ALL=1).
//
// The one path through it: Path(t, "synthea/…") returns a path, or ends the test.
package shared
