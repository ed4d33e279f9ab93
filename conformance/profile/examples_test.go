package profile

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sluis/conformance/terminology"
	"sluis/fhir"
)

// errorsOf lists the issues of severity error, as location, code and details.
func errorsOf(issues []fhir.Issue) []string {
	var out []string
	for _, i := range issues {
		if i.Severity == "error" {
			out = append(out, fmt.Sprintf("%s %s %s", i.Expression[0], i.Code, i.Details))
		}
	}
	return out
}

var at = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// TestOfficialExamplesAreValid validates R4's examples. Those with an error must
// be the ones that the golden list names, each with its reason.
func TestOfficialExamplesAreValid(t *testing.T) {
	library := NewLibrary(nil)
	found := map[string]string{}
	n := 0
	for name, body := range resources(t, "r4-examples/r4-examples-json.tgz", ".json") {
		n++
		if errors := errorsOf(library.Validate(parse(t, body), Request{At: at, Terminology: terminology.New(nil, at)})); len(errors) > 0 {
			found[strings.TrimSuffix(name, ".json")] = errors[0]
		}
	}
	t.Logf("%d examples, %d with errors", n, len(found))
	checkReasons(t, "testdata/examples-of-r4.txt", readReasons(t, "testdata/examples-of-r4.txt"), found)
}

// TestDutchExamplesMeetTheirProfiles validates the examples of nl-core against
// the profiles in their meta.profile.
func TestDutchExamplesMeetTheirProfiles(t *testing.T) {
	docs := dutch(t)
	library := NewLibrary(resolver(docs))
	resolve := func(_, url, _ string) (*fhir.Document, error) { return docs[url], nil }
	found := map[string]string{}
	n, profiled := 0, 0
	for name, body := range resources(t, "nl-core/zib2020-examples-json.tgz", ".json") {
		n++
		doc := parse(t, body)
		if !doc.Root().At("meta", "profile").IsZero() {
			profiled++
		}
		issues := library.Validate(doc, Request{At: at, Terminology: terminology.New(resolve, at)})
		if errors := errorsOf(issues); len(errors) > 0 {
			found[strings.TrimSuffix(name, ".json")] = strings.Join(errors, " ;; ")
		}
		for _, i := range issues {
			if i.Code == "not-found" {
				t.Logf("%s: %s", name, i.Details)
			}
		}
	}
	t.Logf("%d examples, %d with profiles, %d with errors", n, profiled, len(found))
	checkReasons(t, "testdata/examples-of-nl-core.txt", readReasons(t, "testdata/examples-of-nl-core.txt"), found)
}
