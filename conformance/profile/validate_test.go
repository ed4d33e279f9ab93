package profile

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"sluis/conformance/terminology"
	"sluis/fhir"
)

// library is one over StructureDefinitions given as JSON.
func library(t testing.TB, definitions ...string) *Library {
	t.Helper()
	docs := map[string]*fhir.Document{}
	for _, d := range definitions {
		doc := parse(t, []byte(d))
		docs[doc.Root().Get("url").Text()] = doc
	}
	return NewLibrary(resolver(docs))
}

// constraint is a StructureDefinition that constrains a type by its differential.
func constraint(name, resourceType string, elements ...string) string {
	return fmt.Sprintf(`{"resourceType":"StructureDefinition","url":"http://x.org/%s","name":"%s","status":"draft","kind":"resource","abstract":false,
		"type":"%s","baseDefinition":"http://hl7.org/fhir/StructureDefinition/%s","derivation":"constraint","differential":{"element":[%s]}}`,
		name, name, resourceType, resourceType, strings.Join(elements, ","))
}

// findings validates and lists the issues that are no information, as severity,
// location and code; dom-6, which asks for a narrative, is left out.
func findings(t testing.TB, l *Library, body string, profiles ...string) []string {
	t.Helper()
	var out []string
	for _, i := range l.Validate(parse(t, []byte(body)), Request{At: at, Terminology: terminology.New(nil, at), Profiles: profiles}) {
		if i.Severity == "information" || strings.HasPrefix(i.Details, "dom-6") {
			continue
		}
		if len(i.Expression) != 1 || i.Details == "" {
			t.Errorf("incomplete issue %+v", i)
		}
		key, _, _ := strings.Cut(i.Details, ":")
		if i.Code != "invariant" && i.Code != "exception" && i.Code != "too-costly" {
			key = i.Code
		}
		out = append(out, fmt.Sprintf("%s %s %s", i.Severity, i.Expression[0], key))
	}
	return out
}

func check(t *testing.T, l *Library, name, body string, want []string, profiles ...string) {
	t.Helper()
	if got := findings(t, l, body, profiles...); !slices.Equal(got, want) {
		t.Errorf("%s: %s\n got %q\nwant %q", name, body, got, want)
	}
}

func TestValidate_InvariantsOfR4(t *testing.T) {
	for name, tc := range map[string]struct {
		body string
		want []string
	}{
		"valid":                {`{"resourceType":"Patient"}`, nil},
		"of a resource":        {`{"resourceType":"Organization","active":true}`, []string{"error Organization org-1"}},
		"of an element":        {`{"resourceType":"Patient","contact":[{"name":{"text":"x"}},{"gender":"male"}]}`, []string{"error Patient.contact[1] pat-1"}},
		"of a data type":       {`{"resourceType":"Patient","telecom":[{"value":"1"}]}`, []string{"error Patient.telecom[0] cpt-2"}},
		"of a period":          {`{"resourceType":"Patient","name":[{"family":"x","period":{"start":"2020","end":"2019-05"}}]}`, []string{"error Patient.name[0].period per-1"}},
		"less precise":         {`{"resourceType":"Patient","name":[{"family":"x","period":{"start":"2020-01-01","end":"2020"}}]}`, nil},
		"extension":            {`{"resourceType":"Patient","extension":[{"url":"http://x.org/e"}]}`, []string{"error Patient.extension[0] ext-1"}},
		"within an extension":  {`{"resourceType":"Patient","_birthDate":{"extension":[{"url":"http://x.org/e","valuePeriod":{"start":"2020","end":"2018"}}]}}`, []string{"error Patient.birthDate.extension[0].value per-1"}},
		"warning":              {`{"resourceType":"ValueSet","status":"draft","name":"a b"}`, []string{"warning ValueSet vsd-0"}},
		"no name":              {`{"resourceType":"ValueSet","status":"draft"}`, nil},
		"contained":            {`{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"o"}],"managingOrganization":{"reference":"#o"}}`, []string{"error Patient.contained[0] org-1"}},
		"contained, unused":    {`{"resourceType":"Patient","contained":[{"resourceType":"Device","id":"d"}]}`, []string{"error Patient dom-3"}},
		"contained, not there": {`{"resourceType":"Patient","managingOrganization":{"reference":"#o"}}`, []string{"error Patient.managingOrganization ref-1"}},
		"in an entry":          {`{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Organization","active":true}}]}`, []string{"error Bundle.entry[0].resource org-1"}},
		"of the bundle":        {`{"resourceType":"Bundle","type":"collection","total":1,"entry":[{"request":{"method":"GET","url":"x"}}]}`, []string{"error Bundle bdl-1", "error Bundle bdl-3"}},
		"by contentReference":  {`{"resourceType":"Questionnaire","status":"draft","item":[{"linkId":"1","type":"group","item":[{"linkId":"2","type":"group"}]}]}`, []string{"error Questionnaire.item[0].item[0] que-1"}},
		"all at once": {`{"resourceType":"Patient","gender":"x","telecom":[{"value":"1"}],"contact":[{"gender":"male"}]}`,
			[]string{"error Patient.gender code-invalid", "error Patient.telecom[0] cpt-2", "error Patient.contact[0] pat-1"}},
		"unknown type": {`{"resourceType":"Nothing"}`, []string{"error Resource.resourceType structure"}},
	} {
		check(t, NewLibrary(nil), name, tc.body, tc.want)
	}
}

