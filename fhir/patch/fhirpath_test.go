package patch_test

import (
	"fmt"
	"strings"
	"testing"

	"sluis/conformance"
	"sluis/fhir"
	"sluis/fhir/patch"
)

// op writes an operation of a FHIRPath Patch; the rest are parts, as name and
// the JSON of what the part holds: valueString for a bare text.
func op(kind, path string, rest ...string) string {
	b := fmt.Sprintf(`{"name":"operation","part":[{"name":"type","valueCode":%q},{"name":"path","valueString":%q}`, kind, path)
	for i := 0; i+1 < len(rest); i += 2 {
		b += fmt.Sprintf(`,{"name":%q,%s}`, rest[i], rest[i+1])
	}
	return b + "]}"
}

func parameters(ops ...string) string {
	return `{"resourceType":"Parameters","parameter":[` + strings.Join(ops, ",") + `]}`
}

const (
	patient = `{"resourceType":"Patient","active":true,"identifier":[{"system":"a","value":"1"},{"system":"b","value":"2"},{"system":"c","value":"3"}],"name":[{"use":"official","family":"Jansen","given":["Anna","Maria"]},{"use":"usual","given":["An"]}],"birthDate":"1980-02-01","contact":[{"name":{"text":"x"},"gender":"female"}]}`
	weight  = `{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":7.10,"unit":"kg"},"component":[{"code":{"text":"a"},"valueString":"s"},{"code":{"text":"b"},"valueInteger":5}]}`
	padded  = `{"resourceType":"Patient","birthDate":"1980","_birthDate":{"extension":[{"url":"http://a","valueCode":"x"},{"url":"http://b","valueString":"y"}]},"name":[{"given":["a",null,"c"],"_given":[null,{"id":"i"},{"id":"j"}]}]}`
)

