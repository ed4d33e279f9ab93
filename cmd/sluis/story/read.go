package story

import (
	"context"

	"sluis/fhir"
)

// read is chapter 2: the patient sees the union of all custodians, and nobody
// else's record.
func (s *story) read(ctx context.Context) error {
	s.chapter("2. The patient's own app: everything of this patient, nothing of anyone else")
	own := s.call(ctx, s.patient, "GET", "/Patient", nil)
	s.check(own.count("Patient") == 2, "the Patients of both custodians are one person, linked by the BSN")
	all := s.anna.Hospital.Observations() + s.anna.Practice.Observations()
	observations := s.call(ctx, s.patient, "GET", "/Observation?_total=accurate&_count=5&_sort=-date&patient="+s.annaPractice.ID+"&_include=Observation:subject", nil)
	s.check(total(observations) >= all, "the patient's Observations of both custodians: %d in the demo data, and those of the HL7 v2 results", all)
	s.check(observations.count("Patient") > 0, "_include brings the Patient along")
	medication := s.call(ctx, s.patient, "GET", "/MedicationStatement?_total=accurate&subject:Patient.birthdate="+s.anna.Born.Format("2006-01-02"), nil)
	s.check(total(medication) == len(s.anna.Hospital.Medications)+len(s.anna.Practice.Medications), "a chain through the Patients finds the MedicationStatements of both")
	s.others(ctx)
	return nil
}

// others tries for another patient's data, in every way the app has.
func (s *story) others(ctx context.Context) {
	bert := s.bertHospital
	theirs, err := s.send(ctx, s.hospital, "GET", "/Observation?_count=1&patient="+bert.ID, nil)
	if err != nil || len(theirs.entries()) == 0 {
		s.check(false, "the hospital keeps Observations of somebody else: %v", err)
		return
	}
	one := fhir.Ref{Type: "Observation", ID: theirs.entries()[0].Get("id").Text()}
	for _, ref := range []fhir.Ref{bert, one} {
		hidden := s.call(ctx, s.patient, "GET", "/"+ref.String(), nil)
		absent, err := s.send(ctx, s.patient, "GET", "/"+ref.Type+"/aaaaaaaaaaaaaaaaaaaaaaaaaa", nil)
		s.check(err == nil && hidden.status == 404 && string(hidden.raw) == string(absent.raw), "another's %s answers as one that does not exist", ref.Type)
	}
	for _, path := range []string{
		"/Observation?_total=accurate&patient=" + bert.ID + "&_include=Observation:subject",
		"/MedicationStatement?_total=accurate&subject:Patient.birthdate=" + s.bert.Born.Format("2006-01-02"),
	} {
		found := s.call(ctx, s.patient, "GET", path, nil)
		s.check(found.status == 200 && total(found) == 0 && len(found.entries()) == 0, "nothing of another patient, by include or by chain")
	}
}
