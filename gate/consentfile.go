package gate

import (
	"context"
	"slices"

	"sluis/fhir"
	"sluis/fhir/patch"
	"sluis/storage"
)

// FileConsent stores a Consent with the DocumentReferences and
// QuestionnaireResponses it was given by, in one transaction and by the rules of
// a create of each: a patient or a representative in the own name, or a
// custodian's system that may see consents. A Consent that names no source gets
// the first document. dateTime is kept as it is, and has no part in when the
// Consent is in force: that is from now on.
func (g *Gate) FileConsent(ctx context.Context, c Caller, filed *fhir.Document, documents []*fhir.Document) (storage.Result, error) {
	t, err := planned(ctx, g, func() (transaction, error) { return g.planFiling(c, filed, documents) })
	if err != nil {
		return storage.Result{}, g.refused(ctx, c, pass{}, eventOf(fhir.Interaction{Kind: fhir.Create, Type: "Consent"}), err)
	}
	results, err := g.commit(ctx, c, t, nil)
	if err != nil {
		return storage.Result{}, err
	}
	return results[0], nil
}

// planFiling plans the Consent, and then its documents.
func (g *Gate) planFiling(c Caller, filed *fhir.Document, documents []*fhir.Document) (transaction, error) {
	var source fhir.Ref
	var writes []write
	for _, doc := range documents {
		w, err := g.plan(c, fhir.Interaction{Kind: fhir.Create, Type: doc.Type()}, func() (*fhir.Document, error) { return doc, nil })
		if err != nil {
			return transaction{}, err
		}
		if source.IsZero() {
			source = fhir.Ref{Type: doc.Type(), ID: w.id}
		}
		writes = append(writes, w)
	}
	consent, err := g.plan(c, fhir.Interaction{Kind: fhir.Create, Type: "Consent"}, func() (*fhir.Document, error) { return sourced(filed, source) })
	if err != nil {
		return transaction{}, err
	}
	return transaction{writes: append([]write{consent}, writes...)}, nil
}

// sourced is a Consent with its source, if it names none and there is one.
func sourced(doc *fhir.Document, source fhir.Ref) (*fhir.Document, error) {
	root := doc.Root()
	if source.IsZero() || !root.Get("sourceReference").IsZero() || !root.Get("sourceAttachment").IsZero() {
		return doc, nil
	}
	add, err := patch.ParseJSON([]byte(`[{"op":"add","path":"/sourceReference","value":{"reference":"` + source.String() + `"}}]`))
	if err != nil {
		return nil, err
	}
	body, err := add.Apply(doc)
	if err != nil {
		return nil, err
	}
	return fhir.ParseDocument(body)
}

// inForce are the states of a Consent that can be withdrawn.
var inForce = []string{"active", "proposed", "draft"}

// RevokeConsent withdraws a Consent: a patch of its status to inactive, by the
// rules of a patch. The Consent is kept, with all its versions, and counts for no
// request that begins after. One that is withdrawn already, or was rejected or
// entered in error, stays as it is.
func (g *Gate) RevokeConsent(ctx context.Context, c Caller, id string, ifMatch int64) (fhir.Resource, error) {
	p, err := patch.ParseJSON([]byte(`[{"op":"replace","path":"/status","value":"inactive"}]`))
	if err != nil {
		return fhir.Resource{}, err
	}
	ix := fhir.Interaction{Kind: fhir.Patch, Type: "Consent", ID: id, IfMatch: ifMatch}
	if w, err := g.planPatch(c, ix, p); err != nil {
		_, err = g.single(ctx, c, w, err)
		return fhir.Resource{}, err
	}
	now, err := g.Read(ctx, c, fhir.Interaction{Kind: fhir.Read, Type: "Consent", ID: id})
	if err != nil {
		return fhir.Resource{}, err
	}
	doc, err := fhir.ParseDocument(now.Body)
	if err != nil {
		return fhir.Resource{}, fhir.Wrap(err, fhir.Internal, "exception", "a stored resource cannot be read")
	}
	if !slices.Contains(inForce, doc.Root().Get("status").Text()) {
		if ifMatch > 0 && ifMatch != now.Version {
			return fhir.Resource{}, fhir.NewError(fhir.Precondition, "conflict", "the resource has another version")
		}
		return now, nil
	}
	done, err := g.Patch(ctx, c, ix, p)
	return done.Resource, err
}
