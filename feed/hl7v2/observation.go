package hl7v2

import (
	c4 "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/codes_go_proto"
	d4 "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/datatypes_go_proto"
	o4 "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/observation_go_proto"
)

// observation adds the Observation of a result and returns its reference.
func (t *translation) observation(o *order, r *result, id, patient, visit string) string {
	obx := r.lines[0]
	c := t.concept(obx.Field(3))
	if c == nil {
		t.fail(obx.place(3, 0, 0), codeRequired, "a required field is empty")
		return ""
	}
	status, known := resultStatuses[obx.Field(11).Text()]
	if !known {
		t.fail(obx.place(11, 0, 0), codeTable, "the result status is not supported")
	}
	ob := &o4.Observation{
		Meta: t.meta(), Identifier: []*d4.Identifier{{System: uri(t.own("observation")), Value: str(id)}},
		Status: &o4.Observation_StatusCode{Value: status}, Category: section(o.obr), Code: c,
		Subject: local(patient), Encounter: local(visit),
		Effective: t.resultTime(o.obr, obx), Issued: t.instant(o.obr, 22),
		Performer: performers(obx), Interpretation: t.interpretation(obx),
		Method: t.concept(obx.Field(17)),
	}
	if note := noteText(r.notes); note != "" {
		ob.Note = []*d4.Annotation{{Text: &d4.Markdown{Value: note}}}
	}
	t.setValue(ob, r)
	ob.ReferenceRange = t.referenceRange(obx)
	return t.add(entry{identity: identity{"Observation", t.own("observation"), id}, how: putAlways, resource: ob})
}

// setValue sets value[x]; a field that repeats becomes components of the same
// code, as R4 has one value. What has no value by its status says why.
func (t *translation) setValue(ob *o4.Observation, r *result) {
	values := t.values(r)
	switch {
	case len(values) == 1:
		ob.Value = values[0]
	case len(values) > 1:
		for _, v := range values {
			ob.Component = append(ob.Component, &o4.Observation_Component{Code: ob.Code, Value: componentValue(v)})
		}
	default:
		ob.DataAbsentReason = absentReason(r.lines[0].Field(11).Text())
	}
}

func absentReason(status string) *d4.CodeableConcept {
	reason, ok := map[string]string{"N": "not-asked", "X": "error", "I": "temp-unknown", "O": "temp-unknown"}[status]
	if !ok {
		return nil
	}
	return concept(coding("http://terminology.hl7.org/CodeSystem/data-absent-reason", reason, ""))
}

// resultTime is OBX-14, else the time of the order's specimen or observation.
func (t *translation) resultTime(obr, obx Segment) *o4.Observation_EffectiveX {
	if at := t.dateTime(obx, 14); at != nil {
		return &o4.Observation_EffectiveX{Choice: &o4.Observation_EffectiveX_DateTime{DateTime: at}}
	}
	if obr.Field(8).Text() != "" {
		return &o4.Observation_EffectiveX{Choice: &o4.Observation_EffectiveX_Period{Period: t.period(obr, 7, 8)}}
	}
	if at := t.dateTime(obr, 7); at != nil {
		return &o4.Observation_EffectiveX{Choice: &o4.Observation_EffectiveX_DateTime{DateTime: at}}
	}
	return nil
}

// performers are OBX-16, the observers, and OBX-15 or OBX-23, the organisation.
func performers(obx Segment) []*d4.Reference {
	var out []*d4.Reference
	for _, xcn := range obx.Field(16).Repetitions() {
		if who := shown(display(xcn)); who != nil {
			out = append(out, who)
		}
	}
	producer := obx.Field(15)
	for _, name := range []Value{obx.Field(23).Component(1), producer.Component(2), producer.Component(1)} {
		if where := shown(name.Text()); where != nil {
			return append(out, where)
		}
	}
	return out
}

// interpretation is OBX-8: codes of HL7 table 0078, and others as they were sent.
func (t *translation) interpretation(obx Segment) []*d4.CodeableConcept {
	var out []*d4.CodeableConcept
	for _, v := range obx.Field(8).Repetitions() {
		flag := v.Component(1).Text()
		switch {
		case interpretations[flag]:
			out = append(out, concept(coding("http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation", flag, "")))
		case flag != "" || v.Component(2).Text() != "":
			out = append(out, t.concept(v))
		}
	}
	return out
}

// referenceRange is OBX-7: always as text, and low and high where it is a plain
// range.
func (t *translation) referenceRange(obx Segment) []*o4.Observation_ReferenceRange {
	text := obx.Field(7).Text()
	if text == "" {
		return nil
	}
	rr := &o4.Observation_ReferenceRange{Text: str(text)}
	if g := rangeForm.FindStringSubmatch(text); g != nil {
		unit := t.unit(obx)
		rr.Low, rr.High = unit.simple(g[1]), unit.simple(g[2])
	}
	return []*o4.Observation_ReferenceRange{rr}
}

// componentValue is a value[x] of an Observation as one of a component.
func componentValue(v *o4.Observation_ValueX) *o4.Observation_Component_ValueX {
	out := &o4.Observation_Component_ValueX{}
	switch c := v.Choice.(type) {
	case *o4.Observation_ValueX_Quantity:
		out.Choice = &o4.Observation_Component_ValueX_Quantity{Quantity: c.Quantity}
	case *o4.Observation_ValueX_CodeableConcept:
		out.Choice = &o4.Observation_Component_ValueX_CodeableConcept{CodeableConcept: c.CodeableConcept}
	case *o4.Observation_ValueX_StringValue:
		out.Choice = &o4.Observation_Component_ValueX_StringValue{StringValue: c.StringValue}
	case *o4.Observation_ValueX_Range:
		out.Choice = &o4.Observation_Component_ValueX_Range{Range: c.Range}
	case *o4.Observation_ValueX_Ratio:
		out.Choice = &o4.Observation_Component_ValueX_Ratio{Ratio: c.Ratio}
	case *o4.Observation_ValueX_Time:
		out.Choice = &o4.Observation_Component_ValueX_Time{Time: c.Time}
	case *o4.Observation_ValueX_DateTime:
		out.Choice = &o4.Observation_Component_ValueX_DateTime{DateTime: c.DateTime}
	}
	return out
}

var comparators = map[string]c4.QuantityComparatorCode_Value{
	"<": c4.QuantityComparatorCode_LESS_THAN, "<=": c4.QuantityComparatorCode_LESS_THAN_OR_EQUAL_TO,
	">": c4.QuantityComparatorCode_GREATER_THAN, ">=": c4.QuantityComparatorCode_GREATER_THAN_OR_EQUAL_TO,
}
