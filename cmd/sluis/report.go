package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"sluis/fhir"
	"sluis/storage"
)

// report tells how an import goes: on a terminal as one line that moves,
// elsewhere as a line for each transaction after its commit, and at the end as a
// summary.
type report struct {
	out      *os.File
	terminal bool
	began    time.Time
	types    map[string]*tally
	messages int
	again    int // messages delivered before
	rejected int
}

// tally counts what became of resources of one type.
type tally struct{ created, updated, unchanged int }

func newReport(out *os.File) *report {
	info, err := out.Stat()
	return &report{
		out: out, terminal: err == nil && info.Mode()&os.ModeCharDevice != 0,
		began: time.Now(), types: map[string]*tally{},
	}
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

func (r *report) message(place string, again bool) {
	r.messages++
	if again {
		r.again++
	}
	r.step(place, "1 message")
}

func (r *report) step(place, what string) {
	if !r.terminal {
		fmt.Fprintf(r.out, "committed %s: %s\n", place, what)
		return
	}
	total := r.total()
	n := total.created + total.updated + total.unchanged
	rate := float64(n) / time.Since(r.began).Seconds()
	fmt.Fprintf(r.out, "\r\x1b[K%d resources, %d messages, %.0f resources/s, at %s", n, r.messages, rate, place)
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

// reject names every problem of what was not stored.
func (r *report) reject(place string, err error) {
	r.rejected++
	if r.terminal {
		fmt.Fprint(r.out, "\r\x1b[K")
	}
	var e *fhir.Error
	if !errors.As(err, &e) {
		fmt.Fprintf(r.out, "rejected %s\n", strings.TrimPrefix(place+": "+err.Error(), ": "))
		return
	}
	for _, issue := range e.Issues {
		fmt.Fprintf(r.out, "rejected %s: %s: %s\n", place, strings.Join(issue.Expression, ", "), issue.Details)
	}
	if e.Kind == fhir.Internal || e.Kind == fhir.Unavailable {
		fmt.Fprintf(r.out, "  because: %v\n", e)
	}
}

// close prints the summary; the error says that something was rejected.
func (r *report) close() error {
	if r.terminal {
		fmt.Fprintln(r.out)
	}
	for _, name := range slices.Sorted(maps.Keys(r.types)) {
		t := r.types[name]
		fmt.Printf("%-28s %8d created %8d updated %8d unchanged\n", name, t.created, t.updated, t.unchanged)
	}
	sum := r.total()
	fmt.Printf("%-28s %8d created %8d updated %8d unchanged %8d rejected\n", "total", sum.created, sum.updated, sum.unchanged, r.rejected)
	if r.messages > 0 {
		fmt.Printf("%-28s %8d taken in, %d of them delivered before\n", "messages", r.messages, r.again)
	}
	if r.rejected > 0 {
		return fmt.Errorf("%d rejected", r.rejected)
	}
	return nil
}
