// Package hl7v2 reads HL7 v2 messages (2.1 to 2.8, written for 2.3 to 2.5.1),
// answers them, and translates them into FHIR.
//
// It owns Parse (lossless: every byte of a message can be had again), the typed
// accessors, Acknowledge, and Translate, which makes one FHIR transaction of an
// ADT or ORU message. It does no I/O, knows no clock and no network: mllp and
// files frame the bytes, feed.Sink stores the result.
//
// The one path through it: Parse → Message; Translate(message, feed) →
// feed.Delivery; Acknowledge(message, outcome) → the answer. What is wrong with a
// message is a Faults: places, rules and codes of HL7 table 0357, never values.
package hl7v2
