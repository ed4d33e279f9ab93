package profile

import (
	"regexp"
	"strings"
	"testing"

	"sluis/fhir"
	fhirxml "sluis/fhir/xml"
)

var definition = regexp.MustCompile(`<(StructureDefinition|ValueSet|CodeSystem) xmlns`)

// dutch reads the definitions of nl-core and MP9, by canonical: the profiles, and
// the value sets and code systems that they bind to.
func dutch(t testing.TB) map[string]*fhir.Document {
	t.Helper()
	out := map[string]*fhir.Document{}
	for _, file := range []string{"nl-core/zib2020-nlcore-profiles-xml.tgz", "nl-core/mp9-medicationprocess-profiles-xml.tgz"} {
		for name, body := range resources(t, file, ".xml") {
			if !definition.Match(body) {
				continue
			}
			json, err := fhirxml.ToJSON(body)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			doc := parse(t, json)
			out[doc.Root().Get("url").Text()] = doc
		}
	}
	return out
}

func resolver(docs map[string]*fhir.Document) Resolver {
	return func(canonical string) (*fhir.Document, bool) {
		url, _, _ := strings.Cut(canonical, "|")
		doc, ok := docs[url]
		return doc, ok
	}
}

// TestSnapshotsOfNLCore makes the snapshot of every profile of nl-core and MP9,
// which are published without: no part of any differential may be left over.
func TestSnapshotsOfNLCore(t *testing.T) {
	docs := dutch(t)
	library := NewLibrary(resolver(docs))
	found := map[string]string{}
	n := 0
	for url, doc := range docs {
		if doc.Type() != "StructureDefinition" {
			continue
		}
		n++
		_, issues, ok := library.Profile(url)
		switch {
		case !ok && len(issues) == 0:
			found[url] = "no profile"
		case len(issues) > 0:
			found[url] = issues[0].Details
		}
	}
	t.Logf("%d profiles, %d with problems", n, len(found))
	checkReasons(t, "testdata/snapshots-of-nl-core.txt", readReasons(t, "testdata/snapshots-of-nl-core.txt"), found)
}
