package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"sluis/cmd/sluis/config"
	"sluis/gate"
)

// serveCommand is `sluis serve`.
type serveCommand struct {
	settings
	Listen string `help:"TCP address of the HTTP server."`
}

func (s *serveCommand) Run(ctx context.Context) error {
	c, err := s.load(config.Flag{Name: "listen", Value: s.Listen})
	if err != nil {
		return err
	}
	a, err := open(ctx, c)
	if err != nil {
		return err
	}
	listener, err := a.listen()
	if err != nil {
		return errors.Join(err, a.close())
	}
	running, err := a.start(ctx, listener)
	if err != nil {
		return errors.Join(err, a.close())
	}
	a.log.Info("serving", "base", a.config.BaseURL, "listen", running.address)
	return running.wait()
}

// readTime is how long a request, and after the work on it an answer, may take
// on the wire.
const readTime = 2 * time.Minute

// drainTime is how long running requests may take to end after SIGTERM.
const drainTime = 20 * time.Second

// running is an app that serves, until its context ends.
type running struct {
	*app
	address string
	ctx     context.Context
	stop    context.CancelFunc
	drained context.CancelFunc // ends the sealing
	work    sync.WaitGroup
	failed  chan error
	server  *http.Server
	feeds   []feedServer
}

// listen opens the HTTP address, after which the base URL is known.
func (a *app) listen() (net.Listener, error) {
	listener, err := net.Listen("tcp", a.config.Listen)
	if err != nil {
		return nil, err
	}
	if a.config.BaseURL == "" {
		a.config.BaseURL = config.DefaultBase(listener.Addr().String())
		based := a.gate.Config
		based.Base = a.config.BaseURL
		a.gate = gate.New(based)
	}
	return listener, nil
}

// start serves on the listener and on the feeds' own, and returns at once. It
// closes the listener when it fails.
func (a *app) start(ctx context.Context, listener net.Listener) (*running, error) {
	handler, err := a.handler()
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	r := &running{app: a, address: listener.Addr().String(), failed: make(chan error, 8)}
	r.ctx, r.stop = context.WithCancel(ctx)
	r.server = &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: readTime,
		WriteTimeout: readTime + a.config.Limits.RequestTimeout, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
	}
	if r.feeds, err = a.startFeeds(); err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	sealing, drained := context.WithCancel(context.WithoutCancel(ctx)) // what drains is sealed too
	r.drained = drained
	r.work.Go(func() { a.seal(sealing) })
	r.work.Go(func() { a.reindex(r.ctx) })
	for _, f := range r.feeds {
		r.work.Go(func() { r.report(f.serve()) })
	}
	r.work.Go(func() {
		if err := r.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			r.report(err)
		}
	})
	return r, nil
}

// report ends everything when one part fails.
func (r *running) report(err error) {
	if err == nil || r.ctx.Err() != nil {
		return
	}
	select {
	case r.failed <- err:
	default:
	}
	r.stop()
}

// wait returns when the context has ended or a part has failed, after what was
// running has drained, the log is sealed and the store is closed.
func (r *running) wait() error {
	<-r.ctx.Done()
	drain, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	errs := []error{r.server.Shutdown(drain)}
	for _, f := range r.feeds {
		errs = append(errs, f.Shutdown(drain))
	}
	r.stop()
	r.drained()
	r.work.Wait()
	errs = append(errs, r.close())
	select {
	case err := <-r.failed:
		errs = append(errs, fmt.Errorf("stopped: %w", err))
	default:
	}
	return errors.Join(errs...)
}