// TestFHIRPath is R4 fhirpatch.html, operation by operation.
func TestFHIRPath(t *testing.T) {
	in := func(doc, from, to string) string {
		if !strings.Contains(doc, from) {
			t.Fatalf("%s does not stand in %s", from, doc)
		}
		return strings.Replace(doc, from, to, 1)
	}
	for name, tt := range map[string]struct{ doc, patch, want string }{
		"add a primitive":                 {`{"resourceType":"Patient"}`, parameters(op("add", "Patient", "name", `"valueString":"birthDate"`, "value", `"valueDate":"1930-01-01"`)), `{"resourceType":"Patient","birthDate":"1930-01-01"}`},
		"add with an extension":           {`{"resourceType":"Patient"}`, parameters(op("add", "Patient", "name", `"valueString":"birthDate"`, "value", `"_valueDate":{"extension":[{"url":"http://x","valueCode":"unknown"}]}`)), `{"resourceType":"Patient","_birthDate":{"extension":[{"url":"http://x","valueCode":"unknown"}]}}`},
		"add to a list":                   {patient, parameters(op("add", "Patient", "name", `"valueString":"identifier"`, "value", `"valueIdentifier":{"value":"4"}`)), in(patient, `"value":"3"}`, `"value":"3"},{"value":"4"}`)},
		"add a list":                      {`{"resourceType":"Patient"}`, parameters(op("add", "Patient", "name", `"valueString":"identifier"`, "value", `"valueIdentifier":{"value":"4"}`)), `{"resourceType":"Patient","identifier":[{"value":"4"}]}`},
		"add within an element":           {patient, parameters(op("add", "Patient.contact[0]", "name", `"valueString":"telecom"`, "value", `"valueContactPoint":{"system":"phone"}`)), in(patient, `"gender":"female"`, `"gender":"female","telecom":[{"system":"phone"}]`)},
		"add an anonymous element":        {`{"resourceType":"Patient"}`, parameters(op("add", "Patient", "name", `"valueString":"contact"`, "value", `"part":[{"name":"name","valueHumanName":{"text":"x"}},{"name":"relationship","valueCodeableConcept":{"text":"a"}},{"name":"relationship","valueCodeableConcept":{"text":"b"}}]`)), `{"resourceType":"Patient","contact":[{"name":{"text":"x"},"relationship":[{"text":"a"},{"text":"b"}]}]}`},
		"add a nested anonymous element":  {`{"resourceType":"Observation"}`, parameters(op("add", "Observation", "name", `"valueString":"component"`, "value", `"part":[{"name":"code","valueCodeableConcept":{"text":"c"}},{"name":"value","valueQuantity":{"value":1.50}},{"name":"referenceRange","part":[{"name":"text","valueString":"r"}]}]`)), `{"resourceType":"Observation","component":[{"code":{"text":"c"},"valueQuantity":{"value":1.50},"referenceRange":[{"text":"r"}]}]}`},
		"add a choice":                    {`{"resourceType":"Patient"}`, parameters(op("add", "Patient", "name", `"valueString":"deceased"`, "value", `"valueBoolean":false`)), `{"resourceType":"Patient","deceasedBoolean":false}`},
		"add a profiled quantity":         {`{"resourceType":"Observation"}`, parameters(op("add", "Observation", "name", `"valueString":"referenceRange"`, "value", `"part":[{"name":"low","valueQuantity":{"value":1.0}}]`)), `{"resourceType":"Observation","referenceRange":[{"low":{"value":1.0}}]}`},
		"add a contained resource":        {`{"resourceType":"Patient"}`, parameters(op("add", "Patient", "name", `"valueString":"contained"`, "value", `"resource":{"resourceType":"Organization","id":"o","name":"x"}`)), `{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"o","name":"x"}]}`},
		"add within a contained one":      {`{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"o"}]}`, parameters(op("add", "Patient.contained.where(id = 'o')", "name", `"valueString":"name"`, "value", `"valueString":"x"`)), `{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"o","name":"x"}]}`},
		"add an extension to a primitive": {`{"resourceType":"Patient","birthDate":"1980"}`, parameters(op("add", "Patient.birthDate", "name", `"valueString":"extension"`, "value", `"valueExtension":{"url":"http://x","valueCode":"y"}`)), ``},
		"add an extension in parts":       {`{"resourceType":"Patient","birthDate":"1980"}`, parameters(op("add", "Patient.birthDate", "name", `"valueString":"extension"`, "value", `"part":[{"name":"url","valueUri":"http://x"},{"name":"value","valueCode":"y"}]`)), `{"resourceType":"Patient","birthDate":"1980","_birthDate":{"extension":[{"url":"http://x","valueCode":"y"}]}}`},
		"add a generic type by its own":   {`{"resourceType":"Patient"}`, parameters(op("add", "Patient", "name", `"valueString":"language"`, "value", `"valueCode":"nl"`)), `{"resourceType":"Patient","language":"nl"}`},

		"insert first":               {patient, parameters(op("insert", "Patient.identifier", "index", `"valueInteger":0`, "value", `"valueIdentifier":{"value":"0"}`)), in(patient, `"identifier":[`, `"identifier":[{"value":"0"},`)},
		"insert between":             {patient, parameters(op("insert", "Patient.identifier", "index", `"valueInteger":2`, "value", `"valueIdentifier":{"value":"x"}`)), in(patient, `{"system":"c"`, `{"value":"x"},{"system":"c"`)},
		"insert at the end":          {patient, parameters(op("insert", "Patient.identifier", "index", `"valueInteger":3`, "value", `"valueIdentifier":{"value":"x"}`)), in(patient, `"value":"3"}`, `"value":"3"},{"value":"x"}`)},
		"insert into nothing":        {`{"resourceType":"Patient"}`, parameters(op("insert", "Patient.identifier", "index", `"valueInteger":0`, "value", `"valueIdentifier":{"value":"x"}`)), `{"resourceType":"Patient","identifier":[{"value":"x"}]}`},
		"insert among padded values": {padded, parameters(op("insert", "Patient.name[0].given", "index", `"valueInteger":1`, "value", `"valueString":"b"`)), in(padded, `"given":["a",null,"c"],"_given":[null,{"id":"i"},{"id":"j"}]`, `"given":["a","b",null,"c"],"_given":[null,null,{"id":"i"},{"id":"j"}]`)},

		"delete a primitive":                  {patient, parameters(op("delete", "Patient.birthDate")), in(patient, `"birthDate":"1980-02-01",`, ``)},
		"delete what is not there":            {patient, parameters(op("delete", "Patient.gender")), patient},
		"delete below what is not there":      {patient, parameters(op("delete", "Patient.maritalStatus.text")), patient},
		"delete of another type":              {patient, parameters(op("delete", "Observation.status")), patient},
		"delete a nested primitive":           {patient, parameters(op("delete", "Patient.contact[0].gender")), in(patient, `,"gender":"female"`, ``)},
		"delete one of a list":                {patient, parameters(op("delete", "Patient.identifier[1]")), in(patient, `{"system":"b","value":"2"},`, ``)},
		"delete the last":                     {patient, parameters(op("delete", "Patient.identifier.last()")), in(patient, `,{"system":"c","value":"3"}`, ``)},
		"delete by where":                     {patient, parameters(op("delete", "Patient.identifier.where(system = 'b')")), in(patient, `{"system":"b","value":"2"},`, ``)},
		"delete a primitive's extensions":     {padded, parameters(op("delete", "Patient.birthDate.extension.where(url='http://a')"), op("delete", "Patient.birthDate.extension('http://b')")), in(padded, `"_birthDate":{"extension":[{"url":"http://a","valueCode":"x"},{"url":"http://b","valueString":"y"}]},`, ``)},
		"delete a primitive with all its own": {padded, parameters(op("delete", "Patient.birthDate")), `{"resourceType":"Patient",` + padded[strings.Index(padded, `"name"`):]},
		"delete of padded values":             {padded, parameters(op("delete", "Patient.name.given[0]")), in(padded, `["a",null,"c"],"_given":[null,{"id":"i"}`, `[null,"c"],"_given":[{"id":"i"}`)},
		"delete of an element without value":  {padded, parameters(op("delete", "Patient.name.given[1]")), in(padded, `["a",null,"c"],"_given":[null,{"id":"i"},{"id":"j"}]`, `["a","c"],"_given":[null,{"id":"j"}]`)},
		"delete leaves nothing empty":         {patient, parameters(op("delete", "Patient.contact.gender"), op("delete", "Patient.contact.name.text")), in(patient, `,"contact":[{"name":{"text":"x"},"gender":"female"}]`, ``)},
		"delete a choice":                     {weight, parameters(op("delete", "Observation.value")), in(weight, `"valueQuantity":{"value":7.10,"unit":"kg"},`, ``)},

		"replace a primitive":             {patient, parameters(op("replace", "Patient.birthDate", "value", `"valueDate":"1930-01-01"`)), in(patient, "1980-02-01", "1930-01-01")},
		"replace without the type":        {patient, parameters(op("replace", "birthDate", "value", `"valueDate":"1930-01-01"`)), in(patient, "1980-02-01", "1930-01-01")},
		"replace one of a list":           {patient, parameters(op("replace", "Patient.name[0].given[1]", "value", `"valueString":"Mia"`)), in(patient, "Maria", "Mia")},
		"replace a whole element":         {patient, parameters(op("replace", "Patient.name.where(use = 'usual')", "value", `"valueHumanName":{"text":"An"}`)), in(patient, `{"use":"usual","given":["An"]}`, `{"text":"An"}`)},
		"replace an anonymous element":    {patient, parameters(op("replace", "Patient.contact", "value", `"part":[{"name":"gender","valueCode":"male"}]`)), in(patient, `{"name":{"text":"x"},"gender":"female"}`, `{"gender":"male"}`)},
		"replace a number":                {weight, parameters(op("replace", "Observation.value.value", "value", `"valueDecimal":0.30`)), in(weight, "7.10", "0.30")},
		"replace a choice by its like":    {weight, parameters(op("replace", "Observation.value", "value", `"valueQuantity":{"value":8.0}`)), in(weight, `{"value":7.10,"unit":"kg"}`, `{"value":8.0}`)},
		"replace a choice by another":     {weight, parameters(op("replace", "Observation.value", "value", `"valueString":"x"`)), in(weight, `"valueQuantity":{"value":7.10,"unit":"kg"},`, ``)[:len(in(weight, `"valueQuantity":{"value":7.10,"unit":"kg"},`, ``))-1] + `,"valueString":"x"}`},
		"replace a choice of one type":    {weight, parameters(op("replace", "Observation.component.value.ofType(integer)", "value", `"valueInteger":6`)), in(weight, `"valueInteger":5`, `"valueInteger":6`)},
		"replace through as":              {weight, parameters(op("replace", "(Observation.value as Quantity).unit", "value", `"valueString":"g"`)), in(weight, `"kg"`, `"g"`)},
		"replace narrative by a string":   {`{"resourceType":"Patient","text":{"status":"generated","div":"<div/>"}}`, parameters(op("replace", "Patient.text.div", "value", `"valueString":"<div>x</div>"`)), `{"resourceType":"Patient","text":{"status":"generated","div":"<div>x</div>"}}`},
		"replace keeps what is beside it": {padded, parameters(op("replace", "Patient.birthDate.extension[0].value", "value", `"valueCode":"z"`)), in(padded, `"valueCode":"x"`, `"valueCode":"z"`)},

		"move forwards":           {patient, parameters(op("move", "Patient.identifier", "source", `"valueInteger":2`, "destination", `"valueInteger":0`)), in(patient, `{"system":"a","value":"1"},{"system":"b","value":"2"},{"system":"c","value":"3"}`, `{"system":"c","value":"3"},{"system":"a","value":"1"},{"system":"b","value":"2"}`)},
		"move backwards":          {patient, parameters(op("move", "Patient.identifier", "source", `"valueInteger":0`, "destination", `"valueInteger":2`)), in(patient, `{"system":"a","value":"1"},{"system":"b","value":"2"},{"system":"c","value":"3"}`, `{"system":"b","value":"2"},{"system":"c","value":"3"},{"system":"a","value":"1"}`)},
		"move of padded values":   {padded, parameters(op("move", "Patient.name[0].given", "source", `"valueInteger":0`, "destination", `"valueInteger":2`)), in(padded, `["a",null,"c"],"_given":[null,{"id":"i"},{"id":"j"}]`, `[null,"c","a"],"_given":[{"id":"i"},{"id":"j"},null]`)},
		"several, in their order": {patient, parameters(op("delete", "Patient.name[0]"), op("replace", "Patient.name[0].use", "value", `"valueCode":"nickname"`)), in(in(patient, `{"use":"official","family":"Jansen","given":["Anna","Maria"]},`, ``), `"usual"`, `"nickname"`)},
	} {
		t.Run(name, func(t *testing.T) {
			body := []byte(tt.patch)
			doc, err := fhir.ParseDocument(body)
			if err != nil {
				t.Fatalf("%s: %v", body, err)
			}
			p, err := patch.ParseParameters(doc)
			if tt.want == "" { // Parameters have no value of that type
				if fhir.KindOf(err) != fhir.Invalid {
					t.Fatalf("%v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if got, err := p.Apply(document(t, tt.doc)); err != nil || string(got) != tt.want {
					t.Fatalf("%v\n got %s\nwant %s", err, got, tt.want)
				}
			}
		})
	}
}

func TestFHIRPath_Refused(t *testing.T) {
	birthDate := []string{"name", `"valueString":"birthDate"`, "value", `"valueDate":"1930"`}
	identifier := []string{"index", `"valueInteger":4`, "value", `"valueIdentifier":{"value":"x"}`}
	for name, tt := range map[string]struct {
		patch string
		kind  fhir.Kind
	}{
		"another resource":           {`{"resourceType":"Patient"}`, fhir.Invalid},
		"no operations":              {`{"resourceType":"Parameters"}`, fhir.Invalid},
		"invalid Parameters":         {`{"resourceType":"Parameters","parameter":[{"name":5}]}`, fhir.Invalid},
		"a parameter of other name":  {`{"resourceType":"Parameters","parameter":[{"name":"x","valueString":"y"}]}`, fhir.Invalid},
		"an operation that is none":  {parameters(op("improve", "Patient.active")), fhir.Invalid},
		"a part that is none":        {parameters(op("delete", "Patient.active", "x", `"valueString":"y"`)), fhir.Invalid},
		"a part of another kind":     {parameters(op("delete", "Patient.active", "index", `"valueInteger":0`)), fhir.Invalid},
		"a part twice":               {parameters(op("delete", "Patient.active", "path", `"valueString":"y"`)), fhir.Invalid},
		"add without a name":         {parameters(op("add", "Patient", "value", `"valueDate":"1930"`)), fhir.Invalid},
		"replace without a value":    {parameters(op("replace", "Patient.active")), fhir.Invalid},
		"insert without an index":    {parameters(op("insert", "Patient.identifier", "value", `"valueIdentifier":{"value":"x"}`)), fhir.Invalid},
		"a negative index":           {parameters(op("insert", "Patient.identifier", "index", `"valueInteger":-1`, "value", `"valueIdentifier":{"value":"x"}`)), fhir.Invalid},
		"a path that ends too soon":  {parameters(op("delete", "Patient.name[")), fhir.Invalid},
		"resolve()":                  {parameters(op("delete", "Patient.managingOrganization.resolve().name")), fhir.Invalid},
		"a function of no location":  {parameters(op("delete", "Patient.name.given.upper()")), fhir.Invalid},
		"arithmetic":                 {parameters(op("delete", "Patient.name[1+1]")), fhir.Invalid},
		"a union":                    {parameters(op("delete", "Patient.name | Patient.contact")), fhir.Invalid},
		"parentheses without end":    {parameters(op("delete", strings.Repeat("(", 900))), fhir.Invalid},
		"conditions without end":     {parameters(op("delete", "Patient.name.where("+strings.Repeat("(", 900))), fhir.Invalid},
		"a path without end":         {parameters(op("delete", strings.Repeat("a.", 2000)+"a")), fhir.Invalid},
		"add at nothing":             {parameters(op("add", "Patient.maritalStatus", "name", `"valueString":"text"`, "value", `"valueString":"x"`)), fhir.Unprocessable},
		"add at several":             {parameters(op("add", "Patient.name", "name", `"valueString":"text"`, "value", `"valueString":"x"`)), fhir.Unprocessable},
		"add what is there":          {parameters(op("add", "Patient", birthDate...)), fhir.Unprocessable},
		"add what R4 has not":        {parameters(op("add", "Patient", "name", `"valueString":"shoeSize"`, "value", `"valueInteger":42`)), fhir.Unprocessable},
		"add by a name of JSON":      {parameters(op("add", "Patient", "name", `"valueString":"deceasedBoolean"`, "value", `"valueBoolean":true`)), fhir.Unprocessable},
		"add of the wrong type":      {parameters(op("add", "Patient", "name", `"valueString":"gender"`, "value", `"valueString":"male"`)), fhir.Unprocessable},
		"add of no type of a choice": {parameters(op("add", "Patient", "name", `"valueString":"deceased"`, "value", `"valueString":"yes"`)), fhir.Unprocessable},
		"add parts of a primitive":   {parameters(op("add", "Patient", "name", `"valueString":"gender"`, "value", `"part":[{"name":"x","valueString":"y"}]`)), fhir.Unprocessable},
		"delete of several":          {parameters(op("delete", "Patient.name")), fhir.Unprocessable},
		"delete of the resource":     {parameters(op("delete", "Patient")), fhir.Unprocessable},
		"delete of no element of R4": {parameters(op("delete", "Patient.nonsense")), fhir.Unprocessable},
		"replace of nothing":         {parameters(op("replace", "Patient.gender", "value", `"valueCode":"male"`)), fhir.Unprocessable},
		"replace of several":         {parameters(op("replace", "Patient.name.given", "value", `"valueString":"x"`)), fhir.Unprocessable},
		"replace of the resource":    {parameters(op("replace", "Patient", "value", `"resource":{"resourceType":"Patient"}`)), fhir.Unprocessable},
		"insert past the end":        {parameters(op("insert", "Patient.identifier", identifier...)), fhir.Unprocessable},
		"insert into no list":        {parameters(op("insert", "Patient.birthDate", "index", `"valueInteger":0`, "value", `"valueDate":"1930"`)), fhir.Unprocessable},
		"insert at an element":       {parameters(op("insert", "Patient.identifier[0]", identifier...)), fhir.Unprocessable},
		"insert into the resource":   {parameters(op("insert", "Patient", identifier...)), fhir.Unprocessable},
		"move from past the end":     {parameters(op("move", "Patient.identifier", "source", `"valueInteger":3`, "destination", `"valueInteger":0`)), fhir.Unprocessable},
		"move to past the end":       {parameters(op("move", "Patient.identifier", "source", `"valueInteger":0`, "destination", `"valueInteger":3`)), fhir.Unprocessable},
		"move of nothing":            {parameters(op("move", "Patient.telecom", "source", `"valueInteger":0`, "destination", `"valueInteger":0`)), fhir.Unprocessable},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := patch.ParseParameters(document(t, tt.patch))
			if err == nil {
				_, err = p.Apply(document(t, patient))
			}
			if err == nil || fhir.KindOf(err) != tt.kind {
				t.Errorf("%v, want kind %v", err, tt.kind)
			}
		})
	}
}

