package hl7v2

import (
	"strings"

	"sluis/feed"
)

// events are the message types that Translate knows.
var events = map[string]map[string]func(*translation){
	"ADT": {
		"A01": (*translation).visit, // admit
		"A03": (*translation).visit, // discharge
		"A04": (*translation).visit, // register an outpatient
		"A08": (*translation).visit, // update
		"A28": (*translation).person,
		"A31": (*translation).person,
	},
	"ORU": {"R01": (*translation).results},
}

// maxFaults bounds what is reported about one message.
const maxFaults = 20

// translation is the work on one message.
type translation struct {
	m       *Message
	c       feed.Config
	entries []entry
	index   map[identity]int // places in entries
	seen    map[string]int   // identities of results, to tell two apart
	faults  Faults
}

// Translate makes one FHIR R4 transaction of a message, by the HL7 v2-to-FHIR
// mapping guide where it has a map; docs/feeds.md has the table. It is pure. The
// Delivery lacks only Received. The error is a Faults; then the Delivery has no
// Bundle and is fit for quarantine.
func Translate(m *Message, c feed.Config) (feed.Delivery, error) {
	t := &translation{m: m, c: c, index: map[identity]int{}, seen: map[string]int{}}
	d := Envelope(m, c)
	translate := t.accept()
	if len(t.faults) == 0 {
		translate(t)
	}
	if len(t.faults) > 0 {
		return d, t.faults
	}
	bundle, err := t.bundle()
	if err != nil {
		// err can quote a value, and so is not passed on.
		return d, Faults{{Code: codeInternal, Text: "the translation could not be written"}}
	}
	d.Bundle = bundle
	return d, nil
}

// Envelope is the Delivery of a message without its translation: what is kept of
// a message at fault.
func Envelope(m *Message, c feed.Config) feed.Delivery {
	return feed.Delivery{Feed: c.Name, Source: source(m), Key: m.ControlID(), Message: m.Raw()}
}

// source is the sender as the inbox knows it.
func source(m *Message) string {
	application, facility := m.Sender()
	return application + "|" + facility
}

// accept checks what the header promises and finds the map for the event.
func (t *translation) accept() func(*translation) {
	code, event := t.m.Type()
	if t.m.ControlID() == "" {
		t.fail("MSH-10", codeRequired, "the message control id is missing")
	}
	if !strings.HasPrefix(t.m.Version(), "2.") {
		t.refuse("MSH-12", codeUnsupportedVersion, "only version 2 is supported")
	}
	byEvent, known := events[code]
	if !known {
		t.refuse("MSH-9.1", codeUnsupportedType, "the message type is not supported")
		return nil
	}
	translate, known := byEvent[event]
	switch {
	case !known:
		t.refuse("MSH-9.2", codeUnsupportedEvent, "the event is not supported")
	case !t.c.Allows(code, event):
		t.refuse("MSH-9", codeUnsupportedEvent, "this feed may not send the event")
	}
	return translate
}

// fail records that the message is at fault.
func (t *translation) fail(location, code, text string) {
	if len(t.faults) < maxFaults {
		t.faults = append(t.faults, fault(location, code, text))
	}
}

func (t *translation) refuse(location, code, text string) {
	t.fail(location, code, text)
	t.faults[len(t.faults)-1].Refused = true
}

// segment is the one segment of that name, which must be there.
func (t *translation) segment(name string) (Segment, bool) {
	s, ok := t.m.First(name)
	if !ok {
		t.fail(name, codeSequence, "a required segment is missing")
	}
	return s, ok
}

// visit translates the events of a visit: the Patient as it is now, and the
// Encounter where the message names one.
func (t *translation) visit() {
	pid, ok := t.segment("PID")
	if !ok {
		return
	}
	t.onlyOnePatient()
	patient := t.patient(pid, putAlways)
	_, event := t.m.Type()
	pv1, ok := t.m.First("PV1")
	switch {
	case ok && pv1.Field(19).Component(1).Text() != "":
		t.encounter(pv1, patient, event, putAlways)
	case event != "A08": // a visit without a number would be a new one each time
		t.fail("PV1-19", codeRequired, "the visit number is missing")
	}
}

// person translates the events about a person: no visit is meant, even where a
// PV1 stands in the message.
func (t *translation) person() {
	if pid, ok := t.segment("PID"); ok {
		t.onlyOnePatient()
		t.patient(pid, putAlways)
	}
}

func (t *translation) onlyOnePatient() {
	for _, s := range t.m.Segments {
		if s.Name == "PID" && s.Sequence > 1 {
			t.fail("PID[2]", codeSequence, "the event has one patient")
			return
		}
	}
}
