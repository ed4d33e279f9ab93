package gate

import (
	"context"
	"errors"
	"slices"

	"sluis/audit"
	"sluis/consent"
	"sluis/fhir"
	"sluis/fhir/query"
	"sluis/smart"
	"sluis/storage"
)

// attempt is one try of a transaction, at one version of policy. What depends
// on data is found out in it: patches and deletes by search become changes of
// known versions, and conditional references those they stand for. When a
// version turns out to be another at the commit, the next attempt finds out
// anew.
type attempt struct {
	gate   *Gate
	caller Caller
	read   pass
	ways   map[smart.Permissions]pass
	set    *parameters // at the attempt's version

	asked  []write
	bare   bool         // no bodies are asked for
	writes []write      // what is done
	origin []int        // which of asked each of them comes from
	guards []int64      // the versions that this attempt goes by
	stands map[int]bool // creates that turn out to be of what is there
	grown  int          // bytes of what patches come to
}

// way is the decision for one permission, at the attempt's version.
func (a *attempt) way(ctx context.Context, p smart.Permissions, action consent.Action) (pass, error) {
	if way, ok := a.ways[p]; ok {
		return way, nil
	}
	way, err := a.gate.authorise(ctx, a.caller, p, action)
	switch {
	case err != nil:
		return pass{}, err
	case way.version != a.read.version:
		return pass{}, storage.ErrStale
	}
	a.ways[p] = way
	return way, nil
}

// run carries out the transaction; the results are in the order asked.
func (a *attempt) run(ctx context.Context, refs *referrals, inbox *storage.InboxKey) ([]storage.Result, error) {
	if err := a.parameters(ctx, refs); err != nil {
		return nil, err
	}
	if err := a.settle(ctx); err != nil {
		return nil, err
	}
	if err := a.define(ctx); err != nil {
		return nil, err
	}
	stand, err := a.resolve(ctx, refs)
	if err != nil {
		return nil, err
	}
	changes := make([]storage.Change, len(a.writes))
	for i, w := range a.writes {
		changes[i] = a.gate.change(a.caller, w, a.ways[w.permission], a.read)
		if len(stand) > 0 {
			changes[i].Rename(stand)
		}
		if changes[i].Policy.Rules, err = a.spelt(changes[i].Policy.Rules, stand); err != nil {
			return nil, a.asAsked(&storage.ChangeError{Change: i, Err: err})
		}
	}
	done, err := a.gate.Store.Apply(ctx, storage.Tx{
		Changes: changes, Inbox: inbox, At: a.gate.at(), Parameters: a.set.version, Bare: a.bare,
		Records: func(done []storage.Result) []audit.Record { return a.gate.written(a.caller, a.writes, a.ways, done) },
	})
	if err != nil {
		return nil, a.asAsked(err)
	}
	return a.inOrder(done), nil
}

// asAsked makes an error about a change one about the write that was asked.
func (a *attempt) asAsked(err error) error {
	var of *storage.ChangeError
	if a.origin == nil || !errors.As(err, &of) {
		return err
	}
	return &storage.ChangeError{Change: a.origin[of.Change], Err: of.Err}
}

// inOrder gives each write that was asked its result: of a delete of several,
// the first.
func (a *attempt) inOrder(done []storage.Result) []storage.Result {
	if a.origin == nil {
		return done
	}
	out := make([]storage.Result, len(a.asked))
	for i := len(done) - 1; i >= 0; i-- {
		out[a.origin[i]] = done[i]
	}
	return out
}

// settle makes of the writes what they are about to do. Where none depends on
// the data, that is what was asked.
func (a *attempt) settle(ctx context.Context) error {
	depends := false
	for i := range a.asked {
		w := &a.asked[i]
		if _, err := a.way(ctx, w.permission, w.action); err != nil {
			return err
		}
		depends = depends || w.patch != nil || a.several(w)
	}
	if a.writes = a.asked; !depends {
		return nil
	}
	a.writes = nil
	for i, w := range a.asked {
		writes, err := a.settled(ctx, w)
		if err != nil {
			return &storage.ChangeError{Change: i, Err: err}
		}
		for range writes {
			a.origin = append(a.origin, i)
		}
		a.writes = append(a.writes, writes...)
	}
	return nil
}

// several reports whether a write may turn out to be of several resources.
func (a *attempt) several(w *write) bool {
	return w.op == storage.Delete && w.match != nil && a.gate.DeleteMany
}

func (a *attempt) settled(ctx context.Context, w write) ([]write, error) {
	switch way := a.ways[w.permission]; {
	case w.patch != nil:
		return a.patched(ctx, w, way)
	case a.several(&w):
		return a.deletions(ctx, w, way)
	}
	return []write{w}, nil
}

