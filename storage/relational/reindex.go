package relational

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"time"

	"sluis/conformance"
	"sluis/fhir"
	"sluis/fhir/index"
	"sluis/storage"
)

// indexLease is how long others wait for a process that says nothing.
const indexLease = 30 * time.Second

// run is a row of parameter that is not ready.
type run struct {
	rid, position, top int64
	types              []string // none: all
	hash               string
}

// Reindex implements storage.Indexing. It reads and extracts without a lock,
// and writes in a transaction that holds the rows of one batch.
func (s *Store) Reindex(ctx context.Context, n int, extract func(fhir.Resource) (index.Entries, error)) (storage.Progress, error) {
	r, ok, err := s.nextRun(ctx)
	if err != nil || !ok {
		return storage.Progress{Ready: err == nil}, err
	}
	if err := s.lease(ctx); err != nil {
		return storage.Progress{}, err
	}
	if r.top == unbegun {
		err = s.beginRun(ctx, &r)
	}
	if err == nil {
		err = s.rewrite(ctx, r, max(n, 1), extract)
	}
	if err != nil && !errors.Is(err, storage.ErrBusy) {
		return storage.Progress{}, err
	}
	return s.Reindexing(ctx) // a batch that lost a race comes again
}

// nextRun is the oldest that is not ready.
func (s *Store) nextRun(ctx context.Context) (r run, ok bool, err error) {
	rows, err := s.conn.Query(ctx, `SELECT rid, position, top, types, hash FROM parameter WHERE NOT ready ORDER BY rid LIMIT 1`)
	err = each(rows, err, func(rows Rows) error {
		var types string
		err := rows.Scan(&r.rid, &r.position, &r.top, &types, &r.hash)
		r.types, ok = strings.Fields(types), true
		return err
	})
	return r, ok, err
}

// lease keeps the work to this process for a while.
func (s *Store) lease(ctx context.Context) error {
	return s.conn.Write(ctx, func(tx Tx) error {
		now := time.Now()
		n, err := tx.Exec(ctx, `UPDATE index_lease SET holder = $1, until = $2 WHERE one = 1 AND (holder = $3 OR until <= $4)`,
			s.name, now.Add(indexLease).UnixMicro(), s.name, now.UnixMicro())
		if err == nil && n == 0 {
			return storage.ErrBusy
		}
		return err
	})
}

// newHolder is a name that no other process has.
func newHolder() string { return rand.Text() }

// beginRun fixes how far a run goes: what is written later is written with the
// entries it needs.
func (s *Store) beginRun(ctx context.Context, r *run) error {
	d := s.conn.Dialect()
	where, args := "NOT deleted", []any{}
	if len(r.types) > 0 {
		where, args = where+" AND "+d.In("type", "$1"), []any{r.types}
	}
	var total int64
	rows, err := s.conn.Query(ctx, "SELECT (SELECT coalesce(max(rid), 0) FROM resource), (SELECT count(*) FROM resource WHERE "+where+")", args...)
	if err := each(rows, err, func(rows Rows) error { return rows.Scan(&r.top, &total) }); err != nil {
		return err
	}
	return s.conn.Write(ctx, func(tx Tx) error {
		_, err := tx.Exec(ctx, `UPDATE parameter SET top = $1, total = $2 WHERE rid = $3 AND hash = $4 AND top < 0`, r.top, total, r.rid, r.hash)
		return err
	})
}

// indexBatch is what one transaction rewrites.
type indexBatch struct {
	last    int64
	failed  int64
	found   int64
	version map[int64]int64 // by rid, as it was read
	judged  map[int64]int64
	rows    map[int64]*rowSet
}

// rewrite does one batch and moves the run on behind it.
func (s *Store) rewrite(ctx context.Context, r run, n int, extract func(fhir.Resource) (index.Entries, error)) error {
	b, err := s.readBatch(ctx, r, n, extract)
	if err != nil {
		return err
	}
	return s.conn.Write(ctx, func(tx Tx) error {
		kept, err := b.lock(ctx, tx, s.conn.Dialect())
		if err != nil {
			return err
		}
		if err := tx.Send(ctx, b.steps(kept)...); err != nil {
			return err
		}
		ended := b.found < int64(n)
		moved, err := tx.Exec(ctx, `UPDATE parameter SET position = $1, done = done + $2, failed = failed + $3, ready = $4
			WHERE rid = $5 AND position = $6 AND hash = $7`, b.last, b.found, b.failed, ended, r.rid, r.position, r.hash)
		if err == nil && moved == 0 {
			return storage.ErrBusy // the definition changed, or another was here
		}
		return err
	})
}

