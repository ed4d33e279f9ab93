package gate

import (
	"context"
	"fmt"
	"slices"

	"sluis/fhir"
	"sluis/fhir/query"
	"sluis/storage"
)

// maxLooked is how many Observations $lastn looks at, newest first; a search
// that finds more must be narrowed.
const maxLooked = 10_000

// LastN returns the newest Observations of each kind, at most most of each,
// newest first (R4 observation-operation-lastn.html). Two Observations are of
// one kind when their codes share a coding, or, without codings, the text.
// Those that are only looked at are not in the record: they leave nobody's
// sight.
func (g *Gate) LastN(ctx context.Context, c Caller, q query.Query, most int) (storage.Page, error) {
	q.Count, q.Total = query.MaxCount, query.TotalNone
	return g.find(ctx, c, string(fhir.Operation), q, func(ctx context.Context, a storage.Access, q query.Query) (storage.Page, error) {
		last := newest{most: most, kinds: kinds{}}
		for looked, left := 0, maxAnswer; ; {
			page, err := g.Store.Search(ctx, a, q)
			if err != nil {
				return storage.Page{}, err
			}
			if looked += len(page.Entries); looked > maxLooked {
				return storage.Page{}, fhir.NewError(fhir.Invalid, "too-costly", fmt.Sprintf("more than %d Observations match: narrow the search", maxLooked))
			}
			for _, e := range page.Entries {
				left -= len(e.Resource.Body)
			}
			if left < 0 {
				return storage.Page{}, fhir.NewError(fhir.Invalid, "too-costly", "the Observations that match are too large: narrow the search")
			}
			if err := last.look(page); err != nil {
				return storage.Page{}, err
			}
			if page.Next == nil {
				return last.pick(), nil
			}
			q.After = page.Next
		}
	})
}

// newest keeps what is found, in order, with the kind of each.
type newest struct {
	most  int
	kinds kinds
	page  storage.Page
	kind  []string // of page.Entries
}

// look takes over a page; its persons are joined to those known.
func (l *newest) look(page storage.Page) error {
	place := make([]int, len(page.Persons))
	for i, person := range page.Persons {
		at := slices.IndexFunc(l.page.Persons, func(s storage.Standing) bool { return samePerson(s, person) })
		if at < 0 {
			at = len(l.page.Persons)
			l.page.Persons = append(l.page.Persons, person)
		}
		place[i] = at
	}
	for _, e := range page.Entries {
		kind, err := l.kinds.of(e.Resource)
		if err != nil {
			return err
		}
		persons := make([]int, len(e.Persons))
		for i, p := range e.Persons {
			persons[i] = place[p]
		}
		e.Persons = persons
		l.page.Entries, l.kind = append(l.page.Entries, e), append(l.kind, kind)
	}
	return nil
}

// pick leaves the newest of each kind, and the persons they are about.
func (l *newest) pick() storage.Page {
	out := storage.Page{}
	count, place := map[string]int{}, map[int]int{}
	for i, e := range l.page.Entries {
		kind := l.kinds.root(l.kind[i])
		if count[kind]++; count[kind] > l.most {
			continue
		}
		for j, p := range e.Persons {
			at, ok := place[p]
			if !ok {
				at = len(out.Persons)
				place[p] = at
				out.Persons = append(out.Persons, l.page.Persons[p])
			}
			e.Persons[j] = at
		}
		out.Entries = append(out.Entries, e)
	}
	out.Total = len(out.Entries)
	return out
}

// kinds joins codings that stand together in one code: each points at another
// of its kind, the root at itself.
type kinds map[string]string

func (k kinds) root(name string) string {
	for k[name] != name {
		k[name] = k[k[name]]
		name = k[name]
	}
	return name
}

// of is the kind of an Observation.
func (k kinds) of(r fhir.Resource) (string, error) {
	doc, err := fhir.ParseDocument(r.Body)
	if err != nil {
		return "", fhir.Wrap(err, fhir.Internal, "exception", "a stored resource cannot be read")
	}
	code := doc.Root().Get("code")
	first := ""
	for c := range code.Get("coding").All() {
		name := "coding " + c.Get("system").Text() + "|" + c.Get("code").Text()
		if k[name] == "" {
			k[name] = name
		}
		if first == "" {
			first = name
		}
		k[k.root(name)] = k.root(first)
	}
	if first == "" {
		first = "text " + code.Get("text").Text()
		k[first] = first
	}
	return first, nil
}
