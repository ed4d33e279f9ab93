package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

// event is one line of `go test -json` (go doc test2json).
type event struct {
	Action     string
	Package    string
	ImportPath string // of build-output
	Test       string // "" for the package as a whole
	Output     string
}

// run names a test, or with an empty test a package.
type run struct{ pkg, test string }

// report gathers events.
type report struct {
	out     io.Writer
	allowed *regexp.Regexp

	said                    map[run][]string // output of tests that have not ended
	passed, failed, skipped int
	broken                  []string // packages that failed
	refused                 []string // skips without an allowed reason
}

// read takes events until the end and prints the closing lines.
func (r *report) read(in io.Reader) error {
	r.said = map[run][]string{}
	for dec := json.NewDecoder(in); ; {
		var e event
		switch err := dec.Decode(&e); {
		case errors.Is(err, io.EOF):
			r.close()
			return nil
		case err != nil:
			return fmt.Errorf("not the output of go test -json: %w", err)
		}
		r.take(e)
	}
}

func (r *report) take(e event) {
	this := run{e.Package, e.Test}
	switch {
	case e.Action == "build-output":
		fmt.Fprint(r.out, e.Output)
	case e.Action == "output" && e.Test == "":
		if e.Output != "PASS\n" {
			fmt.Fprint(r.out, e.Output)
		}
	case e.Action == "output":
		r.said[this] = append(r.said[this], e.Output)
	case e.Test == "" && e.Action == "fail":
		r.packageFailed(e.Package)
	case e.Test != "":
		r.ended(this, e.Action)
	}
}

// ended counts a test that has ended.
func (r *report) ended(test run, action string) {
	said := strings.Join(r.said[test], "")
	switch action {
	case "pass":
		r.passed++
	case "fail":
		r.failed++
		fmt.Fprint(r.out, said)
	case "skip":
		r.skipped++
		fmt.Fprint(r.out, said)
		if !r.allowed.MatchString(said) {
			r.refused = append(r.refused, test.pkg+" "+test.test)
		}
	default:
		return
	}
	delete(r.said, test)
}

// packageFailed tells what tests said that did not live to end.
func (r *report) packageFailed(pkg string) {
	r.broken = append(r.broken, pkg)
	var cut []run
	for test := range r.said {
		if test.pkg == pkg {
			cut = append(cut, test)
		}
	}
	slices.SortFunc(cut, func(a, b run) int { return strings.Compare(a.test, b.test) })
	for _, test := range cut {
		fmt.Fprint(r.out, strings.Join(r.said[test], ""))
		delete(r.said, test)
	}
}

func (r *report) close() {
	for _, pkg := range r.broken {
		fmt.Fprintln(r.out, "failed:", pkg)
	}
	for _, test := range r.refused {
		fmt.Fprintln(r.out, "skipped, which is not allowed here:", test)
	}
	fmt.Fprintf(r.out, "%d passed, %d failed, %d skipped\n", r.passed, r.failed, r.skipped)
}

// ok reports whether tests ran, none failed, and none was skipped without an
// allowed reason.
func (r *report) ok() bool {
	return r.passed > 0 && r.failed == 0 && len(r.broken) == 0 && len(r.refused) == 0
}