func TestValidate_Bindings(t *testing.T) {
	const system = "http://terminology.hl7.org/CodeSystem/condition-clinical"
	condition := func(status string) string {
		return `{"resourceType":"Condition","subject":{"reference":"Patient/1"},"clinicalStatus":` + status + `}`
	}
	for name, tc := range map[string]struct {
		body string
		want []string
	}{
		"required":               {condition(`{"coding":[{"system":"` + system + `","code":"active"}]}`), nil},
		"one of two":             {condition(`{"coding":[{"system":"http://x.org","code":"y"},{"system":"` + system + `","code":"active"}]}`), nil},
		"another code":           {condition(`{"coding":[{"system":"` + system + `","code":"gone"}]}`), []string{"error Condition.clinicalStatus code-invalid"}},
		"another system":         {condition(`{"coding":[{"system":"http://x.org","code":"active"}]}`), []string{"error Condition.clinicalStatus code-invalid"}},
		"text for required":      {condition(`{"text":"active"}`), []string{"error Condition.clinicalStatus code-invalid"}},
		"extensible":             {`{"resourceType":"Patient","maritalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-MaritalStatus","code":"Q"}]}}`, []string{"warning Patient.maritalStatus code-invalid"}},
		"text for extensible":    {`{"resourceType":"Patient","maritalStatus":{"text":"happily"}}`, nil},
		"at most, of a language": {`{"resourceType":"Patient","language":"no language"}`, []string{"error Patient.language code-invalid"}},
		"not at hand": {`{"resourceType":"MolecularSequence","coordinateSystem":0,"structureVariant":[{"variantType":{"coding":[{"system":"http://loinc.org","code":"LA1-1"}]}}]}`,
			[]string{"warning MolecularSequence.structureVariant[0].variantType not-supported"}},
	} {
		check(t, NewLibrary(nil), name, tc.body, tc.want)
	}
}

func TestValidate_SaysWhatWasNotChecked(t *testing.T) {
	issues := NewLibrary(nil).Validate(parse(t, []byte(`{"resourceType":"Patient"}`)), Request{})
	if !slices.ContainsFunc(issues, func(i fhir.Issue) bool { return i.Severity == "information" && i.Code == "not-supported" }) {
		t.Errorf("%+v", issues)
	}
}

func TestValidate_Extensions(t *testing.T) {
	const r4 = "http://hl7.org/fhir/StructureDefinition/"
	for name, tc := range map[string]struct {
		body string
		want []string
	}{
		"of R4":          {`{"resourceType":"Patient","extension":[{"url":"` + r4 + `patient-birthPlace","valueAddress":{"city":"x"}}]}`, nil},
		"another type":   {`{"resourceType":"Patient","extension":[{"url":"` + r4 + `patient-birthPlace","valueString":"x"}]}`, []string{"error Patient.extension[0].value structure"}},
		"another place":  {`{"resourceType":"Patient","extension":[{"url":"` + r4 + `observation-bodyPosition","valueCodeableConcept":{"text":"x"}}]}`, []string{"error Patient.extension[0] extension"}},
		"of a data type": {`{"resourceType":"Patient","name":[{"family":"x","_family":{"extension":[{"url":"` + r4 + `humanname-own-prefix","valueString":"van"}]}}]}`, nil},
		"not there":      {`{"resourceType":"Patient","extension":[{"url":"` + r4 + `no-such","valueString":"x"}]}`, []string{"warning Patient.extension[0] extension"}},
		"somebody's":     {`{"resourceType":"Patient","extension":[{"url":"http://x.org/own","valueString":"x"}]}`, nil},
		"modifier":       {`{"resourceType":"Patient","modifierExtension":[{"url":"http://x.org/own","valueString":"x"}]}`, []string{"warning Patient.modifierExtension[0] extension"}},
		"a profile":      {`{"resourceType":"Patient","extension":[{"url":"` + r4 + `bmi","valueString":"x"}]}`, []string{"error Patient.extension[0] extension"}},
		"complex": {`{"resourceType":"Patient","extension":[{"url":"` + r4 + `patient-nationality","extension":[{"url":"code","valueCodeableConcept":{"text":"x"}},{"url":"period","valueString":"x"}]}]}`,
			[]string{"error Patient.extension[0].extension[1].value structure"}},
	} {
		check(t, NewLibrary(nil), name, tc.body, tc.want)
	}
}

