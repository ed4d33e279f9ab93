package profile

import (
	"slices"
	"testing"

	"sluis/conformance/terminology"
	"sluis/fhir"
)

// FuzzValidate validates any document against any profile: it must end without a
// crash, say the same twice, and place every issue.
func FuzzValidate(f *testing.F) {
	f.Add(`{"resourceType":"Patient","name":[{"family":"x","period":{"start":"2020","end":"2018"}}]}`,
		constraint("x", "Patient", `{"path":"Patient.name","min":1}`, `{"path":"Patient.name.family","fixedString":"y"}`))
	f.Add(`{"resourceType":"Patient","extension":[{"url":"http://x.org/own","valueString":"x"}]}`, extensionDefinition("own", "string"))
	f.Add(`{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":1}}`,
		constraint("x", "Observation", slicing("Observation.value[x]", "type", "$this", "closed"), `{"path":"Observation.value[x]","sliceName":"a","type":[{"code":"Quantity"}]}`, `{"path":"Observation.valueString","max":"0"}`))
	f.Add(`{"resourceType":"Patient","identifier":[{"system":"a"},{"system":"b"}]}`,
		constraint("x", "Patient", slicing("Patient.identifier", "value", "extension('u').resolve().ofType(Patient).x", "openAtEnd"), `{"path":"Patient.identifier","sliceName":"a/b"}`, `{"path":"Patient.identifier.system","patternUri":"a"}`))
	f.Add(`{"resourceType":"Patient"}`, constraint("x", "Patient", `{"path":"Patient","constraint":[{"key":"k","severity":"error","human":"h","expression":"1.repeat($this+1)"}]}`))
	f.Fuzz(func(t *testing.T, body, definition string) {
		doc, err := fhir.ParseDocument([]byte(body))
		if err != nil {
			return
		}
		sd, err := fhir.ParseDocument([]byte(definition))
		if err != nil {
			return
		}
		resolve := func(string) (*fhir.Document, bool) { return sd, true }
		request := Request{Profiles: []string{"http://x.org/x"}, At: at, Terminology: terminology.New(nil, at)}
		one := NewLibrary(resolve).Validate(doc, request)
		two := NewLibrary(resolve).Validate(doc, Request{Profiles: request.Profiles, At: at, Terminology: terminology.New(nil, at)})
		if !slices.EqualFunc(one, two, func(a, b fhir.Issue) bool { return a.Details == b.Details && slices.Equal(a.Expression, b.Expression) }) {
			t.Errorf("%v and then %v", one, two)
		}
		for _, i := range one {
			if i.Severity == "" || i.Code == "" || i.Details == "" || len(i.Expression) != 1 {
				t.Errorf("incomplete issue %+v", i)
			}
		}
		Snapshot(sd, resolve)
	})
}
