package gate

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"

	"sluis/fhir"
	"sluis/storage"
)

// transaction is a number of writes that commit together, before any data are
// looked at.
type transaction struct {
	writes []write
	at     []int      // the entry that each comes from
	refs   *referrals // the conditional references of their bodies, or nil
	bare   bool       // the results need no bodies
}

// transact commits the writes of a transaction.
func (g *Gate) transact(ctx context.Context, c Caller, b Bundle, out []EntryResult) error {
	t, err := planned(ctx, g, func() (transaction, error) { return g.planAll(c, b.Entries) })
	if err != nil {
		return g.refused(ctx, c, pass{}, event{action: "E", subtype: string(fhir.Transaction)}, err)
	}
	if len(t.writes) == 0 {
		return nil
	}
	t.bare = b.Bare
	for i := range b.Entries {
		b.Entries[i].Body = nil // what it is to be stands in the plan
	}
	results, err := g.commit(ctx, c, t, nil)
	if err != nil {
		return t.placed(err)
	}
	for i, r := range results {
		out[t.at[i]].Result = r
	}
	return nil
}

// placed puts an error about one write at its entry.
func (t transaction) placed(err error) error {
	var of *storage.ChangeError
	var known *fhir.Error
	if !errors.As(err, &of) || !errors.As(of, &known) {
		return err
	}
	return &fhir.Error{Kind: known.Kind, Issues: placed(entryPath(t.at[of.Change]), known), Cause: known.Cause}
}

// planAll chooses ids, rewrites the references between entries and plans each
// write. The error names every entry at fault.
func (g *Gate) planAll(c Caller, entries []BundleEntry) (transaction, error) {
	bad := &fhir.Error{Kind: fhir.Invalid}
	names := naming{map[string]entryName{}}
	ids := chooseIDs(entries, names, bad)
	n := countWrites(entries)
	t := transaction{refs: g.newReferrals(c), writes: make([]write, 0, n), at: make([]int, 0, n)}
	targets := map[string]string{}
	for i, e := range entries {
		if !isWrite(e.Interaction.Kind) {
			continue
		}
		t.refs.at = entryPath(i)
		w, err := g.planEntry(c, e, ids[i], t.refs.or(names.from(e)))
		if err = cmp.Or(t.refs.taken(), err); err == nil {
			err = once(targets, w, entryPath(i))
			t.writes, t.at = append(t.writes, w), append(t.at, i)
		}
		if err != nil {
			bad.Issues = append(bad.Issues, placed(entryPath(i), err)...)
			bad.Kind = max(bad.Kind, fhir.KindOf(err))
		}
	}
	if len(bad.Issues) > 0 {
		return transaction{}, bad
	}
	if n := count(t.writes, (*write).conditional); n > maxConditional && c.Feed == "" {
		return transaction{}, fhir.NewError(fhir.Invalid, "too-costly", fmt.Sprintf("a transaction has at most %d conditional entries", maxConditional))
	}
	return t, nil
}

// chooseIDs gives every write an id, its own or a new one, by which the others
// refer to it. A fullUrl that is none is an issue for bad.
func chooseIDs(entries []BundleEntry, names naming, bad *fhir.Error) []string {
	ids := make([]string, len(entries))
	for i, e := range entries {
		if !isWrite(e.Interaction.Kind) {
			continue
		}
		if ids[i] = e.Interaction.ID; ids[i] == "" {
			ids[i] = newID()
		}
		if err := names.name(e, ids[i]); err != nil {
			bad.Issues = append(bad.Issues, placed(entryPath(i), err)...)
		}
	}
	return ids
}

func countWrites(entries []BundleEntry) (n int) {
	for i := range entries {
		if isWrite(entries[i].Interaction.Kind) {
			n++
		}
	}
	return n
}

func count(writes []write, is func(*write) bool) (n int) {
	for i := range writes {
		if is(&writes[i]) {
			n++
		}
	}
	return n
}

// planEntry plans one write with the id that other entries know it by.
func (g *Gate) planEntry(c Caller, e BundleEntry, id string, links Links) (write, error) {
	ix := e.Interaction
	if ix.Kind == fhir.Create {
		ix.ID = "" // a create takes none
	}
	if ix.Kind == fhir.Patch {
		w, err := g.planPatch(c, ix, e.Patch)
		w.id = id
		return w, err
	}
	w, err := g.plan(c, ix, func() (*fhir.Document, error) {
		return linked(bytes.Clone(e.Body), links) // so that nothing keeps the whole Bundle
	})
	w.id = id
	return w, err
}

// once refuses two writes to one resource in a transaction, and two on one
// condition: what the first would make, the second would not find.
func once(targets map[string]string, w write, at string) error {
	for _, key := range []string{w.ix.Type + "/" + w.id, w.criteria} {
		if other, twice := targets[key]; twice {
			return fhir.NewError(fhir.Invalid, "duplicate", "writes the same resource as "+other)
		}
		if key != "" {
			targets[key] = at
		}
	}
	return nil
}
