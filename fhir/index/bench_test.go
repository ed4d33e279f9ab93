package index_test

import (
	"testing"

	"sluis/fhir"
)

func BenchmarkExtract(b *testing.B) {
	body := []byte(`{"resourceType":"Observation","id":"o","meta":{"profile":["http://hl7.org/fhir/StructureDefinition/heartrate"]},
	"status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs","display":"Vital Signs"}]}],
	"code":{"coding":[{"system":"http://loinc.org","code":"8867-4","display":"Heart rate"}],"text":"Heart rate"},
	"subject":{"reference":"Patient/p1"},"encounter":{"reference":"Encounter/e1"},"effectiveDateTime":"2019-07-02T10:00:00+02:00","issued":"2019-07-02T10:00:00.123+02:00",
	"valueQuantity":{"value":72.5,"unit":"beats/minute","system":"http://unitsofmeasure.org","code":"/min"}}`)
	doc, err := fhir.ParseDocument(body)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r4.Extract(doc); err != nil {
			b.Fatal(err)
		}
	}
}
