package noninterference

import (
	"context"
	"maps"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"

	"sluis/audit"
	"sluis/conformance/cast"
	"sluis/fhir"
	"sluis/fhir/query"
	"sluis/storage"
)

// leaky is a store with one leak planted on purpose: the method that leaks is
// set, all others are the store's own.
type leaky struct {
	cast.Backend
	read    func(context.Context, storage.Access, fhir.Ref) (storage.Page, error)
	search  func(context.Context, storage.Access, query.Query) (storage.Page, error)
	history func(context.Context, storage.Access, storage.HistoryQuery) (storage.Page, error)
	apply   func(context.Context, storage.Tx) ([]storage.Result, error)
	find    func(context.Context, storage.LogFilter) (storage.LogPage, error)
}

func (l leaky) Read(ctx context.Context, a storage.Access, r fhir.Ref) (storage.Page, error) {
	if l.read != nil {
		return l.read(ctx, a, r)
	}
	return l.Backend.Read(ctx, a, r)
}

func (l leaky) Search(ctx context.Context, a storage.Access, q query.Query) (storage.Page, error) {
	if l.search != nil {
		return l.search(ctx, a, q)
	}
	return l.Backend.Search(ctx, a, q)
}

func (l leaky) History(ctx context.Context, a storage.Access, h storage.HistoryQuery) (storage.Page, error) {
	if l.history != nil {
		return l.history(ctx, a, h)
	}
	return l.Backend.History(ctx, a, h)
}

func (l leaky) Apply(ctx context.Context, tx storage.Tx) ([]storage.Result, error) {
	if l.apply != nil {
		return l.apply(ctx, tx)
	}
	return l.Backend.Apply(ctx, tx)
}

func (l leaky) Find(ctx context.Context, f storage.LogFilter) (storage.LogPage, error) {
	if l.find != nil {
		return l.find(ctx, f)
	}
	return l.Backend.Find(ctx, f)
}

// wide is an access to everything, of the same moment.
func wide(a storage.Access) storage.Access { return storage.Permit(query.All{}, a.Version()) }

// planted are leaks as real servers had them (attacks.md, EXAMPLES.md). Each must
// be found in the scene of the other patients.
var planted = map[string]func(cast.Backend) leaky{
	"a read without its access": func(b cast.Backend) leaky {
		return leaky{Backend: b, read: func(ctx context.Context, a storage.Access, r fhir.Ref) (storage.Page, error) {
			return b.Read(ctx, wide(a), r)
		}}
	},
	"an old version without its access": func(b cast.Backend) leaky {
		return leaky{Backend: b, read: func(ctx context.Context, a storage.Access, r fhir.Ref) (storage.Page, error) {
			if r.Version > 0 {
				a = wide(a)
			}
			return b.Read(ctx, a, r)
		}}
	},
	"gone is told before hidden": func(b cast.Backend) leaky {
		return leaky{Backend: b, read: func(ctx context.Context, a storage.Access, r fhir.Ref) (storage.Page, error) {
			page, err := b.Read(ctx, a, r)
			if fhir.KindOf(err) == fhir.NotFound {
				if _, all := b.Read(ctx, wide(a), r); fhir.KindOf(all) == fhir.Gone {
					return storage.Page{}, all
				}
			}
			return page, err
		}}
	},
	"a total of everything": func(b cast.Backend) leaky {
		return leaky{Backend: b, search: func(ctx context.Context, a storage.Access, q query.Query) (storage.Page, error) {
			page, err := b.Search(ctx, a, q)
			if all, wideErr := b.Search(ctx, wide(a), q); err == nil && wideErr == nil {
				page.Total = all.Total
			}
			return page, err
		}}
	},
	"a next page because of what is hidden": func(b cast.Backend) leaky {
		return leaky{Backend: b, search: func(ctx context.Context, a storage.Access, q query.Query) (storage.Page, error) {
			page, err := b.Search(ctx, a, q)
			if all, wideErr := b.Search(ctx, wide(a), q); err == nil && wideErr == nil && page.Next == nil {
				page.Next = all.Next
			}
			return page, err
		}}
	},
	"fetched, then redacted": func(b cast.Backend) leaky { return leaky{Backend: b, search: redacting(b)} },
	"includes outside the access": func(b cast.Backend) leaky {
		return leaky{Backend: b, search: including(b)}
	},
	"a chain through what is hidden": func(b cast.Backend) leaky {
		return leaky{Backend: b, search: func(ctx context.Context, a storage.Access, q query.Query) (storage.Page, error) {
			var err error
			if q.Where, err = unchained(ctx, b, wide(a), q.Where); err != nil {
				return storage.Page{}, err
			}
			return b.Search(ctx, a, q)
		}}
	},
	"a history without its access": func(b cast.Backend) leaky {
		return leaky{Backend: b, history: func(ctx context.Context, a storage.Access, h storage.HistoryQuery) (storage.Page, error) {
			return b.History(ctx, wide(a), h)
		}}
	},
	"If-None-Exist finds what is hidden": func(b cast.Backend) leaky {
		return leaky{Backend: b, apply: changing(b, func(c *storage.Change) {
			if c.Op == storage.Create && c.Match != nil {
				c.Access = wide(c.Access)
			}
		})}
	},
	"a patient is known though hidden": func(b cast.Backend) leaky {
		return leaky{Backend: b, apply: changing(b, func(c *storage.Change) { c.Subjects = wide(c.Subjects) })}
	},
	"the version is compared before the access": func(b cast.Backend) leaky {
		return leaky{Backend: b, apply: func(ctx context.Context, tx storage.Tx) ([]storage.Result, error) {
			for _, c := range tx.Changes {
				page, err := b.Read(ctx, wide(c.Access), fhir.Ref{Type: c.Type, ID: c.ID})
				if err == nil && c.IfMatch > 0 && page.Entries[0].Resource.Version != c.IfMatch {
					return nil, fhir.NewError(fhir.Precondition, "conflict", "the resource has another version")
				}
			}
			return b.Apply(ctx, tx)
		}}
	},
	"the log counts everyone": func(b cast.Backend) leaky {
		return leaky{Backend: b, find: func(ctx context.Context, f storage.LogFilter) (storage.LogPage, error) {
			page, err := b.Find(ctx, f)
			f.Everyone, f.Patients, f.CountOnly = true, nil, true
			if all, wideErr := b.Find(ctx, f); err == nil && wideErr == nil {
				page.Total = all.Total
			}
			return page, err
		}}
	},
	"the records of everyone": func(b cast.Backend) leaky {
		return leaky{Backend: b, find: func(ctx context.Context, f storage.LogFilter) (storage.LogPage, error) {
			f.Everyone, f.Patients = true, nil
			page, err := b.Find(ctx, f)
			page.Records = slices.DeleteFunc(page.Records, func(r audit.Record) bool { return r.Patient.IsZero() })
			return page, err
		}}
	},
}

