package main

import (
	"errors"
	"time"

	"sluis/feed/files"
	"sluis/feed/hl7v2"
)

// message takes in one HL7 v2 message as the configured feed of its sender. One
// that is at fault stays where it is, in its file: it needs no quarantine.
func (r *importRun) message(item files.Item) error {
	m, err := hl7v2.Parse(item.Bytes, hl7v2.Options{})
	if m == nil {
		return err
	}
	c, known := r.senders.Sender(m.Sender())
	if !known {
		return errors.New("no feed of this custodian is configured for the message's sender (MSH-3, MSH-4)")
	}
	if m.Charset == "" && c.Charset != "" {
		m, err = hl7v2.Parse(item.Bytes, hl7v2.Options{Charset: c.Charset})
	}
	if err != nil {
		return err
	}
	d, err := hl7v2.Translate(m, c)
	if err != nil {
		return err
	}
	d.Received = time.Now()
	receipt, err := r.sink.Deliver(r.ctx, d)
	if err == nil {
		r.report.message(item.Place(), receipt.Duplicate)
	}
	return err
}
