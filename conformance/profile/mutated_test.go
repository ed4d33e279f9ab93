package profile

import (
	"slices"
	"strings"
	"testing"

	"sluis/conformance/terminology"
	"sluis/fhir"
)

// mutations change a document in one place, each to what its profile refuses.
// want is the start of the location of an error that must follow; "" where the
// document has nothing to change.
var mutations = map[string]func(doc *fhir.Document) (changed, want string){
	"the fixed code": func(doc *fhir.Document) (string, string) {
		if doc.Type() != "Observation" {
			return "", ""
		}
		return substitute(doc, doc.Root().Get("code"), `{"coding":[{"system":"http://x.org","code":"another"}]}`), "Observation.code"
	},
	"an invariant of R4": func(doc *fhir.Document) (string, string) {
		telecom := doc.Root().Get("telecom")
		if telecom.IsZero() {
			return "", ""
		}
		return substitute(doc, telecom, `[{"value":"1"}]`), doc.Type() + ".telecom[0]"
	},
	"a period that ends before it starts": func(doc *fhir.Document) (string, string) {
		for n := range doc.Root().Walk() {
			if n.Key() == "effectivePeriod" && doc.Type() == "Observation" {
				return substitute(doc, n, `{"start":"2020-01-01","end":"2010-01-01"}`), "Observation.effective"
			}
		}
		return "", ""
	},
	"the url of an extension of R4 with another type": func(doc *fhir.Document) (string, string) {
		if doc.Type() != "Patient" {
			return "", ""
		}
		root := string(doc.Body())
		return strings.Replace(root, "{", `{"modifierExtension":[{"url":"http://hl7.org/fhir/StructureDefinition/patient-birthPlace","valueString":"x"}],`, 1), "Patient.modifierExtension[0].value"
	},
	"a status that R4 does not know": func(doc *fhir.Document) (string, string) {
		status := doc.Root().Get("status")
		if status.Kind() != fhir.String {
			return "", ""
		}
		return substitute(doc, status, `"nonsense"`), doc.Type() + ".status"
	},
}

// substitute puts other text in the place of a value.
func substitute(doc *fhir.Document, n fhir.Node, text string) string {
	start, end := n.Span()
	body := string(doc.Body())
	return body[:start] + text + body[end:]
}

// TestMutatedExamplesAreRefused changes the examples of nl-core, each in all ways
// that apply, and looks for an error at the place.
func TestMutatedExamplesAreRefused(t *testing.T) {
	docs := dutch(t)
	library := NewLibrary(resolver(docs))
	resolve := func(_, url, _ string) (*fhir.Document, error) { return docs[url], nil }
	done := map[string]int{}
	for name, body := range resources(t, "nl-core/zib2020-examples-json.tgz", ".json") {
		for mutation, mutate := range mutations {
			changed, want := mutate(parse(t, body))
			if changed == "" || !fixesCode(library, parse(t, body)) && mutation == "the fixed code" {
				continue
			}
			done[mutation]++
			issues := library.Validate(parse(t, []byte(changed)), Request{At: at, Terminology: terminology.New(resolve, at)})
			if !slices.ContainsFunc(issues, func(i fhir.Issue) bool { return i.Severity == "error" && strings.HasPrefix(i.Expression[0], want) }) {
				t.Errorf("%s, %s: no error at %s: %q", name, mutation, want, errorsOf(issues))
			}
		}
	}
	for mutation := range mutations {
		if done[mutation] == 0 {
			t.Errorf("%s: nothing was changed", mutation)
		}
	}
	t.Logf("%v", done)
}

// fixesCode reports whether a profile of the document fixes Observation.code.
func fixesCode(l *Library, doc *fhir.Document) bool {
	for canonical := range doc.Root().At("meta", "profile").All() {
		p, _, ok := l.Profile(canonical.Text())
		if !ok {
			continue
		}
		for _, e := range p.Elements() {
			if e.ID == "Observation.code" && !e.Pattern.IsZero() {
				return true
			}
		}
	}
	return false
}
