package demodata

import (
	"fmt"
	"strconv"
	"time"
)

// record is one resource, and the identifier by which a repeated delivery finds
// it again.
type record struct {
	kind string
	key  string // its id among those of its kind and custodian
	id   identifier
	body any
}

// linker names a resource of the same custodian in a reference.
type linker func(kind, key string) string

// scribe writes the records of one custodian. Ids are written only where they
// are kept: in files, not in transactions.
type scribe struct {
	custodian Custodian
	link      linker
	ids       bool
}

func (s scribe) ref(kind, key string) reference { return reference{s.link(kind, key)} }

func (s scribe) head(kind, key string, ids ...identifier) head {
	h := head{ResourceType: kind, Identifier: ids}
	if s.ids {
		h.ID = key
	}
	return h
}

// own is the identifier of a record that has no number of its own.
func (s scribe) own(key string) identifier { return identifier{s.custodian.Records, key} }

// staff writes a practitioner and his or her role.
func (s scribe) staff(p Practitioner) []record {
	uzi := identifier{UZISystem, p.UZI}
	role := s.own("role-" + p.UZI)
	return []record{
		{"Practitioner", p.UZI, uzi, practitionerResource{
			head: s.head("Practitioner", p.UZI, uzi), Active: true, Name: []humanName{p.resourceName()},
		}},
		{"PractitionerRole", role.Value, role, practitionerRole{
			head: s.head("PractitionerRole", role.Value, role), Active: true,
			Practitioner: s.ref("Practitioner", p.UZI),
			Organization: reference{"Organization/" + s.custodian.ID},
			Code:         []concept{{Coding: []coding{{"http://fhir.nl/fhir/NamingSystem/uzi-rolcode", p.Role.Code, p.Role.Display}}}},
		}},
	}
}

// chart writes what the custodian keeps of a patient.
func (s scribe) chart(p Patient, c Chart) []record {
	out := []record{s.patient(p, c)}
	out = append(out, s.relations(c)...)
	for i, visit := range c.Visits {
		out = append(out, s.visit(c, i, visit)...)
	}
	for i, m := range c.Medications {
		out = append(out, s.medication(c, i, m))
	}
	return out
}

func (s scribe) patient(p Patient, c Chart) record {
	mrn := identifier{c.Custodian.MRN, c.MRN}
	gender := "male"
	if p.Female {
		gender = "female"
	}
	return record{"Patient", c.MRN, mrn, patientResource{
		head: s.head("Patient", c.MRN, mrn, identifier{BSNSystem, p.BSN}), Active: true,
		Name: []humanName{p.resourceName()}, Gender: gender, BirthDate: date(p.Born),
		Address: []postal{{Use: "home", Line: []string{c.Home.Line()}, City: c.Home.City, PostalCode: c.Home.PostalCode, Country: "NL"}},
	}}
}

// relations writes the treatment relations: a CareTeam with the whole team and
// an EpisodeOfCare of the first of them. Neither names the organisation, which
// would make everyone who works there a practitioner of this patient.
func (s scribe) relations(c Chart) []record {
	since := period{Start: date(c.Since)}
	subject := s.ref("Patient", c.MRN)
	team := careTeam{Status: "active", Name: "Behandelteam", Subject: subject, Period: since}
	for _, p := range c.Team {
		team.Participant = append(team.Participant, participant{s.ref("Practitioner", p.UZI), since})
	}
	teamID, episodeID := s.own(c.MRN+"-team"), s.own(c.MRN+"-episode")
	team.head = s.head("CareTeam", teamID.Value, teamID)
	return []record{
		{"CareTeam", teamID.Value, teamID, team},
		{"EpisodeOfCare", episodeID.Value, episodeID, episodeOfCare{
			head: s.head("EpisodeOfCare", episodeID.Value, episodeID), Status: "active", Patient: subject, Period: since,
			CareManager: s.ref("Practitioner", c.Team[0].UZI),
		}},
	}
}

// visit writes an Encounter and its Observations.
func (s scribe) visit(c Chart, i int, v Visit) []record {
	id := s.own(c.MRN + "-visit-" + strconv.Itoa(i))
	out := []record{{"Encounter", id.Value, id, encounter{
		head: s.head("Encounter", id.Value, id), Status: "finished",
		Class:       coding{"http://terminology.hl7.org/CodeSystem/v3-ActCode", "AMB", "ambulatory"},
		Subject:     s.ref("Patient", c.MRN),
		Participant: []attender{{s.ref("Practitioner", v.Practitioner.UZI)}},
		Period:      period{Start: instant(v.At), End: instant(v.At.Add(20 * time.Minute))},
	}}}
	for _, r := range v.Results {
		out = append(out, s.observation(c, id.Value, v, r))
	}
	return out
}

func (s scribe) observation(c Chart, visit string, v Visit, r Result) record {
	m := r.Measure
	id := s.own(visit + "-" + m.Code)
	o := observation{
		head: s.head("Observation", id.Value, id), Status: "final",
		Category:          []concept{{Coding: []coding{{System: "http://terminology.hl7.org/CodeSystem/observation-category", Code: m.Category}}}},
		Code:              m.concept(),
		Subject:           s.ref("Patient", c.MRN),
		Encounter:         s.ref("Encounter", visit),
		EffectiveDateTime: instant(v.At),
		Performer:         []reference{s.ref("Practitioner", v.Practitioner.UZI)},
	}
	if len(m.Components) == 0 {
		o.ValueQuantity = m.quantity(r.Value)
	}
	for i, part := range m.Components {
		o.Component = append(o.Component, component{part.concept(), part.quantity(r.Values[i])})
	}
	if m.Reference != [2]float64{} {
		o.ReferenceRange = []referenceRange{{m.quantity(m.Reference[0]), m.quantity(m.Reference[1])}}
	}
	return record{"Observation", id.Value, id, o}
}

func (s scribe) medication(c Chart, i int, m Medication) record {
	id := s.own(c.MRN + "-medication-" + strconv.Itoa(i))
	statement := medicationStatement{
		head: s.head("MedicationStatement", id.Value, id), Status: "active",
		MedicationCodeableConcept: concept{
			Coding: []coding{{ATCSystem, m.Drug.ATC, m.Drug.Display}, {productSystem, m.Drug.Product, m.Drug.Display + " " + m.Drug.Strength}},
			Text:   m.Drug.Display + " " + m.Drug.Strength,
		},
		Subject:           s.ref("Patient", c.MRN),
		EffectivePeriod:   period{Start: date(m.From)},
		DateAsserted:      date(m.From),
		InformationSource: s.ref("Practitioner", m.By.UZI),
	}
	if !m.To.IsZero() {
		statement.Status, statement.EffectivePeriod.End = "completed", date(m.To)
	}
	d := dosage{
		Text:        fmt.Sprintf("%d maal per dag 1 %s", m.Drug.PerDay, m.Drug.Form),
		DoseAndRate: []doseOrRate{{quantity{Value: "1", Unit: m.Drug.Form}}},
	}
	d.Timing.Repeat.Frequency, d.Timing.Repeat.Period, d.Timing.Repeat.PeriodUnit = m.Drug.PerDay, 1, "d"
	statement.Dosage = []dosage{d}
	return record{"MedicationStatement", id.Value, id, statement}
}
