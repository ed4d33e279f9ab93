package balp_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"sluis/audit"
	"sluis/audit/balp"
	"sluis/fhir"
)

// params reads "a=1&b=2" without decoding.
func params(s string) (out []fhir.Param) {
	for _, p := range strings.Split(s, "&") {
		name, value, _ := strings.Cut(p, "=")
		out = append(out, fhir.Param{Name: name, Value: value})
	}
	return out
}

func day(d int) time.Time { return time.Date(2026, 1, d, 0, 0, 0, 0, time.UTC) }

func TestParseSearch(t *testing.T) {
	denied := audit.Denied
	patient := ref("Patient", "a")
	for in, want := range map[string]balp.Filter{
		"patient=Patient/a":              {Patient: patient},
		"patient=a&_count=5&_sort=-date": {Patient: patient, Count: 5},
		"_sort=date&_total=accurate":     {Ascending: true, Total: true},
		"_summary=count":                 {CountOnly: true},
		"_count=0":                       {CountOnly: true},
		"_id=e1":                         {ID: "e1"},
		"action=R":                       {Action: "R"},
		"outcome=8":                      {Outcome: &denied},
		"outcome=http://hl7.org/fhir/audit-event-outcome|8":                {Outcome: &denied},
		"purpose=http://terminology.hl7.org/CodeSystem/v3-ActReason|TREAT": {Purpose: "TREAT"},
		"agent=Organization/o":                  {Organization: "o"},
		"agent-role=01.015":                     {Role: "01.015"},
		"policy=Consent/c":                      {Policy: "Consent/c"},
		"policy=urn:x:y":                        {Policy: "urn:x:y"},
		"date=2026-01-02":                       {From: day(2), To: day(3)},
		"date=ge2026-01-02&date=lt2026-01-05":   {From: day(2), To: day(5)},
		"date=gt2026-01-02":                     {From: day(3)},
		"date=sa2026-01-02":                     {From: day(3)},
		"date=le2026-01-02":                     {To: day(3)},
		"date=eb2026-01-02":                     {To: day(2)},
		"date=2026-01&date=ge2026-01-30":        {From: day(30), To: day(32)},
		"date=2026-01-02T00:00:00.000Z":         {From: day(2), To: day(2).Add(time.Millisecond)},
		"date=ge2026-01-02T01:00:00%2B01:00":    {},
		"date=ge2026-01-02T01:00:00+01:00":      {From: day(2)},
		"agent=Organization/o&agent-role=|r":    {Organization: "o", Role: "r"},
		"_id=e1&patient=Patient/a&action=E":     {ID: "e1", Patient: patient, Action: "E"},
		"_total=none&patient=Patient/a&_count=": {},
	} {
		got, err := balp.ParseSearch(params(in), true)
		if reflect.DeepEqual(want, balp.Filter{}) {
			if fhir.KindOf(err) != fhir.Invalid {
				t.Errorf("%s: accepted as %+v", in, got)
			}
			continue
		}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n got %+v %v\nwant %+v", in, got, err, want)
		}
	}
}

// What a projection does not show cannot be asked for: each of R4's other
// parameters, result parameters, modifiers and lists is refused by name.
func TestL6_ParseSearchRefusesTheRest(t *testing.T) {
	for _, in := range []string{
		"entity=Observation/o", "entity-name=x", "entity-type=1", "entity-role=1", "address=192.0.2.9", "agent-name=x", "altid=x", "site=x", "source=Device/x",
		"subtype=read", "type=rest", "_lastUpdated=ge2026", "_query=x", "_filter=x", "_include=AuditEvent:entity", "_revinclude=Provenance:target", "_has:x=1", "_elements=entity",
		"_text=x", "_content=x", "_tag=x", "_profile=x", "_security=x", "foo=1", "=1", "patient.name=x", "patient:Patient=a", "patient=Patient/a&patient=Patient/b",
		"patient=Patient/a,Patient/b", "patient=Group/g", "patient=https://x/fhir/Patient/a", "date=ne2026-01-01", "date=ap2026-01-01", "date=2026-13", "date=2026-01-01,2026-02-01", "date=",
		"action=X", "action=R,U", "outcome=7", "outcome=0,8", "outcome=08", "agent=Practitioner/p", "agent=o", "agent=Organization/o&agent=Organization/p", "policy=x", "policy=Patient/a",
		"purpose=x|TREAT", "purpose=TREAT,BTG", "purpose=", "agent-role=sys|r", "_count=-1", "_count=x", "_sort=patient", "_sort=date,-date", "_total=x", "_summary=text", "_id=a b", "ID=e1", "Patient=a",
	} {
		f, err := balp.ParseSearch(params(in), true)
		var e *fhir.Error
		if !errors.As(err, &e) || e.Kind != fhir.Invalid || !reflect.DeepEqual(f, balp.Filter{}) {
			t.Errorf("%s: %+v, %v", in, f, err)
			continue
		}
		name, _, _ := strings.Cut(in[strings.LastIndex(in, "&")+1:], "=")
		if !strings.Contains(e.Error(), `"`+name+`"`) {
			t.Errorf("%s: the error does not name it: %v", in, e)
		}
	}
}

func TestParseSearchNamesEverythingAtOnce(t *testing.T) {
	_, err := balp.ParseSearch(params("foo=1&bar=2&patient=Patient/a"), true)
	var e *fhir.Error
	if !errors.As(err, &e) || len(e.Issues) != 2 {
		t.Errorf("%v", err)
	}
}

func TestParseSearchByUserIsForTheWholeView(t *testing.T) {
	f, err := balp.ParseSearch(params("agent=Practitioner/p"), false)
	if err != nil || f.User != ref("Practitioner", "p") {
		t.Errorf("%+v %v", f, err)
	}
	if f, err = balp.ParseSearch(params("agent=p"), false); err != nil || f.Agent != "p" {
		t.Errorf("%+v %v", f, err)
	}
	if f, err = balp.ParseSearch(params("agent=p p"), false); fhir.KindOf(err) != fhir.Invalid {
		t.Errorf("%+v %v", f, err)
	}
}
