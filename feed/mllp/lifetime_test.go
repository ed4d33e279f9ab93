package mllp_test

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"sluis/feed/mllp"
)

// pipes is a listener within one process, so that the tests below run on a
// clock of their own.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
}

func newPipes() *pipes { return &pipes{make(chan net.Conn), make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	select {
	case <-p.done:
	default:
		close(p.done)
	}
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{} }

func (p *pipes) dial() net.Conn {
	client, server := net.Pipe()
	p.conns <- server
	return client
}

// TestSilenceEndsAConnection: half a message then silence, or no message at all,
// ends after the time set for it and not before; nothing is taken in.
func TestSilenceEndsAConnection(t *testing.T) {
	for name, c := range map[string]struct {
		sent string
		ends time.Duration
	}{
		"idle":           {"", 10 * time.Minute},
		"half a message": {"\x0bMSH|^~\\&|EPD", 30 * time.Second},
		"no last byte":   {"\x0b" + string(message("1")) + "\x1c", 30 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sink := newMemory()
				s, l := server(t, sink), newPipes()
				go s.Serve(l)
				conn, began := l.dial(), time.Now()
				io.WriteString(conn, c.sent)
				if n, err := conn.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
					t.Errorf("read %d bytes, %v", n, err)
				}
				if lasted := time.Since(began); lasted != c.ends {
					t.Errorf("ended after %v, want %v", lasted, c.ends)
				}
				if committed, kept := sink.count(); committed+kept != 0 {
					t.Error("something was taken in")
				}
				if err := s.Shutdown(t.Context()); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// TestShutdownLetsWorkFinish: an idle connection ends at once, one at work gets
// its answer first.
func TestShutdownLetsWorkFinish(t *testing.T) {
	sink := newMemory()
	sink.hold, sink.entered = make(chan struct{}), make(chan struct{}, 1)
	s := server(t, sink)
	address := start(t, s)
	idle, busy := dial(t, address), dial(t, address)
	acked := make(chan error, 1)
	go func() {
		ack, err := mllp.Send(context.Background(), busy, message("1"))
		if err == nil && !ack.Stored() {
			err = errors.New(ack.Text)
		}
		acked <- err
	}()
	<-sink.entered
	down := make(chan error, 1)
	go func() { down <- s.Shutdown(context.Background()) }()
	if n, err := idle.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Errorf("the idle connection read %d bytes, %v", n, err)
	}
	close(sink.hold)
	if err := <-acked; err != nil {
		t.Errorf("the message at work was not acknowledged: %v", err)
	}
	if err := <-down; err != nil {
		t.Error(err)
	}
	if _, err := net.Dial("tcp", address); err == nil {
		t.Error("the port still answers")
	}
}

// TestShutdownGivesUp: when its time is over, deliveries are cancelled, and what
// is not stored is not acknowledged as stored.
func TestShutdownGivesUp(t *testing.T) {
	sink := newMemory()
	sink.hold, sink.entered = make(chan struct{}), make(chan struct{}, 1)
	s := server(t, sink)
	conn := dial(t, start(t, s))
	stored := make(chan bool, 1)
	go func() {
		ack, err := mllp.Send(context.Background(), conn, message("1"))
		stored <- err == nil && ack.Stored()
	}()
	<-sink.entered
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.Shutdown(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Shutdown: %v", err)
	}
	if <-stored {
		t.Error("acknowledged, but not stored")
	}
	if committed, _ := sink.count(); committed != 0 {
		t.Error("stored")
	}
}

func TestServeAfterShutdown(t *testing.T) {
	s := server(t, newMemory())
	if err := s.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := s.Serve(newPipes()); !errors.Is(err, mllp.ErrServerClosed) {
		t.Errorf("Serve: %v", err)
	}
}

func TestSendEndsWithItsContext(t *testing.T) {
	client, other := net.Pipe()
	defer other.Close()
	go io.Copy(io.Discard, other) // takes everything, answers nothing
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := mllp.Send(ctx, client, message("1")); !errors.Is(err, context.Canceled) {
		t.Errorf("Send: %v", err)
	}
}
