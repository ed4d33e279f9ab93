package gate

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"sluis/consent"
	"sluis/fhir"
	"sluis/storage"
)

// jobLife is how long the answer to a request can be fetched.
const jobLife = 24 * time.Hour

// Defer keeps a request to be answered later, and names it. It decides nothing:
// whoever fetches the answer is authorised then, by his own token. alive is how
// long carrying it out may take.
func (g *Gate) Defer(ctx context.Context, c Caller, request []byte, alive time.Duration) (id string, err error) {
	if g.Jobs == nil {
		return "", fhir.NewError(fhir.NotImplemented, "not-supported", "nothing is answered later here")
	}
	if c.party() == consent.Nobody {
		return "", forbidden("the token's scopes do not reach this")
	}
	id, at := newID(), g.at()
	return id, g.Jobs.StartJob(ctx, storage.Job{
		ID: id, Owner: owner(c), Request: request, Started: at, Alive: at.Add(alive), Expires: at.Add(jobLife),
	})
}

// Deferred is a request that the same caller deferred; to any other it does not
// exist.
func (g *Gate) Deferred(ctx context.Context, c Caller, id string) (storage.Job, error) {
	if g.Jobs == nil {
		return storage.Job{}, fhir.ErrNotFound()
	}
	return g.Jobs.Job(ctx, owner(c), id, g.at())
}

// Settle keeps the answer to a deferred request, which holds no clinical
// content: that is read when it is fetched.
func (g *Gate) Settle(ctx context.Context, id string, answer []byte) error {
	return g.Jobs.FinishJob(ctx, id, answer)
}

// Forget drops a deferred request of the same caller.
func (g *Gate) Forget(ctx context.Context, c Caller, id string) error {
	if g.Jobs == nil {
		return fhir.ErrNotFound()
	}
	return g.Jobs.DropJob(ctx, owner(c), id, g.at())
}

// owner is a fingerprint of who asks: the client and the user, whom they act
// for and in whose context.
func owner(c Caller) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %q", c.Grant.Client, c.Grant.User.String(), c.Grant.Organization, c.Grant.Patient.String()))
	return hex.EncodeToString(sum[:])
}
