package hl7v2

import (
	"strings"
	"time"

	d4 "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/datatypes_go_proto"
)

// Builders of the FHIR types that the maps need. An empty text gives nil, which
// the marshaller leaves out.

func str(s string) *d4.String {
	if s == "" {
		return nil
	}
	return &d4.String{Value: s}
}

func uri(s string) *d4.Uri {
	if s == "" {
		return nil
	}
	return &d4.Uri{Value: s}
}

// code collapses white space, which a FHIR code may hold only singly.
func code(s string) *d4.Code {
	if s = strings.Join(strings.Fields(s), " "); s == "" {
		return nil
	}
	return &d4.Code{Value: s}
}

func coding(system, c, display string) *d4.Coding {
	return &d4.Coding{System: uri(system), Code: code(c), Display: str(display)}
}

func concept(codings ...*d4.Coding) *d4.CodeableConcept {
	return &d4.CodeableConcept{Coding: codings}
}

// local is a reference to another entry of the transaction.
func local(fullURL string) *d4.Reference {
	if fullURL == "" {
		return nil
	}
	return &d4.Reference{Reference: &d4.Reference_Uri{Uri: str(fullURL)}}
}

// shown is a reference that names someone or something in words only.
func shown(display string) *d4.Reference {
	if display == "" {
		return nil
	}
	return &d4.Reference{Display: str(display)}
}

func extension(url, value string) *d4.Extension {
	return &d4.Extension{
		Url:   uri(url),
		Value: &d4.Extension_ValueX{Choice: &d4.Extension_ValueX_StringValue{StringValue: str(value)}},
	}
}

func (ts Timestamp) dateTime() *d4.DateTime {
	precisions := map[Precision]d4.DateTime_Precision{
		Year: d4.DateTime_YEAR, Month: d4.DateTime_MONTH, Day: d4.DateTime_DAY,
		Second: d4.DateTime_SECOND, Millisecond: d4.DateTime_MILLISECOND,
	}
	return &d4.DateTime{ValueUs: ts.UnixMicro(), Timezone: ts.zone(), Precision: precisions[ts.Precision]}
}

func (ts Timestamp) date() *d4.Date {
	precisions := map[Precision]d4.Date_Precision{Year: d4.Date_YEAR, Month: d4.Date_MONTH}
	p, partial := precisions[ts.Precision]
	if !partial {
		p = d4.Date_DAY
	}
	return &d4.Date{ValueUs: ts.UnixMicro(), Timezone: ts.zone(), Precision: p}
}

// instant is nil for what is only a date: an instant needs a time.
func (ts Timestamp) instant() *d4.Instant {
	switch ts.Precision {
	case Second:
		return &d4.Instant{ValueUs: ts.UnixMicro(), Timezone: ts.zone(), Precision: d4.Instant_SECOND}
	case Millisecond:
		return &d4.Instant{ValueUs: ts.UnixMicro(), Timezone: ts.zone(), Precision: d4.Instant_MILLISECOND}
	}
	return nil
}

// zone is the offset that holds at that moment: what is written then does not
// depend on a table of zones.
func (ts Timestamp) zone() string { return ts.Format("-07:00") }

func clock(d time.Duration, p Precision) *d4.Time {
	precision := d4.Time_SECOND
	if p == Millisecond {
		precision = d4.Time_MILLISECOND
	}
	return &d4.Time{ValueUs: d.Microseconds(), Precision: precision}
}
