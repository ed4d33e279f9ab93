package hl7v2

import (
	"net/url"
	"strconv"
	"strings"

	d4 "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/datatypes_go_proto"
	r4 "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/diagnostic_report_go_proto"
)

// reportNote is R5's DiagnosticReport.note, as R4 carries it.
const reportNote = "http://hl7.org/fhir/5.0/StructureDefinition/extension-DiagnosticReport.note"

// patientResults is one PATIENT_RESULT group of an ORU^R01.
type patientResults struct {
	pid, pv1 Segment
	orders   []*order
}

// order is one ORDER_OBSERVATION group.
type order struct {
	orc, obr Segment
	notes    []Segment
	results  []*result
}

// result is one OBX, or several that are lines of one text.
type result struct {
	lines []Segment
	notes []Segment
}

// results translates ORU^R01: for each patient group a Patient that is made if
// unknown and never overwritten, for each OBR a DiagnosticReport and for each
// OBX an Observation. A correction is sent with the same order number and codes,
// and so replaces what was sent before.
func (t *translation) results() {
	groups := t.group()
	if len(groups) == 0 && len(t.faults) == 0 {
		t.fail("PID", codeSequence, "a required segment is missing")
	}
	for _, g := range groups {
		patient := t.patient(g.pid, putOnce)
		visit := ""
		if g.pv1.Field(19).Component(1).Text() != "" {
			visit = t.encounter(g.pv1, patient, "", putOnce)
		}
		if len(g.orders) == 0 {
			t.fail("OBR", codeSequence, "a required segment is missing")
		}
		for _, o := range g.orders {
			t.report(o, patient, visit)
		}
	}
}

// group puts the segments into the groups of ORU_R01 (HL7 v2.5.1, 7.3.1).
// Segments that are not mapped are passed over; an OBX or NTE follows what it
// belongs to.
func (t *translation) group() []*patientResults {
	var groups []*patientResults
	var g *patientResults
	var o *order
	var orc Segment
	for _, s := range t.m.Segments {
		switch {
		case s.Name == "PID":
			g, o, orc = &patientResults{pid: s}, nil, Segment{}
			groups = append(groups, g)
		case s.Name != "PV1" && s.Name != "ORC" && s.Name != "OBR" && s.Name != "OBX":
			if s.Name == "NTE" && o != nil {
				o.note(s)
			}
		case g == nil, s.Name == "OBX" && o == nil:
			t.fail(s.Name, codeSequence, "the segment stands before what it belongs to")
			return nil
		case s.Name == "PV1":
			g.pv1 = s
		case s.Name == "ORC":
			orc = s
		case s.Name == "OBR":
			o = &order{orc: orc, obr: s}
			g.orders, orc = append(g.orders, o), Segment{}
		default:
			o.result(s)
		}
	}
	return groups
}

func (o *order) note(nte Segment) {
	if n := len(o.results); n > 0 {
		o.results[n-1].notes = append(o.results[n-1].notes, nte)
		return
	}
	o.notes = append(o.notes, nte)
}

// result appends an OBX. Consecutive ones of type text with one code and sub-id
// are the lines of one text, as reports are sent.
func (o *order) result(obx Segment) {
	if n := len(o.results); n > 0 {
		last := o.results[n-1]
		before := last.lines[len(last.lines)-1]
		if isText(obx) && isText(before) && len(last.notes) == 0 && resultID(obx) == resultID(before) {
			last.lines = append(last.lines, obx)
			return
		}
	}
	o.results = append(o.results, &result{lines: []Segment{obx}})
}

func isText(obx Segment) bool {
	switch obx.Field(2).Text() {
	case "TX", "FT", "ST":
		return true
	}
	return false
}

// report adds the DiagnosticReport of an OBR and the Observations below it.
func (t *translation) report(o *order, patient, visit string) {
	service := t.concept(o.obr.Field(4))
	if service == nil {
		t.fail(o.obr.place(4, 0, 0), codeRequired, "a required field is empty")
		return
	}
	id, ok := t.orderID(o)
	if !ok {
		return
	}
	id = t.unique("report", id)
	status, known := reportStatuses[o.obr.Field(25).Text()]
	if !known {
		t.fail(o.obr.place(25, 0, 0), codeTable, "the value is not in HL7 table 0123")
	}
	d := &r4.DiagnosticReport{
		Meta: t.meta(), Identifier: append([]*d4.Identifier{{System: uri(t.own("report")), Value: str(id)}}, t.orderNumbers(o)...),
		Status: &r4.DiagnosticReport_StatusCode{Value: status},
		Code:   service, Category: section(o.obr),
		Subject: local(patient), Encounter: local(visit),
		Effective: t.reportTime(o.obr), Issued: t.instant(o.obr, 22),
	}
	if who := interpreter(o.obr); who != nil {
		d.ResultsInterpreter = []*d4.Reference{who}
	}
	if note := noteText(o.notes); note != "" {
		d.Extension = append(d.Extension, &d4.Extension{Url: uri(reportNote), Value: &d4.Extension_ValueX{
			Choice: &d4.Extension_ValueX_Annotation{Annotation: &d4.Annotation{Text: &d4.Markdown{Value: note}}}}})
	}
	for _, r := range o.results {
		own := t.unique("observation", id+"/"+resultID(r.lines[0]))
		if ref := t.observation(o, r, own, patient, visit); ref != "" {
			d.Result = append(d.Result, local(ref))
		}
	}
	t.add(entry{identity: identity{"DiagnosticReport", t.own("report"), id}, how: putAlways, resource: d})
}

