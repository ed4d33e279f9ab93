package gate

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"sluis/conformance"
	"sluis/fhir"
	"sluis/fhir/index"
	"sluis/fhir/query"
	"sluis/storage"
)

// parameters is the set of search parameters at one version of the store: R4's
// and the custom ones. It never changes; Gate swaps it as a whole. Searches are
// read, and resources indexed, by all of them; only those that the index has
// come up to are answered.
type parameters struct {
	version int64 // of storage.Facts.Parameters
	custom  []customParameter
	all     *conformance.Definitions
	ready   *conformance.Definitions // without those that are being indexed
	index   *index.Extractor         // by all
	base    index.Base

	// unreadable says which definitions this program cannot follow, and another
	// that serves the same store can. Then it writes nothing: what it wrote would
	// not be found by them.
	unreadable error
}

// customParameter is one SearchParameter that is served.
type customParameter struct {
	id, url  string
	served   []*conformance.Parameter // one for each base
	progress storage.Progress
}

func newParameters(base index.Base) *parameters {
	r4 := conformance.R4()
	return &parameters{all: r4, ready: r4, index: index.NewExtractor(r4, base), base: base}
}

// follow is the set with these definitions. Where they are the same, so is what
// was made of them.
func (p *parameters) follow(version int64, states []storage.IndexState) *parameters {
	next := *p
	if version != p.version {
		next.read(states)
		next.index = index.NewExtractor(next.all, p.base)
	}
	next.version = version
	moved := version != p.version
	next.custom = slices.Clone(next.custom)
	for i, c := range next.custom {
		at := slices.IndexFunc(states, func(s storage.IndexState) bool { return s.URL == c.url })
		if at < 0 {
			continue
		}
		moved = moved || c.progress.Ready != states[at].Ready
		next.custom[i].progress = states[at].Progress
	}
	if moved {
		next.ready = next.without(func(c customParameter) bool { return !c.progress.Ready })
	}
	return &next
}

// read parses the definitions.
func (p *parameters) read(states []storage.IndexState) {
	p.custom, p.unreadable = nil, nil
	var served []*conformance.Parameter
	var bad []error
	for _, s := range states {
		id, params, err := readDefinition(s.Definition)
		if err != nil {
			bad = append(bad, fmt.Errorf("search parameter %s: %w", s.URL, err))
			continue
		}
		p.custom, served = append(p.custom, customParameter{id: id, url: s.URL, served: params}), append(served, params...)
	}
	var err error
	p.all, err = conformance.R4().With(served...)
	p.unreadable = errors.Join(append(bad, err)...)
}

// without is R4 and the custom parameters that are not left out.
func (p *parameters) without(leave func(customParameter) bool) *conformance.Definitions {
	var rest []*conformance.Parameter
	for _, c := range p.custom {
		if !leave(c) {
			rest = append(rest, c.served...)
		}
	}
	if len(rest) == 0 {
		return conformance.R4()
	}
	defs, _ := conformance.R4().With(rest...) // what is wrong with them was told by read
	return defs
}

// language is that in which searches are written. Those that wait for the index
// are in it: else a lenient search would leave them out.
func (p *parameters) language() query.Language {
	return query.Language{Definitions: p.all, Base: p.base}
}

// of finds the custom parameter that a search was read with, as it was then.
func (p *parameters) of(param *conformance.Parameter) *customParameter {
	for i, c := range p.custom {
		if slices.ContainsFunc(c.served, func(s *conformance.Parameter) bool { return reflect.DeepEqual(s, param) }) {
			return &p.custom[i]
		}
	}
	return nil
}

// Language is what searches of this server are written in: what Search takes is
// parsed by it. Another process may have added parameters: see Understand.
func (g *Gate) Language() query.Language { return g.parameters.Load().language() }

// Definitions are the search parameters that searches are answered by now: R4's,
// and the custom ones that the index has come up to. They are the same value as
// long as they are the same.
func (g *Gate) Definitions() *conformance.Definitions { return g.parameters.Load().ready }

// Understand reads a search. When read fails or does not understand the whole of
// it, it is called once more with what the store knows by now, if that is more.
func (g *Gate) Understand(ctx context.Context, read func(query.Language) (whole bool, err error)) error {
	known := g.parameters.Load()
	whole, err := read(known.language())
	if whole && err == nil {
		return nil
	}
	now, failed := g.hear(ctx)
	switch {
	case failed != nil && err == nil:
		return failed // what is unknown here would be left out unasked
	case failed != nil || now.version == known.version:
		return err
	}
	_, err = read(now.language())
	return err
}

