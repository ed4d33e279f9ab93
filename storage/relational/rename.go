package relational

import "sluis/fhir"

// rename replaces provisional references by the resources that conditional
// changes turned out to be about.
func (a *application) rename(renames map[fhir.Ref]fhir.Ref) {
	for i := range a.changes {
		a.changes[i].Rename(renames)
	}
}
