package fhir

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestParseRef(t *testing.T) {
	for s, want := range map[string]Ref{
		"Patient/1":              {Type: "Patient", ID: "1"},
		"Patient/a-B.9":          {Type: "Patient", ID: "a-B.9"},
		"Patient/1/_history/12":  {Type: "Patient", ID: "1", Version: 12},
		"Observation/_history.1": {},
		"":                       {}, "Patient": {}, "Patient/": {}, "/Patient/1": {}, "patient/1": {}, "Patient/1/": {}, "Patient/1/2": {},
		"Patient/1/_history/": {}, "Patient/1/_history/0": {}, "Patient/1/_history/+1": {}, "Patient/1/_history/01": {},
		"Patient/1/_history/99999999999999999999": {}, "Patient/1/history/1": {}, "#1": {}, "urn:uuid:1": {},
		"http://x/Patient/1": {}, "Patient/a b": {}, "Patient?identifier=1": {}, "P/1": {}, "Pat1ent/1": {}, "Patiënt/1": {},
	} {
		got, ok := ParseRef(s)
		if got != want || ok == want.IsZero() {
			t.Errorf("%q: %v, %v", s, got, ok)
		}
		if ok && got.String() != s {
			t.Errorf("%q prints as %q", s, got)
		}
	}
	if s := (Ref{}).String(); s != "" {
		t.Errorf("the zero Ref prints as %q", s)
	}
}

func TestIsID(t *testing.T) {
	for id, want := range map[string]bool{
		"1": true, "A.b-9": true, strings.Repeat("x", 64): true,
		"": false, strings.Repeat("x", 65): false, "a_b": false, "a/b": false, "é": false, "a ": false, "a\n": false,
	} {
		if IsID(id) != want {
			t.Errorf("IsID(%q) = %v", id, !want)
		}
	}
}

func TestErrorKinds(t *testing.T) {
	cause := errors.New("disk full")
	err := fmt.Errorf("gate: %w", Wrap(cause, Unavailable, "transient", "try again"))
	if KindOf(err) != Unavailable || !errors.Is(err, cause) || IssuesOf(err)[0].Details != "try again" {
		t.Errorf("%v", err)
	}
	if KindOf(cause) != Internal || strings.Contains(IssuesOf(cause)[0].Details, "disk") {
		t.Error("a foreign error must be internal and tell nothing")
	}
	e := NewError(Invalid, "value", "bad", "Patient.id")
	IssuesOf(e)[0].Expression[0] = "changed"
	if e.Issues[0].Expression[0] != "Patient.id" || e.Error() != "Patient.id: bad" {
		t.Errorf("%v", e)
	}
}
