package smart

import (
	"sluis/fhir"
	"sluis/fhir/query"
)

// auditType never comes from storage.Store: a scope that covers it opens the
// log's own door, and nothing in the predicate.
const auditType = "AuditEvent"

// Filter is the predicate of the resources for which the grant holds every
// permission of p: the union over its scopes, each the conjunction of its type,
// its filter and, at the patient level, of the patient being the only subject.
// Types of the directory have no subject; patient/ scopes reach them by type,
// to read and search only. A supervisor reaches records alone. Without a scope,
// and for p = 0, it is None.
func (g Grant) Filter(p Permissions) query.Expr {
	if p == 0 {
		return query.None{}
	}
	var all []query.Expr
	for bit := range p.each() {
		var reach []query.Expr
		for _, s := range g.Scopes.Resources {
			if s.Permissions.Has(bit) {
				reach = append(reach, g.reach(s, bit))
			}
		}
		all = append(all, query.Or(reach...))
	}
	if g.Supervisor {
		all = append(all, query.TypeIs{Types: []string{auditType}})
	}
	return query.And(all...)
}

// Allows reports whether the grant speaks of a resource type at all with every
// permission of p; where it does not, the answer is 403 whatever the data are.
// The type "" asks whether it speaks of any.
func (g Grant) Allows(p Permissions, resourceType string) bool {
	if p == 0 || g.Supervisor && resourceType != auditType {
		return false
	}
	for bit := range p.each() {
		if !g.allows(bit, resourceType) {
			return false
		}
	}
	return true
}

func (g Grant) allows(bit Permissions, resourceType string) bool {
	for _, s := range g.Scopes.Resources {
		if !s.Permissions.Has(bit) || resourceType != "" && !s.covers(resourceType) {
			continue
		}
		if resourceType != "" {
			s.Type = resourceType
		}
		if !query.Empty(g.reach(s, bit)) {
			return true
		}
	}
	return false
}

// reach is what one scope opens for one permission.
func (g Grant) reach(s Scope, bit Permissions) query.Expr {
	typed := query.Expr(query.All{})
	if s.Type != "*" {
		typed = query.TypeIs{Types: []string{s.Type}}
	}
	switch s.Level {
	case UserLevel, SystemLevel:
		return query.And(typed, s.Filter)
	case PatientLevel:
		return query.And(typed, s.Filter, g.compartment(s.Type, bit))
	}
	return query.None{}
}

// compartment is what the patient level leaves of a type, or of all types.
func (g Grant) compartment(resourceType string, bit Permissions) query.Expr {
	patient, ok := g.patient()
	if !ok {
		return query.None{}
	}
	own := query.Subjects{X: query.Person{Patients: []fhir.Ref{patient}}}
	switch {
	case resourceType != "*" && !isDirectory(resourceType):
		return own
	case resourceType != "*" && bit.changes():
		return query.None{}
	case resourceType != "*":
		return query.All{}
	case bit.changes():
		return own
	}
	return query.Or(query.TypeIs{Types: directoryTypes()}, own)
}
