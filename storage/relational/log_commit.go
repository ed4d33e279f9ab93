package relational

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Limits of the committer. A transaction takes what has gathered while the one
// before it was committed.
const (
	queuedAppends  = 4096             // callers waiting; the next one waits to be let in
	rowsPerCommit  = 4096             // about; one caller's rows are never split
	commitDeadline = 15 * time.Second // then the callers get an error
)

// errLogClosed says that the log takes no more records.
var errLogClosed = errors.New("storage: the log is closed")

// committer is group commit: one goroutine writes what many callers append.
type committer struct {
	write func(ctx context.Context, rows [][]any) error

	mu     sync.RWMutex // held for reading while sending, so that close can wait
	closed bool
	queue  chan appending
	done   chan struct{}
}

type appending struct {
	rows   [][]any
	result chan error // buffered: the committer never waits for a caller
}

func startCommitter(write func(context.Context, [][]any) error) *committer {
	c := &committer{write: write, queue: make(chan appending, queuedAppends), done: make(chan struct{})}
	go c.run()
	return c
}

// append returns when the rows are committed. When the context ends first,
// they may still be.
func (c *committer) append(ctx context.Context, rows [][]any) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	a := appending{rows, make(chan error, 1)}
	if err := c.enqueue(ctx, a); err != nil {
		return err
	}
	select {
	case err := <-a.result:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *committer) enqueue(ctx context.Context, a appending) error {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.closed {
		return errLogClosed
	}
	select {
	case c.queue <- a:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *committer) run() {
	defer close(c.done)
	for first := range c.queue {
		group := c.gather(first)
		var rows [][]any
		for _, a := range group {
			rows = append(rows, a.rows...)
		}
		err := c.commit(rows)
		for _, a := range group {
			a.result <- err
		}
	}
}

// gather takes what is waiting, and waits for nothing.
func (c *committer) gather(first appending) []appending {
	group := []appending{first}
	for n := len(first.rows); n < rowsPerCommit; {
		select {
		case a, open := <-c.queue:
			if !open {
				return group
			}
			group = append(group, a)
			n += len(a.rows)
		default:
			return group
		}
	}
	return group
}

func (c *committer) commit(rows [][]any) error {
	ctx, cancel := context.WithTimeout(context.Background(), commitDeadline)
	defer cancel()
	return c.write(ctx, rows)
}

// close refuses new callers and returns when those before have their answer.
func (c *committer) close() {
	c.mu.Lock()
	if !c.closed {
		c.closed = true
		close(c.queue)
	}
	c.mu.Unlock()
	<-c.done
}
