package mllp

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"runtime/debug"
	"slices"
	"time"

	"sluis/feed"
	"sluis/feed/hl7v2"
	"sluis/fhir"
)

// receive takes one message in and returns the acknowledgement, nil where the
// sender wants none. names are those in the client's certificate, nil without
// TLS.
func (s *Server) receive(ctx context.Context, raw []byte, names []string) []byte {
	received := s.Now()
	m, err := hl7v2.Parse(raw, hl7v2.Options{MaxBytes: s.MaxMessage})
	if m != nil {
		err = s.take(ctx, m, err, received, names)
	}
	if err != nil {
		s.Log.Warn("mllp: not taken in", "code", hl7v2.CodeOf(err), "reason", err)
	}
	return hl7v2.Acknowledge(m, err, s.Now(), acknowledgementID())
}

// take finds the feed, translates and delivers. parsed is what Parse said. The
// error is nil, which is AA, only after the commit, of this delivery or of an
// earlier one with the same key; otherwise it is a hl7v2.Faults.
func (s *Server) take(ctx context.Context, m *hl7v2.Message, parsed error, received time.Time, names []string) error {
	application, facility := m.Sender()
	c, known := s.Feeds.Sender(application, facility)
	if !known || !authentic(c, names) {
		// Not kept: anyone could fill the quarantine.
		return hl7v2.Faults{hl7v2.Refusal("MSH-3", "the sender is unknown")}
	}
	d, err := s.translate(m, parsed, c)
	d.Received = received
	if err != nil {
		return s.quarantine(ctx, d, err.Error(), err)
	}
	_, err = s.Sink.Deliver(ctx, d)
	switch kind := fhir.KindOf(err); {
	case err == nil:
		return nil
	case kind == fhir.Unavailable, kind == fhir.TooMany, ctx.Err() != nil:
		s.Log.Error("mllp: the store is not available", "feed", c.Name)
		return hl7v2.Faults{hl7v2.Unavailable()}
	case kind == fhir.Forbidden, kind == fhir.Unauthorized:
		return s.quarantine(ctx, d, reason(err), hl7v2.Faults{hl7v2.Refusal("", "the feed may not store this")})
	default:
		s.Log.Error("mllp: not stored", "feed", c.Name, "kind", int(kind))
		return s.quarantine(ctx, d, reason(err), hl7v2.Faults{hl7v2.NotStored()})
	}
}

// authentic reports whether the connection may speak for the feed: by the
// certificate that the feed names, and without TLS only where it names none.
func authentic(c feed.Config, names []string) bool {
	if names == nil {
		return c.Certificate == ""
	}
	return c.Certificate != "" && slices.Contains(names, c.Certificate)
}

// translate reads the message again where the feed knows the character set that
// the message does not state. A defect in the translator costs one message, not
// the server: it is pure code that holds no lock.
func (s *Server) translate(m *hl7v2.Message, parsed error, c feed.Config) (d feed.Delivery, err error) {
	d = hl7v2.Envelope(m, c)
	defer func() {
		if p := recover(); p != nil {
			s.Log.Error("mllp: the translator failed", "feed", c.Name, "stack", string(debug.Stack()))
			err = hl7v2.Faults{hl7v2.NotStored()}
		}
	}()
	if m.Charset == "" && c.Charset != "" {
		m, parsed = hl7v2.Parse(m.Raw(), hl7v2.Options{Charset: c.Charset, MaxBytes: s.MaxMessage})
	}
	if parsed != nil {
		return d, parsed
	}
	return hl7v2.Translate(m, c)
}

// quarantine keeps the delivery and returns what to answer. What could not be
// kept is refused for now, so that the sender keeps it.
func (s *Server) quarantine(ctx context.Context, d feed.Delivery, reason string, answer error) error {
	if err := s.Sink.Quarantine(ctx, d, reason); err != nil {
		s.Log.Error("mllp: quarantine failed", "feed", d.Feed)
		return hl7v2.Faults{hl7v2.Unavailable()}
	}
	return answer
}

// reason is what the store said, without the cause, which is for the log of the
// room that knows it.
func reason(err error) string {
	var e *fhir.Error
	if !errors.As(err, &e) {
		return "not stored"
	}
	return (&fhir.Error{Issues: e.Issues}).Error()
}

// part says what was wrong with the protocol, where the sender can still hear
// it, and waits for the sender to have read that: closing with unread input
// would reset the connection and take the answer with it.
func (s *Server) part(c *connection, err error) {
	if !slices.Contains([]error{errTooLarge, errNoStart, errNested, errNoEnd}, err) {
		return // gone, silent, or shut down
	}
	s.Log.Warn("mllp: protocol broken", "reason", err)
	fault := hl7v2.Faults{{Code: "100", Text: err.Error()}}
	if s.answer(c, hl7v2.Acknowledge(nil, fault, s.Now(), acknowledgementID())) != nil {
		return
	}
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
		c.SetReadDeadline(time.Now().Add(s.Frame))
		io.CopyN(io.Discard, c, int64(s.MaxMessage))
	}
}

// acknowledgementID is MSH-10 of an answer: 20 characters, its length in v2.3.
func acknowledgementID() string { return rand.Text()[:20] }
