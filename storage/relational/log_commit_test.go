package relational

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
)

// slowDisk writes when told to, and remembers how many rows each time.
type slowDisk struct {
	begun  chan int
	finish chan error
}

func (d slowDisk) write(_ context.Context, rows [][]any) error {
	d.begun <- len(rows)
	return <-d.finish
}

func newSlowDisk() slowDisk { return slowDisk{make(chan int, 100), make(chan error)} }

func appendLater(ctx context.Context, c *committer, n int) <-chan error {
	result := make(chan error, 1)
	go func() { result <- c.append(ctx, make([][]any, n)) }()
	return result
}

func TestCommitterSharesOneCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := newSlowDisk()
		c := startCommitter(disk.write)
		first := appendLater(t.Context(), c, 1)
		synctest.Wait()
		var rest []<-chan error
		for range 50 {
			rest = append(rest, appendLater(t.Context(), c, 2))
		}
		synctest.Wait()
		disk.finish <- nil
		synctest.Wait()
		if err := <-first; err != nil {
			t.Error(err)
		}
		if one, many := <-disk.begun, <-disk.begun; one != 1 || many != 100 {
			t.Errorf("commits of %d and %d rows", one, many)
		}
		failure := errors.New("disk full")
		disk.finish <- failure
		for _, r := range rest {
			if err := <-r; !errors.Is(err, failure) {
				t.Errorf("a caller of a failed commit got %v", err)
			}
		}
		c.close()
	})
}

func TestCommitterAnswersWhoWaitsWhenClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := newSlowDisk()
		c := startCommitter(disk.write)
		waiting := []<-chan error{appendLater(t.Context(), c, 1), appendLater(t.Context(), c, 1)}
		synctest.Wait()
		go c.close()
		synctest.Wait()
		if err := c.append(t.Context(), make([][]any, 1)); !errors.Is(err, errLogClosed) {
			t.Errorf("a closed log answers %v", err)
		}
		close(disk.finish) // from now on every write succeeds
		for _, w := range waiting {
			if err := <-w; err != nil {
				t.Errorf("who waited got %v", err)
			}
		}
		c.close()
	})
}

func TestCommitterIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := newSlowDisk()
		c := startCommitter(disk.write)
		ctx, hangUp := context.WithCancel(t.Context())
		all := []<-chan error{appendLater(ctx, c, 1)}
		synctest.Wait()
		for range queuedAppends + 1 { // the first is being written, the last stays outside
			all = append(all, appendLater(ctx, c, 1))
		}
		synctest.Wait()
		if len(c.queue) != queuedAppends {
			t.Errorf("%d wait", len(c.queue))
		}
		hangUp()
		for _, r := range all {
			if err := <-r; !errors.Is(err, context.Canceled) {
				t.Fatalf("a caller who hung up got %v", err)
			}
		}
		close(disk.finish)
		c.close()
	})
}
