package hl7v2

import (
	"strings"

	c4 "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/codes_go_proto"
	d4 "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/datatypes_go_proto"
	e4 "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/encounter_go_proto"
)

// participants are the fields of PV1 that name a practitioner, with their code
// of v3-ParticipationType.
var participants = []struct {
	field         int
	code, display string
}{{7, "ATND", "attender"}, {8, "REF", "referrer"}, {9, "CON", "consultant"}, {17, "ADM", "admitter"}}

// encounter adds the Encounter of a PV1, known by its visit number, and returns
// its reference.
func (t *translation) encounter(pv1 Segment, patient, event string, how write) string {
	visit := pv1.Field(19)
	system := t.system(authorityOf(visit.Component(4)))
	if system == "" {
		system = t.own("visit")
	}
	n := number{system: system, value: visit.Component(1).Text(), kind: "VN"}
	e := &e4.Encounter{
		Meta:        t.meta(),
		Identifier:  []*d4.Identifier{n.identifier()},
		Status:      &e4.Encounter_StatusCode{Value: encounterStatus(pv1, event)},
		ClassValue:  t.class(pv1),
		Subject:     local(patient),
		Period:      t.period(pv1, 44, 45),
		ServiceType: t.tabled(pv1.Field(10), "0069"),
	}
	for _, p := range participants {
		for _, xcn := range pv1.Field(p.field).Repetitions() {
			if who := shown(display(xcn)); who != nil {
				kind := coding("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", p.code, p.display)
				e.Participant = append(e.Participant, &e4.Encounter_Participant{Type: []*d4.CodeableConcept{concept(kind)}, Individual: who})
			}
		}
	}
	if where := shown(bed(pv1.Field(3))); where != nil {
		e.Location = []*e4.Encounter_Location{{Location: where}}
	}
	admitted, discharged := t.tabled(pv1.Field(14), "0023"), t.tabled(pv1.Field(36), "0112")
	if admitted != nil || discharged != nil {
		e.Hospitalization = &e4.Encounter_Hospitalization{AdmitSource: admitted, DischargeDisposition: discharged}
	}
	return t.add(entry{identity: identity{"Encounter", n.system, n.value}, how: how, resource: e})
}

// encounterStatus follows the event; a discharge time ends the visit whatever
// the event; where neither says anything it is the patient class.
func encounterStatus(pv1 Segment, event string) c4.EncounterStatusCode_Value {
	if pv1.Field(45).Text() != "" {
		return c4.EncounterStatusCode_FINISHED
	}
	if status, ok := eventStatuses[event]; ok {
		return status
	}
	if status, ok := classStatuses[pv1.Field(2).Component(1).Text()]; ok {
		return status
	}
	return c4.EncounterStatusCode_UNKNOWN
}

func (t *translation) class(pv1 Segment) *d4.Coding {
	c := pv1.Field(2).Component(1).Text()
	switch act, ok := encounterClasses[c]; {
	case ok:
		return coding("http://terminology.hl7.org/CodeSystem/v3-ActCode", act, "")
	case c == "":
		return coding("http://terminology.hl7.org/CodeSystem/v3-NullFlavor", "UNK", "")
	case len(c) == 1 && strings.Contains(patientClasses, c):
		return coding("http://terminology.hl7.org/CodeSystem/v2-0004", c, "")
	}
	return coding(t.own("codes:patient-class"), c, "")
}

// tabled is a coded field that needs no coding system of its own: a bare code is
// of the user-defined table, whose codes are the feed's.
func (t *translation) tabled(v Value, table string) *d4.CodeableConcept {
	c := t.concept(v)
	if c != nil && len(c.Coding) > 0 && c.Coding[0].System == nil {
		c.Coding[0].System = uri(t.own("codes:" + table))
	}
	return c
}

// period keeps only its end where the start lies after it: senders leave a
// planned admission in PV1-44 of a visit that has ended, and R4 forbids such a
// period (per-1).
func (t *translation) period(s Segment, start, end int) *d4.Period {
	from, to := t.dateTime(s, start), t.dateTime(s, end)
	if from == nil && to == nil {
		return nil
	}
	if from != nil && to != nil && to.ValueUs < from.ValueUs {
		from = nil
	}
	return &d4.Period{Start: from, End: to}
}

// bed is the type PL in words: point of care, room, bed, facility.
func bed(pl Value) string {
	var parts []string
	for i := 1; i <= 4; i++ {
		if text := pl.Component(i).Sub(1).Text(); text != "" {
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, ", ")
}
