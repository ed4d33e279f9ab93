package storage

import (
	"slices"

	"sluis/fhir"
	"sluis/fhir/index"
)

// Rename replaces provisional references in the body, the entries and the policy
// inputs of a change by what they turn out to be. It alters no slice that the
// change shares with another.
func (c *Change) Rename(to map[fhir.Ref]fhir.Ref) {
	if c.Op == Delete || len(to) == 0 {
		return
	}
	renamed := func(ref fhir.Ref) fhir.Ref {
		if r, ok := to[ref.Latest()]; ok {
			return r
		}
		return ref
	}
	c.Body = c.Body.Rename(to)
	c.Entries.References = renameReferences(c.Entries.References, renamed)
	c.Entries.Subjects = slices.Clone(c.Entries.Subjects)
	for j, s := range c.Entries.Subjects {
		c.Entries.Subjects[j] = renamed(s)
	}
	c.Policy.Relations = slices.Clone(c.Policy.Relations)
	for j, r := range c.Policy.Relations {
		c.Policy.Relations[j].Party = renamed(r.Party)
	}
	c.Policy.Members = slices.Clone(c.Policy.Members)
	for j, m := range c.Policy.Members {
		c.Policy.Members[j].Member, c.Policy.Members[j].Of = renamed(m.Member), renamed(m.Of)
	}
}

func renameReferences(refs []index.Reference, renamed func(fhir.Ref) fhir.Ref) []index.Reference {
	out := slices.Clone(refs)
	for i, r := range out {
		if r.ID != "" {
			now := renamed(fhir.Ref{Type: r.Type, ID: r.ID})
			out[i].Type, out[i].ID = now.Type, now.ID
		}
	}
	return out
}
