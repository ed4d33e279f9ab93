package story

import (
	"bytes"
	"context"
	"strings"

	"sluis/cmd/sluis/demodata"
)

// deliver is chapter 1: the hospital's EPD sends HL7 v2 and a transaction.
func (s *story) deliver(ctx context.Context) error {
	s.chapter("1. The hospital's EPD delivers: HL7 v2 over MLLP, and a FHIR transaction")
	for _, event := range []demodata.Event{demodata.Admission, demodata.Change, demodata.Results} {
		if err := s.message(ctx, event, "acknowledged after commit"); err != nil {
			return err
		}
	}
	a := s.call(ctx, s.hospital, "POST", "", s.Data.HospitalTransaction(s.anna))
	s.check(a.status == 200, "the transaction is committed whole")
	var err error
	if s.annaHospital, err = s.find(ctx, s.hospital, "Patient", s.Data.Hospital.MRN, s.anna.Hospital.MRN); err != nil {
		return err
	}
	before := s.everything(ctx)
	for _, event := range []demodata.Event{demodata.Admission, demodata.Results} {
		if err := s.message(ctx, event, "a re-delivery gets the first outcome"); err != nil {
			return err
		}
	}
	s.check(bytes.Equal(before, s.everything(ctx)), "sending it again changed nothing, not even a version")
	return nil
}

func (s *story) message(ctx context.Context, event demodata.Event, expectation string) error {
	message := s.Data.Message(s.anna, event, demodata.UTF8)
	ack, err := s.MLLP(ctx, message)
	if err != nil {
		return err
	}
	s.say("   → MLLP %s   (EPD of %s)\n   ← %s\n", event, s.Data.Hospital.Name, ack)
	s.check(strings.HasPrefix(ack, "MSA|AA|"), "%s", expectation)
	return nil
}

// everything is the history of all that the hospital keeps of Anna.
func (s *story) everything(ctx context.Context) []byte {
	a, err := s.send(ctx, s.hospital, "GET", "/Observation?_count=1000&patient="+s.annaHospital.ID+"&_include=Observation:subject", nil)
	if err != nil || a.status != 200 {
		s.check(false, "the hospital reads its own records: %d %v", a.status, err)
	}
	return a.raw
}
