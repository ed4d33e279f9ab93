package mllp

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"time"

	"sluis/feed/hl7v2"
)

// maxAck bounds an acknowledgement.
const maxAck = 1 << 20

// Send sends one message and waits for its acknowledgement, until ctx ends. A
// message that asks for no acknowledgement gets none. After an error the
// connection is of no more use, and the message may or may not be stored:
// sending it again is safe.
func Send(ctx context.Context, conn net.Conn, message []byte) (hl7v2.Ack, error) {
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if _, err := conn.Write(framed(message)); err != nil {
		return hl7v2.Ack{}, because(ctx, err)
	}
	in := frames{r: bufio.NewReader(conn), max: maxAck}
	if err := in.start(); err != nil {
		return hl7v2.Ack{}, because(ctx, err)
	}
	raw, err := in.content()
	if err != nil {
		return hl7v2.Ack{}, because(ctx, err)
	}
	ack, err := hl7v2.ParseAck(raw)
	if err != nil {
		return hl7v2.Ack{}, err
	}
	if m, _ := hl7v2.Parse(message, hl7v2.Options{}); m != nil && ack.Control != "" && ack.Control != m.ControlID() {
		return ack, fmt.Errorf("mllp: the answer is to message %s, not %s", ack.Control, m.ControlID())
	}
	return ack, nil
}

// because prefers the context's error: it is why the deadline passed.
func because(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("mllp: %w", err)
}
