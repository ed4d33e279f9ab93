package gate

import (
	"context"
	"fmt"
	"slices"

	"sluis/consent"
	"sluis/fhir"
	"sluis/smart"
	"sluis/storage"
)

// maxConsents bounds the consents that a patient has in force.
const maxConsents = 200

// turn lets those who change policy do so one at a time, in this process: each
// change makes every decision before it out of date, and if many raced, they and
// all other writers would decide again and again. Nobody else waits, unless he
// lost too often: see overtaken.
type turn struct {
	gate *Gate
	held bool
	lost int
}

// mostLost is how often a writer is overtaken before it takes a turn too.
const mostLost = 4

// overtaken counts an attempt; one of many holds off those who change policy, so
// that no storm of theirs starves it.
func (t *turn) overtaken(ctx context.Context) error {
	if t.lost++; t.lost <= mostLost || t.held {
		return nil
	}
	return t.take(ctx)
}

func (t *turn) take(ctx context.Context) error {
	select {
	case t.gate.turns <- struct{}{}:
		t.held = true
		return nil
	case <-ctx.Done():
		return fhir.Wrap(ctx.Err(), fhir.Unavailable, "timeout", "the request was given up")
	}
}

// end lets the next one go.
func (t *turn) end() {
	if t.held {
		<-t.gate.turns
		t.held = false
	}
}

// begin takes the turn of writes that change policy.
func (g *Gate) begin(ctx context.Context, c Caller, writes []write) (*turn, error) {
	t := &turn{gate: g}
	if !slices.ContainsFunc(writes, func(w write) bool {
		return w.ix.Type == "SearchParameter" || policyInput(w.ix.Type) && w.ix.Type != "Patient"
	}) {
		return t, nil
	}
	err := t.take(ctx)
	if err == nil {
		err = g.fewConsents(ctx, c, writes)
	}
	if err != nil {
		t.end()
	}
	return t, err
}

// fewConsents refuses one consent more than a patient can have in force. It
// counts before the write, which is exact enough for a bound.
func (g *Gate) fewConsents(ctx context.Context, c Caller, writes []write) error {
	more := 0
	for _, w := range writes {
		if w.ix.Type == "Consent" && (w.patch != nil || len(w.prepared.policy.Rules) > 0) {
			more++ // an update or a patch as well: it may put a withdrawn one in force again
		}
	}
	if more == 0 || c.party() != consent.Own {
		return nil
	}
	q, err := g.Language().Parse("Consent", []fhir.Param{{Name: "status", Value: "active"}, {Name: "_summary", Value: "count"}})
	if err != nil {
		return err
	}
	page, err := corridor(ctx, g, c, smart.ReadPermission, consent.Access, func(w pass) (storage.Page, error) {
		// The decision alone: the scopes may show fewer, and only a number is asked.
		return g.Store.Search(ctx, storage.Permit(w.decision.Expr, w.version), q)
	})
	if err == nil && page.Total+more > maxConsents {
		err = fhir.NewError(fhir.Unprocessable, "too-costly", fmt.Sprintf("a patient has at most %d consents in force; withdraw some first", maxConsents))
	}
	return err
}