// planned makes a plan and, when it is refused and there are parameters that it
// did not know, once more.
func planned[T any](ctx context.Context, g *Gate, plan func() (T, error)) (T, error) {
	known := g.parameters.Load()
	out, err := plan()
	if err == nil {
		return out, nil
	}
	if now, failed := g.hear(ctx); failed != nil || now.version == known.version {
		return out, err
	}
	return plan()
}

// hear asks the store which parameters there are and how far the index is.
func (g *Gate) hear(ctx context.Context) (*parameters, error) {
	if g.Indexing == nil {
		return g.parameters.Load(), nil
	}
	g.hearing.Lock()
	defer g.hearing.Unlock()
	states, version, err := g.Indexing.Definitions(ctx)
	if err != nil {
		return nil, err
	}
	known := g.parameters.Load()
	if version < known.version {
		return known, nil
	}
	next := known.follow(version, states)
	g.parameters.Store(next)
	return next, nil
}

// parametersAt is the set at the version that the facts of a request have. The
// store holds the request to it: its access is refused at any other.
func (g *Gate) parametersAt(ctx context.Context, version int64) (*parameters, error) {
	known := g.parameters.Load()
	if known.version < version {
		var err error
		if known, err = g.hear(ctx); err != nil {
			return nil, err
		}
	}
	switch {
	case known.version > version:
		return nil, storage.ErrStale
	case known.version < version:
		return nil, storage.ErrBusy
	}
	return known, nil
}

// answerable refuses a search by custom parameters that, at the version of the
// pass, are gone or others than when it was read, or that the index has not come
// up to: it would be silently short.
func (g *Gate) answerable(ctx context.Context, c Caller, way pass, q query.Query) error {
	used := customOf(q)
	if len(used) == 0 {
		return nil
	}
	set, err := g.parametersAt(ctx, way.facts.Parameters)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(used, func(p *conformance.Parameter) bool { return !set.answers(p) }) {
		if set, err = g.hear(ctx); err != nil {
			return err
		}
		if set.version != way.facts.Parameters {
			return storage.ErrStale
		}
	}
	bad := &fhir.Error{Kind: fhir.Invalid}
	for _, p := range used {
		if !set.answers(p) {
			bad.Issues = append(bad.Issues, g.unanswered(c, set, p))
		}
	}
	if len(bad.Issues) > 0 {
		return bad
	}
	return nil
}

func (p *parameters) answers(param *conformance.Parameter) bool {
	c := p.of(param)
	return c != nil && c.progress.Ready
}

// unanswered says why. How many resources there are is for the operator alone:
// they are of all custodians.
func (g *Gate) unanswered(c Caller, set *parameters, param *conformance.Parameter) fhir.Issue {
	name := fmt.Sprintf("the search parameter %q of %s", param.Code, param.Base)
	of := set.of(param)
	switch {
	case of == nil:
		return fhir.Issue{Code: "not-found", Details: name + " was changed or taken away; search anew"}
	case g.operates(c):
		return fhir.Issue{Code: "transient", Details: fmt.Sprintf("%s is being indexed: %d of %d", name, of.progress.Done, of.progress.Total)}
	}
	return fhir.Issue{Code: "transient", Details: name + " is being indexed; search again later"}
}

// customOf are the custom parameters that a search goes by, in any way.
func customOf(q query.Query) (out []*conformance.Parameter) {
	add := func(p *conformance.Parameter) {
		if p != nil && p.Custom() && !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	if q.Where != nil {
		query.Walk(q.Where, func(x query.Expr) bool { add(parameterOf(x)); return true })
	}
	for _, s := range q.Sort {
		add(s.Param)
	}
	for _, i := range slices.Concat(q.Includes, q.RevIncl) {
		add(i.Param)
	}
	return out
}

// parameterOf is the parameter that a predicate looks at, or nil.
func parameterOf(x query.Expr) *conformance.Parameter {
	switch x := x.(type) {
	case query.Compare:
		return x.Param
	case query.Missing:
		return x.Param
	case query.Chain:
		return x.Param
	case query.Has:
		return x.Param
	case query.Composite:
		return x.Param
	case query.Near:
		return x.Param
	}
	return nil
}

// languageNow is the language by what the store knows now, or, where it does not
// say, as last heard of.
func (g *Gate) languageNow(ctx context.Context) query.Language {
	if now, err := g.hear(ctx); err == nil {
		return now.language()
	}
	return g.Language()
}