// TestFHIRPath_Where asks of each condition which of three identifiers it picks.
func TestFHIRPath_Where(t *testing.T) {
	doc := `{"resourceType":"Patient","identifier":[{"use":"usual","system":"http://a","value":"1","period":{"start":"2020-01-01"}},{"system":"http://b","value":"it's"},{"system":"http://c","_value":{"id":"x"}}]}`
	for condition, want := range map[string]string{
		`system = 'http://a'`:                       "0",
		`system='http://b' and value='it\'s'`:       "1",
		`system = 'http://b' and value = '1'`:       "",
		`use = 'usual' or value = 'it\'s'`:          "01",
		`use.exists()`:                              "0",
		`use.exists().not()`:                        "12",
		`use.empty()`:                               "12",
		`(use = 'usual').not()`:                     "", // of the others it is unknown
		`(use.exists() or value = '2').not()`:       "12",
		`use != 'usual'`:                            "",
		`system != 'http://a'`:                      "12",
		`value.exists()`:                            "012",
		`period.start = @2020-01-01`:                "0",
		`'http://c' = system`:                       "2",
		`((system = 'http://c'))`:                   "2",
		`$this.system = 'http://c'`:                 "2",
		`system = system`:                           "012",
		`value = 1`:                                 "", // a number is no string
		`extension.exists() or system = 'http://a'`: "0",
		`system = 'http://a' or system = 'http://b' and false = true`: "0",
		"`system` = 'http://a'":                      "0",
		`period.where(start = @2020-01-01).exists()`: "0",
	} {
		got := ""
		for i := range 3 {
			// Of those that the condition picks, the i-th is found by its position.
			p, err := patch.ParseParameters(document(t, parameters(op("replace", "Patient.identifier.where("+condition+")["+fmt.Sprint(i)+"].id", "value", `"valueString":"x"`))))
			if err != nil {
				t.Fatalf("%s: %v", condition, err)
			}
			marked := doc
			for k := range 3 {
				marked = strings.Replace(marked, []string{`{"use"`, `{"system":"http://b"`, `{"system":"http://c"`}[k], fmt.Sprintf(`{"id":"%d",`, k)+[]string{`"use"`, `"system":"http://b"`, `"system":"http://c"`}[k], 1)
			}
			out, err := p.Apply(document(t, marked))
			if err != nil {
				continue
			}
			for k := range 3 {
				if !strings.Contains(string(out), fmt.Sprintf(`"id":"%d"`, k)) {
					got += fmt.Sprint(k)
				}
			}
		}
		if got != want {
			t.Errorf("where(%s) picks %q, want %q", condition, got, want)
		}
	}
}

