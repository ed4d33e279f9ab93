package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"sluis/fhir"
	"sluis/gate"
	"sluis/storage"
)

// report tells how an import goes: on a terminal as one line that moves,
// elsewhere as a line for each transaction after its commit, and at the end as a
// summary.
type report struct {
	out      io.Writer
	summary  io.Writer
	terminal bool
	began    time.Time
	types    map[string]*tally
	messages int
	seen     int // messages delivered before
	repeated int // resources that were met before in this run
	differed int // those of them with another content
	rejected int
}

// tally counts what became of resources of one type.
type tally struct{ created, updated, unchanged int }

func newReport(out, summary io.Writer) *report {
	return &report{out: out, summary: summary, terminal: isTerminal(out), began: time.Now(), types: map[string]*tally{}}
}

func isTerminal(out io.Writer) bool {
	f, ok := out.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// committed counts a transaction that is in the database.
func (r *report) committed(place string, results []storage.Result) {
	for _, done := range results {
		t := r.types[done.Resource.Type]
		if t == nil {
			t = &tally{}
			r.types[done.Resource.Type] = t
		}
		switch {
		case done.Unchanged:
			t.unchanged++
		case done.Created:
			t.created++
		default:
			t.updated++
		}
	}
	r.step(place, fmt.Sprintf("%d resources", len(results)))
}

// message counts a message that was taken in, now or before.
func (r *report) message(place string, before bool) {
	r.messages++
	if before {
		r.seen++
	}
	r.step(place, "1 message")
}

// again counts a resource whose name this run has met before.
func (r *report) again(place, source string, same bool) {
	r.repeated++
	if !same {
		r.differed++
		r.line("left out %s: %s was stored before in this run, with another content", place, source)
	}
}

func (r *report) step(place, what string) {
	if !r.terminal {
		r.line("committed %s: %s", place, what)
		return
	}
	total := r.total()
	n := total.created + total.updated + total.unchanged
	rate := float64(n) / time.Since(r.began).Seconds()
	fmt.Fprintf(r.out, "\r\x1b[K%d resources, %d messages, %.0f resources/s, at %s", n, r.messages, rate, place)
}

// line prints one line, in place of the one that moves.
func (r *report) line(format string, args ...any) {
	if r.terminal {
		fmt.Fprint(r.out, "\r\x1b[K")
	}
	fmt.Fprintf(r.out, format+"\n", args...)
}

func (r *report) total() (sum tally) {
	for _, t := range r.types {
		sum.created, sum.updated, sum.unchanged = sum.created+t.created, sum.updated+t.updated, sum.unchanged+t.unchanged
	}
	return sum
}

// done rejects an item when it failed.
func (r *report) done(place string, err error) {
	if err != nil {
		r.reject(place, err)
	}
}

// reject names every problem of what was not stored: a line, a message or a
// whole Bundle.
func (r *report) reject(place string, err error) {
	r.rejected++
	errs := []error{err}
	var bad *gate.ImportError
	if errors.As(err, &bad) {
		errs = bad.Unwrap()
	}
	for _, err := range errs {
		r.problems(place, err)
	}
}

func (r *report) problems(place string, err error) {
	var e *fhir.Error
	if !errors.As(err, &e) || place == "" { // without a place, the error names it
		r.line("rejected %s", joined(place, err.Error()))
		return
	}
	for _, issue := range e.Issues {
		r.line("rejected %s", joined(place, strings.Join(issue.Expression, ", "), issue.Details))
	}
	if e.Kind == fhir.Internal || e.Kind == fhir.Unavailable {
		r.line("  because: %v", e)
	}
}

func joined(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), ": ")
}

// close prints the summary; the error says that something was rejected.
func (r *report) close() error {
	if r.terminal {
		fmt.Fprintln(r.out)
	}
	for _, name := range slices.Sorted(maps.Keys(r.types)) {
		t := r.types[name]
		fmt.Fprintf(r.summary, "%-28s %8d created %8d updated %8d unchanged\n", name, t.created, t.updated, t.unchanged)
	}
	sum := r.total()
	fmt.Fprintf(r.summary, "%-28s %8d created %8d updated %8d unchanged %8d rejected\n", "total", sum.created, sum.updated, sum.unchanged, r.rejected)
	if r.repeated > 0 {
		fmt.Fprintf(r.summary, "%-28s %8d met before in this run, %d of them with another content\n", "left out", r.repeated, r.differed)
	}
	if r.messages > 0 {
		fmt.Fprintf(r.summary, "%-28s %8d taken in, %d of them delivered before\n", "messages", r.messages, r.seen)
	}
	if r.rejected > 0 {
		return fmt.Errorf("%d rejected", r.rejected)
	}
	return nil
}
