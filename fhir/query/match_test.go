package query_test

import (
	"testing"
	"time"

	"sluis/fhir"
	"sluis/fhir/index"
	"sluis/fhir/query"
)

// stored makes the Resource of a body, as a store would hold it.
func stored(t testing.TB, id, body string) query.Resource {
	t.Helper()
	doc, err := fhir.ParseDocument([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	e, err := r4.Extract(doc)
	if err != nil {
		t.Fatal(err)
	}
	return query.Resource{Type: doc.Type(), ID: id, Custodian: "hospital", Updated: time.Date(2020, 5, 5, 10, 0, 0, 0, time.UTC), Entries: e}
}

const pulse = `{"resourceType":"Observation","status":"final",
"meta":{"tag":[{"system":"t","code":"x"}],"security":[{"system":"s","code":"R"}]},
"code":{"coding":[{"system":"http://loinc.org","code":"8867-4"},{"code":"local"}]},
"subject":{"reference":"Patient/p1","identifier":{"system":"bsn","value":"123456782"}},
"encounter":{"reference":"https://a.example/fhir/Encounter/e"},
"effectivePeriod":{"start":"2020-05-04","end":"2020-05-06"},
"valueQuantity":{"value":7.10,"unit":"milligram","system":"http://unitsofmeasure.org","code":"mg"}}`

const jan = `{"resourceType":"Patient","name":[{"family":"Müller","given":["Jan"]}],"gender":"male",
"generalPractitioner":[{"reference":"Practitioner/dr/_history/2"}]}`

// world resolves the pulse's patient.
func world(t testing.TB) (observation, patient query.Resource) {
	observation, patient = stored(t, "o1", pulse), stored(t, "p1", jan)
	observation.Resolve = func(r fhir.Ref) (query.Resource, bool) { return patient, r == fhir.Ref{Type: "Patient", ID: "p1"} }
	return observation, patient
}

func TestMatch(t *testing.T) {
	observation, patient := world(t)
	for _, c := range []struct {
		r       query.Resource
		yes, no []string
	}{
		{observation, []string{
			"code=8867-4", "code=http://loinc.org|8867-4", "code=|local", "code=http://loinc.org|", "code=a,local",
			"code:not=1", "code:missing=false", "category:missing=true", "category:not=x",
			"_id=o1", "_id=a,o1", "_id:not=a", "_tag=t|x", "_security=s|R",
			"_lastUpdated=2020-05-05", "_lastUpdated=ge2020-05-05T10:00Z", "_lastUpdated=gt2020-05-05T09:59:59Z",
			"subject=Patient/p1", "subject=p1", "patient=p1", "subject:Patient=p1", "subject:identifier=bsn|123456782", "subject:identifier=123456782",
			"encounter=https://a.example/fhir/Encounter/e",
			"patient.name=mul", "subject:Patient.gender=male", "patient.gender:not=female", "patient._id=p1", "subject.name:exact=Müller",
			"value-quantity=7.1", "value-quantity=7.10|http://unitsofmeasure.org|mg", "value-quantity=7||mg", "value-quantity=7.1||milligram", "value-quantity=7.1|http://unitsofmeasure.org|",
			"date=2020-05", "date=ge2020-05-06", "date=le2020-05-04", "date=ne2020-05-05",
		}, []string{
			"code=8867", "code=8867-4X", "code=x|8867-4", "code=http://loinc.org|local", "code=LOCAL", "code:not=local", "code:missing=true",
			"_id=o", "_id:not=o1", "_tag=x|x", "_security=N", "_lastUpdated=lt2020-05-05", "_lastUpdated=gt2020-05-05T10:00:00Z",
			"subject=Patient/p2", "subject=Group/p1", "subject=Patient/p1/_history/1", "subject:identifier=x|123456782", "patient=p",
			"encounter=https://a.example/fhir/Encounter/E",
			"patient.name=uller", "subject:Patient.gender=female", "patient._id=p2", "encounter.status=finished", "subject:Group.type=person",
			"value-quantity=7.100", "value-quantity=8", "value-quantity=7.1|x|mg", "value-quantity=7.1||g",
			"date=2020-05-05", "date=gt2020-05-06", "date=sa2020-05-04",
		}},
		{patient, []string{
			"name=mull", "name=MÜLL", "name:contains=ulle", "name:exact=Müller", "given=jan", "deceased=false", "gender=male",
			"general-practitioner=Practitioner/dr", "general-practitioner=Practitioner/dr/_history/2", "general-practitioner=dr", "death-date:missing=true",
		}, []string{
			"name=uller", "name:exact=muller", "name:exact=Mülle", "name:contains=xx", "deceased=true", "general-practitioner=Practitioner/dr/_history/1",
			"general-practitioner=Organization/dr", "gender=male&name=x",
		}},
	} {
		for want, list := range map[bool][]string{true: c.yes, false: c.no} {
			for _, s := range list {
				q, err := language.Parse(c.r.Type, params(s))
				if err != nil {
					t.Errorf("%s: %v", s, err)
				} else if got := query.Match(q.Where, c.r); got != want {
					t.Errorf("%s: %v", s, got)
				}
			}
		}
	}
}

// G5: a reference to a Patient denotes the person, when that Patient may be seen.
func TestG5_ReferenceDenotesThePerson(t *testing.T) {
	r, _ := world(t)
	q := must(search("Observation?patient=p2"))
	if query.Match(q.Where, r) {
		t.Error("Patient/p2 is taken for p1, who is not known to be the same")
	}
	r.Linked = func(ref fhir.Ref) []fhir.Ref {
		if ref != (fhir.Ref{Type: "Patient", ID: "p2"}) {
			return nil
		}
		return []fhir.Ref{{Type: "Patient", ID: "p2"}, {Type: "Patient", ID: "p1"}}
	}
	for s, want := range map[string]bool{"patient=p2": true, "subject=p2": true, "subject=Patient/p2": true, "subject=Group/p2": false, "subject=Patient/p2/_history/1": false, "subject:identifier=p2": false, "patient=p3": false} {
		if q := must(search("Observation?" + s)); query.Match(q.Where, r) != want {
			t.Errorf("%s: want %v", s, want)
		}
	}
}

func TestEffectiveLabels(t *testing.T) {
	r, _ := world(t)
	added := query.Coding{System: "s", Code: "PSY"}
	r.Labels = []query.Coding{added}
	for _, s := range []string{"_security=s|PSY", "_security=R", "_security:missing=false"} {
		if q := must(search("Observation?" + s)); !query.Match(q.Where, r) {
			t.Errorf("%s does not find it", s)
		}
	}
	if !query.Match(query.Labelled{Labels: []query.Coding{added}}, r) || !query.Match(query.Labelled{Labels: []query.Coding{{Code: "R"}}}, r) {
		t.Error("an effective label is not seen")
	}
	if query.Match(query.Labelled{Labels: []query.Coding{{System: "x", Code: "R"}, {System: "s"}}}, r) {
		t.Error("a label of another system, or none, is seen")
	}
}

func TestCodedAndCustodian(t *testing.T) {
	r, _ := world(t)
	for x, want := range map[string]struct {
		expr query.Expr
		want bool
	}{
		"code":            {query.Coded{Codings: []query.Coding{{System: "http://loinc.org", Code: "8867-4"}}}, true},
		"any system":      {query.Coded{Codings: []query.Coding{{Code: "8867-4"}}}, true},
		"another code":    {query.Coded{Codings: []query.Coding{{Code: "x"}}}, false},
		"no code":         {query.Coded{Codings: []query.Coding{{System: "http://loinc.org"}}}, false},
		"custodian":       {query.Custodian{ID: "hospital"}, true},
		"other custodian": {query.Custodian{ID: "practice"}, false},
		"no custodian":    {query.Custodian{}, false},
		"type":            {query.TypeIs{Types: []string{"Patient", "Observation"}}, true},
		"other type":      {query.TypeIs{Types: []string{"Patient"}}, false},
	} {
		if got := query.Match(want.expr, r); got != want.want {
			t.Errorf("%s: %v", x, got)
		}
	}
}

func TestSubjectPredicates(t *testing.T) {
	at := time.Date(2020, 5, 5, 0, 0, 0, 0, time.UTC)
	a, b, dr := fhir.Ref{Type: "Patient", ID: "a"}, fhir.Ref{Type: "Patient", ID: "b"}, fhir.Ref{Type: "Practitioner", ID: "dr"}
	anna := query.Subject{Patients: []fhir.Ref{a, {Type: "Patient", ID: "a2"}}, Shape: 7, Relations: []query.Relation{
		{Custodian: "hospital", Party: dr, Start: at.Add(-time.Hour), End: at},
	}}
	bram := query.Subject{Patients: []fhir.Ref{b}}
	person := func(refs ...fhir.Ref) query.Expr { return query.Person{Patients: refs} }
	related := func(custodian string, at time.Time, parties ...fhir.Ref) query.Expr {
		return query.Related{Custodian: custodian, Parties: parties, At: at}
	}
	for _, c := range []struct {
		name     string
		x        query.Expr
		subjects []query.Subject
		want     bool
	}{
		{"the person", person(a), []query.Subject{anna}, true},
		{"by a linked patient", person(fhir.Ref{Type: "Patient", ID: "a2", Version: 3}), []query.Subject{anna}, true},
		{"another", person(b), []query.Subject{anna}, false},
		{"one of two does not do", person(a), []query.Subject{anna, bram}, false},
		{"both", person(a, b), []query.Subject{anna, bram}, true},
		{"nobody", person(a), nil, false},
		{"nobody at all", query.All{}, nil, false},
		{"shape", query.Shape{IDs: []int64{1, 7}}, []query.Subject{anna}, true},
		{"no consent is shape 0", query.Shape{IDs: []int64{0}}, []query.Subject{bram}, true},
		{"another shape", query.Shape{IDs: []int64{0}}, []query.Subject{anna}, false},
		{"each by another part", query.Or(query.Shape{IDs: []int64{7}}, person(b)), []query.Subject{anna, bram}, true},
		{"related", related("hospital", at, dr), []query.Subject{anna}, true},
		{"any party", related("hospital", at), []query.Subject{anna}, true},
		{"another party", related("hospital", at, a), []query.Subject{anna}, false},
		{"another custodian", related("practice", at, dr), []query.Subject{anna}, false},
		{"no custodian", related("", at), []query.Subject{{Relations: []query.Relation{{}}}}, false},
		{"over", related("hospital", at.Add(1), dr), []query.Subject{anna}, false},
		{"not yet", related("hospital", at.Add(-2*time.Hour), dr), []query.Subject{anna}, false},
		{"not", must(query.Not(person(b))), []query.Subject{anna}, true},
		{"nothing about the resource", query.TypeIs{Types: []string{"Observation"}}, []query.Subject{anna}, false},
	} {
		r := query.Resource{Type: "Observation", Subjects: c.subjects}
		if got := query.Match(query.Subjects{X: c.x}, r); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// What the tests index with and parse by.
var (
	r4       = index.NewExtractor(nil, index.Base{})
	language = query.Language{Base: index.ParseBase("https://sluis.example/fhir")}
)
