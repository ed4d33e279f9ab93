package pgtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// errMissing says that this machine has no PostgreSQL.
var errMissing = errors.New("PostgreSQL")

// startCluster makes a private cluster on a unix socket in a temporary folder
// and returns its URL. A shell stands over it: when this process ends, in
// whatever way, the shell's input closes, and it stops the cluster and removes
// the folder.
func startCluster() (string, error) {
	initdb, err := find("initdb")
	if err != nil {
		return "", err
	}
	postgres, err := find("postgres")
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "sluis-pg-")
	if err != nil {
		return "", err
	}
	owner, err := unprivileged(dir)
	if err != nil {
		return "", errors.Join(err, os.RemoveAll(dir))
	}
	data := filepath.Join(dir, "data")
	create := exec.Command(initdb, "-D", data, "-U", "sluis", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	create.Dir, create.SysProcAttr = dir, owner
	if out, err := create.CombinedOutput(); err != nil {
		return "", errors.Join(fmt.Errorf("initdb: %w\n%s", err, out), os.RemoveAll(dir))
	}
	if err := watch(dir, owner, postgres); err != nil {
		return "", errors.Join(err, os.RemoveAll(dir))
	}
	address := "postgres:///postgres?" + url.Values{"host": {dir}, "user": {"sluis"}}.Encode()
	return address, await(address, filepath.Join(dir, "log"))
}

// watchScript runs the server and waits for the end of its own input. SIGINT is
// PostgreSQL's fast shutdown.
const watchScript = `"$1" -D "$2/data" -k "$2" -h '' -c fsync=off -c full_page_writes=off -c max_connections=200 >"$2/log" 2>&1 </dev/null &
pid=$!
cat >/dev/null
kill -INT $pid; wait $pid
cd /; rm -rf "$2"`

// lifeline is the shell's input. It is held here because a pipe that nothing
// refers to is closed by the garbage collector.
var lifeline io.Closer

func watch(dir string, owner *syscall.SysProcAttr, postgres string) error {
	shell := exec.Command("/bin/sh", "-c", watchScript, "sh", postgres, dir)
	shell.Dir, shell.SysProcAttr = dir, owner
	pipe, err := shell.StdinPipe()
	if err != nil {
		return err
	}
	lifeline = pipe
	return shell.Start()
}

// find looks in PATH and where Debian keeps the server's programs.
func find(name string) (string, error) {
	if p, err := exec.LookPath(name); err == nil {
		return p, nil
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name) // the pattern is well formed
	if len(found) == 0 {
		return "", errMissing
	}
	return found[len(found)-1], nil
}

// unprivileged says as whom to run: PostgreSQL refuses root. The folder becomes
// that user's. The process group is its own, so that an interrupt at the
// terminal leaves the ending to the shell.
func unprivileged(dir string) (*syscall.SysProcAttr, error) {
	attr := &syscall.SysProcAttr{Setpgid: true}
	if os.Geteuid() != 0 {
		return attr, nil
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		if account, err = user.Lookup("nobody"); err != nil {
			return nil, fmt.Errorf("no user to run PostgreSQL as: %w", err)
		}
	}
	uid, err := strconv.ParseUint(account.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(account.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return attr, os.Chown(dir, int(uid), int(gid))
}

// await connects until the server answers.
func await(address, log string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for {
		c, err := pgx.Connect(ctx, address)
		if err == nil {
			return c.Close(ctx)
		}
		select {
		case <-ctx.Done():
			text, _ := os.ReadFile(log) // for the message only
			return fmt.Errorf("PostgreSQL did not start: %w\n%s", err, text)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
