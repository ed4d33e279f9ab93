package relational

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"time"

	"sluis/fhir"
	"sluis/storage"
)

// attempts is how often Apply runs a transaction that loses races before it
// hands ErrBusy to the caller.
const attempts = 8

// pause waits before another attempt, at random and longer each time, so that
// those who met do not meet again. It ends early with the context.
func pause(ctx context.Context, attempt int) {
	t := time.NewTimer(rand.N(time.Millisecond << attempt))
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// Apply runs the transaction. Its outcome is that of some serial order of all
// transactions: conditional changes hold a lock on their custodian's type,
// changes lock the rows they change, and what decisions depend on changes under
// one lock, taken last.
func (s *Store) Apply(ctx context.Context, tx storage.Tx) ([]storage.Result, error) {
	if err := validate(tx); err != nil {
		return nil, err
	}
	for _, c := range tx.Changes {
		if err := s.covered(ctx, c.Match); err != nil {
			return nil, err
		}
	}
	var results []storage.Result
	var err error
	for attempt := range attempts {
		var a *application
		err = s.conn.Write(ctx, func(t Tx) error {
			a = newApplication(s, t, tx)
			results, err = a.run(ctx)
			return err
		})
		if err == nil {
			s.known.add(a.newCustodians)
			return results, nil
		}
		if !errors.Is(err, storage.ErrBusy) {
			break
		}
		pause(ctx, attempt)
	}
	return nil, err
}

// validate refuses what only a defect of the caller can be.
func validate(tx storage.Tx) error {
	for i, c := range tx.Changes {
		switch {
		case !fhir.IsTypeName(c.Type):
			return defect("change %d has no type", i)
		case c.Match == nil && !fhir.IsID(c.ID):
			return defect("change %d has no id", i)
		case c.Match != nil && c.Op != storage.Delete && !fhir.IsID(c.ID):
			return defect("change %d has no id to create with", i)
		case c.Custodian == "":
			return defect("change %d has no custodian", i)
		case c.Op != storage.Delete && c.Body.Size() == 0:
			return defect("change %d has no body", i)
		case c.Op < storage.Create || c.Op > storage.Delete:
			return defect("change %d does nothing known", i)
		}
	}
	if len(tx.Changes) > 0 && tx.At.IsZero() {
		return defect("the transaction has no time")
	}
	return nil
}

func defect(format string, args ...any) error {
	return fhir.Wrap(fmt.Errorf("storage: "+format, args...), fhir.Internal, "exception", "the request cannot be carried out")
}

// application is one run of a transaction.
type application struct {
	store   *Store
	tx      Tx
	request storage.Tx
	changes []storage.Change // the request's, references renamed
	at      int64            // microseconds
	version int64            // of policy, as the run began

	found  map[fhir.Ref]*stored // rows that changes name
	writes []*write             // in step with changes
	ids    []int64              // surrogate keys reserved and not yet used

	newCustodians []string
}

// write is what one change turns out to be.
type write struct {
	change   *storage.Change
	op       storage.Op
	pre      *stored // the row that is changed, nil when one is made
	result   storage.Result
	same     bool // nothing is written: the result is there
	rid      int64
	updated  int64
	labels   []labelRow
	subjects []patientRow
}

// stored is a row of resource as a change finds it.
type stored struct {
	rid, updated, judged, inputs int64
	resource                     fhir.Resource
	custodian                    string
	labels                       []labelRow
	subjects                     []patientRow
}

// patientRow is a Patient as a subject.
type patientRow struct {
	rid, person int64
	id          string
}

func newApplication(s *Store, tx Tx, request storage.Tx) *application {
	a := &application{store: s, tx: tx, request: request, found: map[fhir.Ref]*stored{}}
	a.changes = append(a.changes, request.Changes...)
	a.at = request.At.Truncate(time.Millisecond).UnixMicro()
	return a
}

// run is the order of a transaction: what may refuse it first, then the rows,
// the policy inputs under their lock, and the records, which name the results.
func (a *application) run(ctx context.Context) ([]storage.Result, error) {
	for _, phase := range []func(context.Context) error{
		a.receive,     // the inbox
		a.begin,       // version, locks, the rows named
		a.matchAll,    // conditional changes become plain ones
		a.choose,      // each change becomes a write, or the Tx is refused
		a.attach,      // subjects resolve to Patients
		a.storeRows,   // rows, then the after-image under each access
		a.applyPolicy, // persons, consents, relations; the version grows
		a.standings,
	} {
		if err := phase(ctx); err != nil {
			return nil, err
		}
	}
	results := make([]storage.Result, len(a.writes))
	for i, w := range a.writes {
		results[i] = w.result
		if a.request.Bare {
			results[i].Resource.Body = nil
		}
	}
	return results, a.record(ctx, results)
}

func (a *application) record(ctx context.Context, results []storage.Result) error {
	if a.request.Records == nil {
		return nil
	}
	records := a.request.Records(results)
	if len(records) == 0 {
		return nil
	}
	if a.store.recorder == nil {
		return defect("there are records and nowhere to write them")
	}
	return a.store.recorder.Record(ctx, a.tx, records)
}

// accessGroup is a number of writes that one access judges in one statement.
type accessGroup struct {
	access storage.Access
	writes []*write
}

// group collects writes by their access. A transaction has few different ones:
// most often one, at most one for each entry of a bundle.
func group(writes []*write, access func(*write) storage.Access) []*accessGroup {
	var groups []*accessGroup
next:
	for _, w := range writes {
		x := access(w)
		for _, g := range groups {
			if reflect.DeepEqual(g.access, x) {
				g.writes = append(g.writes, w)
				continue next
			}
		}
		groups = append(groups, &accessGroup{x, []*write{w}})
	}
	return groups
}

// permittedStep selects those of a group's rows that its access shows and
// deletes them from the set of hidden ones.
func (a *application) permittedStep(g *accessGroup, hidden map[int64]bool) (Step, error) {
	rids := make([]int64, len(g.writes))
	for i, w := range g.writes {
		rids[i] = w.rid
		hidden[w.rid] = true
	}
	r := newRenderer(a.store.conn.Dialect(), g.access.Expr())
	sql := "SELECT c.rid FROM resource c WHERE " + r.inInts("c.rid", rids) + " AND " + r.permitted(row{"c", g.kind()})
	return Step{SQL: sql, Args: r.args, Each: func(rows Rows) error {
		var rid int64
		err := rows.Scan(&rid)
		delete(hidden, rid)
		return err
	}}, r.err
}

// kind is the type of all writes of the group, or "".
func (g *accessGroup) kind() string {
	kind := g.writes[0].change.Type
	for _, w := range g.writes {
		if w.change.Type != kind {
			return ""
		}
	}
	return kind
}
