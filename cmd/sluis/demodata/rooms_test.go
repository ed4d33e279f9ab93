package demodata_test

import (
	"encoding/json"
	"testing"

	"sluis/cmd/sluis/demodata"
	"sluis/conformance"
	"sluis/consent/label"
	"sluis/feed"
	"sluis/feed/hl7v2"
	"sluis/fhir"
	"sluis/fhir/query"
)

// These tests hold the data to the rooms they are made for.

func validate(t *testing.T, name string, body []byte) {
	t.Helper()
	doc, err := fhir.ParseDocument(body)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	for _, issue := range conformance.Validate(doc) {
		t.Errorf("%s: %+v", name, issue)
	}
}

func TestTransactions_Conform(t *testing.T) {
	for name, body := range transactions(demodata.Make(6, 4)) {
		validate(t, name, body)
	}
}

func TestMessages_Translate(t *testing.T) {
	d := demodata.Make(6, 24)
	h := d.Hospital
	c := feed.Config{
		Name: "epd", Custodian: h.ID, Application: h.Application, Facility: h.Facility,
		MessageTypes: []string{"ADT^A01", "ADT^A08", "ORU^R01"}, Assigners: map[string]string{h.Authority: h.MRN},
	}
	for p := range d.Patients() {
		for _, cs := range []demodata.Charset{demodata.UTF8, demodata.Latin1} {
			for _, event := range []demodata.Event{demodata.Admission, demodata.Change, demodata.Results} {
				m, err := hl7v2.Parse(d.Message(p, event, cs), hl7v2.Options{})
				if err != nil {
					t.Fatalf("%s in %s: %v", event, cs, err)
				}
				delivery, err := hl7v2.Translate(m, c)
				if err != nil {
					t.Fatalf("%s in %s: %v", event, cs, err)
				}
				validate(t, string(event), delivery.Bundle)
				patientIs(t, p, delivery.Bundle)
			}
		}
	}
}

// patientIs compares the Patient of a translated message with the one the
// message is about.
func patientIs(t *testing.T, p demodata.Patient, body []byte) {
	t.Helper()
	var b struct {
		Entry []struct {
			Resource struct {
				ResourceType string
				Identifier   []struct{ System, Value string }
				Name         []struct{ Family string }
			}
		}
	}
	if err := json.Unmarshal(body, &b); err != nil {
		t.Fatal(err)
	}
	for _, e := range b.Entry {
		if e.Resource.ResourceType != "Patient" {
			continue
		}
		numbers := map[string]string{}
		for _, id := range e.Resource.Identifier {
			numbers[id.System] = id.Value
		}
		if numbers[p.Hospital.Custodian.MRN] != p.Hospital.MRN || numbers[demodata.BSNSystem] != p.BSN || e.Resource.Name[0].Family != p.Surname() {
			t.Errorf("patient %d came out as %+v", p.Index, e.Resource)
		}
		return
	}
	t.Errorf("no Patient came out of a message about patient %d", p.Index)
}

// TestPsychiatric_IsWhatTheLabelTableCallsSo: what a Chart counts as psychiatry
// is what gets the label at the door, no more and no less.
func TestPsychiatric_IsWhatTheLabelTableCallsSo(t *testing.T) {
	table, err := label.Reviewed()
	if err != nil {
		t.Fatal(err)
	}
	labelled := func(codes ...query.Coding) bool { return len(table.Labels(codes)) > 0 }
	for p := range demodata.Make(6, 40).Patients() {
		for _, c := range []demodata.Chart{p.Hospital, p.Practice} {
			for _, v := range c.Visits {
				for _, r := range v.Results {
					if got := labelled(query.Coding{System: "http://loinc.org", Code: r.Measure.Code}); got != r.Measure.Psychiatric {
						t.Errorf("%s: labelled %v", r.Measure.Display, got)
					}
				}
			}
			for _, m := range c.Medications {
				if got := labelled(query.Coding{System: demodata.ATCSystem, Code: m.Drug.ATC}); got != m.Drug.Psychiatric {
					t.Errorf("%s: labelled %v", m.Drug.Display, got)
				}
			}
		}
	}
}
