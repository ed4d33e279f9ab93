package storagetest

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"fmt"
	"slices"
	"strings"
	"testing"

	"sluis/audit"
)

func logSeals(t *testing.T, db LogDatabase) {
	s := openLog(t, db)
	ctx := context.Background()
	if n := sealLog(t, s); n != 0 {
		t.Errorf("sealed %d of nothing", n)
	}
	noError(t, s.Log.Append(ctx, logEvents("a", 5)))
	noError(t, s.Write(ctx, logEvents("b", 3)))
	if report := verifyLog(t, s); report.Unsealed != 8 || report.Sealed != 0 || !report.OK() {
		t.Errorf("before sealing: %s", report)
	}
	if n := sealLog(t, s); n != 8 {
		t.Errorf("sealed %d of 8", n)
	}
	if n := sealLog(t, s); n != 0 {
		t.Errorf("sealed %d a second time", n)
	}
	noError(t, s.Write(ctx, []audit.Record{logEvent("b", 9)}))
	report := verifyLog(t, s)
	if !report.OK() || report.Sealed != 8 || report.Covered != 8 || report.Unsealed != 1 || !strings.Contains(report.Tail[0], "b-9") {
		t.Errorf("with a tail: %s", report)
	}
	sealLog(t, s)
	var export bytes.Buffer
	checkpoints, err := s.Log.Checkpoints(ctx)
	noError(t, err)
	noError(t, audit.WriteExport(&export, logChain(s), checkpoints))
	offline, err := audit.VerifyExport(&export, sealKey.Public().(ed25519.PublicKey))
	if err != nil || !offline.OK() || offline.Sealed != 9 || offline.Unsealed != 0 || offline.Checkpoints != 2 {
		t.Errorf("offline: %v %s", err, offline)
	}
}