// redacting fetches a page of everything and drops what may not be seen.
func redacting(b cast.Backend) func(context.Context, storage.Access, query.Query) (storage.Page, error) {
	return func(ctx context.Context, a storage.Access, q query.Query) (storage.Page, error) {
		q.Includes, q.RevIncl, q.Total = nil, nil, query.TotalNone
		page, err := b.Search(ctx, wide(a), q)
		page.Entries = slices.DeleteFunc(page.Entries, func(e storage.Entry) bool {
			_, hidden := b.Read(ctx, a, e.Resource.Ref().Latest())
			return hidden != nil
		})
		return page, err
	}
}

// including adds to a page all that its matches refer to, seen or not.
func including(b cast.Backend) func(context.Context, storage.Access, query.Query) (storage.Page, error) {
	return func(ctx context.Context, a storage.Access, q query.Query) (storage.Page, error) {
		plain := q
		plain.Includes, plain.RevIncl = nil, nil
		page, err := b.Search(ctx, a, plain)
		if err != nil || len(page.Entries) == 0 || len(q.Includes)+len(q.RevIncl) == 0 {
			return page, err
		}
		var ids []string
		for _, e := range page.Entries {
			ids = append(ids, e.Resource.ID)
		}
		q.Where, q.After, q.Total = query.IDIs{IDs: ids}, nil, query.TotalNone
		all, err := b.Search(ctx, wide(a), q)
		for _, e := range all.Entries {
			if e.Included {
				e.Persons = nil
				page.Entries = append(page.Entries, e)
			}
		}
		return page, err
	}
}

// unchained replaces every chain by the references to what its hop finds.
func unchained(ctx context.Context, b cast.Backend, a storage.Access, x query.Expr) (query.Expr, error) {
	var parts []query.Expr
	var err error
	each := func(of []query.Expr) {
		for _, p := range of {
			y, failed := unchained(ctx, b, a, p)
			if failed != nil {
				err = failed
			}
			parts = append(parts, y)
		}
	}
	switch x := x.(type) {
	case query.Conj:
		each(x.Parts)
		return query.And(parts...), err
	case query.Disj:
		each(x.Parts)
		return query.Or(parts...), err
	case query.Chain:
		page, err := b.Search(ctx, a, query.Query{Type: x.Target, Where: x.X, Count: query.MaxCount})
		refers := query.Compare{Param: x.Param}
		for _, e := range page.Entries {
			refers.Values = append(refers.Values, query.Value{Ref: fhir.Ref{Type: x.Target, ID: e.Resource.ID}})
		}
		return refers, err
	}
	return x, nil
}

// changing applies a transaction with other changes.
func changing(b cast.Backend, change func(*storage.Change)) func(context.Context, storage.Tx) ([]storage.Result, error) {
	return func(ctx context.Context, tx storage.Tx) ([]storage.Result, error) {
		tx.Changes = slices.Clone(tx.Changes)
		for i := range tx.Changes {
			change(&tx.Changes[i])
		}
		return b.Apply(ctx, tx)
	}
}

// TestNonInterference_FindsPlantedLeaks runs the same comparison on stores that
// leak. The seed is fixed: each leak is found, and without it the same requests
// tell nothing.
func TestNonInterference_FindsPlantedLeaks(t *testing.T) {
	const seed, requests = 3, 1500
	begin := func(t *testing.T, plant func(cast.Backend) leaky) *run {
		r := scenes[0].begin(t, backends[0].open, rand.New(rand.NewPCG(seed, 0)))
		if plant != nil {
			r.twins = r.beside(t, func(b cast.Backend) cast.Backend { return plant(b) })
			r.generator.twins = r.twins
		}
		return r
	}
	var latest atomic.Int64 // request at which a leak was found
	t.Run("planted", func(t *testing.T) {
		for _, name := range slices.Sorted(maps.Keys(planted)) {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				r := begin(t, planted[name])
				for n := range int64(requests) {
					if leak := r.step(); leak != "" {
						t.Logf("request %d: %.200s", n, leak)
						for was := latest.Load(); n > was && !latest.CompareAndSwap(was, n); was = latest.Load() {
						}
						return
					}
				}
				t.Errorf("not found in %d requests", requests)
			})
		}
	})
	r := begin(t, nil)
	for n := range latest.Load() + 1 {
		if leak := r.step(); leak != "" {
			t.Fatalf("without a planted leak, request %d\n%s", n, leak)
		}
	}
}
