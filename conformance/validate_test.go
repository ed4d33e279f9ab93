package conformance_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"sluis/conformance"
	"sluis/fhir"
)

// problems validates and prints each issue as location, code.
func problems(t testing.TB, body string) []string {
	t.Helper()
	doc, err := fhir.ParseDocument([]byte(body))
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	var out []string
	for _, i := range conformance.Validate(doc) {
		if len(i.Expression) != 1 || i.Details == "" || i.Severity != "error" {
			t.Errorf("%s: incomplete issue %+v", body, i)
		}
		out = append(out, i.Expression[0]+" "+i.Code)
	}
	return out
}

func TestValidate(t *testing.T) {
	for name, tc := range map[string]struct {
		body string
		want []string
	}{
		"valid":                 {`{"resourceType":"Patient"}`, nil},
		"no type":               {`{"id":"a"}`, []string{"Resource.resourceType structure"}},
		"unknown type":          {`{"resourceType":"Nothing"}`, []string{"Resource.resourceType structure"}},
		"abstract type":         {`{"resourceType":"DomainResource"}`, []string{"Resource.resourceType structure"}},
		"data type":             {`{"resourceType":"HumanName","family":"x"}`, []string{"Resource.resourceType structure"}},
		"type not a string":     {`{"resourceType":["Patient"]}`, []string{"Resource.resourceType structure"}},
		"unknown element":       {`{"resourceType":"Patient","colour":"red"}`, []string{"Patient.colour structure"}},
		"of another type":       {`{"resourceType":"Patient","valueString":"x"}`, []string{"Patient.valueString structure"}},
		"other case":            {`{"resourceType":"Patient","Active":true}`, []string{"Patient.Active structure"}},
		"comments":              {`{"resourceType":"Patient","fhir_comments":["x"]}`, []string{"Patient.fhir_comments structure"}},
		"element of its parent": {`{"resourceType":"Binary","contentType":"text/plain","text":{"status":"empty"}}`, []string{"Binary.text structure"}},
		"nested resourceType":   {`{"resourceType":"Patient","name":[{"resourceType":"Patient"}]}`, []string{"Patient.name[0].resourceType structure"}},
		"array expected":        {`{"resourceType":"Patient","name":{"family":"x"}}`, []string{"Patient.name structure"}},
		"no array expected":     {`{"resourceType":"Patient","active":[true]}`, []string{"Patient.active value"}},
		"object expected":       {`{"resourceType":"Patient","maritalStatus":["x"]}`, []string{"Patient.maritalStatus structure"}},
		"text for an object":    {`{"resourceType":"Patient","name":["x"]}`, []string{"Patient.name[0] structure"}},
		"array in an array":     {`{"resourceType":"Patient","name":[[{"family":"x"}]]}`, []string{"Patient.name[0] structure"}},
		"null":                  {`{"resourceType":"Patient","active":null}`, []string{"Patient.active value"}},
		"null object":           {`{"resourceType":"Patient","maritalStatus":null}`, []string{"Patient.maritalStatus structure"}},
		"null in objects":       {`{"resourceType":"Patient","name":[null]}`, []string{"Patient.name[0] structure"}},
		"empty object":          {`{"resourceType":"Patient","maritalStatus":{}}`, []string{"Patient.maritalStatus structure"}},
		"empty array":           {`{"resourceType":"Patient","name":[]}`, []string{"Patient.name structure"}},
		"empty string":          {`{"resourceType":"Patient","language":""}`, []string{"Patient.language value"}},
		"required":              {`{"resourceType":"Observation","code":{"text":"x"}}`, []string{"Observation.status required"}},
		"required below":        {`{"resourceType":"Patient","communication":[{"preferred":true}]}`, []string{"Patient.communication[0].language required"}},
		"required by extension": {`{"resourceType":"Observation","_status":{"id":"a"},"code":{"text":"x"}}`, nil},
		"required choice":       {`{"resourceType":"MedicationStatement","status":"active","subject":{"reference":"Patient/1"}}`, []string{"MedicationStatement.medication required"}},
		"choice":                {`{"resourceType":"Patient","deceasedBoolean":true}`, nil},
		"two choices":           {`{"resourceType":"Patient","deceasedBoolean":true,"deceasedDateTime":"2020"}`, []string{"Patient.deceased structure"}},
		"choice and extension":  {`{"resourceType":"Patient","deceasedBoolean":true,"_deceasedBoolean":{"id":"a"}}`, nil},
		"extension, other type": {`{"resourceType":"Patient","deceasedBoolean":true,"_deceasedDateTime":{"id":"a"}}`, []string{"Patient.deceased structure"}},
		"bare choice":           {`{"resourceType":"Patient","deceased":true}`, []string{"Patient.deceased structure"}},
		"choice of no type":     {`{"resourceType":"Patient","deceasedString":"yes"}`, []string{"Patient.deceasedString structure"}},
		"below a choice":        {`{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":"7"}}`, []string{"Observation.value.value value"}},
		"bad code":              {`{"resourceType":"Patient","gender":"m"}`, []string{"Patient.gender code-invalid"}},
		"code with white space": {`{"resourceType":"Patient","gender":" male"}`, []string{"Patient.gender value"}},
		"code by an escape":     {`{"resourceType":"Patient","gender":"\u006dale"}`, nil},
		"code in a list":        {`{"resourceType":"Timing"}`, []string{"Resource.resourceType structure"}},
		"open value set":        {`{"resourceType":"Binary","contentType":"application/x-anything"}`, nil},
		"simple quantity":       {`{"resourceType":"Condition","subject":{"reference":"Patient/1"},"onsetAge":{"value":7,"comparator":"<"}}`, nil},
		"no comparator":         {`{"resourceType":"SupplyDelivery","suppliedItem":{"quantity":{"value":7,"comparator":"<"}}}`, []string{"SupplyDelivery.suppliedItem.quantity.comparator structure"}},
		"content reference":     {`{"resourceType":"Questionnaire","status":"draft","item":[{"linkId":"1","type":"group","item":[{"linkId":"2","type":"nothing"}]}]}`, []string{"Questionnaire.item[0].item[0].type code-invalid"}},
		"extension":             {`{"resourceType":"Patient","extension":[{"valueString":"x"}]}`, []string{"Patient.extension[0].url required"}},
		"bound concept":         {`{"resourceType":"Condition","subject":{"reference":"Patient/1"},"clinicalStatus":{"coding":[{"code":"x"},{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}]}}`, nil},
		"concept, wrong code":   {`{"resourceType":"Condition","subject":{"reference":"Patient/1"},"clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"gone"}]}}`, []string{"Condition.clinicalStatus code-invalid"}},
		"concept, wrong system": {`{"resourceType":"Condition","subject":{"reference":"Patient/1"},"clinicalStatus":{"coding":[{"system":"http://x.org","code":"active"}]}}`, []string{"Condition.clinicalStatus code-invalid"}},
		"concept, no system":    {`{"resourceType":"Condition","subject":{"reference":"Patient/1"},"clinicalStatus":{"coding":[{"code":"active"}]}}`, []string{"Condition.clinicalStatus code-invalid"}},
		"concept, text alone":   {`{"resourceType":"Condition","subject":{"reference":"Patient/1"},"clinicalStatus":{"text":"active"}}`, []string{"Condition.clinicalStatus code-invalid"}},
		"concept, absent":       {`{"resourceType":"Condition","subject":{"reference":"Patient/1"},"clinicalStatus":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"unknown"}]}}`, nil},
		"concept by escapes":    {`{"resourceType":"Condition","subject":{"reference":"Patient/1"},"clinicalStatus":{"coding":[{"system":"http:\/\/terminology.hl7.org\/CodeSystem\/condition-clinical","code":"activ\u0065"}]}}`, nil},
		"concept, malformed":    {`{"resourceType":"Condition","subject":{"reference":"Patient/1"},"clinicalStatus":{"coding":[7]}}`, []string{"Condition.clinicalStatus.coding[0] structure", "Condition.clinicalStatus code-invalid"}},
		"all at once": {`{"resourceType":"Patient","active":"yes","gender":"x","name":[{"given":["a",7]}],"birthDate":"1-1-1970"}`,
			[]string{"Patient.active value", "Patient.gender code-invalid", "Patient.name[0].given[1] value", "Patient.birthDate value"}},
	} {
		if got := problems(t, tc.body); !slices.Equal(got, tc.want) {
			t.Errorf("%s: %s\n got %q\nwant %q", name, tc.body, got, tc.want)
		}
	}
}

