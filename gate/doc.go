// Package gate is the corridor itself: every request, from whatever surface,
// is authorised, reaches the store once, and is recorded before its answer
// leaves.
//
// It owns Gate and its verbs (Read, Search, History, Write, Patch, Bundle, Deliver,
// Import, SearchLog, Explain), the preparation of what is written, the search
// parameters there are (parameters.go), and what is recorded. It does not speak HTTP or
// MLLP and knows no SQL.
//
// The one path through it: a Caller's Grant and the store's facts become a
// Decision, the Decision an Access (pass.go); the verb makes one call on the
// store with it, again from the start when policy has moved; record.go makes
// the event durable; only then does the verb return.
package gate
