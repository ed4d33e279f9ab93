package conformance_test

import (
	"testing"

	"sluis/conformance"
	"sluis/fhir"
)

// BenchmarkValidate measures parsing and validating the official examples of
// 2 to 4 KB, and validating alone.
func BenchmarkValidate(b *testing.B) {
	var bodies [][]byte
	for _, e := range examples(b, officialExamples) {
		if len(e.body) >= 2000 && len(e.body) < 4000 && verdict(e.body) == nil {
			bodies = append(bodies, e.body)
		}
	}
	docs := make([]*fhir.Document, len(bodies))
	b.Run("parse", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			docs[i%len(docs)], _ = fhir.ParseDocument(bodies[i%len(bodies)])
		}
	})
	for i, body := range bodies {
		docs[i], _ = fhir.ParseDocument(body)
	}
	b.Run("validate", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if issues := conformance.Validate(docs[i%len(docs)]); issues != nil {
				b.Fatal(issues)
			}
		}
	})
}
