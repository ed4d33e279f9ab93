package balp

import (
	"slices"

	dpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/datatypes_go_proto"
	apb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/audit_event_go_proto"

	"sluis/audit"
	"sluis/fhir"
)

// entities are what the event is about: data, query, patient, transaction and
// consents. A projection names its patient and the consents; of data it tells
// the categories, of the query nothing.
func entities(rec audit.Record, view View) (out []*apb.AuditEvent_Entity) {
	var categories []string
	for _, d := range rec.Data {
		if d.ID != "" && !view.Projected {
			out = append(out, data(d))
		} else if !slices.Contains(categories, d.Type) {
			categories = append(categories, d.Type)
			out = append(out, category(d.Type))
		}
	}
	if rec.Query != "" && !view.Projected {
		e := entity(coding(entityTypes, "2", "System Object"), coding(objectRoles, "24", "Query"))
		e.Query = &dpb.Base64Binary{Value: []byte(rec.Query)}
		out = append(out, e)
	}
	if !rec.Patient.IsZero() {
		e := entity(coding(entityTypes, "1", "Person"), coding(objectRoles, "1", "Patient"))
		e.What = reference(rec.Patient.Latest())
		out = append(out, e)
	}
	if rec.Request != "" && !view.Projected {
		e := entity(coding(requestIDs, "XrequestId", ""), nil)
		e.What = &dpb.Reference{Identifier: &dpb.Identifier{Value: text(rec.Request)}}
		out = append(out, e)
	}
	return append(out, consents(rec)...)
}

func entity(kind, role *dpb.Coding) *apb.AuditEvent_Entity {
	return &apb.AuditEvent_Entity{Type: kind, Role: role}
}

func data(r fhir.Ref) *apb.AuditEvent_Entity {
	e := entity(coding(entityTypes, "2", "System Object"), coding(objectRoles, "4", "Domain Resource"))
	e.What = reference(r)
	return e
}

// category tells that resources of a type were touched, not which.
func category(resourceType string) *apb.AuditEvent_Entity {
	e := entity(coding(resourceTypes, resourceType, ""), coding(objectRoles, "4", "Domain Resource"))
	e.What = &dpb.Reference{Type: &dpb.Uri{Value: resourceType}}
	return e
}

// consents are those relied on; implicit policies are named by the agent.
func consents(rec audit.Record) (out []*apb.AuditEvent_Entity) {
	for _, p := range rec.Policy {
		if ref, ok := fhir.ParseRef(p); ok && ref.Type == "Consent" {
			e := entity(coding(resourceTypes, "Consent", ""), nil)
			e.What = reference(ref)
			out = append(out, e)
		}
	}
	return out
}
