package relational

import (
	"slices"

	"sluis/fhir"
	"sluis/fhir/index"
	"sluis/storage"
)

// rename replaces provisional references in bodies, entries and policy inputs
// by the resources that conditional changes turned out to be about. The
// request's own slices stay as they are: a transaction may run again.
func (a *application) rename(renames map[fhir.Ref]fhir.Ref) {
	if len(renames) == 0 {
		return
	}
	to := func(ref fhir.Ref) fhir.Ref {
		if r, ok := renames[ref.Latest()]; ok {
			return r
		}
		return ref
	}
	for i := range a.changes {
		c := &a.changes[i]
		if c.Op == storage.Delete {
			continue
		}
		c.Body = c.Body.Rename(renames)
		c.Entries.References = renameReferences(c.Entries.References, to)
		c.Entries.Subjects = slices.Clone(c.Entries.Subjects)
		for j, s := range c.Entries.Subjects {
			c.Entries.Subjects[j] = to(s)
		}
		c.Policy.Relations = slices.Clone(c.Policy.Relations)
		for j, r := range c.Policy.Relations {
			c.Policy.Relations[j].Party = to(r.Party)
		}
		c.Policy.Members = slices.Clone(c.Policy.Members)
		for j, m := range c.Policy.Members {
			c.Policy.Members[j].Member, c.Policy.Members[j].Of = to(m.Member), to(m.Of)
		}
	}
}

func renameReferences(refs []index.Reference, to func(fhir.Ref) fhir.Ref) []index.Reference {
	out := slices.Clone(refs)
	for i, r := range out {
		if r.ID != "" {
			now := to(fhir.Ref{Type: r.Type, ID: r.ID})
			out[i].Type, out[i].ID = now.Type, now.ID
		}
	}
	return out
}
