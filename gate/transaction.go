package gate

import (
	"context"
	"fmt"

	"sluis/fhir"
)

// transact commits the writes of a transaction.
func (g *Gate) transact(ctx context.Context, c Caller, b Bundle, out []EntryResult) error {
	writes, at, err := g.planAll(c, b.Entries)
	if err != nil {
		return g.refused(ctx, c, pass{}, event{action: "E", subtype: string(fhir.Transaction)}, err)
	}
	if len(writes) == 0 {
		return nil
	}
	results, err := g.commit(ctx, c, writes, nil)
	if err != nil {
		return err
	}
	for i, r := range results {
		out[at[i]].Result = r
	}
	return nil
}

// planAll chooses ids, rewrites the references between entries and plans each
// write. The error names every entry at fault; at holds each write's place.
func (g *Gate) planAll(c Caller, entries []BundleEntry) (writes []write, at []int, err error) {
	bad := &fhir.Error{Kind: fhir.Invalid}
	ids, links := chooseIDs(entries, bad)
	targets := map[string]string{}
	for i, e := range entries {
		if !isWrite(e.Interaction.Kind) {
			continue
		}
		body, err := relink(e.Body, named(links))
		if err == nil {
			var w write
			if w, err = g.planEntry(c, e.Interaction, ids[i], body); err == nil {
				err = once(targets, w, entryPath(i))
				writes, at = append(writes, w), append(at, i)
			}
		}
		if err != nil {
			bad.Issues = append(bad.Issues, placed(entryPath(i), err)...)
			bad.Kind = max(bad.Kind, fhir.KindOf(err))
		}
	}
	if len(bad.Issues) > 0 {
		return nil, nil, bad
	}
	if n := count(writes, (*write).conditional); n > maxConditional && c.Feed == "" {
		return nil, nil, fhir.NewError(fhir.Invalid, "too-costly", fmt.Sprintf("a transaction has at most %d conditional entries", maxConditional))
	}
	return writes, at, nil
}

// chooseIDs gives every write an id, its own or a new one, by which the others
// refer to it; links holds them by fullUrl. One fullUrl for two entries is an
// issue for bad.
func chooseIDs(entries []BundleEntry, bad *fhir.Error) (ids []string, links map[string]string) {
	ids, links = make([]string, len(entries)), map[string]string{}
	for i, e := range entries {
		if !isWrite(e.Interaction.Kind) {
			continue
		}
		if ids[i] = e.Interaction.ID; ids[i] == "" {
			ids[i] = newID()
		}
		if e.FullURL == "" {
			continue
		}
		if _, twice := links[e.FullURL]; twice {
			bad.Issues = append(bad.Issues, fhir.Issue{Code: "duplicate", Details: "fullUrl stands twice", Expression: []string{entryPath(i)}})
		}
		links[e.FullURL] = e.Interaction.Type + "/" + ids[i]
	}
	return ids, links
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
func (g *Gate) planEntry(c Caller, ix fhir.Interaction, id string, body []byte) (write, error) {
	if ix.Kind == fhir.Create || ix.Conditional {
		chosen := ix
		chosen.ID = ""
		w, err := g.plan(c, chosen, body)
		w.id = id
		return w, err
	}
	return g.plan(c, ix, body)
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
