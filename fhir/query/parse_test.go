package query_test

import (
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"sluis/fhir"
	"sluis/fhir/query"
)

// params splits "a=b&c=d" without decoding, so that tests read as searches do.
func params(s string) []fhir.Param {
	var out []fhir.Param
	if s == "" {
		return nil
	}
	for pair := range strings.SplitSeq(s, "&") {
		name, value, _ := strings.Cut(pair, "=")
		out = append(out, fhir.Param{Name: name, Value: value})
	}
	return out
}

// search parses "Type?a=b&c=d".
func search(s string) (query.Query, error) {
	resourceType, rest, _ := strings.Cut(s, "?")
	return query.Parse(resourceType, params(rest))
}

func unescaped(t *testing.T, q query.Query) string {
	t.Helper()
	s, err := url.QueryUnescape(q.String())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// What is understood, and its canonical form; "" stands for the same.
var understood = map[string]string{
	"Patient":                 "",
	"Observation?code=8867-4": "",
	"Observation?code=http://loinc.org|8867-4,x":                             "",
	"Observation?code=|x":                                                    "",
	"Observation?code=http://loinc.org|":                                     "",
	`Observation?code=a\|b\,c\$d\\e`:                                         "",
	"Observation?code:not=x,y":                                               "",
	"Observation?code:missing=true":                                          "",
	"Observation?code:missing=false":                                         "",
	"Observation?date=ge2020&date=lt2021-02-03T10:00Z":                       "",
	"Observation?date=eq2020":                                                "Observation?date=2020",
	"Observation?value-quantity=ap5.40|http://unitsofmeasure.org|mg":         "",
	"Observation?value-quantity=5.4||mg":                                     "",
	"Observation?value-quantity=5.4||":                                       "Observation?value-quantity=5.4",
	"Observation?value-quantity=gt5":                                         "",
	"RiskAssessment?probability=le0.80":                                      "",
	"Patient?name=Jansen":                                                    "",
	"Patient?name:exact=Jan\tsen":                                            "",
	"Patient?name:contains=Jan":                                              "",
	"Patient?active=true":                                                    "",
	"Patient?_id=a,b":                                                        "",
	"Patient?_id:not=a":                                                      "",
	"Patient?_lastUpdated=ge2020-01-01":                                      "",
	"Patient?_tag=a|b&_security=R&_profile=http://a.example/p&_source=urn:x": "",
	"Observation?subject=Patient/1":                                          "",
	"Observation?subject:Patient=1":                                          "Observation?subject=Patient/1",
	"Observation?subject=1":                                                  "",
	"Observation?patient=1":                                                  "Observation?patient=Patient/1",
	"Observation?subject=Patient/1/_history/2":                               "",
	"Observation?subject=https://a.example/Patient/1":                        "",
	"Observation?subject:identifier=s|1":                                     "",
	"QuestionnaireResponse?questionnaire=http://a.example/q|1":               `QuestionnaireResponse?questionnaire=http://a.example/q\|1`,
	"Observation?subject:Patient.name:exact=Jan":                             "",
	"Observation?patient.identifier=s|1":                                     "Observation?patient:Patient.identifier=s|1",
	"Observation?patient.gender:not=male":                                    "Observation?patient:Patient.gender:not=male",
	"Observation?patient._id=1":                                              "Observation?patient:Patient._id=1",
	"Observation?subject.identifier=1":                                       "",
	"Observation?subject.name:missing=true":                                  "",
	"Observation?encounter.patient=Patient/1":                                "",
	"?_type=AuditEvent,Observation&patient=1,Patient/2":                      "?_type=AuditEvent,Observation&patient=Patient/1,Patient/2",
	"?_type=Condition,Observation&subject=1,Patient/2":                       "",
	"Observation?_include=Observation:subject&_include=Observation:subject:Patient&_revinclude=Provenance:target": "",
	"Observation?_include=Observation:subject&_include=Observation:subject":                                       "Observation?_include=Observation:subject",
	"Observation?_sort=-date,_id,code&_count=10&_total=accurate":                                                  "",
	"Observation?_count=99999":                           "Observation?_count=1000",
	"Observation?_count=0":                               "Observation?_summary=count",
	"Observation?_summary=count":                         "",
	"Observation?_summary=false":                         "Observation",
	"Observation?_format=json&_pretty=true&_elements=id": "Observation",
	"?_type=Patient,Observation":                         "?_type=Observation,Patient",
	"?_type=Patient&name=x":                              "",
	"?_type=Observation,Patient&_tag=x":                  "",
	"?_type=Condition,Observation&subject.name=x":        "",
	"?_type=Observation,Patient&_tag:not=x":              "",
	"?_id=a&_lastUpdated=2020":                           "",
}

func TestParseAndPrint(t *testing.T) {
	for in, want := range understood {
		q, err := search(in)
		if err != nil {
			t.Errorf("%s: %v", in, err)
			continue
		}
		if want == "" {
			want = in
		}
		if got := unescaped(t, q); got != want {
			t.Errorf("%s\n got %s\nwant %s", in, got, want)
		}
		again, err := query.Parse(q.Type, must(q.Params()))
		if err != nil || !reflect.DeepEqual(q, again) {
			t.Errorf("%s: parsed again it is\n%#v\nnot\n%#v (%v)", in, again, q, err)
		}
		if err := query.Validate(q.Where); err != nil {
			t.Errorf("%s: %v", in, err)
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// TestA15 (attacks, row 15): nothing that is not understood is left out of the
// search in silence.
func TestA15_RefusedWithTheReason(t *testing.T) {
	long := strings.Repeat("x", query.MaxLength)
	for in, reason := range map[string]string{
		"Banana":                                                          `"Banana" is not a resource type`,
		"Observation?banana=1":                                            `no search parameter "banana"`,
		"Observation?Code=1":                                              `no search parameter "Code"`,
		"Observation?code":                                                "an empty value",
		"Observation?code=":                                               "an empty value",
		"Observation?code=a,":                                             "an empty value",
		"Observation?code=|":                                              "neither system nor code",
		"Observation?code=a|b|c":                                          "more than one bar",
		`Observation?code=a\b`:                                            "a backslash",
		`Observation?code=a\`:                                             "a backslash",
		"Observation?code:text=a":                                         "the modifier :text on a token parameter is not supported",
		"Observation?code:in=a":                                           "the modifier :in",
		"Observation?code:=a":                                             "an empty modifier",
		"Observation?code:exact=a":                                        "the modifier :exact on a token",
		"Observation?code:missing=maybe":                                  ":missing is true or false",
		"Observation?date:not=2020":                                       "the modifier :not on a date",
		"Observation?date=xx2020":                                         "does not begin with a prefix",
		"Observation?date=2020-13":                                        "is not a date",
		"Observation?date=ge":                                             "is not a date",
		"Observation?date=2020-01-01T10:00:00 01:00":                      "must be sent as %2B",
		"Observation?value-quantity=five":                                 "does not begin with a prefix",
		"Observation?value-quantity=5|mg":                                 "neither number nor number|system|code",
		"RiskAssessment?probability=0,5.":                                 "is not a number",
		"Observation?subject=Banana/1":                                    `cannot point at "Banana"`,
		"Observation?subject=Practitioner/1":                              `cannot point at "Practitioner"`,
		"Observation?subject:Practitioner=1":                              "cannot point at Practitioner",
		"Observation?subject:Patient=Group/1":                             "is not a Patient",
		"Observation?subject=a_b":                                         "is not a reference",
		"Observation?subject.name.x=1":                                    "a chain of more than one hop is not supported",
		"Observation?subject.banana=1":                                    `no search parameter "banana"`,
		"Observation?subject:Patient.birthdate=x":                         "does not begin with a prefix",
		"Observation?subject:Banana.name=x":                               `cannot point at "Banana"`,
		"Observation?code.name=x":                                         "code is not a reference",
		"Provenance?target._tag=x":                                        "name the type",
		"Patient?name=\u0301":                                             "no letter or digit",
		"Patient?name=\x00":                                               "a control character",
		"Patient?name=\xff":                                               "not UTF-8",
		"Patient?name=" + long:                                            "too long",
		"Patient?_id=a_b":                                                 "is not an id",
		"Patient?_id=":                                                    "is not an id",
		"Patient?_id:missing=true":                                        "the modifier :missing of _id",
		"Patient?_lastUpdated:missing=true":                               "the modifier :missing of _lastUpdated",
		"Observation?code-value-quantity=a$1":                             "a composite parameter",
		"Location?near=1|2":                                               "a special parameter such as near is not supported",
		"Patient?_has:Observation:patient:code=1":                         "_has is not supported",
		"Patient?_filter=name eq x":                                       "_filter is not supported",
		"Patient?_text=x":                                                 "_text is not supported",
		"Patient?_content=x":                                              "_content is not supported",
		"Patient?_list=x":                                                 "_list is not supported",
		"Observation?subject:Patient._has:Observation:patient:code=1":     "_has is not supported",
		"Observation?_include=*":                                          "a wildcard is not supported",
		"Observation?_include=Observation:*":                              "a wildcard is not supported",
		"Observation?_include:iterate=Observation:subject":                "the modifier :iterate of _include is not supported",
		"Observation?_include=Patient:link":                               "Patient is not among what is searched",
		"Observation?_include=Observation":                                "is not Source:parameter",
		"Observation?_include=Observation:code":                           `no reference parameter "code"`,
		"Observation?_include=Observation:subject:Banana":                 `cannot point at "Banana"`,
		"Observation?_revinclude=Encounter:subject":                       "does not point at what is searched",
		"Observation?_sort=banana":                                        "is not a parameter to sort by",
		"Observation?_sort=subject":                                       "sorting by the reference parameter subject is not supported",
		"Observation?_sort=date,-date":                                    "date is given twice",
		"Observation?_sort=":                                              "is not a parameter to sort by",
		"Observation?_sort:asc=date":                                      "the modifier :asc of _sort",
		"Observation?_count=-1":                                           "is not a count",
		"Observation?_count=1&_count=2":                                   "given twice",
		"Observation?_total=many":                                         "none, estimate or accurate",
		"Observation?_summary=true":                                       "_summary=true is not supported",
		"Observation?_type=Patient":                                       "only a search over all types has it",
		"?_type=Banana":                                                   "is not a resource type",
		"?_type=Patient&_type=Patient":                                    "given twice",
		"?name=x":                                                         "must name them with _type",
		"?_type=Patient,Observation&name=x":                               `Observation has no search parameter "name"`,
		"Observation?code=" + strings.Repeat("a,", query.MaxValues) + "a": "too many values",
		"Observation?" + strings.Repeat("code=a&", query.MaxParams) + "code=a": "too many parameters",
	} {
		_, err := search(in)
		if fhir.KindOf(err) != fhir.Invalid || err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("%.80s\n got %v\nwant %s", in, err, reason)
		}
	}
}

func TestAllProblemsAtOnce(t *testing.T) {
	_, err := search("Observation?banana=1&code=&date=x&status=final&_sort=q")
	var e *fhir.Error
	if !errors.As(err, &e) || len(e.Issues) != 4 {
		t.Fatalf("got %v", err)
	}
	for i, name := range []string{"banana", "code", "date", "_sort"} {
		if !strings.Contains(e.Issues[i].Details, `parameter "`+name+`"`) {
			t.Errorf("issue %d does not name %s: %s", i, name, e.Issues[i].Details)
		}
	}
}

func TestParseLenient(t *testing.T) {
	q, ignored, err := query.ParseLenient("Observation", params("banana=1&code=x&banana=2&subject.kiwi=3"))
	if err != nil || fmt.Sprint(ignored) != "[banana subject.kiwi]" || unescaped(t, q) != "Observation?code=x" {
		t.Errorf("got %v, %v, %v", q, ignored, err)
	}
	for _, s := range []string{"code:text=x", "code=", "_has:Observation:patient:code=1", "_include=*", "date=x", "code-value-quantity=1"} {
		if _, _, err := query.ParseLenient("Observation", params(s)); fhir.KindOf(err) != fhir.Invalid || err == nil {
			t.Errorf("%s is let through: %v", s, err)
		}
	}
}

func TestParseFilter(t *testing.T) {
	for raw, want := range map[string]string{
		"category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory": "Observation?category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory",
		"category=a%7Cb&status=final": "Observation?category=a|b&status=final",
	} {
		x, err := query.ParseFilter("Observation", raw)
		if err != nil || unescaped(t, query.Query{Type: "Observation", Where: x}) != want {
			t.Errorf("%s: %v, %v", raw, x, err)
		}
	}
	for _, raw := range []string{
		"", "&", "&&", "=a", "category", "category=", "category=a,", "banana=1", "category:not=a", "subject.name=a", "_sort=date",
		"_include=Observation:subject", "category=%zz", "_count=1", "code-value-quantity=1$2", "_format=json", "_type=Patient",
	} {
		if x, err := query.ParseFilter("Observation", raw); fhir.KindOf(err) != fhir.Invalid || err == nil || x != nil {
			t.Errorf("%q is let through as %v: %v", raw, x, err)
		}
	}
	if _, err := query.ParseFilter("*", "category=a"); err == nil {
		t.Error("a filter of no type is let through")
	}
}

func TestOtherPredicatesHaveNoURL(t *testing.T) {
	for _, x := range []query.Expr{
		query.None{}, query.Custodian{ID: "o"}, query.Subjects{X: query.Shape{IDs: []int64{1}}},
		query.Neg{X: query.Custodian{ID: "o"}}, query.Or(query.IDIs{IDs: []string{"a"}}, query.Custodian{ID: "o"}),
	} {
		q := query.Query{Type: "Patient", Where: x}
		if _, err := q.Params(); !errors.Is(err, query.ErrNoURL) {
			t.Errorf("%#v has the URL %s", x, q)
		}
	}
}

func FuzzParse(f *testing.F) {
	for s := range understood {
		resourceType, raw, _ := strings.Cut(s, "?")
		f.Add(resourceType, raw)
	}
	f.Fuzz(func(t *testing.T, resourceType, raw string) {
		q, err := query.Parse(resourceType, params(raw))
		if err != nil {
			if fhir.KindOf(err) != fhir.Invalid {
				t.Fatalf("%v", err)
			}
			return
		}
		printed, err := q.Params()
		if err != nil {
			t.Fatalf("%#v: %v", q, err)
		}
		again, err := query.Parse(q.Type, printed)
		if err != nil || !reflect.DeepEqual(q, again) {
			t.Fatalf("%v is parsed again as %#v, not %#v (%v)", printed, again, q, err)
		}
		if err := query.Validate(q.Where); err != nil {
			t.Fatal(err)
		}
	})
}

func ExampleParse() {
	q, err := query.Parse("Observation", []fhir.Param{
		{Name: "patient", Value: "p1"},
		{Name: "code", Value: "http://loinc.org|8867-4"},
		{Name: "date", Value: "ge2020"},
		{Name: "_sort", Value: "-date"},
	})
	if err != nil {
		panic(err)
	}
	for _, p := range must(q.Params()) {
		fmt.Println(p.Name, p.Value)
	}
	_, err = query.Parse("Observation", []fhir.Param{{Name: "code:above", Value: "x"}})
	fmt.Println(err)
	// Output:
	// patient Patient/p1
	// code http://loinc.org|8867-4
	// date ge2020
	// _sort -date
	// parameter "code:above": the modifier :above on a token parameter is not supported
}
