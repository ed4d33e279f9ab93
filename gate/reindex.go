package gate

import (
	"context"
	"fmt"
	"slices"

	"sluis/fhir"
	"sluis/fhir/index"
	"sluis/storage"
)

// IndexStatus is how far the index is with one SearchParameter.
type IndexStatus struct {
	URL    string
	Served bool // it is one that this server serves, or will: active, and the operator's
	Ready  bool
	// Progress counts resources of all custodians, so only the operator is told.
	Progress *storage.Progress
}

// IndexStatus tells of a SearchParameter that the caller may read.
func (g *Gate) IndexStatus(ctx context.Context, c Caller, ref fhir.Ref) (IndexStatus, error) {
	r, err := g.Read(ctx, c, fhir.Interaction{Kind: fhir.Read, Type: ref.Type, ID: ref.ID})
	if err != nil {
		return IndexStatus{}, err
	}
	doc, err := fhir.ParseDocument(r.Body)
	if err != nil {
		return IndexStatus{}, fhir.Wrap(err, fhir.Internal, "exception", "a stored resource cannot be read")
	}
	set, err := g.hear(ctx)
	if err != nil {
		return IndexStatus{}, err
	}
	out := IndexStatus{URL: doc.Root().Get("url").Text()}
	i := slices.IndexFunc(set.custom, func(p customParameter) bool { return p.id == ref.ID })
	if i < 0 {
		return out, nil
	}
	progress := set.custom[i].progress
	out.Served, out.Ready = true, progress.Ready
	if g.operates(c) {
		out.Progress = &progress
	}
	return out, nil
}

// IndexStates tells of every custom parameter as last heard of, for the
// operator's own log. The error names those that this process cannot follow.
func (g *Gate) IndexStates() ([]IndexStatus, error) {
	set := g.parameters.Load()
	out := make([]IndexStatus, len(set.custom))
	for i, p := range set.custom {
		progress := p.progress
		out[i] = IndexStatus{URL: p.url, Served: true, Ready: progress.Ready, Progress: &progress}
	}
	return out, set.unreadable
}

// Reindex makes the entries of the next n resources, at most, of what the index
// has not come up to, and says how far all of it is: after a program that reads
// R4 otherwise, and for custom parameters. While another process is at it, it is
// storage.ErrBusy, which is no failure. Nobody waits for it, and it goes on where
// any process left off.
func (g *Gate) Reindex(ctx context.Context, n int) (storage.Progress, error) {
	if g.Indexing == nil {
		return storage.Progress{Ready: true}, nil
	}
	batch, abandon := context.WithCancel(ctx)
	defer abandon()
	var set *parameters
	var failed error
	// What is to be indexed by is asked only now that the store has chosen what to
	// index: the set then has the definition that it is for.
	extract := func(r fhir.Resource) (index.Entries, error) {
		if set == nil && failed == nil {
			if set, failed = g.hear(ctx); failed == nil {
				failed = set.unreadable
			}
		}
		if failed != nil {
			abandon() // or the store would take the batch for done
			return index.Entries{}, failed
		}
		doc, err := fhir.ParseDocument(r.Body)
		if err != nil {
			return index.Entries{}, err
		}
		return g.entries(set.index, doc)
	}
	progress, err := g.Indexing.Reindex(batch, n, extract)
	if failed != nil {
		return storage.Progress{}, fmt.Errorf("gate: nothing was indexed: %w", failed)
	}
	if err != nil {
		return storage.Progress{}, err
	}
	_, err = g.hear(ctx)
	return progress, err
}