// unique tells apart what one message sends under one identity: the first keeps
// it, the second gets #2, and so on, in a correction as in the original.
func (t *translation) unique(kind, id string) string {
	t.seen[kind+id]++
	if n := t.seen[kind+id]; n > 1 {
		return id + "#" + strconv.Itoa(n)
	}
	return id
}

// orderID is what identifies the report: the order number, the filler's before
// the placer's, and the service. Without a number a correction could not find
// what it corrects.
func (t *translation) orderID(o *order) (string, bool) {
	for _, ei := range []Value{o.obr.Field(3), o.orc.Field(3), o.obr.Field(2), o.orc.Field(2)} {
		if ei.Component(1).Text() != "" {
			return orderPart(ei) + "/" + codePart(o.obr.Field(4)), true
		}
	}
	t.fail(o.obr.place(3, 0, 0), codeRequired, "there is no order number")
	return "", false
}

// orderPart is an EI: the number, and its namespace where it has one.
func orderPart(ei Value) string {
	id := url.PathEscape(ei.Component(1).Text())
	if namespace := ei.Component(2).Text(); namespace != "" {
		id += "@" + url.PathEscape(namespace)
	}
	return id
}

// codePart is the first code that a CWE has, or its text. The others are not
// part of an identity: a correction may leave them out.
func codePart(cwe Value) string {
	for _, i := range []int{1, 4, 2, 5, 9} {
		if text := cwe.Component(i).Text(); text != "" {
			return url.PathEscape(text)
		}
	}
	return ""
}

// resultID is what identifies a result within its order: OBX-3 and OBX-4.
func resultID(obx Segment) string {
	id := codePart(obx.Field(3))
	if sub := obx.Field(4).Text(); sub != "" {
		id += "/" + url.PathEscape(sub)
	}
	return id
}

// orderNumbers are the numbers of both sides as they are.
func (t *translation) orderNumbers(o *order) []*d4.Identifier {
	var out []*d4.Identifier
	for _, side := range []struct {
		field      int
		kind, name string
	}{{2, "PLAC", "placer-order"}, {3, "FILL", "filler-order"}} {
		ei := o.obr.Field(side.field)
		if ei.Component(1).Text() == "" {
			ei = o.orc.Field(side.field)
		}
		if ei.Component(1).Text() == "" {
			continue
		}
		system := t.system(authority{ei.Component(2).Text(), ei.Component(3).Text(), ei.Component(4).Text()})
		if system == "" {
			system = t.own(side.name)
		}
		out = append(out, number{system: system, value: ei.Component(1).Text(), kind: side.kind}.identifier())
	}
	return out
}

// section is OBR-24 as a category.
func section(obr Segment) []*d4.CodeableConcept {
	switch s := obr.Field(24).Text(); {
	case s == "":
		return nil
	case sections[s]:
		return []*d4.CodeableConcept{concept(coding("http://terminology.hl7.org/CodeSystem/v2-0074", s, ""))}
	default:
		return []*d4.CodeableConcept{{Text: str(s)}}
	}
}

func (t *translation) reportTime(obr Segment) *r4.DiagnosticReport_EffectiveX {
	if obr.Field(8).Text() != "" {
		return &r4.DiagnosticReport_EffectiveX{Choice: &r4.DiagnosticReport_EffectiveX_Period{Period: t.period(obr, 7, 8)}}
	}
	if at := t.dateTime(obr, 7); at != nil {
		return &r4.DiagnosticReport_EffectiveX{Choice: &r4.DiagnosticReport_EffectiveX_DateTime{DateTime: at}}
	}
	return nil
}

func (t *translation) instant(s Segment, field int) *d4.Instant {
	ts, ok := t.timestamp(s, field)
	if !ok {
		return nil
	}
	return ts.instant()
}

// interpreter is OBR-32, an NDL: its first component is a CNN, whose parts are
// sub-components.
func interpreter(obr Segment) *d4.Reference {
	cnn := obr.Field(32).Component(1)
	parts := []string{cnn.Sub(6).Text(), cnn.Sub(3).Text(), cnn.Sub(4).Text(), cnn.Sub(2).Text()}
	if text := strings.Join(strings.Fields(strings.Join(parts, " ")), " "); text != "" {
		return shown(text)
	}
	return shown(cnn.Sub(1).Text())
}

// noteText puts the repetitions of all NTE-3 on lines of their own.
func noteText(notes []Segment) string {
	var lines []string
	for _, nte := range notes {
		for _, r := range nte.Field(3).Repetitions() {
			if text := r.Text(); text != "" {
				lines = append(lines, text)
			}
		}
	}
	return strings.Join(lines, "\n")
}
