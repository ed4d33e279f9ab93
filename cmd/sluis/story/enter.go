package story

import (
	"context"
	"errors"
	"fmt"

	"sluis/cmd/sluis/demodata"
	"sluis/fhir"
	"sluis/smart"
)

// enter chooses the people and stores what the two custodians already keep.
// Anna's hospital record comes in the next chapter.
func (s *story) enter(ctx context.Context) error {
	s.chapter("Two custodians, each with its own records")
	var err error
	if s.anna, s.bert, err = choose(s.Data); err != nil {
		return err
	}
	if err := s.systems(ctx); err != nil {
		return err
	}
	stored := 0
	for _, d := range []struct {
		who   actor
		bytes []byte
	}{{s.hospital, s.Data.DirectoryTransaction(s.Data.Hospital)}, {s.practice, s.Data.DirectoryTransaction(s.Data.Practice)}} {
		if err := s.store(ctx, d.who, d.bytes, &stored); err != nil {
			return err
		}
	}
	for p := range s.Data.Patients() {
		if err := s.store(ctx, s.practice, s.Data.PracticeTransaction(p), &stored); err != nil {
			return err
		}
		if p.Index == s.anna.Index {
			continue
		}
		if err := s.store(ctx, s.hospital, s.Data.HospitalTransaction(p), &stored); err != nil {
			return err
		}
	}
	s.check(stored > 100, "%s and %s stored %d resources of %d patients", s.Data.Hospital.Name, s.Data.Practice.Name, stored, s.Data.Count)
	return s.tokens(ctx)
}

// systems gets each EPD a token of its own, with a signed assertion (SMART
// Backend Services).
func (s *story) systems(ctx context.Context) error {
	for _, c := range []struct {
		who       *actor
		custodian demodata.Custodian
	}{{&s.hospital, s.Data.Hospital}, {&s.practice, s.Data.Practice}} {
		token, err := s.Backend(ctx, c.custodian.ID)
		if err != nil {
			return fmt.Errorf("token endpoint: %w", err)
		}
		*c.who = actor{"EPD of " + c.custodian.Name, token}
	}
	return nil
}

// store sends one transaction and counts its entries.
func (s *story) store(ctx context.Context, who actor, bundle []byte, stored *int) error {
	a, err := s.send(ctx, who, "POST", "", bundle)
	if err != nil {
		return err
	}
	if a.status != 200 {
		return fmt.Errorf("a transaction of the %s was refused: %d %s", who.name, a.status, short(string(a.raw), 600))
	}
	for range a.root.Get("entry").All() {
		*stored++
	}
	return nil
}

// choose finds a patient with psychiatric data at the hospital and data at the
// practice, and somebody else.
func choose(d demodata.Data) (anna, bert demodata.Patient, err error) {
	found := 0
	for p := range d.Patients() {
		psychiatric, _ := p.Hospital.Psychiatric()
		switch {
		case found&1 == 0 && psychiatric > 0 && p.Hospital.Observations() > psychiatric && p.Practice.Observations() > 0:
			anna, found = p, found|1
		case found&2 == 0 && p.Hospital.Observations() > 0:
			bert, found = p, found|2
		}
	}
	if found != 3 {
		return anna, bert, errors.New("the demo data hold no two patients fit for the story")
	}
	return anna, bert, nil
}

// tokens mints what the people of the story hold. Launch and login would give
// them the same tokens.
func (s *story) tokens(ctx context.Context) error {
	d := s.Data
	var err error
	if s.annaPractice, err = s.find(ctx, s.practice, "Patient", d.Practice.MRN, s.anna.Practice.MRN); err != nil {
		return err
	}
	if s.bertHospital, err = s.find(ctx, s.hospital, "Patient", d.Hospital.MRN, s.bert.Hospital.MRN); err != nil {
		return err
	}
	other := d.Stranger(s.anna)
	if s.gpRef, err = s.find(ctx, s.practice, "Practitioner", demodata.UZISystem, s.anna.GP.UZI); err != nil {
		return err
	}
	if s.strangerRef, err = s.find(ctx, s.practice, "Practitioner", demodata.UZISystem, other.UZI); err != nil {
		return err
	}
	own := smart.Grant{Client: "my-health-app", User: s.annaPractice, Patient: s.annaPractice}
	for _, t := range []struct {
		who    *actor
		name   string
		scopes string
		grant  smart.Grant
	}{
		{&s.patient, s.anna.Name.String() + "'s app", "patient/Patient.rs patient/Observation.rs patient/MedicationStatement.rs patient/Consent.cruds patient/AuditEvent.rs", own},
		{&s.gp, "GP " + s.anna.GP.Name.String(), "user/*.rs", s.professional(s.anna.GP, s.gpRef)},
		{&s.stranger, "GP " + other.Name.String(), "user/*.rs", s.professional(other, s.strangerRef)},
	} {
		token, err := s.Mint(t.scopes, t.grant)
		if err != nil {
			return err
		}
		*t.who = actor{t.name, token}
	}
	return nil
}

func (s *story) professional(p demodata.Practitioner, ref fhir.Ref) smart.Grant {
	return smart.Grant{Client: "practice-desktop", User: ref, Organization: p.Custodian, Purposes: []string{"TREAT"}, Role: p.Role.Code}
}
