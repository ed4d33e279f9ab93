package query_test

import (
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"sluis/conformance"
	"sluis/fhir"
	"sluis/fhir/index"
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
	return language.Parse(resourceType, params(rest))
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
	"Observation?code=http://loinc.org|8867-4,x":                                           "",
	"Observation?code=|x":                                                                  "",
	"Observation?code=http://loinc.org|":                                                   "",
	`Observation?code=a\|b\,c\$d\\e`:                                                       "",
	"Observation?code:not=x,y":                                                             "",
	"Observation?code:missing=true":                                                        "",
	"Observation?code:missing=false":                                                       "",
	"Observation?date=ge2020&date=lt2021-02-03T10:00Z":                                     "",
	"Observation?date=eq2020":                                                              "Observation?date=2020",
	"Observation?value-quantity=ap5.40|http://unitsofmeasure.org|mg":                       "",
	"Observation?value-quantity=5.4||mg":                                                   "",
	"Observation?value-quantity=5.4||":                                                     "Observation?value-quantity=5.4",
	"Observation?value-quantity=gt5":                                                       "",
	"RiskAssessment?probability=le0.80":                                                    "",
	"Patient?name=Jansen":                                                                  "",
	"Patient?name:exact=Jan\tsen":                                                          "",
	"Patient?name:contains=Jan":                                                            "",
	"Patient?gender=http://hl7.org/fhir/administrative-gender|male,x":                      "Patient?gender=|male,x",
	"Patient?gender=http://hl7.org/fhir/administrative-gender|male,|male":                  "Patient?gender=|male",
	"Patient?gender=http://hl7.org/fhir/administrative-gender|":                            "Patient?gender=|female,|male,|other,|unknown",
	"Patient?gender:not=http://hl7.org/fhir/administrative-gender|male":                    "Patient?gender:not=|male",
	"Patient?gender=http://a.example|male":                                                 "",
	"Patient?gender:below=http://hl7.org/fhir/administrative-gender|male":                  "",
	"Observation?subject:Patient.gender=http://hl7.org/fhir/administrative-gender|male":    "Observation?subject:Patient.gender=|male",
	"Patient?_has:Observation:subject:status=http://hl7.org/fhir/observation-status|final": "Patient?_has:Observation:subject:status=|final",
	"Patient?_filter=gender eq http://hl7.org/fhir/administrative-gender|male":             "Patient?gender=|male",
	"DocumentReference?relationship=DocumentReference/1$http://hl7.org/fhir/document-relationship-type|replaces": "DocumentReference?relationship=DocumentReference/1$|replaces",
	"DocumentReference?contenttype=urn:ietf:bcp:13|text/plain":                                                   "DocumentReference?contenttype=|text/plain",
	"Group?value=http://terminology.hl7.org/CodeSystem/special-values|true":                                      "Group?value=http://terminology.hl7.org/CodeSystem/special-values|true,|true",
	"Patient?active=true":               "",
	"Patient?_id=a,b":                   "",
	"Patient?_id:not=a":                 "",
	"Patient?_lastUpdated=ge2020-01-01": "",
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
	"Observation?_format=json&_pretty=true&_elements=id": "Observation?_elements=id",
	"Observation?_contained=false":                       "Observation",
	"Observation?_summary=text&_elements=status,code":    "Observation?_summary=text&_elements=code,status",
	"Observation?_summary=data":                          "",
	"Observation?_sort=subject,-value-quantity":          "",
	"?_sort=-_lastUpdated,_id":                           "",
	"?_tag=a&_profile=http://a.example/p&_text=pijn":     "",

	"Observation?value-quantity=5400|http://unitsofmeasure.org|mg":                                       "",
	"Observation?value-quantity=ap37|http://unitsofmeasure.org|Cel":                                      "",
	"Observation?value-quantity=lt37.0|http://unitsofmeasure.org|Cel":                                    "",
	"Observation?subject=HTTPS://Sluis.Example:443/fhir/Patient/1":                                       "Observation?subject=Patient/1",
	"Observation?subject=https://sluis.example/fhir/../fhir/Patient/1":                                   "",
	"Observation?code:text=hart,lung":                                                                    "",
	"Observation?code:in=http://a.example/vs,ValueSet/1":                                                 "",
	"Observation?code:not-in=http://a.example/vs":                                                        "",
	"Observation?code:above=http://loinc.org|8867-4":                                                     "",
	"Observation?code:below=8867-4":                                                                      "",
	"Patient?identifier:ofType=http://a.example/t|MR|12":                                                 "Patient?identifier:of-type=http://a.example/t|MR|12",
	"ValueSet?url:below=http://a.example/fhir&url:above=http://a.example/fhir/x/":                        "",
	"Observation?code-value-quantity=http://loinc.org|2823-3$gt5.4|http://unitsofmeasure.org|mmol/L,a$7": "",
	`Observation?code-value-string=a$b\$c`:                                                               "",
	"DocumentReference?relationship=DocumentReference/1$replaces":                                        "",
	"Location?near=52.37|4.89|5|km":                                                                      "Location?near=52.37|4.89|5000|m",
	"Location?near=52.37|-4.89,1|2":                                                                      "Location?near=52.37|-4.89|50000|m,1|2|50000|m",
	"Patient?_list=42":                                                                                   "Patient?_has:List:item:_id=42",
	"Patient?_text=Pijn op  de borst,hoest!":                                                             "Patient?_text=pijn op de borst,hoest",
	"Patient?_content=Müller":                                                                            "Patient?_content=muller",
	"Patient?_has:Observation:patient:code=8867-4":                                                       "",
	"Patient?_has:Observation:patient:_has:AuditEvent:entity:agent=Practitioner/1":                       "",
	"Patient?_has:Observation:patient:performer:Practitioner.name=x":                                     "",
	"Observation?subject:Patient._has:Group:member:_id=1":                                                "",
	"Observation?patient.general-practitioner.partof.name=x":                                             "Observation?patient:Patient.general-practitioner:Organization.partof:Organization.name=x",
	"Observation?subject.organization.name=x":                                                            "Observation?subject.organization:Organization.name=x",
	"Observation?subject:Patient.general-practitioner.name=x":                                            "",
	"Observation?_include=*&_include=Observation:*&_include:iterate=Patient:link":                        "",
	"Observation?_include=Observation:*:Patient&_revinclude=*&_revinclude=Provenance:*":                  "",
	"Observation?_revinclude:iterate=Provenance:target":                                                  "",

	"Patient?_filter=name sw jan":                                                    "Patient?name=jan",
	"Patient?_filter=name co jan and birthdate ge 2014-10-10":                        "Patient?name:contains=jan&birthdate=ge2014-10-10",
	`Patient?_filter=given eq "peter" and not(gender eq male)`:                       "Patient?_filter=given eq peter&gender:not=male",
	"Patient?_filter=name ew x or name ne y and given gt p":                          `Patient?_filter=(name ew x or name ne y)&_filter=given gt p`,
	"Patient?_filter=name ew x or (name ne y and given le p)":                        "Patient?_filter=(name ew x or (name ne y and given le p))",
	`Patient?_filter=not (name eq "a b" or name co "c)")`:                            `Patient?_filter=not (name eq "a b" or name co "c)")`,
	"Observation?_filter=code eq loinc|8867-4":                                       "Observation?code=http://loinc.org|8867-4",
	"Observation?_filter=code ne loinc|8867-4":                                       "Observation?_filter=code ne http://loinc.org|8867-4",
	"Observation?_filter=value-quantity gt 5.4|ucum|mg":                              "Observation?value-quantity=gt5.4|http://unitsofmeasure.org|mg",
	"Observation?_filter=subject.name co pet":                                        "Observation?subject.name:contains=pet",
	"Observation?_filter=subject:Patient[name co pet].birthdate pr true":             "Observation?_filter=subject:Patient[(name co pet and birthdate pr true)]._id pr true",
	"Observation?_filter=subject re Patient/1 and code pr false":                     "Observation?subject=Patient/1&code:missing=true",
	"Observation?_filter=date po 2020 or date co 2020-01-01":                         "Observation?_filter=(date po 2020 or date co 2020-01-01)",
	"Observation?_filter=code in http://a.example/vs or code ni http://a.example/vs": "Observation?_filter=(code in http://a.example/vs or code ni http://a.example/vs)",
	"Observation?_filter=code ss 1 or code sb 2":                                     "Observation?_filter=(code ss 1 or code sb 2)",
	"Observation?_filter=_id eq a or _id ne b":                                       "Observation?_filter=(_id eq a or not _id eq b)",
	"Observation?_filter=_id pr true":                                                "Observation",
	"RiskAssessment?_filter=probability co 0.5 or probability sa 1":                  "RiskAssessment?_filter=(probability co 0.5 or probability sa 1)",
	"ValueSet?_filter=url eq http://a.example/x or url ne urn:y":                     "ValueSet?_filter=(url eq http://a.example/x or url ne urn:y)",
	"?_type=Condition,Observation&_filter=code eq x or subject.name sw y":            "?_type=Condition,Observation&_filter=code eq x or subject.name sw y",
	"?_type=Patient,Observation":                                                     "?_type=Observation,Patient",
	"?_type=Patient&name=x":                                                          "",
	"?_type=Observation,Patient&_tag=x":                                              "",
	"?_type=Condition,Observation&subject.name=x":                                    "",
	"?_type=Observation,Patient&_tag:not=x":                                          "",
	"?_id=a&_lastUpdated=2020":                                                       "",
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
		again, err := language.Parse(q.Type, must(q.Params()))
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
		"Banana":                                          `"Banana" is not a resource type`,
		"Observation?banana=1":                            `no search parameter "banana"`,
		"Observation?Code=1":                              `no search parameter "Code"`,
		"Observation?code":                                "an empty value",
		"Observation?code=":                               "an empty value",
		"Observation?code=a,":                             "an empty value",
		"Observation?code=|":                              "neither system nor code",
		"Observation?code=a|b|c":                          "more than one bar",
		`Observation?code=a\b`:                            "a backslash",
		`Observation?code=a\`:                             "a backslash",
		"Observation?code:=a":                             "an empty modifier",
		"Observation?code:exact=a":                        "the modifier :exact on a token",
		"Observation?code:missing=maybe":                  ":missing is true or false",
		"Observation?date:not=2020":                       "the modifier :not on a date",
		"Observation?date=xx2020":                         "does not begin with a prefix",
		"Observation?date=2020-13":                        "is not a date",
		"Observation?date=ge":                             "is not a date",
		"Observation?date=2020-01-01T10:00:00 01:00":      "must be sent as %2B",
		"Observation?value-quantity=five":                 "does not begin with a prefix",
		"Observation?value-quantity=5|mg":                 "neither number nor number|system|code",
		"RiskAssessment?probability=0,5.":                 "is not a number",
		"Observation?subject=Banana/1":                    `cannot point at "Banana"`,
		"Observation?subject=Practitioner/1":              `cannot point at "Practitioner"`,
		"Observation?subject:Practitioner=1":              "cannot point at Practitioner",
		"Observation?subject:Patient=Group/1":             "is not a Patient",
		"Observation?subject=a_b":                         "is not a reference",
		"Observation?subject.banana=1":                    `no search parameter "banana"`,
		"Observation?subject:Patient.birthdate=x":         "does not begin with a prefix",
		"Observation?subject:Banana.name=x":               `cannot point at "Banana"`,
		"Observation?code.name=x":                         "code is not a reference",
		"Provenance?target._tag=x":                        "name the type",
		"Patient?name=\u0301":                             "no letter or digit",
		"Patient?name=\x00":                               "a control character",
		"Patient?name=\xff":                               "not UTF-8",
		"Patient?name=" + long:                            "too long",
		"Patient?_id=a_b":                                 "is not an id",
		"Patient?_id=":                                    "is not an id",
		"Patient?_id:missing=true":                        "the modifier :missing of _id",
		"Patient?_lastUpdated:missing=true":               "the modifier :missing of _lastUpdated",
		"Observation?_include=Patient:link":               "Patient is not among what is searched",
		"Observation?_include=Observation":                "is not Source:parameter",
		"Observation?_include=Observation:code":           `no reference parameter "code"`,
		"Observation?_include=Observation:subject:Banana": `cannot point at "Banana"`,
		"Observation?_revinclude=Encounter:subject":       "does not point at what is searched",
		"Observation?_sort=banana":                        "is not a parameter to sort by",
		"Observation?code:in=a b":                         "does not name a value set",
		"Observation?code:in=Patient/1":                   "does not name a value set",
		"Observation?code:above=s|":                       "no code in",
		"Observation?subject:below=x":                     "the modifier :below on a reference",
		"Observation?date:exact=2020":                     "the modifier :exact on a date",
		"ValueSet?url:below=urn:oid:1.2":                  "is not a URL",
		"Patient?identifier:of-type=a|b":                  "is not system|code|value",
		"Patient?identifier:of-type=|b|c":                 "is not system|code|value",
		"Observation?code:of-type=a|b|c":                  "code has none",
		"DocumentReference?contenttype=urn:ietf:bcp:13|":  "every code of the system",
		"Patient?_filter=gender ne http://hl7.org/fhir/administrative-gender|": "several codes",
		"?_tag:text=a":                                          "the modifier :text on a token",
		"Observation?subject.name.x=1":                          "is not a reference, so nothing can follow it",
		"Observation?subject.":                                  `no search parameter ""`,
		"Observation?code-value-quantity=a":                     "has 1 values joined by $, and code-value-quantity has 2",
		"Observation?code-value-quantity=a$b":                   "does not begin with a prefix",
		"Observation?code-value-quantity=a$":                    "an empty value in",
		"Observation?code-value-quantity:missing=true":          "the modifier :missing on a composite parameter",
		"Location?near=1":                                       "is not latitude|longitude|distance|unit",
		"Location?near=91|1":                                    "is not a latitude",
		"Location?near=1|181":                                   "is not a longitude",
		"Location?near=1|1|-5":                                  "is not a distance",
		"Location?near=1|1|5|kg":                                "is not a UCUM unit of length",
		"Location?near:missing=true":                            "the modifier :missing on a special parameter",
		"Patient?_has=1":                                        "_has is _has:Type:reference:parameter",
		"Patient?_has:Observation:patient=1":                    "_has is _has:Type:reference:parameter",
		"Patient?_has:Banana:patient:code=1":                    "is not a resource type",
		"Patient?_has:Observation:code:code=1":                  `no reference parameter "code"`,
		"Patient?_has:Observation:encounter:code=1":             "cannot point at Patient",
		"Patient?_has:Observation:patient:banana=1":             `no search parameter "banana"`,
		"Patient?_has:Observation:patient:_sort=1":              "_sort is not supported",
		"Patient?_list=$current-problems":                       "a functional list such as",
		"Patient?_list:not=1":                                   "the modifier :not of _list",
		"Patient?_text=!!":                                      "no word to search for",
		"Patient?_text:exact=a":                                 "the modifier :exact of _text",
		"Binary?_text=a":                                        `no search parameter "_text"`,
		"Patient?_contained=true":                               "_contained=true is not supported",
		"Patient?_containedType=container":                      "_containedType is not supported",
		"Patient?_query=x":                                      "_query is not supported",
		"Patient?_elements=a.b":                                 "is not the name of an element",
		"Patient?_summary=text&_revinclude=Observation:subject": "goes with no _include",
		"Patient?_include=Patient:*:Banana":                     "cannot point at",
		"Patient?_sort=_text":                                   "sorting by the string parameter _text",
		"Observation?_sort=code-value-quantity":                 "sorting by the composite parameter",
		"Patient?link:Patient.link:Patient.link:Patient.link:Patient.link:Patient.link:Patient.link:Patient.name=x": "too many hops",
		"Patient?_filter=name":                                                  `expected a space and an operator and found end at character 5`,
		"Patient?_filter=":                                                      "expected a parameter",
		"Patient?_filter=name eq":                                               "expected a space and a value",
		"Patient?_filter=name is x":                                             `expected an operator and found "is x" at character 6`,
		"Patient?_filter=name eq x and":                                         "expected a parameter",
		"Patient?_filter=(name eq x":                                            "expected ) and found",
		"Patient?_filter=name eq x)":                                            `unexpected ")" at character 10`,
		`Patient?_filter=name eq "x`:                                            "a string without an end at character 9",
		"Patient?_filter=banana eq x":                                           `no search parameter "banana" at character 1`,
		"Patient?_filter=name eq x or héé eq y":                                 "at character 15",
		"Patient?_filter=name ap x":                                             "the operator ap on a string parameter is not supported at character 1",
		"Patient?_filter=gender co m":                                           "the operator co on a token",
		"Patient?_filter=organization eq Organization/1":                        "the operator eq on a reference",
		"Patient?_filter=birthdate eq ge2020":                                   "has a prefix besides the operator",
		"Patient?_filter=birthdate gt x":                                        "does not begin with a prefix",
		"Patient?_filter=name pr maybe":                                         "pr is followed by true or false",
		"Patient?_filter=_id pr false":                                          "matches nothing",
		"Patient?_filter=not (_id pr true)":                                     "matches nothing",
		"Patient?_filter=gender.x eq y":                                         "is not a reference, so nothing can follow it at character 1",
		"Patient?_filter=organization[name eq x] eq y":                          "expected . and found",
		"Observation?_filter=code-value-quantity eq x":                          "code-value-quantity in a filter is not supported",
		"Patient?_filter=" + strings.Repeat("(", 20) + "name eq x":              "nested too deep",
		"Patient?_filter=" + strings.Repeat("name eq x or ", 100) + "name eq x": "too many tests",
		"Observation?_sort=date,-date":                                          "date is given twice",
		"Observation?_sort=":                                                    "is not a parameter to sort by",
		"Observation?_sort:asc=date":                                            "the modifier :asc of _sort",
		"Observation?_count=-1":                                                 "is not a count",
		"Observation?_count=1&_count=2":                                         "given twice",
		"Observation?_total=many":                                               "none, estimate or accurate",
		"Observation?_type=Patient":                                             "only a search over all types has it",
		"?_type=Banana":                                                         "is not a resource type",
		"?_type=Patient&_type=Patient":                                          "given twice",
		"?name=x":                                                               "must name them with _type",
		"?_type=Patient,Observation&name=x":                                     `Observation has no search parameter "name"`,
		"Observation?code=" + strings.Repeat("a,", query.MaxValues) + "a":       "too many values",
		"Observation?" + strings.Repeat("code=a&", query.MaxParams) + "code=a":  "too many parameters",
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
	q, ignored, err := language.ParseLenient("Observation", params("banana=1&code=x&banana=2&subject.kiwi=3"))
	if err != nil || fmt.Sprint(ignored) != "[banana subject.kiwi]" || unescaped(t, q) != "Observation?code=x" {
		t.Errorf("got %v, %v, %v", q, ignored, err)
	}
	for _, s := range []string{"code=", "_has:Observation:patient:code=1", "_filter=banana eq 1", "_query=x", "_include=Banana:x", "date=x", "code-value-quantity=1", "code:exact=x"} {
		if _, _, err := language.ParseLenient("Observation", params(s)); fhir.KindOf(err) != fhir.Invalid || err == nil {
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
		"_include=Observation:subject", "_filter=code+eq+x", "_list=1", "_has:Observation:patient:code=1", "category=%zz", "_count=1", "code-value-quantity=1$2", "_format=json", "_type=Patient",
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
		q, err := language.Parse(resourceType, params(raw))
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
		again, err := language.Parse(q.Type, printed)
		if err != nil || !reflect.DeepEqual(q, again) {
			t.Fatalf("%v is parsed again as %#v, not %#v (%v)", printed, again, q, err)
		}
		if err := query.Validate(q.Where); err != nil {
			t.Fatal(err)
		}
	})
}

func ExampleLanguage() {
	language := query.Language{Definitions: conformance.R4(), Base: index.ParseBase("https://sluis.example/fhir")}
	q, err := language.Parse("Observation", []fhir.Param{
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
	_, err = language.Parse("Observation", []fhir.Param{{Name: "code:exact", Value: "x"}})
	fmt.Println(err)
	// Output:
	// patient Patient/p1
	// code http://loinc.org|8867-4
	// date ge2020
	// _sort -date
	// parameter "code:exact": the modifier :exact on a token parameter is not supported
}
