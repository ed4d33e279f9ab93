package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// binary is the program under test, built once for all tests that run it.
var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "sluis-binary-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	binary = filepath.Join(dir, "sluis")
	code := 1
	if out, err := exec.Command("go", "build", "-buildvcs=false", "-o", binary, ".").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
	} else {
		code = m.Run()
	}
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

// processTime bounds one run of the program, as a guard against a hang.
const processTime = 3 * time.Minute

// command is a run of the program that has not begun. It sees none of the
// variables that configure one.
func command(t testing.TB, args ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), processTime)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, binary, args...)
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "SLUIS_") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	return cmd
}

// ended is what a run of the program came to.
type ended struct {
	code           int
	stdout, stderr string
}

// sluis runs the program to its end.
func sluis(t testing.TB, args ...string) ended {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := command(t, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return ended{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// expect fails the test unless the program ended with that code.
func (e ended) expect(t testing.TB, code int) ended {
	t.Helper()
	if e.code != code {
		t.Fatalf("exit code %d, want %d\n%s%s", e.code, code, e.stdout, e.stderr)
	}
	return e
}

// says fails the test unless the output holds each text.
func (e ended) says(t testing.TB, texts ...string) ended {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(e.stdout+e.stderr, text) {
			t.Errorf("the output lacks %q:\n%s%s", text, e.stdout, e.stderr)
		}
	}
	return e
}
