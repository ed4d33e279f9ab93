package suite

import (
	"context"
	"time"
)

// How long UNTIL waits between two requests, and what it waits in all where
// Target.Patience is 0.
const (
	firstPause = 20 * time.Millisecond
	lastPause  = time.Second
	patience   = 20 * time.Second
)

// until asks again until the answer is as expected, cannot be asked for, or the
// target's patience ends; the last answer stands.
func (c *conversation) until(ctx context.Context, r request, s Step) (*answer, error) {
	ctx, cancel := context.WithTimeout(ctx, c.target.Patience)
	defer cancel()
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		a, err := c.send(ctx, r)
		if err != nil || s.skips(a) || s.unmet(a, c.vars) == nil {
			return a, err
		}
		select {
		case <-ctx.Done():
			return a, nil
		case <-time.After(pause):
		}
	}
}
