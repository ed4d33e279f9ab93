package storagetest

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"iter"
	"sync"
	"testing"
	"time"

	"sluis/audit"
	"sluis/fhir"
	"sluis/storage"
)

// LogStores is one opening of a database: what one process has of it.
type LogStores struct {
	Log        storage.Log
	Replay     storage.Replay
	Quarantine storage.Quarantine
	Jobs       storage.Jobs
	// Write commits records in a transaction of their own kind: that of a
	// write, not of Append.
	Write func(ctx context.Context, records []audit.Record) error
	Close func() error
}

// LogDatabase is one empty database.
type LogDatabase struct {
	Open func(t testing.TB) LogStores // as often as one likes
	// Exec runs a statement beside the log, on the file that Append writes;
	// with tamper, after taking off whatever protects the tables.
	Exec func(t testing.TB, tamper bool, statement string) error
}

// RunLog proves the duties of storage.Log, Replay, Quarantine and Jobs. fresh makes
// a database for one test.
func RunLog(t *testing.T, fresh func(t testing.TB) LogDatabase) {
	for _, c := range []struct {
		name string
		run  func(*testing.T, LogDatabase)
	}{
		{"DurableAcrossReopen", logDurable},
		{"L6_ConcurrentAppendsEachOnce", logConcurrent},
		{"L6_OnlyThePersonsRecords", logPersons},
		{"L6_Filters", logFilters},
		{"PagesUniteToTheWhole", logPages},
		{"PagesUniteWhileOthersWrite", logPagesWhileWriting},
		{"RefusesWhatCannotBeKept", logRefuses},
		{"ClosedOrCancelledIsAnError", logFailsClosed},
		{"KeepsEveryField", logFields},
		{"M6_SealsOneChain", logSeals},
		{"M6_SealsWhileOthersAppendAndSeal", logSealsConcurrently},
		{"M6_SealerIsFollowedByAnother", logSealerHandover},
		{"M6_UnsignedIsNotSealed", logUnsigned},
		{"M6_RecordsCannotBeChangedOrRemoved", logProtected},
		{"M6_TamperingIsFound", logTampered},
		{"M6_CutChainIsFoundByAWitness", logCut},
		{"ReplayHasOneWinner", replayRace},
		{"ReplayIsRemembered", replayRemembered},
		{"QuarantineKeepsWhole", quarantineKeeps},
		{"JobsAreTheirOwners", jobsAreTheirOwners},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, fresh(t)) })
	}
}

// sealKey signs the checkpoints of the tests.
var sealKey = ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))

func openLog(t testing.TB, db LogDatabase) LogStores {
	t.Helper()
	s := db.Open(t)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

var logTime = time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)

func logPatient(id string) fhir.Ref { return fhir.Ref{Type: "Patient", ID: id} }

// event is the n-th record about a patient, a minute after the one before.
func logEvent(person string, n int) audit.Record {
	return audit.Record{
		ID: fmt.Sprintf("%s-%d", person, n), Recorded: logTime.Add(time.Duration(n) * time.Minute), Action: "R", Subtype: "read",
		Patient: logPatient(person), Data: []fhir.Ref{{Type: "Observation", ID: "o", Version: int64(n + 1)}}, Client: "app", Request: "r",
	}
}

func logEvents(person string, n int) (out []audit.Record) {
	for i := range n {
		out = append(out, logEvent(person, i))
	}
	return out
}

func noError(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func findLog(t testing.TB, s LogStores, f storage.LogFilter) storage.LogPage {
	t.Helper()
	page, err := s.Log.Find(context.Background(), f)
	noError(t, err)
	return page
}

func aboutPerson(person string) storage.LogFilter {
	return storage.LogFilter{Patients: []fhir.Ref{logPatient(person)}}
}

func recordIDs(records []audit.Record) []string {
	out := []string{}
	for _, r := range records {
		out = append(out, r.ID)
	}
	return out
}

func sealLog(t testing.TB, s LogStores) int {
	t.Helper()
	n, err := s.Log.Seal(context.Background(), audit.Signer(sealKey))
	noError(t, err)
	return n
}

// verify reads the whole log as an auditor does, with what witnesses kept.
func verifyLog(t testing.TB, s LogStores, witnesses ...audit.SignedCheckpoint) audit.Report {
	t.Helper()
	checkpoints, err := s.Log.Checkpoints(context.Background())
	noError(t, err)
	report, err := audit.Verify(logChain(s), append(checkpoints, witnesses...), sealKey.Public().(ed25519.PublicKey))
	noError(t, err)
	return report
}

var errStop = errors.New("stop")

// chain is Log.Chain as a sequence.
func logChain(s LogStores) iter.Seq2[audit.Sealed, error] {
	return func(yield func(audit.Sealed, error) bool) {
		err := s.Log.Chain(context.Background(), func(x audit.Sealed) error {
			if !yield(x, nil) {
				return errStop
			}
			return nil
		})
		if err != nil && !errors.Is(err, errStop) {
			yield(audit.Sealed{}, err)
		}
	}
}

// all runs n functions at once and returns their errors.
func together(n int, f func(i int) error) error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = f(i) })
	}
	wg.Wait()
	return errors.Join(errs...)
}
