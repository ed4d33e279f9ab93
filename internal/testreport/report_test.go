package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

const (
	passing = `{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"=== RUN   TestA\n"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Output":"PASS\n"}
{"Action":"output","Package":"p","Output":"ok  \tp\t0.1s\n"}
{"Action":"pass","Package":"p"}
`
	skipping = `{"Action":"output","Package":"p","Test":"TestB","Output":"    b_test.go:3: shared test data x is missing: skipped\n"}
{"Action":"skip","Package":"p","Test":"TestB"}
`
	failing = `{"Action":"output","Package":"p","Test":"TestC","Output":"    c_test.go:3: wrong\n"}
{"Action":"fail","Package":"p","Test":"TestC"}
{"Action":"fail","Package":"p"}
`
	panicking = `{"Action":"output","Package":"q","Test":"TestD","Output":"panic: no\n"}
{"Action":"fail","Package":"q"}
`
	unbuilt = `{"ImportPath":"r","Action":"build-output","Output":"r.go:1:1: syntax error\n"}
{"ImportPath":"r","Action":"build-fail"}
{"Action":"fail","Package":"r","FailedBuild":"r"}
`
)

func TestReport(t *testing.T) {
	for _, tt := range []struct {
		name, in, allow string
		ok              bool
		says            []string
	}{
		{"passes", passing, "^$", true, []string{"ok  \tp\t0.1s\n", "1 passed, 0 failed, 0 skipped\n"}},
		{"skips", passing + skipping, "^$", false, []string{"x is missing", "not allowed here: p TestB", "1 passed, 0 failed, 1 skipped\n"}},
		{"skips for an allowed reason", passing + skipping, "shared test data", true, []string{"x is missing", "1 skipped\n"}},
		{"fails", passing + failing, "^$", false, []string{"c_test.go:3: wrong\n", "failed: p\n", "1 passed, 1 failed, 0 skipped\n"}},
		{"panics", passing + panicking, "^$", false, []string{"panic: no\n", "failed: q\n"}},
		{"does not build", passing + unbuilt, "^$", false, []string{"syntax error\n", "failed: r\n"}},
		{"has no test", "", "^$", false, []string{"0 passed, 0 failed, 0 skipped\n"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out strings.Builder
			r := report{out: &out, allowed: regexp.MustCompile(tt.allow)}
			if err := r.read(strings.NewReader(tt.in)); err != nil {
				t.Fatal(err)
			}
			if r.ok() != tt.ok {
				t.Errorf("ok = %v, want %v", r.ok(), tt.ok)
			}
			for _, s := range tt.says {
				if !strings.Contains(out.String(), s) {
					t.Errorf("does not say %q:\n%s", s, out.String())
				}
			}
			if strings.Contains(out.String(), "=== RUN") {
				t.Errorf("tells what a passing test said:\n%s", out.String())
			}
		})
	}
}

func TestReport_RefusesOtherInput(t *testing.T) {
	r := report{out: new(strings.Builder), allowed: regexp.MustCompile("^$")}
	if err := r.read(strings.NewReader("ok  \tp\t0.1s\n")); err == nil {
		t.Error("plain output was taken for JSON")
	}
}

func Example() {
	r := report{out: os.Stdout, allowed: regexp.MustCompile("^$")}
	fmt.Println(r.read(strings.NewReader(passing)), r.ok())
	// Output:
	// ok  	p	0.1s
	// 1 passed, 0 failed, 0 skipped
	// <nil> true
}
