package profile

import (
	"testing"

	"sluis/conformance/terminology"
)

// BenchmarkValidate validates R4's example of a Patient, and one of nl-core
// against its profile, with what a server does for each request.
func BenchmarkValidate(b *testing.B) {
	official := resources(b, "r4-examples/r4-examples-json.tgz", ".json")
	docs := dutch(b)
	library := NewLibrary(resolver(docs))
	for name, body := range map[string][]byte{
		"Patient":         official["Patient-example.json"],
		"vital signs":     official["Observation-blood-pressure.json"],
		"nl-core-Patient": resources(b, "nl-core/zib2020-examples-json.tgz", ".json")["nl-core-Patient-01.json"],
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				library.Validate(parse(b, body), Request{At: at, Terminology: terminology.New(nil, at)})
			}
		})
	}
	b.Run("snapshots of nl-core-Patient", func(b *testing.B) {
		for b.Loop() {
			NewLibrary(resolver(docs)).Profile("http://nictiz.nl/fhir/StructureDefinition/nl-core-Patient")
		}
	})
}
