package smart

import (
	"iter"

	"sluis/fhir"
)

// Permissions is a set of c, r, u, d and s.
type Permissions uint8

// The five permissions of SMART 2.2 scopes, in the order of "cruds".
const (
	CreatePermission Permissions = 1 << iota
	ReadPermission
	UpdatePermission
	DeletePermission
	SearchPermission
)

const letters = "cruds"

// Needs is the permission an interaction asks for (SMART App Launch 2.2,
// "Scopes for requesting FHIR Resources"): r is read, vread and instance
// history; s is search and type or system history; u is update, patch and
// upsert. Each entry of a batch or transaction needs its own, so the Bundle
// itself, like the CapabilityStatement, needs none: 0, which Filter answers
// with None. Included resources need the permission s of their own type.
func Needs(kind fhir.InteractionKind) Permissions {
	switch kind {
	case fhir.Read, fhir.VRead, fhir.HistoryInstance:
		return ReadPermission
	case fhir.SearchType, fhir.SearchSystem, fhir.HistoryType, fhir.HistorySystem:
		return SearchPermission
	case fhir.Create:
		return CreatePermission
	case fhir.Update:
		return UpdatePermission
	case fhir.Delete:
		return DeletePermission
	}
	return 0
}

// Has reports whether every permission of q is in p. An empty q is never had.
func (p Permissions) Has(q Permissions) bool { return q != 0 && p&q == q }

// String is the permissions in the v2 notation: an ordered part of "cruds".
func (p Permissions) String() string {
	var out []byte
	for i := range len(letters) {
		if p&(1<<i) != 0 {
			out = append(out, letters[i])
		}
	}
	return string(out)
}

// each yields the single permissions of the set.
func (p Permissions) each() iter.Seq[Permissions] {
	return func(yield func(Permissions) bool) {
		for i := range len(letters) {
			if bit := Permissions(1 << i); p&bit != 0 && !yield(bit) {
				return
			}
		}
	}
}

// changes reports whether the set holds a permission to write.
func (p Permissions) changes() bool {
	return p&(CreatePermission|UpdatePermission|DeletePermission) != 0
}

// parsePermissions reads v1 (read, write, *) and v2 (an ordered subset of
// cruds). Out of order or repeated letters are refused, never reinterpreted.
func parsePermissions(s string) (p Permissions, v1, ok bool) {
	switch s {
	case "read":
		return ReadPermission | SearchPermission, true, true
	case "write":
		return CreatePermission | UpdatePermission | DeletePermission, true, true
	case "*":
		return 1<<len(letters) - 1, true, true
	}
	next := 0
	for _, c := range []byte(s) {
		for next < len(letters) && letters[next] != c {
			next++
		}
		if next == len(letters) {
			return 0, false, false
		}
		p |= 1 << next
		next++
	}
	return p, false, p != 0
}
