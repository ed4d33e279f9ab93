// Package feed is how hospital and practice records come in: what every channel
// hands over, and how each feed is configured.
//
// It owns Config (who may send what, on behalf of which custodian), Delivery
// (one translated message) and Sink (where deliveries go). It does not frame,
// parse or translate (mllp, files, hl7v2 do) and it does not store: gate is the
// Sink behind it.
//
// The one path through it: a channel finds the sender in Feeds, turns a message
// into a Delivery whose Bundle is a FHIR transaction, and gives it to Sink.Deliver
// exactly once; only when that has returned does the channel acknowledge. What
// cannot be translated or stored goes whole to Sink.Quarantine.
package feed
