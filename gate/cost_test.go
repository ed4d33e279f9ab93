package gate

import (
	"strings"
	"testing"

	"sluis/fhir"
	"sluis/fhir/query"
)

// What people ask is affordable, whole compartments among it; what would run
// away is not.
func TestAffordable(t *testing.T) {
	var l query.Language
	for _, of := range []string{"Patient", "Encounter", "Practitioner", "RelatedPerson", "Device"} {
		q, err := l.ParseCompartment(fhir.Ref{Type: of, ID: "1"}, "", nil)
		if err == nil {
			err = affordable(q)
		}
		if err != nil {
			t.Errorf("%s/1/*: %v", of, err)
		}
	}
	tests := strings.TrimSuffix(strings.Repeat("name sw x or ", 100), " or ")
	chains := strings.TrimSuffix(strings.Repeat("subject:Patient.name sw x or ", 70), " or ")
	for params, want := range map[[2]string]bool{
		{"_filter", "code eq x"}: true,
		{"_filter", strings.ReplaceAll(tests, "name sw x", "status eq x")}: true,
		{"_filter", chains}:                       false,
		{"subject.organization.name", "x"}:        true,
		{"_content", strings.Repeat("word ", 60)}: true,
		{"code-value-quantity", strings.TrimSuffix(strings.Repeat("a$1,", 200), ",")}: false,
	} {
		q, err := l.Parse("Observation", []fhir.Param{{Name: params[0], Value: params[1]}})
		if err != nil {
			t.Errorf("%v: %v", params, err)
			continue
		}
		if err := affordable(q); (err == nil) != want {
			t.Errorf("%s=%.60s: %v", params[0], params[1], err)
		}
	}
}
