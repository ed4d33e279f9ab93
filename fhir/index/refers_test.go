package index_test

import (
	"slices"
	"testing"

	"sluis/conformance"
	"sluis/fhir/index"
)

// under lists the references of one pseudo parameter.
func under(e index.Entries, code string) []index.Reference {
	var out []index.Reference
	for _, r := range e.References {
		if r.Param == conformance.ParameterKey(e.Type, code) {
			r.Param = 0
			out = append(out, r)
		}
	}
	return out
}

// What no parameter reads is referred to all the same: an element without one,
// an extension, a contained resource; each once, and none that was found.
func TestEveryReferenceIsIndexed(t *testing.T) {
	e := extract(t, `{"resourceType":"Immunization","status":"completed","vaccineCode":{"text":"x"},"patient":{"reference":"Patient/p"},
		"occurrenceString":"then","encounter":{"reference":"https://sluis.example/fhir/Encounter/e/_history/2"},
		"contained":[{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"encounter":{"reference":"Encounter/e"},"subject":{"reference":"Patient/q"}}],
		"extension":[{"url":"http://x","valueReference":{"reference":"Device/d"}},{"url":"http://y","valueReference":{"reference":"https://elsewhere.example/Device/d"}}],
		"reasonReference":[{"reference":"#o"}]}`)
	want := []index.Reference{{Type: "Device", ID: "d"}, {Type: "Encounter", ID: "e"}, {Type: "Patient", ID: "q"}}
	if got := under(e, conformance.RefersCode); !slices.Equal(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// An author whom nothing tells is an author still.
func TestEveryAuthorIsIndexed(t *testing.T) {
	e := extract(t, `{"resourceType":"Observation","status":"final","code":{"text":"x"},"contained":[{"resourceType":"Practitioner","id":"c"}],
		"performer":[{"reference":"Practitioner/a"},{"identifier":{"system":"s","value":"1"}},{"reference":"#c"},{"display":"a nurse"}]}`)
	want := []index.Reference{{Type: "Practitioner", ID: "a"}, {URL: "#"}, {System: "s", Identifier: "1"}}
	got := under(e, conformance.AuthorCode)
	for _, w := range want {
		if !slices.Contains(got, w) {
			t.Errorf("%+v lacks %+v", got, w)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%+v", got)
	}
}
