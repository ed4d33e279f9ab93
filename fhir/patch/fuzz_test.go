package patch_test

import (
	"encoding/json"
	"testing"

	"sluis/fhir"
	"sluis/fhir/patch"
)

// FuzzJSON and FuzzParameters hold any patch on any document to this: it is
// refused as the client's fault, or what comes out is JSON again; it changes
// nothing of what it was given, and does the same a second time.
func FuzzJSON(f *testing.F) {
	for _, p := range []string{
		`[{"op":"add","path":"/name/-","value":{"family":"x"}},{"op":"move","from":"/name/0","path":"/name/1"}]`,
		`[{"op":"copy","from":"/identifier","path":"/identifier/0"},{"op":"remove","path":"/birthDate"}]`,
		`[{"op":"test","path":"/identifier/0/value","value":"1"},{"op":"replace","path":"","value":{"a":[1e400]}}]`,
		bomb(12),
	} {
		f.Add([]byte(patient), []byte(p))
	}
	f.Fuzz(func(t *testing.T, body, ops []byte) {
		if doc, err := fhir.ParseDocument(body); err == nil {
			p, err := patch.ParseJSON(ops)
			hold(t, doc, p, err)
		}
	})
}

func FuzzParameters(f *testing.F) {
	for _, p := range []string{
		parameters(op("add", "Patient", "name", `"valueString":"contact"`, "value", `"part":[{"name":"gender","valueCode":"male"}]`)),
		parameters(op("delete", "Patient.name.where(use = 'usual' or given.exists().not()).given[0]")),
		parameters(op("move", "Patient.name[0].given", "source", `"valueInteger":0`, "destination", `"valueInteger":2`)),
		parameters(op("replace", "Patient.birthDate.extension('http://a').value", "value", `"valueDecimal":7.10`), op("delete", "Patient.birthDate")),
	} {
		f.Add([]byte(padded), []byte(p))
	}
	f.Fuzz(func(t *testing.T, body, ops []byte) {
		doc, err := fhir.ParseDocument(body)
		parameters, err2 := fhir.ParseDocument(ops)
		if err == nil && err2 == nil {
			p, err := patch.ParseParameters(parameters)
			hold(t, doc, p, err)
		}
	})
}

// FuzzPath looks for a path that hangs or breaks what evaluates it.
func FuzzPath(f *testing.F) {
	for _, s := range []string{
		"Patient.name.where(use = 'usual').given[0]", "(Patient.deceased as boolean)", "name.where((given = 'a' and family != 'b').not()).first()",
		"Patient.extension('x').value.ofType(string)", "Patient.contact.where($this.gender = `gender`).name.last()", "((((Patient))))", "a.where(-1.5=@2020-01-01T00:00Z)",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, path string) {
		text, err := json.Marshal(path)
		if err != nil {
			t.Fatal(err)
		}
		ops, err := fhir.ParseDocument([]byte(`{"resourceType":"Parameters","parameter":[{"name":"operation","part":[{"name":"type","valueCode":"delete"},{"name":"path","valueString":` + string(text) + `}]}]}`))
		if err == nil {
			p, err := patch.ParseParameters(ops)
			hold(t, document(t, patient), p, err)
		}
	})
}

func hold(t *testing.T, doc *fhir.Document, p patch.Patch, err error) {
	t.Helper()
	before := string(doc.Body())
	var out []byte
	if err == nil {
		out, err = p.Apply(doc)
	}
	switch kind := fhir.KindOf(err); {
	case err != nil && kind != fhir.Invalid && kind != fhir.Unprocessable && kind != fhir.TooLarge:
		t.Fatalf("kind %v: %v", kind, err)
	case err != nil:
		return
	case !json.Valid(out):
		t.Fatalf("%s became %s", before, out)
	case string(doc.Body()) != before:
		t.Fatalf("the document itself became %s", doc.Body())
	}
	if again, err := p.Apply(doc); err != nil || string(again) != string(out) {
		t.Fatalf("a second time %s, %v; the first %s", again, err, out)
	}
}
