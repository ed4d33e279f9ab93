package audit

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// Flaw is the kind of a Problem.
type Flaw string

// What can be wrong with a log.
const (
	Changed      Flaw = "changed"       // a record is not what was sealed
	Missing      Flaw = "missing"       // a record is gone or cannot be read
	Misplaced    Flaw = "misplaced"     // a record or checkpoint stands where it does not belong
	Truncated    Flaw = "truncated"     // a signed checkpoint speaks of records that are not there
	Forked       Flaw = "forked"        // two signed checkpoints, or a checkpoint and the records, tell different stories
	BadSignature Flaw = "bad-signature" // a checkpoint was not signed by the key
	Uncovered    Flaw = "uncovered"     // sealed records after the last signed checkpoint
)

// Problem is one thing that does not fit.
type Problem struct {
	Flaw     Flaw
	From, To int64  // the positions in the chain that it may concern
	Text     string // plain words
}

// maxProblems bounds a Report: a log that differs everywhere needs no list.
const maxProblems = 100

// Report is what a verification found.
type Report struct {
	Sealed      int64    // records in the chain
	Covered     int64    // the last of them under a valid signature
	Checkpoints int      // with a valid signature
	Unsealed    int64    // records not yet in the chain: nothing is proven about them
	Tail        []string // the first of these, by id and time
	Problems    []Problem
	More        int // problems left out
}

// OK reports whether the sealed log is whole. An unsealed tail is no flaw.
func (r Report) OK() bool { return len(r.Problems) == 0 }

// maxTail bounds Report.Tail.
const maxTail = 10

// String is the report in plain words, one finding on a line.
func (r Report) String() string {
	var b strings.Builder
	verdict := "the log is whole"
	if !r.OK() {
		verdict = "THE LOG DOES NOT FIT"
	}
	fmt.Fprintf(&b, "%s: %d sealed records, %d signed checkpoints, the last at record %d\n", verdict, r.Sealed, r.Checkpoints, r.Covered)
	for _, p := range r.Problems {
		fmt.Fprintf(&b, "%s: %s\n", p.Flaw, p.Text)
	}
	if r.More > 0 {
		fmt.Fprintf(&b, "and %d more\n", r.More)
	}
	if r.Unsealed > 0 {
		fmt.Fprintf(&b, "unsealed: the last %d records are not in the chain yet, nothing is proven about them:\n", r.Unsealed)
	}
	for _, t := range r.Tail {
		fmt.Fprintf(&b, "  %s\n", t)
	}
	return b.String()
}

// nameOf names a record by its id and time: a report may be printed, and the
// rest of a record may not.
func nameOf(canonical []byte) string {
	var r struct{ ID, Recorded string }
	if err := json.Unmarshal(canonical, &r); err != nil || r.ID == "" {
		return "nothing readable"
	}
	return strconv.Quote(r.ID) + " of " + strconv.Quote(r.Recorded)
}

func (r *Report) add(f Flaw, from, to int64, format string, args ...any) {
	if len(r.Problems) == maxProblems {
		r.More++
		return
	}
	r.Problems = append(r.Problems, Problem{f, from, to, fmt.Sprintf(format, args...)})
}
