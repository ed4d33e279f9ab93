// Package mllp takes HL7 v2 messages over TCP: the Minimal Lower Layer Protocol,
// release 1, with or without mutual TLS, and sends them.
//
// It owns framing, connections and their limits, the check that a message comes
// from a configured sender, and the moment of the acknowledgement. It does not
// parse or translate (hl7v2 does) and does not store (feed.Sink does).
//
// The one path through it: Server.Serve accepts; each connection is read one
// frame at a time; receive finds the feed by MSH-3 and MSH-4, translates,
// delivers, and only then is the answer written. The next frame is read after
// that: messages of one connection keep their order, and a sender that floods is
// slowed by TCP, not dropped.
package mllp
