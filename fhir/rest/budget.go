package rest

import (
	"context"
	"io"
	"time"

	"sluis/fhir"
)

// budget bounds, for the whole process, the large bodies that are worked on at
// once: work on a body takes some ten times its size in memory. It has a place for
// each MiB. A body within the first MiB takes none, so that small requests never
// wait for large ones.
type budget chan struct{}

const (
	place    = 1 << 20         // bytes of a body
	patience = 3 * time.Second // that one request waits for places, in all
)

func newBudget(bytes int64) budget { return make(budget, max(1, bytes/place)) }

// claim is what one request holds of the budget; nil holds nothing. It is for one
// goroutine at a time.
type claim struct {
	budget budget
	held   int
	left   time.Duration // of patience
}

func (b budget) claim() *claim { return &claim{budget: b, left: patience} }

// cover takes the places for a body that has come to so many bytes. A body takes
// them as it comes, so that who sends slowly holds no more than was sent; one that
// is larger than the whole budget takes all of it. The error is Unavailable.
func (c *claim) cover(ctx context.Context, bytes int64) error {
	if bytes <= place {
		return nil
	}
	for wanted := min(int((bytes+place-1)/place), cap(c.budget)); c.held < wanted; c.held++ {
		if err := c.take(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (c *claim) take(ctx context.Context) error {
	select {
	case c.budget <- struct{}{}:
		return nil
	default:
	}
	from, timer := time.Now(), time.NewTimer(c.left)
	defer timer.Stop()
	select {
	case c.budget <- struct{}{}:
		c.left -= time.Since(from)
		return nil
	case <-timer.C:
		return fhir.NewError(fhir.Unavailable, "throttled", "too many large requests are being carried out; try again")
	case <-ctx.Done():
		return fhir.Wrap(ctx.Err(), fhir.Unavailable, "timeout", "the request was given up")
	}
}

// release gives the places back.
func (c *claim) release() {
	if c == nil {
		return
	}
	for ; c.held > 0; c.held-- {
		<-c.budget
	}
}

// covered is a body of which the bytes that were read are covered by a claim.
type covered struct {
	io.Reader
	ctx   context.Context
	claim *claim
	read  int64
}

func (c *covered) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.read += int64(n)
	if refused := c.claim.cover(c.ctx, c.read); refused != nil {
		return n, refused
	}
	return n, err
}
