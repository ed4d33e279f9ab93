package mllp

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// The block characters of MLLP release 1.
const (
	startBlock     = 0x0B
	endBlock       = 0x1C
	carriageReturn = 0x0D
	lineFeed       = 0x0A
)

// What a frame can be wrong in. The texts go to the sender.
var (
	errTooLarge = errors.New("the message is too large")
	errNoStart  = errors.New("a frame starts with VT")
	errNested   = errors.New("a frame starts inside another")
	errNoEnd    = errors.New("a frame ends with FS CR")
)

// frames reads frames from a connection.
type frames struct {
	r   *bufio.Reader
	max int // bytes of one message
}

// start waits for the start of a frame. Line ends between frames, which some
// senders write, are passed over; anything else is errNoStart.
func (f frames) start() error {
	for {
		b, err := f.r.ReadByte()
		switch {
		case err != nil:
			return err
		case b == startBlock:
			return nil
		case b != carriageReturn && b != lineFeed:
			return errNoStart
		}
	}
}

// content reads what stands between the start and the end of a frame.
func (f frames) content() ([]byte, error) {
	var message []byte
	for {
		part, err := f.r.ReadSlice(endBlock)
		if err != nil && err != bufio.ErrBufferFull {
			return nil, unexpected(err)
		}
		if bytes.IndexByte(part, startBlock) >= 0 {
			return nil, errNested
		}
		if len(message)+len(part) > f.max+1 {
			return nil, errTooLarge
		}
		message = append(message, part...)
		if err == nil {
			break
		}
	}
	b, err := f.r.ReadByte()
	if err != nil {
		return nil, unexpected(err)
	}
	if b != carriageReturn {
		return nil, errNoEnd
	}
	return message[:len(message)-1], nil
}

// unexpected: the connection ended inside a frame.
func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// framed puts a message between block characters.
func framed(message []byte) []byte {
	out := make([]byte, 0, len(message)+3)
	out = append(out, startBlock)
	out = append(out, message...)
	return append(out, endBlock, carriageReturn)
}
