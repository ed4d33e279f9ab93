package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"

	"sluis/feed/mllp"
)

// sendCommand is `sluis send ADDRESS FILE…`, an MLLP sender.
type sendCommand struct {
	Address string   `arg:"" help:"host:port of the feed."`
	Files   []string `arg:"" help:"Files of one or more HL7 v2 messages." type:"existingfile"`
}

func (s *sendCommand) Run(ctx context.Context) error {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", s.Address)
	if err != nil {
		return err
	}
	defer conn.Close()
	var refused error
	for _, file := range s.Files {
		raw, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		for _, message := range messages(raw) {
			ack, err := mllp.Send(ctx, conn, message)
			if err != nil {
				return err
			}
			fmt.Println(strings.TrimSpace(string(ack.Code) + " " + ack.Control + " " + ack.Text))
			if !ack.Stored() {
				refused = errors.New("not every message was accepted")
			}
		}
	}
	return refused
}

// messages splits a file at its MSH segments; segments may end in CR, LF or
// both.
func messages(raw []byte) [][]byte {
	text := bytes.ReplaceAll(bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\r")), []byte("\n"), []byte("\r"))
	var out [][]byte
	for _, segment := range bytes.SplitAfter(text, []byte("\r")) {
		if len(bytes.TrimSpace(segment)) == 0 {
			continue
		}
		if bytes.HasPrefix(segment, []byte("MSH")) || len(out) == 0 {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], segment...)
	}
	return out
}
