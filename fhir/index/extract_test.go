package index_test

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"sluis/conformance"
	"sluis/fhir"
	"sluis/fhir/index"
)

func extract(t *testing.T, body string) index.Entries {
	t.Helper()
	doc, err := fhir.ParseDocument([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	e, err := r4.Extract(doc)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// of lists the entries of one parameter, printed short.
func of(e index.Entries, code string) string {
	key := conformance.ParameterKey(e.Type, code)
	var out []string
	add := func(param int32, format string, args ...any) {
		if param == key {
			out = append(out, fmt.Sprintf(format, args...))
		}
	}
	element := func(n index.Element) string {
		if n == 0 {
			return ""
		}
		return fmt.Sprintf("#%d", n)
	}
	for _, x := range e.Tokens {
		add(x.Param, "%s|%s%s", x.System, x.Code, element(x.Element))
	}
	for _, x := range e.Strings {
		add(x.Param, "%s(%s)%s", x.Folded, x.Exact, element(x.Element))
	}
	for _, x := range e.Positions {
		add(x.Param, "%.0f %.0f %.0f", x.X, x.Y, x.Z)
	}
	for _, x := range e.Dates {
		add(x.Param, "%s..%s", micros(x.Low), micros(x.High))
	}
	for _, x := range e.Numbers {
		add(x.Param, "%s[%s,%s)", float(x.Value), float(x.Low), float(x.High))
	}
	for _, x := range e.Quantities {
		add(x.Param, "%s[%s,%s)%s|%s|%s", float(x.Value), float(x.Low), float(x.High), x.System, x.Code, x.Unit)
	}
	for _, x := range e.References {
		add(x.Param, "%s/%s/%d,%s,%s|%s%s", x.Type, x.ID, x.Version, x.URL, x.System, x.Identifier, element(x.Element))
	}
	for _, x := range e.URIs {
		add(x.Param, "%s", x.Value)
	}
	return strings.Join(out, " ; ")
}

func micros(m int64) string {
	for s := range map[string]bool{"2019": true, "2020-01-01": true, "2020-01-03": true, "2020-05-05": true} {
		if low, high, _ := index.DateRange(s); m == low {
			return s
		} else if m == high {
			return "~" + s
		}
	}
	switch m {
	case index.BeforeAll, index.AfterAll:
		return "∞"
	}
	return fmt.Sprint(m)
}

func float(f float64) string {
	if math.Abs(f) == math.MaxFloat64 {
		return "∞"
	}
	return fmt.Sprint(f)
}

func TestEntries(t *testing.T) {
	for _, c := range []struct{ name, body, code, want string }{
		{"code", `{"resourceType":"Observation","status":"final"}`, "status", "|final"},
		{"boolean", `{"resourceType":"Patient","active":true}`, "active", "|true"},
		{"computed boolean", `{"resourceType":"Patient"}`, "deceased", "|false"},
		{"concept", `{"resourceType":"Observation","code":{"coding":[{"system":"s","code":"a","display":"A"},{"code":"b"}],"text":"T"}}`, "code", "|b ; s|a"},
		{"concept of text", `{"resourceType":"Observation","code":{"text":"T"}}`, "code", "|"},
		{"coding", `{"resourceType":"Encounter","class":{"system":"s","code":"AMB"}}`, "class", "s|AMB"},
		{"identifier", `{"resourceType":"Patient","identifier":[{"system":"http://fhir.nl/fhir/NamingSystem/bsn","value":"123456782"},{"value":"x"},{"system":"s"}]}`, "identifier", "|x ; http://fhir.nl/fhir/NamingSystem/bsn|123456782 ; s|"},
		{"contact point", `{"resourceType":"Patient","telecom":[{"system":"phone","value":"020"},{"system":"email","value":"a@b"}]}`, "telecom", "|020 ; |a@b"},
		{"contact point by system", `{"resourceType":"Patient","telecom":[{"system":"phone","value":"020"},{"system":"email","value":"a@b"}]}`, "email", "|a@b"},
		{"name", `{"resourceType":"Patient","name":[{"use":"official","family":"Müller","given":["Ünal","J."],"suffix":["MD"]},{"text":"Jan  Müller"}]}`, "name", "j.(J.) ; jan muller(Jan  Müller) ; md(MD) ; muller(Müller) ; unal(Ünal)"},
		{"address", `{"resourceType":"Patient","address":[{"use":"home","line":["Dam 1"],"postalCode":"1012 JS"}]}`, "address", "1012 js(1012 JS) ; dam 1(Dam 1)"},
		{"once", `{"resourceType":"Patient","name":[{"family":"A"},{"family":"A"}]}`, "family", "a(A)"},
		{"date", `{"resourceType":"Patient","birthDate":"2020-01-01"}`, "birthdate", "2020-01-01..~2020-01-01"},
		{"dateTime choice", `{"resourceType":"Observation","effectiveDateTime":"2019"}`, "date", "2019..~2019"},
		{"period choice", `{"resourceType":"Observation","effectivePeriod":{"start":"2020-01-01"}}`, "date", "2020-01-01..∞"},
		{"period without an end", `{"resourceType":"Observation","effectivePeriod":{"extension":[]}}`, "date", ""},
		{"timing of events", `{"resourceType":"Observation","effectiveTiming":{"event":["2020-01-03","2020-01-01"]}}`, "date", "2020-01-01..~2020-01-03"},
		{"timing in bounds", `{"resourceType":"Observation","effectiveTiming":{"repeat":{"boundsPeriod":{"start":"2020-01-03","end":"2020-05-05"}}}}`, "date", "2020-01-03..~2020-05-05"},
		{"timing without limits", `{"resourceType":"Observation","effectiveTiming":{"code":{"text":"BID"}}}`, "date", ""},
		{"no date in an age", `{"resourceType":"Procedure","performedAge":{"value":3}}`, "date", ""},
		{"no date in a string", `{"resourceType":"Procedure","performedString":"2020"}`, "date", ""},
		{"number", `{"resourceType":"RiskAssessment","prediction":[{"probabilityDecimal":0.80}]}`, "probability", "0.8[0.795,0.805)"},
		{"number range", `{"resourceType":"RiskAssessment","prediction":[{"probabilityRange":{"low":{"value":0.2},"high":{"value":0.4}}}]}`, "probability", "0.2[0.15,0.45) ; 0.4[0.15,0.45)"},
		{"quantity", `{"resourceType":"Observation","valueQuantity":{"value":7.10,"unit":"mmol per L","system":"http://unitsofmeasure.org","code":"mmol/L"}}`, "value-quantity", "7.1[7.095,7.105)http://unitsofmeasure.org|mmol/L|mmol per L ; 4.2757199396e+24[4.27270886922e+24,4.27873100998e+24)~ucum|m-3|"},
		{"at most", `{"resourceType":"Observation","valueQuantity":{"value":5,"comparator":"<="}}`, "value-quantity", "∞[∞,5.000000000000001)|| ; 5[∞,5.000000000000001)||"},
		{"quantity without value", `{"resourceType":"Observation","valueQuantity":{"unit":"kg"}}`, "value-quantity", ""},
		{"money", `{"resourceType":"Invoice","totalNet":{"value":10.50,"currency":"EUR"}}`, "totalnet", "10.5[10.495,10.505)urn:iso:std:iso:4217|EUR|"},
		{"range", `{"resourceType":"Condition","onsetRange":{"low":{"value":30,"unit":"a"}}}`, "onset-age", "30[29.5,∞)||a ; ∞[29.5,∞)||a"},
		{"sampled data", `{"resourceType":"Observation","valueSampledData":{"origin":{"value":100,"unit":"mV"},"factor":2,"data":"1 E -4 U 7"}}`, "value-quantity", "92[92,114.00000000000001)||mV ; 114[92,114.00000000000001)||mV"},
		{"relative", `{"resourceType":"Observation","subject":{"reference":"Patient/p1"}}`, "subject", "Patient/p1/0,,|"},
		{"versioned", `{"resourceType":"Observation","subject":{"reference":"Patient/p1/_history/3"}}`, "subject", "Patient/p1/3,,|"},
		{"absolute", `{"resourceType":"Observation","subject":{"reference":"https://a.example/fhir/Patient/p1"}}`, "subject", "//0,https://a.example/fhir/Patient/p1,|"},
		{"logical", `{"resourceType":"Observation","subject":{"type":"Patient","identifier":{"system":"s","value":"v"}}}`, "patient", "//0,,s|v"},
		{"both", `{"resourceType":"Observation","subject":{"reference":"Patient/p1","identifier":{"value":"v"}}}`, "patient", "Patient/p1/0,,|v"},
		{"contained", `{"resourceType":"Observation","subject":{"reference":"#p"}}`, "subject", ""},
		{"no such type", `{"resourceType":"Observation","subject":{"reference":"Banana/1"}}`, "subject", "//0,Banana/1,|"},
		{"another type", `{"resourceType":"Observation","subject":{"reference":"Group/g"}}`, "patient", ""},
		{"canonical", `{"resourceType":"QuestionnaireResponse","questionnaire":"http://a.example/q|2"}`, "questionnaire", "//0,http://a.example/q,| ; //0,http://a.example/q|2,|"},
		{"our own URL", `{"resourceType":"Observation","subject":{"reference":"HTTPS://Sluis.Example:443/fhir/Patient/p1/_history/2"}}`, "subject", "Patient/p1/2,,|"},
		{"a detour", `{"resourceType":"Observation","subject":{"reference":"https://sluis.example/x/../fhir/Patient/p1"}}`, "subject", "//0,https://sluis.example/x/../fhir/Patient/p1,|"},
		{"texts", `{"resourceType":"Observation","code":{"coding":[{"code":"a","display":"Hart Slag"}],"text":"Pols"}}`, "code:text", "hart slag(Hart Slag) ; pols(Pols)"},
		{"identifier by type", `{"resourceType":"Patient","identifier":[{"type":{"coding":[{"system":"t","code":"MR"}],"text":"Nummer"},"value":"1"}]}`, "identifier:of-type", "t|MR|1"},
		{"text of an identifier's type", `{"resourceType":"Patient","identifier":[{"type":{"text":"Nummer"},"value":"1"}]}`, "identifier:text", "nummer(Nummer)"},
		{"pseudo parameters have no texts", `{"resourceType":"Observation","code":{"text":"a"}}`, conformance.CodedCode + ":text", ""},
		{"component of the resource", `{"resourceType":"Observation","code":{"coding":[{"code":"a"}]},"valueString":"b"}`, "code-value-string$1", "|a#1"},
		{"value of the resource", `{"resourceType":"Observation","code":{"coding":[{"code":"a"}]},"valueString":"b"}`, "code-value-string$2", "b(b)#1"},
		{"no value, no group", `{"resourceType":"Observation","code":{"coding":[{"code":"a"}]}}`, "code-value-string$1", ""},
		{"each component its own", `{"resourceType":"Observation","component":[{"code":{"coding":[{"code":"a"}]},"valueCodeableConcept":{"coding":[{"code":"x"}]}},{"code":{"coding":[{"code":"b"}]}},{"code":{"coding":[{"code":"c"}]},"valueCodeableConcept":{"coding":[{"code":"y"}]}}]}`, "component-code-value-concept$2", "|x#1 ; |y#3"},
		{"read from the root", `{"resourceType":"MolecularSequence","referenceSeq":{"chromosome":{"coding":[{"code":"7"}]}},"variant":[{"start":1,"end":2},{"start":3}]}`, "chromosome-variant-coordinate$1", "|7#1"},
		{"of exchanged components", `{"resourceType":"DocumentReference","relatesTo":[{"code":"replaces","target":{"reference":"DocumentReference/1"}}]}`, "relationship$1", "DocumentReference/1/0,,|#1"},
		{"position", `{"resourceType":"Location","position":{"longitude":90,"latitude":0}}`, "near", "0 1 0"},
		{"no place on earth", `{"resourceType":"Location","position":{"longitude":190,"latitude":0}}`, "near", ""},
		{"kelvin", `{"resourceType":"Observation","valueQuantity":{"value":37.0,"system":"http://unitsofmeasure.org","code":"Cel"}}`, "value-quantity", "37[36.95,37.05)http://unitsofmeasure.org|Cel| ; 310.15[310.1,310.2)~ucum|K|"},
		{"a logarithm stays", `{"resourceType":"Observation","valueQuantity":{"value":7.4,"system":"http://unitsofmeasure.org","code":"[pH]"}}`, "value-quantity", "7.4[7.35,7.45)http://unitsofmeasure.org|[pH]|"},
		{"at most, in grams", `{"resourceType":"Observation","valueQuantity":{"value":5,"comparator":"<=","system":"http://unitsofmeasure.org","code":"mg"}}`, "value-quantity", "∞[∞,0.005000000000000001)~ucum|g| ; ∞[∞,5.000000000000001)http://unitsofmeasure.org|mg| ; 0.005[∞,0.005000000000000001)~ucum|g| ; 5[∞,5.000000000000001)http://unitsofmeasure.org|mg|"},
		{"a range of two units", `{"resourceType":"Condition","onsetRange":{"low":{"value":1,"system":"http://unitsofmeasure.org","code":"h"},"high":{"value":90,"system":"http://unitsofmeasure.org","code":"min"}}}`, "onset-age", "1[0.5,90.5)http://unitsofmeasure.org|h| ; 90[0.5,90.5)http://unitsofmeasure.org|h| ; 3600[1800,5430)~ucum|s| ; 5400[1800,5430)~ucum|s|"},
		{"inline", `{"resourceType":"Bundle","type":"document","entry":[{"resource":{"resourceType":"Composition","id":"c"}},{"resource":{"resourceType":"Patient","id":"p"}}]}`, "composition", "Composition/c/0,,|"},
		{"no reference", `{"resourceType":"Consent","sourceAttachment":{"url":"http://a.example/x"}}`, "source-reference", ""},
		{"uri", `{"resourceType":"Subscription","channel":{"endpoint":"http://a.example/x"}}`, "url", "http://a.example/x"},
		{"profile", `{"resourceType":"Patient","meta":{"profile":["http://a.example/p|1"]}}`, "_profile", "http://a.example/p ; http://a.example/p|1"},
		{"tag", `{"resourceType":"Patient","meta":{"tag":[{"system":"s","code":"t"}]}}`, "_tag", "s|t"},
		{"security", `{"resourceType":"Patient","meta":{"security":[{"system":"s","code":"R"}]}}`, "_security", "s|R"},
		{"source", `{"resourceType":"Patient","meta":{"source":"urn:x"}}`, "_source", "urn:x"},
		{"id is a column", `{"resourceType":"Patient","id":"1"}`, "_id", ""},
		{"what it is about", `{"resourceType":"Observation","code":{"coding":[{"system":"s","code":"a"}]},"category":[{"coding":[{"system":"s","code":"b"}]}]}`, conformance.CodedCode, "s|a ; s|b"},
		{"when", `{"resourceType":"Observation","effectiveDateTime":"2019"}`, conformance.DatedCode, "2019..~2019"},
	} {
		if got := of(extract(t, c.body), c.code); got != c.want {
			t.Errorf("%s, %s\n got %s\nwant %s", c.name, c.code, got, c.want)
		}
	}
}

func TestSubjects(t *testing.T) {
	for body, want := range map[string]string{
		`{"resourceType":"Observation","subject":{"reference":"Patient/b"}}`:                                                                                         "[Patient/b]",
		`{"resourceType":"Observation","subject":{"reference":"Patient/b/_history/2"}}`:                                                                              "[Patient/b]",
		`{"resourceType":"Observation","subject":{"reference":"Group/b"}}`:                                                                                           "[]",
		`{"resourceType":"Observation","subject":{"reference":"https://sluis.example/fhir/Patient/b"}}`:                                                              "[Patient/b]",
		`{"resourceType":"Observation","subject":{"reference":"https://a.example/Patient/b"}}`:                                                                       "[]",
		`{"resourceType":"Observation","subject":{"reference":"#b"},"contained":[{"resourceType":"Patient","id":"b"}]}`:                                              "[]",
		`{"resourceType":"Observation","performer":[{"reference":"Patient/b"}]}`:                                                                                     "[]",
		`{"resourceType":"Appointment","participant":[{"actor":{"reference":"Patient/b"}},{"actor":{"reference":"Patient/a"}},{"actor":{"reference":"Patient/b"}}]}`: "[Patient/a Patient/b]",
		`{"resourceType":"Patient","id":"a"}`:                                                                                                                        "[]",
	} {
		e := extract(t, body)
		if got := fmt.Sprint(e.Subjects); got != want {
			t.Errorf("%s: got %s, want %s", body, got, want)
		}
		if e.IsPatient != (e.Type == "Patient") {
			t.Errorf("%s: IsPatient is %v", body, e.IsPatient)
		}
	}
}

func TestRefusedValues(t *testing.T) {
	doc, err := fhir.ParseDocument([]byte(`{"resourceType":"Patient","birthDate":"2021-02-29","deceasedDateTime":"2021-13"}`))
	if err != nil {
		t.Fatal(err)
	}
	e, err := r4.Extract(doc)
	if fhir.KindOf(err) != fhir.Unprocessable || !strings.Contains(err.Error(), "birthdate") || !strings.Contains(err.Error(), "death-date") {
		t.Errorf("got %v", err)
	}
	if !reflect.DeepEqual(e, index.Entries{}) {
		t.Errorf("entries beside an error: %v", e)
	}
}

func TestExtractKnowsOnlyR4(t *testing.T) {
	doc, err := fhir.ParseDocument([]byte(`{"resourceType":"Banana"}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r4.Extract(doc); fhir.KindOf(err) != fhir.Invalid {
		t.Errorf("got %v", err)
	}
}

func TestJudged(t *testing.T) {
	const head = `{"resourceType":"Observation","status":"final","subject":{"reference":"Patient/a"},`
	same := []string{
		head + `"code":{"coding":[{"system":"s","code":"1"},{"system":"s","code":"2"}]}}`,
		head + `"code":{"coding":[{"system":"s","code":"2","display":"x"},{"system":"s","code":"1"}]},"valueString":"v"}`,
	}
	other := []string{
		head + `"code":{"coding":[{"system":"s","code":"1"}]}}`,
		head + `"code":{"coding":[{"system":"s1"},{"system":"s","code":"2"}]}}`,
		strings.Replace(same[0], "Patient/a", "Patient/b", 1),
		strings.Replace(same[0], `"status"`, `"meta":{"security":[{"code":"R"}]},"status"`, 1),
		strings.Replace(same[0], `"status"`, `"meta":{"profile":["p"]},"status"`, 1),
	}
	want := extract(t, same[0]).Judged()
	if got := extract(t, same[1]).Judged(); got != want {
		t.Errorf("what no decision turns on changed the fingerprint")
	}
	seen := map[string]string{want: same[0]}
	for _, body := range other {
		got := extract(t, body).Judged()
		if was, dup := seen[got]; dup {
			t.Errorf("%s is judged as %s", body, was)
		}
		seen[got] = body
	}
}

func ExampleExtractor() {
	doc, err := fhir.ParseDocument([]byte(`{"resourceType":"Observation","status":"final",
		"code":{"coding":[{"system":"http://loinc.org","code":"8867-4"}]},
		"subject":{"reference":"Patient/p1"},
		"valueQuantity":{"value":72,"unit":"/min"}}`))
	if err != nil {
		panic(err)
	}
	entries, err := index.NewExtractor(conformance.R4(), index.ParseBase("https://sluis.example/fhir")).Extract(doc)
	if err != nil {
		panic(err)
	}
	code := conformance.ParameterKey("Observation", "code")
	for _, t := range entries.Tokens {
		if t.Param == code {
			fmt.Println(t.System, t.Code)
		}
	}
	fmt.Println(entries.Subjects)
	// Output:
	// http://loinc.org 8867-4
	// [Patient/p1]
}

// r4 is what most tests extract with.
var r4 = index.NewExtractor(nil, index.ParseBase("https://sluis.example/fhir/"))
