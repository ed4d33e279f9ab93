package gate

import (
	"context"
	"errors"

	"sluis/consent"
	"sluis/fhir"
	"sluis/smart"
	"sluis/storage"
)

// LabelsOf are the security labels that stand beside a resource the caller may
// read, each once. They are told to the patient, to a custodian's own system and
// to a privacy officer; to anyone else there are none.
func (g *Gate) LabelsOf(ctx context.Context, c Caller, ref fhir.Ref) ([]storage.Label, error) {
	if p := c.party(); p != consent.Own && p != consent.Backend && !c.Grant.PrivacyOfficer {
		return nil, nil
	}
	labels, err := corridor(ctx, g, c, smart.ReadPermission, consent.Access, func(way pass) ([]storage.Label, error) {
		return g.Store.Labels(ctx, way.access, ref)
	})
	var e *fhir.Error
	if errors.As(err, &e) && (e.Kind == fhir.NotFound || e.Kind == fhir.Gone) {
		return nil, nil // the current version is not to be seen: nothing is told of it
	}
	return labels, err
}
