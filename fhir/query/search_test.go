package query_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"sluis/conformance"
	"sluis/fhir"
	"sluis/fhir/index"
	"sluis/fhir/query"
)

// ward is a small population in which references are followed both ways.
type ward []query.Resource

func newWard(t testing.TB) ward {
	var w ward
	for id, body := range map[string]string{
		"p1": `{"resourceType":"Patient","name":[{"family":"Müller","given":["Jan"]}],"gender":"male","birthDate":"1970-05-05",
			"identifier":[{"type":{"coding":[{"system":"t","code":"MR"}],"text":"Dossiernummer"},"value":"77"}],"generalPractitioner":[{"reference":"Practitioner/dr"}]}`,
		"dr": `{"resourceType":"Practitioner","name":[{"family":"de Boer"}]}`,
		"o1": `{"resourceType":"Observation","status":"final","text":{"status":"generated","div":"<div>Pijn op de <b>borst</b></div>"},
			"code":{"coding":[{"system":"http://loinc.org","code":"85354-9","display":"Bloeddruk"}]},"subject":{"reference":"Patient/p1"},
			"performer":[{"reference":"https://sluis.example/fhir/Practitioner/dr"}],"effectivePeriod":{"start":"2020-05-04","end":"2020-05-06"},
			"component":[
				{"code":{"coding":[{"code":"sys"}]},"valueQuantity":{"value":120,"system":"http://unitsofmeasure.org","code":"mm[Hg]"}},
				{"code":{"coding":[{"code":"dia"}]},"valueQuantity":{"value":80,"system":"http://unitsofmeasure.org","code":"mm[Hg]"}}],
			"note":[{"text":"Hoofdpijn, misselijk"}]}`,
		"o2": `{"resourceType":"Observation","status":"final","code":{"text":"Gewicht"},"subject":{"reference":"Patient/p1"},
			"valueQuantity":{"value":1.5,"system":"http://unitsofmeasure.org","code":"g"},"hasMember":[{"reference":"Observation/o1"}]}`,
		"l1": `{"resourceType":"List","status":"current","mode":"working","entry":[{"item":{"reference":"Patient/p1"}}]}`,
		"am": `{"resourceType":"Location","name":"Dam","position":{"latitude":52.373,"longitude":4.893}}`,
		"vs": `{"resourceType":"ValueSet","status":"active","url":"http://a.example/fhir/ValueSet/x"}`,
		"r1": `{"resourceType":"RiskAssessment","status":"final","subject":{"reference":"Patient/p1"},"prediction":[{"probabilityDecimal":0.50}]}`,
	} {
		doc, err := fhir.ParseDocument([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		e, err := index.NewExtractor(nil, language.Base).Extract(doc)
		if err != nil {
			t.Fatal(err)
		}
		w = append(w, query.Resource{Type: doc.Type(), ID: id, Entries: e})
	}
	return w
}

// find lists the ids of a search, sorted.
func (w ward) find(q query.Query) string {
	var out []string
	for _, r := range w {
		if (q.Type == "" || q.Type == r.Type) && query.Match(q.Where, w.linked(r)) {
			out = append(out, r.ID)
		}
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func (w ward) linked(r query.Resource) query.Resource {
	r.Resolve = func(ref fhir.Ref) (query.Resource, bool) {
		for _, x := range w {
			if x.Type == ref.Type && x.ID == ref.ID {
				return w.linked(x), true
			}
		}
		return query.Resource{}, false
	}
	r.Referrers = func(_ fhir.Ref, source string) (out []query.Resource) {
		for _, x := range w {
			if x.Type == source {
				out = append(out, w.linked(x))
			}
		}
		return out
	}
	return r
}

func TestSearches(t *testing.T) {
	w := newWard(t)
	for s, want := range map[string]string{
		"Observation?component-code-value-quantity=sys$120":                                "o1",
		"Observation?component-code-value-quantity=sys$80":                                 "",
		"Observation?component-code-value-quantity=sys$80,dia$80":                          "o1",
		"Observation?component-code-value-quantity=sys$gt16|http://unitsofmeasure.org|kPa": "",
		"Observation?component-code-value-quantity=sys$gt15|http://unitsofmeasure.org|kPa": "o1",
		"Observation?combo-code-value-quantity=dia$lt90":                                   "o1",
		"Observation?value-quantity=1500|http://unitsofmeasure.org|mg":                     "",
		"Observation?value-quantity=gt1499|http://unitsofmeasure.org|mg":                   "o2",
		"Observation?value-quantity=ge1500|http://unitsofmeasure.org|mg":                   "o2",
		"Observation?value-quantity=1.5|http://unitsofmeasure.org|g":                       "o2",
		"Observation?value-quantity=0.0015|http://unitsofmeasure.org|kg":                   "o2",
		"Observation?value-quantity=1.5||g":                                                "o2",
		"Observation?value-quantity=1.5|http://unitsofmeasure.org|m":                       "",
		"Observation?value-quantity=1.5|http://unitsofmeasure.org|":                        "o2",
		"Observation?component-value-quantity=0.12":                                        "",
		"Observation?code:text=bloed":                                                      "o1",
		"Observation?code:text=druk":                                                       "",
		"Observation?code:text=GEW":                                                        "o2",
		"Observation?code:in=http://a.example/vs":                                          "",
		"Observation?code:above=85354-9":                                                   "",
		"Patient?identifier:of-type=t|MR|77":                                               "p1",
		"Patient?identifier:of-type=t|SS|77":                                               "",
		"Patient?identifier:text=dossier":                                                  "p1",
		"ValueSet?url:below=http://a.example/fhir":                                         "vs",
		"ValueSet?url:below=http://a.example/fhir/":                                        "vs",
		"ValueSet?url:below=http://a.example/fh":                                           "",
		"ValueSet?url:above=http://a.example/fhir/ValueSet/x/_history/3":                   "vs",
		"ValueSet?url:above=http://a.example/fhir/ValueSet/xy":                             "",
		"Observation?_text=borst pijn":                                                     "o1",
		"Observation?_text=borst gewicht":                                                  "",
		"Observation?_text=gewicht,BORST":                                                  "o1",
		"Observation?_text=hoofdpijn":                                                      "",
		"Observation?_content=Hoofdpijn":                                                   "o1",
		"?_content=jan":                                                                    "p1",
		"Location?near=52.37|4.89|1|km":                                                    "am",
		"Location?near=52.37|4.89|100|m":                                                   "",
		"Location?near=51.92|4.48":                                                         "",
		"Location?near=51.92|4.48|60":                                                      "am",
		"Location?near=0|0|30000":                                                          "am",
		"Patient?_has:Observation:patient:code=85354-9":                                    "p1",
		"Patient?_has:Observation:patient:code=x":                                          "",
		"Patient?_has:Observation:patient:_has:Observation:has-member:code:text=gewicht":   "p1",
		"Patient?_has:Observation:patient:performer:Practitioner.name=boer":                "",
		"Patient?_has:Observation:patient:performer:Practitioner.name=de b":                "p1",
		"Observation?subject:Patient._has:List:item:_id=l1":                                "o1 o2",
		"Observation?patient.general-practitioner:Practitioner.name=de":                    "o1 o2",
		"Observation?patient.general-practitioner.name=x":                                  "",
		"Observation?performer=Practitioner/dr":                                            "o1",
		"Observation?performer=HTTPS://SLUIS.EXAMPLE:443/fhir/Practitioner/dr":             "o1",
		"Patient?_list=l1":                                                                 "p1",
		"Patient?_list=l2":                                                                 "",
		"Observation?has-member.subject:Patient.gender=male":                               "o2",
		"Patient?_filter=name eq muller":                                                   "p1",
		"Patient?_filter=name eq mull":                                                     "",
		"Patient?_filter=name ne muller":                                                   "p1",
		"Patient?_filter=family ne muller":                                                 "",
		"Patient?_filter=family co lle":                                                    "p1",
		"Patient?_filter=family ew ler":                                                    "p1",
		"Patient?_filter=family ew mull":                                                   "",
		"Patient?_filter=family gt l":                                                      "p1",
		"Patient?_filter=family gt m":                                                      "",
		"Patient?_filter=family ge Mzzz":                                                   "p1",
		"Patient?_filter=family le m":                                                      "p1",
		"Patient?_filter=family lt m":                                                      "",
		"Patient?_filter=gender ne female":                                                 "p1",
		"Patient?_filter=gender ne male":                                                   "",
		"Patient?_filter=gender eq male or name eq x and name eq y":                        "", // from left to right
		"Patient?_filter=gender eq male or (name eq x and name eq y)":                      "p1",
		"Patient?_filter=not (gender eq male) or birthdate lt 1980":                        "p1",
		"Patient?_filter=death-date pr false and birthdate pr true":                        "p1",
		"Observation?_filter=date po 2020-05-06":                                           "o1",
		"Observation?_filter=date co 2020-05-05":                                           "o1",
		"Observation?_filter=date co 2020-05":                                              "",
		"Observation?_filter=subject re Patient/p1":                                        "o1 o2",
		"Observation?_filter=subject:Patient[gender eq male].family eq muller":             "o1 o2",
		"Observation?_filter=subject[gender eq female].family eq muller":                   "",
		"RiskAssessment?_filter=probability co 0.503":                                      "r1",
		"RiskAssessment?_filter=probability co 0.51":                                       "",
		"ValueSet?_filter=url ne http://a.example/fhir/ValueSet/x":                         "",
		"ValueSet?_filter=url eq http://a.example/fhir/ValueSet/x":                         "vs",
		"?_type=Patient,Observation&_filter=_id eq p1 or _id eq o2":                        "o2 p1",
	} {
		q, err := search(s)
		if err != nil {
			t.Errorf("%s: %v", s, err)
			continue
		}
		if got := w.find(q); got != want {
			t.Errorf("%s finds %q, want %q", s, got, want)
		}
	}
}

func TestCompartments(t *testing.T) {
	w := newWard(t)
	for _, c := range []struct{ of, resourceType, params, want, names string }{
		{"Patient/p1", "Observation", "", "o1 o2", "Patient/p1"},
		{"Patient/p1", "Observation", "code:text=gewicht", "o2", "Patient/p1"},
		{"Patient/p1", "Patient", "", "p1", "Patient/p1"},
		{"Patient/p1", "", "", "o1 o2 p1 r1", "Patient/p1"},
		{"Patient/p1", "", "_type=RiskAssessment,Observation&_id=o1,r1", "o1 r1", "Observation/o1 Observation/r1 Patient/p1 RiskAssessment/o1 RiskAssessment/r1"},
		{"Patient/p2", "", "", "", "Patient/p2"},
		{"Practitioner/dr", "Observation", "", "o1", "Practitioner/dr"},
		{"Practitioner/dr", "Practitioner", "", "dr", "Practitioner/dr"},
		{"Practitioner/dr", "", "_type=Group", "", "Practitioner/dr"},
	} {
		of, _ := fhir.ParseRef(c.of)
		q, err := language.ParseCompartment(of, c.resourceType, params(c.params))
		if err != nil {
			t.Errorf("%v: %v", c, err)
			continue
		}
		if got := w.find(q); got != c.want {
			t.Errorf("%s/%s?%s finds %q, want %q", c.of, c.resourceType, c.params, got, c.want)
		}
		if got := strings.Trim(fmt.Sprint(query.Named(q)), "[]"); got != c.names {
			t.Errorf("%s/%s?%s names %q, want %q", c.of, c.resourceType, c.params, got, c.names)
		}
		if err := query.Validate(q.Where); err != nil {
			t.Error(err)
		}
	}
	for of, resourceType := range map[string]string{"Group/1": "Observation", "Patient/1": "Organization", "Patient/a_b": "Observation", "Patient/2": "Banana"} {
		kind, id, _ := strings.Cut(of, "/")
		if _, err := language.ParseCompartment(fhir.Ref{Type: kind, ID: id}, resourceType, nil); fhir.KindOf(err) != fhir.Invalid || err == nil {
			t.Errorf("%s/%s: %v", of, resourceType, err)
		}
	}
	if _, ignored, err := language.ParseCompartmentLenient(fhir.Ref{Type: "Patient", ID: "1"}, "Observation", params("kiwi=1")); err != nil || fmt.Sprint(ignored) != "[kiwi]" {
		t.Errorf("%v %v", ignored, err)
	}
}

// The search of a compartment is one that a filter can say, for a single type.
func TestCompartmentPrints(t *testing.T) {
	q := must(language.ParseCompartment(fhir.Ref{Type: "Patient", ID: "1"}, "Observation", params("code=x")))
	if got := unescaped(t, q); got != "Observation?_filter=(performer re Patient/1 or subject re Patient/1)&code=x" {
		t.Error(got)
	}
}

func TestCustomParameters(t *testing.T) {
	tongue := &conformance.Parameter{Base: "Patient", Code: "tongue", Type: conformance.TokenParam, Expression: "Patient.communication.language"}
	definitions, err := conformance.R4().With(tongue)
	if err != nil {
		t.Fatal(err)
	}
	mine := query.Language{Definitions: definitions}
	q, err := mine.Parse("Patient", params("tongue=fy&_sort=tongue"))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := fhir.ParseDocument([]byte(`{"resourceType":"Patient","communication":[{"language":{"coding":[{"code":"fy"}]}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	for want, x := range map[bool]*index.Extractor{true: index.NewExtractor(definitions, index.Base{}), false: r4} {
		e, err := x.Extract(doc)
		if err != nil {
			t.Fatal(err)
		}
		if got := query.Match(q.Where, query.Resource{Type: "Patient", Entries: e}); got != want {
			t.Errorf("found: %v, want %v", got, want)
		}
	}
	if _, err := language.Parse("Patient", params("tongue=fy")); err == nil {
		t.Error("another server knows the parameter")
	}
	if q.String() != "Patient?tongue=fy&_sort=tongue" {
		t.Error(q.String())
	}
	if err := index.Supports(&conformance.Parameter{Base: "Patient", Type: conformance.StringParam, Code: "x", Expression: "Patient.name.first()"}); err == nil {
		t.Error("an expression outside the subset is supported")
	}
}

func TestAncestors(t *testing.T) {
	got := fmt.Sprint(query.Ancestors("http://a.example/x/y/"))
	if got != "[http://a.example/x/y http://a.example/x/y/ http://a.example/x http://a.example/x/ http://a.example http://a.example/]" {
		t.Error(got)
	}
}

func ExampleLanguage_ParseCompartment() {
	q, err := query.Language{}.ParseCompartment(fhir.Ref{Type: "Encounter", ID: "e1"}, "Observation", []fhir.Param{{Name: "code", Value: "8867-4"}})
	if err != nil {
		panic(err)
	}
	for _, p := range must(q.Params()) {
		fmt.Println(p.Name, p.Value)
	}
	// Output:
	// encounter Encounter/e1
	// code 8867-4
}