// readBatch reads the next resources and makes their rows. What extract cannot
// read has none, and is left as it is.
func (s *Store) readBatch(ctx context.Context, r run, n int, extract func(fhir.Resource) (index.Entries, error)) (*indexBatch, error) {
	read, err := s.nextResources(ctx, r, n)
	if err != nil {
		return nil, err
	}
	b := &indexBatch{last: r.top, found: int64(len(read)), version: map[int64]int64{}, judged: map[int64]int64{}, rows: map[int64]*rowSet{}}
	if len(read) == n {
		b.last = read[n-1].rid
	}
	for _, x := range read {
		e, err := extract(x.resource)
		if err != nil {
			b.failed++
			continue
		}
		e.Type = x.resource.Type
		set := newRowSet()
		set.entries(x.rid, e)
		for _, l := range x.labels {
			set.addedLabel(x.rid, e.Type, l)
		}
		b.version[x.rid], b.judged[x.rid], b.rows[x.rid] = x.resource.Version, fingerprintOf(e), set
	}
	return b, nil
}

// nextResources are those behind the run's position, with their labels.
func (s *Store) nextResources(ctx context.Context, r run, n int) ([]*stored, error) {
	d := s.conn.Dialect()
	where, args := "NOT c.deleted AND c.rid > $1 AND c.rid <= $2", []any{r.position, r.top, int64(n)}
	if len(r.types) > 0 {
		where, args = where+" AND "+d.In("c.type", "$4"), append(args, r.types)
	}
	var out []*stored
	byRow := map[int64]*stored{}
	err := s.conn.Snapshot(ctx, func(tx Tx) error {
		return tx.Send(ctx,
			Step{SQL: "SELECT " + storedColumns + " FROM resource c WHERE " + where + " ORDER BY c.rid LIMIT $3", Args: args,
				Each: func(rows Rows) error {
					x, err := scanStored(rows)
					out, byRow[x.rid] = append(out, x), x
					return err
				}},
			Step{SQL: "SELECT l.rid, l.system, l.code, l.origin FROM label l WHERE l.rid IN (SELECT c.rid FROM resource c WHERE " + where +
				" ORDER BY c.rid LIMIT $3)", Args: args,
				Each: func(rows Rows) error { return scanLabel(rows, byRow) }})
	})
	return out, err
}

// addedLabel is found by _security as a received one is.
func (s *rowSet) addedLabel(rid int64, kind string, l labelRow) {
	if l.origin != receivedOrigin {
		s.row(tokenTable, rid, int64(conformance.ParameterKey(kind, securityCode)), int64(0), l.system, l.code)
	}
}

// lock holds the batch's resources for the rest of the transaction and returns
// those that nobody has written since they were read: an update wins.
func (b *indexBatch) lock(ctx context.Context, tx Tx, d Dialect) ([]int64, error) {
	rids := make([]int64, 0, len(b.version))
	for rid := range b.version {
		rids = append(rids, rid)
	}
	slices.Sort(rids)
	var kept []int64
	rows, err := tx.Query(ctx, "SELECT c.rid, c.version, c.judged FROM resource c WHERE "+d.In("c.rid", "$1")+" ORDER BY c.rid "+d.ForUpdate("c"), rids)
	return kept, each(rows, err, func(rows Rows) error {
		var rid, version, judged int64
		err := rows.Scan(&rid, &version, &judged)
		if version == b.version[rid] {
			kept = append(kept, rid)
			if judged == b.judged[rid] {
				delete(b.judged, rid)
			}
		}
		return err
	})
}

// steps replace the entries of the resources, and their fingerprints where they
// are not what they were.
func (b *indexBatch) steps(rids []int64) []Step {
	all := newRowSet()
	var steps []Step
	for _, rid := range rids {
		for t, rows := range b.rows[rid].values {
			all.values[t] = append(all.values[t], rows...)
		}
		if judged, changed := b.judged[rid]; changed {
			steps = append(steps, Step{SQL: `UPDATE resource SET judged = $1 WHERE rid = $2`, Args: []any{judged, rid}})
		}
	}
	for _, t := range entryTables {
		if len(rids) > 0 {
			steps = append(steps, Step{Into: t, Values: all.values[t], Of: rids})
		}
	}
	return steps
}

// Reindexing sums what is not ready.
func (s *Store) Reindexing(ctx context.Context) (storage.Progress, error) {
	p := storage.Progress{Ready: true}
	rows, err := s.conn.Query(ctx, `SELECT done, total, failed FROM parameter WHERE NOT ready`)
	err = each(rows, err, func(rows Rows) error {
		var done, total, failed int64
		err := rows.Scan(&done, &total, &failed)
		p.Ready = false
		p.Done, p.Total, p.Failed = p.Done+done, p.Total+total, p.Failed+failed
		return err
	})
	return p, err
}
