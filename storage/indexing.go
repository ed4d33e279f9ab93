package storage

import (
	"context"

	"sluis/fhir"
	"sluis/fhir/index"
)

// Definition is a custom SearchParameter that the index follows. It is the
// policy input of the SearchParameter resource that holds it (Policy.Parameter):
// replaced and dropped with it, in the same transaction.
type Definition struct {
	URL   string   // its canonical
	Types []string // the resource types it applies to
	Body  []byte   // the definition, as the gate reads it
}

// IndexState is a Definition and how far the index is with it. Until Ready, a
// search by it would be silently short: do not offer it.
type IndexState struct {
	Definition
	Progress
}

// Progress counts resources.
type Progress struct {
	Done, Total int64
	// Failed of those done could not be read by extract. They keep the entries
	// they had.
	Failed int64
	Ready  bool
}

// Indexing makes the index anew while the store serves: after a program that
// reads R4 otherwise, and for custom parameters.
type Indexing interface {
	// Definitions lists the custom parameters and their version, which is that of
	// Facts.Parameters.
	Definitions(ctx context.Context) ([]IndexState, int64, error)

	// Reindex rewrites the entries of the next n resources, at most, of what is
	// not ready, and says how far all of it is. It returns ErrBusy, and has
	// changed nothing, while another process is at it. What has come so far is
	// kept: after a crash, or in another process, it goes on from there.
	//
	// A resource that is written meanwhile keeps the entries it was written with,
	// which are as new: a write whose Tx.Parameters is older is refused.
	Reindex(ctx context.Context, n int, extract func(fhir.Resource) (index.Entries, error)) (Progress, error)

	// Reindexing tells how far all of it is.
	Reindexing(ctx context.Context) (Progress, error)
}