func TestValidate_Profiles(t *testing.T) {
	l := library(t,
		constraint("named", "Patient", `{"path":"Patient.name","min":1,"max":"2"}`, `{"path":"Patient.name.family","min":1}`, `{"path":"Patient.photo","max":"0"}`),
		constraint("fixed", "Patient", `{"path":"Patient.gender","fixedCode":"female"}`, `{"path":"Patient.maritalStatus","patternCodeableConcept":{"coding":[{"code":"M"}]}}`),
		constraint("typed", "Observation", `{"path":"Observation.value[x]","type":[{"code":"Quantity"},{"code":"string"}]}`, `{"path":"Observation.subject","type":[{"code":"Reference","targetProfile":["http://hl7.org/fhir/StructureDefinition/Patient"]}]}`),
		constraint("bound", "Patient", `{"path":"Patient.maritalStatus","binding":{"strength":"required","valueSet":"http://hl7.org/fhir/ValueSet/marital-status"}}`),
		constraint("ruled", "Patient", `{"path":"Patient","constraint":[{"key":"a-1","severity":"error","human":"x","expression":"name.exists()"},{"key":"a-2","severity":"warning","human":"x","expression":"photo.exists()"}]}`),
		constraint("bombed", "Patient", `{"path":"Patient","constraint":[{"key":"b-1","severity":"warning","human":"x","expression":"1.repeat($this+1).exists()"},{"key":"b-2","severity":"warning","human":"x","expression":"name.("}]}`),
		constraint("sized", "Observation", `{"path":"Observation.value[x]","type":[{"code":"integer"}],"minValueInteger":1,"maxValueInteger":3}`, `{"path":"Observation.status","maxLength":5}`),
		constraint("circle", "Patient", `{"path":"Patient.managingOrganization","type":[{"code":"Reference","targetProfile":["http://x.org/circle2"]}]}`),
		constraint("circle2", "Organization", `{"path":"Organization.partOf","type":[{"code":"Reference","targetProfile":["http://x.org/circle2"]}]}`, `{"path":"Organization.name","min":1}`),
		strings.Replace(constraint("defined", "Patient"), `"derivation":"constraint"`, `"derivation":"specialization"`, 1),
		constraint("broken", "Patient", `{"path":"Patient.nothing","min":1}`),
		strings.ReplaceAll(constraint("itself", "Patient"), "http://hl7.org/fhir/StructureDefinition/Patient", "http://x.org/itself"),
	)
	observation := func(rest string) string {
		return `{"resourceType":"Observation","status":"final","code":{"text":"x"},` + rest + `}`
	}
	for name, tc := range map[string]struct {
		profile, body string
		want          []string
	}{
		"min":             {"named", `{"resourceType":"Patient"}`, []string{"error Patient.name required"}},
		"min below":       {"named", `{"resourceType":"Patient","name":[{"family":"a"},{"text":"b"}]}`, []string{"error Patient.name[1].family required"}},
		"max":             {"named", `{"resourceType":"Patient","name":[{"family":"a"},{"family":"b"},{"family":"c"}]}`, []string{"error Patient.name[2] structure"}},
		"max 0":           {"named", `{"resourceType":"Patient","name":[{"family":"a"}],"photo":[{"title":"x"}]}`, []string{"error Patient.photo[0] structure"}},
		"fixed":           {"fixed", `{"resourceType":"Patient","gender":"male"}`, []string{"error Patient.gender value"}},
		"pattern":         {"fixed", `{"resourceType":"Patient","maritalStatus":{"coding":[{"code":"M","display":"x"},{"code":"z"}],"text":"y"}}`, nil},
		"not the pattern": {"fixed", `{"resourceType":"Patient","maritalStatus":{"coding":[{"code":"D"}]}}`, []string{"error Patient.maritalStatus value"}},
		"type":            {"typed", observation(`"valueString":"x"`), nil},
		"another type":    {"typed", observation(`"valueInteger":1`), []string{"error Observation.value structure"}},
		"target":          {"typed", observation(`"subject":{"reference":"Group/1"}`), []string{"error Observation.subject structure"}},
		"bound":           {"bound", `{"resourceType":"Patient","maritalStatus":{"coding":[{"system":"http://x.org","code":"z"}]}}`, []string{"warning Patient.maritalStatus code-invalid", "error Patient.maritalStatus code-invalid"}},
		"constraints":     {"ruled", `{"resourceType":"Patient"}`, []string{"error Patient a-1", "warning Patient a-2"}},
		"bombs":           {"bombed", `{"resourceType":"Patient"}`, []string{"error Patient b-1", "error Patient b-2"}},
		"too small":       {"sized", observation(`"valueInteger":0`), []string{"error Observation.value value"}},
		"too large":       {"sized", observation(`"valueInteger":4`), []string{"error Observation.value value"}},
		"too long":        {"sized", `{"resourceType":"Observation","status":"amended","code":{"text":"x"}}`, []string{"error Observation.status value"}},
		"a circle":        {"circle", `{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"o","name":"x","partOf":{"reference":"#o"}}],"managingOrganization":{"reference":"#o"}}`, nil},
		"a target that does not": {"circle", `{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"o","alias":["x"],"identifier":[{"value":"x"}]}],"managingOrganization":{"reference":"#o"}}`,
			[]string{"error Patient.managingOrganization structure"}},
		"for another type": {"named", `{"resourceType":"Organization","name":"x"}`, []string{"error Organization structure"}},
		"not known":        {"none", `{"resourceType":"Patient"}`, []string{"error Patient not-found"}},
		"of a new type":    {"defined", `{"resourceType":"Patient"}`, []string{"error Patient not-supported"}},
		"broken":           {"broken", `{"resourceType":"Patient"}`, []string{"error Patient invalid"}},
		"on itself":        {"itself", `{"resourceType":"Patient"}`, []string{"error Patient invalid"}},
	} {
		check(t, l, name, tc.body, tc.want, "http://x.org/"+tc.profile)
	}
	check(t, l, "in meta.profile", `{"resourceType":"Patient","meta":{"profile":["http://x.org/named","http://x.org/none"]}}`, []string{"error Patient.name required", "warning Patient not-found"})
	check(t, l, "of an entry", `{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient","meta":{"profile":["http://x.org/named"]}}}]}`, []string{"error Bundle.entry[0].resource.name required"})
	check(t, l, "another version of R4's", `{"resourceType":"Patient"}`, []string{"error Patient not-found"}, "http://hl7.org/fhir/StructureDefinition/Patient|3.0.1")
	check(t, l, "this version of R4's", `{"resourceType":"Patient"}`, nil, "http://hl7.org/fhir/StructureDefinition/Patient|4.0.1")
}

