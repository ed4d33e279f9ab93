package gate

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"sluis/consent"
	"sluis/fhir"
	"sluis/fhir/query"
	"sluis/smart"
	"sluis/storage"
)

// pass is the outcome of the gates for one request at one policy version.
type pass struct {
	party    consent.Party
	facts    storage.Facts
	version  storage.Version
	request  consent.Request // what was decided
	policy   consent.Facts   // and by what
	decision consent.Decision
	related  query.Related // how the caller's treatment relations are asked for
	expr     query.Expr    // grant ∧ decision
	access   storage.Access
}

// attempts bounds how often a request is decided again because policy moved or
// a transaction lost a race; past it the caller is told to come back.
const attempts = 12

// corridor authorises and runs do, again from the start when the store says
// that policy has moved (a stale Access never reads) or that a race was lost.
func corridor[T any](ctx context.Context, g *Gate, c Caller, p smart.Permissions, action consent.Action, do func(pass) (T, error)) (T, error) {
	var zero T
	for try := range attempts {
		way, err := g.authorise(ctx, c, p, action)
		if err != nil {
			return zero, err
		}
		out, err := do(way)
		switch {
		case errors.Is(err, storage.ErrStale):
			g.facts.forget()
		case errors.Is(err, storage.ErrBusy):
			if err := pause(ctx, try); err != nil {
				return zero, err
			}
		default:
			return out, err
		}
	}
	return zero, fhir.NewError(fhir.Unavailable, "transient", "too much changed at once; try again")
}

// pause waits a little longer after each lost race, with jitter.
func pause(ctx context.Context, try int) error {
	d := time.Duration(1<<min(try, 6)) * time.Millisecond
	select {
	case <-time.After(d + rand.N(d)):
		return nil
	case <-ctx.Done():
		return fhir.Wrap(ctx.Err(), fhir.Unavailable, "timeout", "the request was given up")
	}
}

// authorise is gate 3 of the corridor: grant ∧ facts ∧ consent → Access.
func (g *Gate) authorise(ctx context.Context, c Caller, p smart.Permissions, action consent.Action) (pass, error) {
	return g.authoriseAt(ctx, c, p, action, g.at())
}

// authoriseAt is authorise for a request at some time.
func (g *Gate) authoriseAt(ctx context.Context, c Caller, p smart.Permissions, action consent.Action, at time.Time) (pass, error) {
	way := pass{party: c.party()}
	facts, version, err := g.factsFor(ctx, storage.Actor{User: c.Grant.User, Organization: c.Grant.Organization, At: at})
	if err != nil {
		return pass{}, err
	}
	way.facts, way.version = facts, version
	way.request = consent.Request{
		Party: way.party, Parties: facts.Parties, Patients: facts.Patients,
		Organization: c.Grant.Organization, Purposes: c.Grant.Purposes, Action: action, At: at,
	}
	way.policy = consent.Facts{
		Shapes: g.rules.shapes(facts.Shapes), Ancestors: facts.Ancestors, Zone: g.Zone, Profile: g.Profile, Floor: g.Floor,
	}
	way.decision = consent.Decide(way.request, way.policy)
	way.related = query.Related{Custodian: c.Grant.Organization, At: at}
	if way.party == consent.Professional {
		way.related.Parties = facts.Parties
	}
	way.expr = query.And(c.Grant.Filter(p), g.reach(c, way))
	way.access = storage.Permit(way.expr, version)
	return way, nil
}

// reach is the decision, widened only for a privacy officer, who sees the
// consents that providers never see.
func (g *Gate) reach(c Caller, way pass) query.Expr {
	if !c.Grant.PrivacyOfficer {
		return way.decision.Expr
	}
	return query.Or(way.decision.Expr, query.TypeIs{Types: []string{"Consent"}})
}

// factsTTL bounds how long facts are reused without asking: periods of
// memberships end by the clock, which no policy version counts.
const factsTTL = time.Second

// maxCachedActors bounds the cache; past it, it starts anew.
const maxCachedActors = 4096

// factsCache keeps facts by actor. It is harmless when out of date, because
// every statement checks the version it was decided at.
type factsCache struct {
	mu       sync.Mutex
	known    map[factsKey]cachedFacts
	shapes   []storage.Shape
	shapesOf storage.Version
}

type factsKey struct {
	user         fhir.Ref
	organization string
}

type cachedFacts struct {
	facts   storage.Facts
	version storage.Version
	at      time.Time
}

func (f *factsCache) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.known = nil
}

// keep remembers facts. Those of one version share their shapes, which are the
// same for everybody and by far the most of them.
func (f *factsCache) keep(key factsKey, c cachedFacts) cachedFacts {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.shapesOf == c.version && f.shapes != nil {
		c.facts.Shapes = f.shapes
	}
	f.shapesOf, f.shapes = c.version, c.facts.Shapes
	if f.known == nil || len(f.known) >= maxCachedActors {
		f.known = map[factsKey]cachedFacts{}
	}
	f.known[key] = c
	return c
}

func (g *Gate) factsFor(ctx context.Context, a storage.Actor) (storage.Facts, storage.Version, error) {
	key := factsKey{a.User, a.Organization}
	g.facts.mu.Lock()
	hit, ok := g.facts.known[key]
	g.facts.mu.Unlock()
	if age := a.At.Sub(hit.at); ok && age >= 0 && age < factsTTL {
		return hit.facts, hit.version, nil
	}
	facts, version, err := g.Store.Policy(ctx, a)
	if err != nil {
		return storage.Facts{}, 0, err
	}
	if a.Organization == "" && len(facts.Patients) == 0 {
		return facts, version, nil // who is let see nothing is never told that this is out of date
	}
	kept := g.facts.keep(key, cachedFacts{facts, version, a.At})
	return kept.facts, version, nil
}

// ruleCache keeps decoded shapes. A shape's id stands for its content, so an
// entry never goes out of date; those of people who changed their minds are left
// behind, and so it starts anew when it is full.
type ruleCache struct {
	known sync.Map
	size  atomic.Int64
}

const maxCachedShapes = 100_000

func (r *ruleCache) shapes(stored []storage.Shape) []consent.Shape {
	out := make([]consent.Shape, len(stored))
	for i, s := range stored {
		if hit, ok := r.known.Load(s.ID); ok {
			out[i] = hit.(consent.Shape)
			continue
		}
		if r.size.Add(1) > maxCachedShapes {
			r.known.Clear()
			r.size.Store(1)
		}
		out[i] = decoded(s)
		r.known.Store(s.ID, out[i])
	}
	return out
}

// decoded reads the rules of a shape. Where they are too many to be enforced,
// one that denies everything stands for them all.
func decoded(s storage.Shape) consent.Shape {
	shape := consent.Shape{ID: s.ID}
	for _, raw := range s.Rules {
		shape.Consents = append(shape.Consents, consent.Decode(raw))
	}
	if heavy(shape.Consents...) {
		shape.Consents = []consent.Rules{tooHeavy()}
	}
	return shape
}
