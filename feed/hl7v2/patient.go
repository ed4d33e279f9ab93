package hl7v2

import (
	"strconv"
	"strings"

	d4 "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/datatypes_go_proto"
	p4 "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/patient_go_proto"
)

// patient adds the Patient of a PID and returns its reference, "" when the PID
// is at fault.
func (t *translation) patient(pid Segment, how write) string {
	before := len(t.faults)
	numbers := t.numbers(pid)
	if len(numbers) == 0 {
		if len(t.faults) == before {
			t.fail(pid.place(3, 0, 0), codeRequired, "there is no patient number")
		}
		return ""
	}
	p := &p4.Patient{
		Meta:          t.meta(),
		Name:          names(pid.Field(5)),
		Gender:        t.gender(pid),
		BirthDate:     t.date(pid, 7),
		Address:       addresses(pid.Field(11)),
		Telecom:       append(telecoms(pid.Field(13), "PRN"), telecoms(pid.Field(14), "WPN")...),
		MaritalStatus: t.maritalStatus(pid),
		Deceased:      t.deceased(pid),
		MultipleBirth: t.multipleBirth(pid),
	}
	for _, n := range numbers {
		p.Identifier = append(p.Identifier, n.identifier())
	}
	key := keyOf(numbers)
	return t.add(entry{identity: identity{"Patient", key.system, key.value}, how: how, resource: p})
}

// meta says which feed a resource came by.
func (t *translation) meta() *d4.Meta {
	return &d4.Meta{Source: uri("urn:sluis:feed:" + t.c.Name)}
}

func (t *translation) gender(pid Segment) *p4.Patient_GenderCode {
	sex := pid.Field(8).Component(1).Text()
	if sex == "" {
		return nil
	}
	g, known := genders[sex]
	if !known {
		t.fail(pid.place(8, 0, 0), codeTable, "the value is not in HL7 table 0001")
	}
	return &p4.Patient_GenderCode{Value: g}
}

func (t *translation) deceased(pid Segment) *p4.Patient_DeceasedX {
	if at := t.dateTime(pid, 29); at != nil {
		return &p4.Patient_DeceasedX{Choice: &p4.Patient_DeceasedX_DateTime{DateTime: at}}
	}
	if b := t.yesNo(pid, 30); b != nil {
		return &p4.Patient_DeceasedX{Choice: &p4.Patient_DeceasedX_Boolean{Boolean: b}}
	}
	return nil
}

func (t *translation) multipleBirth(pid Segment) *p4.Patient_MultipleBirthX {
	if order := pid.Field(25).Text(); order != "" {
		n, err := strconv.ParseInt(order, 10, 32)
		if err != nil || n < 1 {
			t.fail(pid.place(25, 0, 0), codeDataType, "not a birth order")
			return nil
		}
		return &p4.Patient_MultipleBirthX{Choice: &p4.Patient_MultipleBirthX_Integer{Integer: &d4.Integer{Value: int32(n)}}}
	}
	if b := t.yesNo(pid, 24); b != nil {
		return &p4.Patient_MultipleBirthX{Choice: &p4.Patient_MultipleBirthX_Boolean{Boolean: b}}
	}
	return nil
}

func (t *translation) yesNo(s Segment, field int) *d4.Boolean {
	switch s.Field(field).Text() {
	case "":
		return nil
	case "Y":
		return &d4.Boolean{Value: true}
	case "N":
		return &d4.Boolean{Value: false}
	}
	t.fail(s.place(field, 0, 0), codeTable, "the value is not in HL7 table 0136")
	return nil
}

func (t *translation) maritalStatus(pid Segment) *d4.CodeableConcept {
	v := pid.Field(16).Component(1)
	if c, ok := maritalStatuses[v.Text()]; ok {
		return concept(coding("http://terminology.hl7.org/CodeSystem/v3-MaritalStatus", c, ""))
	}
	if c, ok := maritalNulls[v.Text()]; ok {
		return concept(coding("http://terminology.hl7.org/CodeSystem/v3-NullFlavor", c, ""))
	}
	return t.concept(pid.Field(16))
}

// date is a date field, nil when empty; a bad one is a fault.
func (t *translation) date(s Segment, field int) *d4.Date {
	ts, ok := t.timestamp(s, field)
	if !ok {
		return nil
	}
	return ts.date()
}

func (t *translation) dateTime(s Segment, field int) *d4.DateTime {
	ts, ok := t.timestamp(s, field)
	if !ok {
		return nil
	}
	return ts.dateTime()
}

func (t *translation) timestamp(s Segment, field int) (Timestamp, bool) {
	text := s.Field(field).Component(1).Text()
	if text == "" {
		return Timestamp{}, false
	}
	ts, err := ParseTimestamp(text, Amsterdam)
	if err != nil {
		t.fail(s.place(field, 0, 0), codeDataType, "not a date or time")
		return Timestamp{}, false
	}
	return ts, true
}

// concept is a CE or CWE as a CodeableConcept, nil when empty.
func (t *translation) concept(v Value) *d4.CodeableConcept {
	out := &d4.CodeableConcept{Text: str(v.Component(9).Text())}
	for _, at := range []struct{ code, text, system, version, oid int }{{1, 2, 3, 7, 14}, {4, 5, 6, 8, 17}} {
		c, text := v.Component(at.code).Text(), v.Component(at.text).Text()
		if c == "" {
			if out.Text == nil {
				out.Text = str(text)
			}
			continue
		}
		out.Coding = append(out.Coding, &d4.Coding{
			System:  uri(t.codeSystem(v.Component(at.system).Text(), v.Component(at.oid).Text())),
			Version: str(v.Component(at.version).Text()), Code: code(c), Display: str(text),
		})
	}
	if out.Text == nil && len(out.Coding) == 0 {
		return nil
	}
	return out
}

// codeSystem is the URI of a coding system by its name in HL7 table 0396, or by
// the OID beside it. Names that nobody knows are kept in a URI of ours; local
// codes belong to the feed.
func (t *translation) codeSystem(name, oid string) string {
	if system, ok := t.c.CodeSystems[name]; ok {
		return system
	}
	if system, ok := codeSystems[name]; ok {
		return system
	}
	table, isTable := strings.CutPrefix(name, "HL7")
	switch {
	case isTable && len(table) == 4 && strings.Trim(table, "0123456789") == "":
		return "http://terminology.hl7.org/CodeSystem/v2-" + table
	case oidForm.MatchString(oid):
		return "urn:oid:" + oid
	case oidForm.MatchString(name):
		return "urn:oid:" + name
	case name == "":
		return ""
	case name == "L":
		return t.own("codes")
	}
	return t.own("codes:" + pathEscape(name))
}
