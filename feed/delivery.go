package feed

import (
	"context"
	"time"
)

// Delivery is one message of a feed. All channels end in this one product.
type Delivery struct {
	Feed   string // Config.Name
	Source string // the sender: application|facility
	Key    string // with Source it makes the delivery idempotent: MSH-10

	// Bundle is a FHIR R4 transaction whose entries refer to each other by
	// urn:uuid and whose writes are conditional on an identifier. It is nil
	// where the message could not be translated.
	Bundle []byte

	Message  []byte // as received, for quarantine; it holds clinical data
	Received time.Time
}

// Receipt is the answer to a delivery that is stored.
type Receipt struct {
	Duplicate bool // (Source, Key) was committed before; nothing was changed now
}

// Sink takes deliveries. The implementation authorises the caller as the feed.
type Sink interface {
	// Deliver commits the whole bundle, its audit records and the key (Source,
	// Key) in one transaction, or nothing. It returns after the commit. The
	// error is a *fhir.Error; of kind Unavailable or TooMany it is passing, and
	// the sender is asked to send again.
	Deliver(ctx context.Context, d Delivery) (Receipt, error)

	// Quarantine keeps a delivery that cannot be taken in, whole. The reason
	// names places and rules, never values.
	Quarantine(ctx context.Context, d Delivery, reason string) error
}
