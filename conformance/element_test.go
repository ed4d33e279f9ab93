package conformance_test

import (
	"fmt"
	"slices"
	"testing"

	"sluis/conformance"
	"sluis/fhir"
)

// TestElement_Children names the children of elements as FHIRPath does: choices
// without their type, primitives with what stands beside them, resources by their
// own type.
func TestElement_Children(t *testing.T) {
	doc, err := fhir.ParseDocument([]byte(`{"resourceType":"Patient","deceasedBoolean":true,"unknown":[1,2],
		"name":[{"given":["A",null],"_given":[null,{"id":"g"}],"_family":{"id":"f"}}],
		"contained":[{"resourceType":"Device","id":"d"}],"contact":[{"gender":"male"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	list := func(e conformance.Element) []string {
		var out []string
		for name, c := range e.Children() {
			out = append(out, fmt.Sprintf("%s %s %q", name, c.Type.Name(), c.Node.Text()))
		}
		return out
	}
	root := conformance.RootElement(doc)
	if got, want := list(root), []string{`deceased boolean "true"`, `unknown  "1"`, `unknown  "2"`, `name HumanName ""`, `contained Device ""`, `contact BackboneElement ""`}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	name := root.Get("name")[0]
	if got, want := list(name), []string{`given string "A"`, `given string ""`, `family string ""`}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	given := name.Get("given")
	if given[0].HasValue() != true || given[1].HasValue() || given[1].Get("id")[0].Node.Text() != "g" {
		t.Errorf("%+v", given)
	}
	if contact := root.Get("contact")[0]; contact.Type.Path() != "Patient.contact" || !root.Type.Repeats("contact") || root.Type.Repeats("deceased") {
		t.Errorf("%+v", contact.Type)
	}
}

func TestIsSubtype(t *testing.T) {
	for pair, want := range map[[2]string]bool{
		{"code", "string"}: true, {"code", "Element"}: true, {"Age", "Quantity"}: true, {"Patient", "DomainResource"}: true, {"Patient", "Resource"}: true,
		{"Bundle", "DomainResource"}: false, {"string", "code"}: false, {"Nothing", "Element"}: false, {"Nothing", "Nothing"}: true, {"", ""}: false,
	} {
		if got := conformance.IsSubtype(pair[0], pair[1]); got != want {
			t.Errorf("%v: %v", pair, got)
		}
	}
}
