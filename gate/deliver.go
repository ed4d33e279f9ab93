package gate

import (
	"context"
	"errors"

	"sluis/fhir"
	"sluis/storage"
)

// Delivery is one message of a feed, already translated.
type Delivery struct {
	Source string // sender; with Key and the caller's feed it makes the delivery idempotent
	Key    string
	Bundle []byte // transaction
}

// maxKey bounds a key in bytes: it stands in every record. HL7 v2.7 allows an
// MSH-10 of 199.
const maxKey = 256

// Deliver commits a delivery whole, or nothing: its changes, its records and
// its inbox key are one transaction. seen reports that the same delivery was
// committed before and nothing was done.
func (g *Gate) Deliver(ctx context.Context, c Caller, d Delivery) (seen bool, err error) {
	if len(d.Key) > maxKey {
		return false, fhir.NewError(fhir.Invalid, "too-long", "the key of a delivery is too long")
	}
	b, err := ParseBundle(d.Bundle)
	if err != nil {
		return false, err
	}
	t, err := planned(ctx, g, func() (transaction, error) { return g.planAll(c, b.Entries) })
	if err != nil {
		return false, g.refused(ctx, c, pass{}, event{action: "C", subtype: "transaction"}, err)
	}
	if len(t.writes) != len(b.Entries) || len(t.writes) == 0 {
		return false, fhir.NewError(fhir.Invalid, "invalid", "a delivery holds writes only, at least one")
	}
	// Two feeds may have senders of one name, each with a count of its own.
	source := c.Grant.Organization + "|" + c.Feed + "|" + d.Source
	_, err = g.commit(ctx, c, t, &storage.InboxKey{Source: source, Key: d.Key, Outcome: []byte("AA")})
	var before *storage.SeenError
	if errors.As(err, &before) {
		return true, nil
	}
	return false, err
}
