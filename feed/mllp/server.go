package mllp

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"

	"sluis/feed"
)

// ErrServerClosed is what Serve returns after Shutdown.
var ErrServerClosed = errors.New("mllp: server closed")

// Server takes messages from EPDs. Feeds and Sink are required; the zero values
// of the rest are the defaults.
type Server struct {
	Feeds feed.Feeds
	Sink  feed.Sink

	// TLS, when set, must require and verify client certificates. Then each
	// feed must name the certificate of its sender.
	TLS *tls.Config

	MaxMessage     int           // bytes; 4 MiB
	MaxConnections int           // at a time, the next ones wait; 64
	Idle           time.Duration // between two messages; 10 minutes
	Frame          time.Duration // for a handshake, a whole frame, or an answer to be taken; 30 seconds

	Now func() time.Time // time.Now
	Log *slog.Logger     // slog.Default; it gets no content and no address

	once    sync.Once
	ctx     context.Context // of deliveries; ends when Shutdown gives up waiting
	abandon context.CancelFunc
	slots   chan struct{}
	running sync.WaitGroup

	mu        sync.Mutex
	closing   bool
	listeners map[net.Listener]bool
	conns     map[*connection]bool
}

// connection is one sender.
type connection struct {
	net.Conn
	waiting bool // between two messages; guarded by Server.mu
}

func (s *Server) init() {
	s.once.Do(func() {
		s.MaxMessage, s.MaxConnections = orInt(s.MaxMessage, 4<<20), orInt(s.MaxConnections, 64)
		s.Idle, s.Frame = orTime(s.Idle, 10*time.Minute), orTime(s.Frame, 30*time.Second)
		if s.Now == nil {
			s.Now = time.Now
		}
		if s.Log == nil {
			s.Log = slog.Default()
		}
		s.ctx, s.abandon = context.WithCancel(context.Background())
		s.slots = make(chan struct{}, s.MaxConnections)
		s.listeners, s.conns = map[net.Listener]bool{}, map[*connection]bool{}
	})
}

func orInt(n, or int) int {
	if n > 0 {
		return n
	}
	return or
}

func orTime(d, or time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return or
}

// Serve accepts connections until Shutdown, then returns ErrServerClosed. It
// closes the listener.
func (s *Server) Serve(l net.Listener) error {
	s.init()
	defer l.Close()
	if s.Sink == nil {
		return errors.New("mllp: a server needs a sink")
	}
	if s.TLS != nil {
		if s.TLS.ClientAuth != tls.RequireAndVerifyClientCert {
			return errors.New("mllp: TLS is mutual here: ClientAuth must be RequireAndVerifyClientCert")
		}
		l = tls.NewListener(l, s.TLS)
	}
	if !s.listen(l) {
		return ErrServerClosed
	}
	for {
		s.slots <- struct{}{} // wait for a place before the next is accepted
		conn, err := s.accept(l)
		if err != nil {
			<-s.slots
			return err
		}
		c := &connection{Conn: conn}
		if !s.enter(c) {
			conn.Close()
			<-s.slots
			return ErrServerClosed
		}
		go func() {
			defer s.leave(c)
			s.converse(c)
		}()
	}
}

// accept retries what passes, such as a lack of file descriptors.
func (s *Server) accept(l net.Listener) (net.Conn, error) {
	for {
		conn, err := l.Accept()
		if err == nil {
			return conn, nil
		}
		if s.isClosing() {
			return nil, ErrServerClosed
		}
		if errors.Is(err, net.ErrClosed) {
			return nil, err
		}
		s.Log.Error("mllp: accept failed, trying again", "error", err)
		select {
		case <-s.ctx.Done():
			return nil, ErrServerClosed
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (s *Server) listen(l net.Listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listeners[l] = true
	return !s.closing
}

func (s *Server) isClosing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closing
}

func (s *Server) enter(c *connection) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return false
	}
	s.conns[c] = true
	s.running.Add(1)
	return true
}

func (s *Server) leave(c *connection) {
	c.Close()
	s.mu.Lock()
	delete(s.conns, c)
	s.mu.Unlock()
	<-s.slots
	s.running.Done()
}

// wait marks the connection as between two messages, unless the server is
// closing.
func (s *Server) wait(c *connection) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.waiting = !s.closing
	if c.waiting {
		c.SetReadDeadline(time.Now().Add(s.Idle))
	}
	return c.waiting
}

// work marks the connection as inside a message: Shutdown waits for it.
func (s *Server) work(c *connection) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.waiting = false
	c.SetDeadline(time.Now().Add(s.Frame))
}

// Shutdown stops accepting, ends idle connections, and waits until every
// message that is being taken in is acknowledged. When ctx ends first, the rest
// is cut off: their deliveries are cancelled, and nothing is acknowledged that
// is not stored. It returns ctx's error then.
func (s *Server) Shutdown(ctx context.Context) error {
	s.init()
	s.mu.Lock()
	s.closing = true
	for l := range s.listeners {
		l.Close()
	}
	for c := range s.conns {
		if c.waiting {
			c.SetReadDeadline(time.Unix(1, 0)) // wakes its read
		}
	}
	s.mu.Unlock()

	done := make(chan struct{})
	go func() {
		s.running.Wait()
		close(done)
	}()
	select {
	case <-done:
		s.abandon()
		return nil
	case <-ctx.Done():
	}
	s.abandon()
	s.mu.Lock()
	for c := range s.conns {
		c.Close()
	}
	s.mu.Unlock()
	<-done
	return ctx.Err()
}

// converse reads and answers one message at a time until the sender leaves,
// falls silent, or breaks the protocol.
func (s *Server) converse(c *connection) {
	names, err := s.handshake(c)
	if err != nil {
		s.Log.Warn("mllp: handshake failed")
		return
	}
	in := frames{r: bufio.NewReaderSize(c, 64<<10), max: s.MaxMessage}
	for s.wait(c) {
		err := in.start()
		if err == nil {
			s.work(c)
			var message []byte
			if message, err = in.content(); err == nil {
				err = s.answer(c, s.receive(s.ctx, message, names))
			}
		}
		if err != nil {
			s.part(c, err)
			return
		}
	}
}

// handshake returns the names in the client's certificate, nil without TLS.
func (s *Server) handshake(c *connection) ([]string, error) {
	secure, ok := c.Conn.(*tls.Conn)
	if !ok {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(s.ctx, s.Frame)
	defer cancel()
	if err := secure.HandshakeContext(ctx); err != nil {
		return nil, err
	}
	// Verified: ClientAuth is RequireAndVerifyClientCert.
	return append([]string{}, secure.ConnectionState().PeerCertificates[0].DNSNames...), nil
}

// answer writes an acknowledgement; nil is none.
func (s *Server) answer(c *connection, ack []byte) error {
	if ack == nil {
		return nil
	}
	c.SetWriteDeadline(time.Now().Add(s.Frame))
	_, err := c.Write(framed(ack))
	return err
}