// TestLibrary_IsSafeForConcurrentUse shares one among many validations; run it
// with -race.
func TestLibrary_IsSafeForConcurrentUse(t *testing.T) {
	l := library(t, constraint("named", "Patient", `{"path":"Patient.name","min":1}`, `{"path":"Patient","constraint":[{"key":"a-1","severity":"error","human":"x","expression":"name.exists()"}]}`))
	doc := parse(t, []byte(`{"resourceType":"Patient","contact":[{"gender":"male"}]}`))
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if got := errorsOf(l.Validate(doc, Request{At: at, Profiles: []string{"http://x.org/named"}})); len(got) != 3 {
				t.Errorf("%q", got)
			}
		})
	}
	group.Wait()
}

// TestLibrary_NoUploadReplacesR4 gives a resolver that answers for everything.
func TestLibrary_NoUploadReplacesR4(t *testing.T) {
	forged := strings.ReplaceAll(constraint("x", "Patient"), "http://x.org/x", "http://hl7.org/fhir/StructureDefinition/bmi")
	l := NewLibrary(func(string) (*fhir.Document, bool) { return parse(t, []byte(forged)), true })
	if p, _, ok := l.Profile("http://hl7.org/fhir/StructureDefinition/bmi"); !ok || p.Type != "Observation" {
		t.Errorf("%+v", p)
	}
}

// TestValidate_IsBounded has a document with many values and a profile with many
// slices: each of one would be asked about each of the other.
func TestValidate_IsBounded(t *testing.T) {
	elements := []string{slicing("Patient.identifier", "value", "system", "open")}
	for i := range 2000 {
		elements = append(elements, fmt.Sprintf(`{"path":"Patient.identifier","sliceName":"s%d","min":0}`, i), fmt.Sprintf(`{"path":"Patient.identifier.system","fixedUri":"http://%d"}`, i))
	}
	body := `{"resourceType":"Patient","identifier":[` + strings.TrimSuffix(strings.Repeat(`{"system":"http://none"},`, 5000), ",") + `]}`
	got := findings(t, library(t, constraint("wide", "Patient", elements...)), body, "http://x.org/wide")
	if !slices.Contains(got, "error Patient to check the document against its profiles costs more than a validation may") {
		t.Errorf("%q", got)
	}
}