func TestValidatePrimitiveExtensions(t *testing.T) {
	const x = `{"extension":[{"url":"http://x.org/a","valueCode":"b"}]}`
	for name, tc := range map[string]struct {
		name string // the members of Patient.name[0]
		want []string
	}{
		"beside":              {`"family":"a","_family":` + x, nil},
		"instead":             {`"_family":` + x, nil},
		"padding":             {`"given":["a",null],"_given":[null,` + x + `]`, nil},
		"extensions only":     {`"_given":[` + x + `]`, nil},
		"no padding":          {`"given":["a",null]`, []string{"Patient.name[0].given[1] structure"}},
		"both null":           {`"given":["a",null],"_given":[` + x + `,null]`, []string{"Patient.name[0].given[1] structure", "Patient.name[0].given[1] structure"}},
		"lengths":             {`"given":["a","b"],"_given":[` + x + `]`, []string{"Patient.name[0].given structure"}},
		"null alone":          {`"_given":[null,` + x + `]`, []string{"Patient.name[0].given[0] structure"}},
		"empty object":        {`"given":["a"],"_given":[{}]`, []string{"Patient.name[0].given[0] structure"}},
		"empty array":         {`"given":["a"],"_given":[]`, []string{"Patient.name[0].given structure", "Patient.name[0].given structure"}},
		"array for a single":  {`"family":"a","_family":[` + x + `]`, []string{"Patient.name[0].family structure"}},
		"single for an array": {`"given":["a"],"_given":` + x, []string{"Patient.name[0].given structure"}},
		"string":              {`"family":"a","_family":"b"`, []string{"Patient.name[0].family structure"}},
		"other members":       {`"family":"a","_family":{"value":"b"}`, []string{"Patient.name[0].family.value structure"}},
		"within":              {`"_given":[{"extension":[{"url":"u","valueCode":" "}]}]`, []string{"Patient.name[0].given[0].extension[0].value value"}},
		"of an object":        {`"_period":{"id":"a"}`, []string{"Patient.name[0].period structure"}},
		"two underscores":     {`"__family":{"id":"a"}`, []string{"Patient.name[0]._family structure"}},
	} {
		got := problems(t, `{"resourceType":"Patient","name":[{`+tc.name+`}]}`)
		if !slices.Equal(got, tc.want) {
			t.Errorf("%s: %s\n got %q\nwant %q", name, tc.name, got, tc.want)
		}
	}
}