// patched applies the patch of a write to the version that is there.
func (a *attempt) patched(ctx context.Context, w write, way pass) ([]write, error) {
	access := storage.Permit(a.gate.reachable(a.caller, w, way, a.read), way.version)
	now, err := a.current(ctx, w, access)
	if err != nil {
		return nil, err
	}
	if w.ix.IfMatch > 0 && w.ix.IfMatch != now.Version {
		return nil, fhir.NewError(fhir.Precondition, "conflict", "the resource has another version")
	}
	doc, err := fhir.ParseDocument(now.Body)
	if err != nil {
		return nil, err
	}
	body, err := w.patch.Apply(doc)
	if err != nil {
		return nil, err
	}
	if doc, err = a.parsePatched(body); err != nil {
		return nil, err
	}
	if w.prepared, err = a.gate.prepare(a.caller, w.ix.Type, doc); err != nil {
		return nil, err
	}
	if w.prepared, err = a.gate.indexed(w.prepared, a.set); err != nil {
		return nil, err
	}
	if w.prepared.id != now.ID {
		return nil, fhir.NewError(fhir.Unprocessable, "business-rule", "a patch cannot change the id", w.ix.Type+".id")
	}
	w.guard = now.Version
	a.guards = append(a.guards, w.guard)
	return []write{w}, nil
}

// parsePatched reads what a patch came to. A patch of a few bytes can come to a
// large body, and all of a transaction are in memory until it commits.
func (a *attempt) parsePatched(body []byte) (*fhir.Document, error) {
	if a.grown += len(body); a.grown > maxPatched {
		return nil, fhir.NewError(fhir.TooLarge, "too-costly", "the resources that the transaction patches are too large together")
	}
	return fhir.ParseDocument(body)
}

// current is the version that a patch is of: the resource that it names, or the
// one that its condition finds.
func (a *attempt) current(ctx context.Context, w write, access storage.Access) (fhir.Resource, error) {
	if w.match == nil {
		page, err := a.gate.Store.Read(ctx, access, w.ix.Ref())
		if err != nil {
			return fhir.Resource{}, err
		}
		return page.Entries[0].Resource, nil
	}
	page, err := a.gate.Store.Search(ctx, access, query.Query{Type: w.ix.Type, Where: w.match, Count: 2})
	switch {
	case err != nil:
		return fhir.Resource{}, err
	case len(page.Entries) == 0:
		return fhir.Resource{}, fhir.ErrNotFound()
	case len(page.Entries) > 1:
		return fhir.Resource{}, tooMany()
	}
	return page.Entries[0].Resource, nil
}

func tooMany() error {
	return fhir.NewError(fhir.Precondition, "multiple-matches", "the criteria match more than one resource")
}

// maxDeleted bounds a delete of several.
const maxDeleted = query.MaxCount

// deletions are the deletes of what a condition finds now. Where that is
// nothing the delete stays conditional, and does nothing.
func (a *attempt) deletions(ctx context.Context, w write, way pass) ([]write, error) {
	access := storage.Permit(a.gate.reachable(a.caller, w, way, a.read), way.version)
	page, err := a.gate.Store.Search(ctx, access, query.Query{Type: w.ix.Type, Where: w.match, Count: maxDeleted})
	switch {
	case err != nil:
		return nil, err
	case page.Next != nil:
		return nil, fhir.NewError(fhir.Precondition, "too-costly", "the criteria match too many resources to delete at once")
	case len(page.Entries) == 0:
		a.guards = append(a.guards, 0)
		return []write{w}, nil
	}
	out := make([]write, len(page.Entries))
	for i, e := range page.Entries {
		one := w
		one.ix.ID, one.ix.Conditional = e.Resource.ID, false
		one.id, one.match, one.criteria, one.guard = e.Resource.ID, nil, "", e.Resource.Version
		if w.ix.IfMatch > 0 && w.ix.IfMatch != one.guard {
			return nil, fhir.NewError(fhir.Precondition, "conflict", "the resource has another version")
		}
		out[i] = one
		a.guards = append(a.guards, one.guard)
	}
	return out, nil
}

// race remembers the versions that an attempt went by, so that one that failed
// for another reason is not tried again.
type race struct{ guards []int64 }

// again tells whether an attempt failed on a version that moved since it was
// read: then the next one is by other versions.
func (r *race) again(a *attempt, err error) error {
	if fhir.KindOf(err) != fhir.Precondition || len(a.guards) == 0 || slices.Equal(r.guards, a.guards) {
		return err
	}
	r.guards = a.guards
	return storage.ErrBusy
}
