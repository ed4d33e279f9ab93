package suite

import (
	"fmt"
	"io"
	"strings"
)

// Report is what came of a run.
type Report struct {
	Base     string
	Results  []Result
	Requests int // HTTP requests made
	Left     int // resources that were made and could not be deleted
}

// Result is what came of one case: neither Failures nor Skipped means that it
// passed.
type Result struct {
	Chapter, Group string
	Case           Case
	Failures       []Failure
	Skipped        string // why the case could not be asked of this server
}

// Failure is one answer that was not as expected.
type Failure struct {
	Place    string // file:line of the step
	Request  string
	Expected string
	Because  string // in what it was not
	Came     string // the answer; "" when there was none
}

func (r *Report) add(part Report) {
	r.Results = append(r.Results, part.Results...)
	r.Requests += part.Requests
	r.Left += part.Left
}

func (r *Report) count(c *conversation) {
	r.Requests += c.requests
	r.Left += c.left
}

// Failed is the number of cases that failed.
func (r Report) Failed() int { return r.tally("").failed }

type tally struct{ passed, failed, skipped int }

// tally counts the cases of a chapter, "" for all.
func (r Report) tally(chapter string) (t tally) {
	for _, result := range r.Results {
		switch {
		case chapter != "" && result.Chapter != chapter:
		case len(result.Failures) > 0:
			t.failed++
		case result.Skipped != "":
			t.skipped++
		default:
			t.passed++
		}
	}
	return t
}

// chapters are those of the results, in their order.
func (r Report) chapters() (names []string) {
	seen := map[string]bool{}
	for _, result := range r.Results {
		if !seen[result.Chapter] {
			seen[result.Chapter] = true
			names = append(names, result.Chapter)
		}
	}
	return names
}

// Write prints the report: each failure with its request, what was expected and
// what came; what was skipped and why; and a line for each chapter.
func (r Report) Write(w io.Writer) error {
	var b strings.Builder
	for _, result := range r.Results {
		for _, f := range result.Failures {
			result.explain(&b, f)
		}
	}
	for _, result := range r.Results {
		if result.Skipped != "" {
			fmt.Fprintf(&b, "skipped %s/%s: %s: %s\n\n", result.Chapter, result.Group, result.Case.Title, result.Skipped)
		}
	}
	fmt.Fprintf(&b, "%-28s %6s %6s %7s\n", "chapter", "passed", "failed", "skipped")
	for _, chapter := range r.chapters() {
		t := r.tally(chapter)
		fmt.Fprintf(&b, "%-28s %6d %6d %7d\n", chapter, t.passed, t.failed, t.skipped)
	}
	t := r.tally("")
	fmt.Fprintf(&b, "%-28s %6d %6d %7d   %d requests to %s\n", "all", t.passed, t.failed, t.skipped, r.Requests, r.Base)
	if r.Left > 0 {
		fmt.Fprintf(&b, "left behind: %d of what the cases made could not be deleted\n", r.Left)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (r Result) explain(b *strings.Builder, f Failure) {
	fmt.Fprintf(b, "FAILED %s/%s: %s (%s)\n       %s\n", r.Chapter, r.Group, r.Case.Title, r.Case.Spec, f.Place)
	for _, part := range []struct{ name, text string }{
		{"request", f.Request}, {"expected", f.Expected}, {"but", f.Because}, {"came", f.Came},
	} {
		if part.text != "" {
			fmt.Fprintf(b, "    %-9s %s\n", part.name, strings.ReplaceAll(part.text, "\n", "\n              "))
		}
	}
	b.WriteByte('\n')
}