func TestValidateEnclosedResources(t *testing.T) {
	for name, tc := range map[string]struct {
		body string
		want []string
	}{
		"contained":        {`{"resourceType":"Patient","contained":[{"resourceType":"Patient","active":1}]}`, []string{"Patient.contained[0].active value"}},
		"contained twice":  {`{"resourceType":"Patient","contained":[{"resourceType":"Patient","contained":[{"resourceType":"Patient"}]}]}`, []string{"Patient.contained[0].contained[0] structure"}},
		"contained, type":  {`{"resourceType":"Patient","contained":[{"id":"a"}]}`, []string{"Patient.contained[0].resourceType structure"}},
		"contained, text":  {`{"resourceType":"Patient","contained":["a"]}`, []string{"Patient.contained[0] structure"}},
		"entry":            {`{"resourceType":"Bundle","type":"batch","entry":[{"resource":{"resourceType":"Patient","name":[{"given":[""]}]}}]}`, []string{"Bundle.entry[0].resource.name[0].given[0] value"}},
		"entry, contained": {`{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient","contained":[{"resourceType":"Device"}]}}]}`, nil},
		"two entries":      {`{"resourceType":"Bundle","type":"batch","entry":[{"resource":{"resourceType":"Patient","contained":[{"resourceType":"Device"}]}},{"resource":{"resourceType":"Patient","contained":[{"resourceType":"Device"}]}}]}`, nil},
		"parameters":       {`{"resourceType":"Parameters","parameter":[{"name":"a","resource":{"resourceType":"Patient","x":1}},{"valueString":"b"}]}`, []string{"Parameters.parameter[0].resource.x structure", "Parameters.parameter[1].name required"}},
		"bundle in bundle": {`{"resourceType":"Bundle","type":"batch","entry":[{"resource":{"resourceType":"Bundle"}}]}`, []string{"Bundle.entry[0].resource.type required"}},
	} {
		if got := problems(t, tc.body); !slices.Equal(got, tc.want) {
			t.Errorf("%s: %s\n got %q\nwant %q", name, tc.body, got, tc.want)
		}
	}
}