// Two processes append, write and seal at once: one chain without gap holds
// every record once.
func logSealsConcurrently(t *testing.T, db LogDatabase) {
	const callers, each = 6, 15
	processes := []LogStores{openLog(t, db), openLog(t, db)}
	ctx := context.Background()
	noError(t, together(callers+2, func(i int) error {
		s := processes[i%2]
		for n := range each {
			var err error
			r := []audit.Record{logEvent("a", n*callers+i)}
			switch {
			case i >= callers:
				_, err = s.Log.Seal(ctx, audit.Signer(sealKey))
			case i == 0:
				err = retryBusy(func() error { return s.Write(ctx, r) })
			default:
				err = s.Log.Append(ctx, r)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}))
	sealLog(t, processes[0])
	sealLog(t, processes[1])
	report := verifyLog(t, processes[1])
	if !report.OK() || report.Sealed != callers*each || report.Unsealed != 0 {
		t.Errorf("%s", report)
	}
	seen := map[string]bool{}
	for x, err := range logChain(processes[0]) {
		noError(t, err)
		seen[string(x.Canonical)] = true
	}
	if len(seen) != callers*each {
		t.Errorf("%d different records in a chain of %d", len(seen), callers*each)
	}
}

// retry repeats a transaction that lost a race, as a caller of Apply does.
func retryBusy(f func() error) error {
	for {
		if err := f(); !isBusy(err) {
			return err
		}
	}
}

func logSealerHandover(t *testing.T, db LogDatabase) {
	first, second := db.Open(t), openLog(t, db)
	noError(t, first.Log.Append(context.Background(), logEvents("a", 3)))
	if n := sealLog(t, first); n != 3 {
		t.Fatalf("sealed %d", n)
	}
	noError(t, second.Log.Append(context.Background(), logEvents("b", 2)))
	if n := sealLog(t, second); n != 0 {
		t.Errorf("a second sealer sealed %d beside the first", n)
	}
	noError(t, first.Close())
	if n := sealLog(t, second); n != 2 {
		t.Errorf("the second sealed %d after the first had gone", n)
	}
	if report := verifyLog(t, second); !report.OK() || report.Sealed != 5 {
		t.Errorf("%s", report)
	}
}

func logUnsigned(t *testing.T, db LogDatabase) {
	s := openLog(t, db)
	noError(t, s.Log.Append(context.Background(), logEvents("a", 2)))
	if n, err := s.Log.Seal(context.Background(), func(audit.Checkpoint) []byte { return nil }); err == nil || n != 0 {
		t.Errorf("sealed %d without a signature: %v", n, err)
	}
	if report := verifyLog(t, s); report.Unsealed != 2 {
		t.Errorf("%s", report)
	}
	if n := sealLog(t, s); n != 2 {
		t.Errorf("sealed %d after the failure", n)
	}
}

func logProtected(t *testing.T, db LogDatabase) {
	s := openLog(t, db)
	noError(t, s.Log.Append(context.Background(), logEvents("a", 2)))
	for _, statement := range []string{`UPDATE audit_event SET recorded = 1`, `DELETE FROM audit_event`} {
		if db.Exec(t, false, statement) == nil {
			t.Errorf("the database let through: %s", statement)
		}
	}
	if got := findLog(t, s, aboutPerson("a")); got.Total != 2 {
		t.Errorf("%d left", got.Total)
	}
}

// Whatever is done to the rows themselves, by one who may do anything in the
// database, shows in the report.
func logTampered(t *testing.T, db LogDatabase) {
	const body = `(SELECT body FROM audit_event WHERE event = 2)`
	const leaf = `(SELECT leaf FROM audit_event WHERE event = 2)`
	for _, c := range []struct {
		name, statement, undo string
		want                  audit.Flaw
	}{
		{"the body of another", `UPDATE audit_event SET body = ` + body + ` WHERE event = 5`, `UPDATE audit_event SET body = (SELECT body FROM keep WHERE event = 5) WHERE event = 5`, audit.Changed},
		{"body and leaf of another", `UPDATE audit_event SET body = ` + body + `, leaf = ` + leaf + ` WHERE event = 5`,
			`UPDATE audit_event SET body = (SELECT body FROM keep WHERE event = 5), leaf = (SELECT leaf FROM keep WHERE event = 5) WHERE event = 5`, audit.Forked},
		{"an unreadable body", `UPDATE audit_event SET body = leaf WHERE event = 5`, `UPDATE audit_event SET body = (SELECT body FROM keep WHERE event = 5) WHERE event = 5`, audit.Missing},
		{"a link", `UPDATE audit_checkpoint SET link = ` + leaf + ` WHERE seq = 4`, `UPDATE audit_checkpoint SET link = (SELECT link FROM keep_chain WHERE seq = 4) WHERE seq = 4`, audit.BadSignature},
		{"the members", `UPDATE audit_checkpoint SET members = (SELECT members FROM keep_chain WHERE seq = 4) WHERE seq = 8`,
			`UPDATE audit_checkpoint SET members = (SELECT members FROM keep_chain WHERE seq = 8) WHERE seq = 8`, audit.Forked},
		{"unreadable members", `UPDATE audit_checkpoint SET members = leaf FROM audit_event WHERE seq = 8 AND event = 1`,
			`UPDATE audit_checkpoint SET members = (SELECT members FROM keep_chain WHERE seq = 8) WHERE seq = 8`, audit.Missing},
		{"a batch removed", `DELETE FROM audit_checkpoint WHERE seq = 4`, ``, audit.Missing},
		{"a record removed", `DELETE FROM audit_event WHERE event = 9`, ``, audit.Missing},
	} {
		s := tamperable(t, db, c.name)
		if report := verifyLog(t, s); !report.OK() && c.undo != `` {
			t.Fatalf("before %s: %s", c.name, report)
		}
		noError(t, db.Exec(t, true, c.statement))
		report := verifyLog(t, s)
		if !slices.ContainsFunc(report.Problems, func(p audit.Problem) bool { return p.Flaw == c.want }) {
			t.Errorf("%s: want %s in\n%s", c.name, c.want, report)
		}
		if c.undo != `` {
			noError(t, db.Exec(t, true, c.undo))
		}
		noError(t, s.Close())
	}
}

// tamperable opens the log; the first time it seals three batches of four and
// keeps a copy of the rows.
func tamperable(t *testing.T, db LogDatabase, name string) LogStores {
	t.Helper()
	s := db.Open(t)
	if findLog(t, s, aboutPerson("a")).Total > 0 {
		return s
	}
	for i := range 3 {
		noError(t, s.Log.Append(context.Background(), logEvents("a", 12)[4*i:4*i+4]))
		if n := sealLog(t, s); n != 4 {
			t.Fatalf("%s: batch %d has %d", name, i, n)
		}
	}
	noError(t, db.Exec(t, true, `CREATE TABLE keep AS SELECT * FROM audit_event`))
	noError(t, db.Exec(t, true, `CREATE TABLE keep_chain AS SELECT * FROM audit_checkpoint`))
	return s
}

func logCut(t *testing.T, db LogDatabase) {
	s := openLog(t, db)
	for i := range 3 {
		noError(t, s.Log.Append(context.Background(), logEvents(fmt.Sprintf("p%d", i), 4)))
		sealLog(t, s)
	}
	witness, err := s.Log.Checkpoints(context.Background())
	noError(t, err)
	noError(t, db.Exec(t, true, `DELETE FROM audit_checkpoint WHERE seq = 12`))
	noError(t, db.Exec(t, true, `DELETE FROM audit_event WHERE event > 8`))
	report := verifyLog(t, s, witness[2])
	if len(report.Problems) != 1 || report.Problems[0].Flaw != audit.Truncated || report.Problems[0].From != 9 {
		t.Errorf("%s", report)
	}
}