// TestFHIRPath_VisitsAreBounded: what a path looks at is bounded for the whole
// patch, not for each operation.
func TestFHIRPath_VisitsAreBounded(t *testing.T) {
	doc := `{"resourceType":"Patient","identifier":[` + strings.TrimSuffix(strings.Repeat(`{"value":"x"},`, 5000), ",") + `]}`
	ops := make([]string, 900)
	for i := range ops {
		ops[i] = op("delete", "Patient.identifier.where(value = 'y')")
	}
	p, err := patch.ParseParameters(document(t, parameters(ops...)))
	if err == nil {
		_, err = p.Apply(document(t, doc))
	}
	if fhir.KindOf(err) != fhir.TooLarge {
		t.Error(err)
	}
}

// TestFHIRPath_OutcomeIsValid: what the operations make of a valid resource has
// the form of R4.
func TestFHIRPath_OutcomeIsValid(t *testing.T) {
	p, err := patch.ParseParameters(document(t, parameters(
		op("add", "Patient.name[1]", "name", `"valueString":"period"`, "value", `"valuePeriod":{"start":"2020"}`),
		op("add", "Patient", "name", `"valueString":"multipleBirth"`, "value", `"valueInteger":2`),
		op("insert", "Patient.name[0].given", "index", `"valueInteger":0`, "value", `"_valueString":{"extension":[{"url":"http://x","valueCode":"masked"}]}`),
		op("delete", "Patient.identifier[0]"), op("move", "Patient.identifier", "source", `"valueInteger":0`, "destination", `"valueInteger":1`),
	)))
	if err != nil {
		t.Fatal(err)
	}
	out, err := p.Apply(document(t, patient))
	if err != nil {
		t.Fatal(err)
	}
	if issues := conformance.Validate(document(t, string(out))); len(issues) > 0 {
		t.Errorf("%s: %v", out, issues)
	}
}