func TestValidateReferences(t *testing.T) {
	for reference, valid := range map[string]bool{
		"Patient/1": true, "Patient/1/_history/2": true, "Group/1": true, "#a": true, "urn:uuid:0c9f1f0c-9f0b-4d8c-9d4f-2f0c3c1b2a10": true,
		"http://example.org/fhir/Practitioner/1": true, "Patient?identifier=x|1": true, "Patient?identifier=http://x.org|1": true,
		"Practitioner/1": false, "Nothing/1": false, "Patient/": false, "Patient/a b": false, "Patient/1/2": false,
		"Patient/1/_history/": false, "Patient/" + strings.Repeat("1", 65): false,
	} {
		body := `{"resourceType":"Condition","subject":{"reference":"` + reference + `"}}`
		if got := problems(t, body); (got == nil) != valid || !valid && got[0] != "Condition.subject.reference value" {
			t.Errorf("%s: %q", reference, got)
		}
	}
	if got := problems(t, `{"resourceType":"Observation","status":"final","code":{"text":"x"},"focus":[{"reference":"Practitioner/1"}]}`); got != nil {
		t.Errorf("any type is allowed: %q", got)
	}
}

func TestValidateBoundsItsIssues(t *testing.T) {
	body := `{"resourceType":"Patient","name":[` + strings.TrimSuffix(strings.Repeat(`{"x":1},`, 5000), ",") + `]}`
	if got := problems(t, body); len(got) != 200 {
		t.Errorf("%d issues", len(got))
	}
}

// TestValidateIsLinearInNulls would not end in time if each null were paired by
// a search from the start.
func TestValidateIsLinearInNulls(t *testing.T) {
	n := 200_000
	given := strings.TrimSuffix(strings.Repeat("null,", n), ",")
	beside := strings.TrimSuffix(strings.Repeat(`{"id":"a"},`, n), ",")
	if got := problems(t, `{"resourceType":"Patient","name":[{"given":[`+given+`],"_given":[`+beside+`]}]}`); got != nil {
		t.Errorf("%d issues, first %s", len(got), got[0])
	}
}

func FuzzValidate(f *testing.F) {
	for _, s := range []string{
		`{"resourceType":"Patient","name":[{"given":["a",null],"_given":[null,{"id":"x"}]}],"contained":[{"resourceType":"Device"}]}`,
		`{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"1"}]},"valueQuantity":{"value":7.10}}`,
		`{"resourceType":"Bundle","type":"batch","entry":[{"resource":{"resourceType":"Bundle"}}]}`,
		`{"resourceType":"Patient","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">a<br/></div>"}}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		doc, err := fhir.ParseDocument(body)
		if err != nil {
			return
		}
		for _, i := range conformance.Validate(doc) {
			if len(i.Expression) != 1 || i.Code == "" {
				t.Fatalf("%s: %+v", body, i)
			}
		}
	})
}

func ExampleValidate() {
	doc, err := fhir.ParseDocument([]byte(`{
		"resourceType": "Observation",
		"code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]},
		"valueQuantity": {"value": "72"},
		"colour": "red"
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, issue := range conformance.Validate(doc) {
		fmt.Println(issue.Expression[0], issue.Code, issue.Details)
	}
	// Output:
	// Observation.value.value value a number is expected
	// Observation.colour structure unknown element "colour"
	// Observation.status required status is required
}
