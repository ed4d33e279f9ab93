package hl7v2_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/fhir/go/fhirversion"
	"github.com/google/fhir/go/jsonformat"

	"sluis/feed"
	"sluis/feed/hl7v2"
	"sluis/internal/shared"
)

var simhospital = feed.Config{
	Name: "simhospital", Custodian: "sim", Application: "SIMHOSP", Facility: "SFAC",
	MessageTypes: []string{"ADT^*", "ORU^*"},
}

var oracle = sync.OnceValue(func() *jsonformat.Unmarshaller {
	u, err := jsonformat.NewUnmarshaller("Europe/Amsterdam", fhirversion.R4)
	if err != nil {
		panic(err)
	}
	return u
})

// mustBeR4 checks a bundle with google/fhir: a second opinion on structure,
// types, required elements and references.
func mustBeR4(t *testing.T, bundle []byte) {
	t.Helper()
	if _, err := oracle().Unmarshal(bundle); err != nil {
		t.Errorf("google/fhir refuses the bundle: %v\n%s", err, bundle)
	}
}

// resourceTypes counts the entries of a bundle by type.
func resourceTypes(t *testing.T, bundle []byte) map[string]int {
	t.Helper()
	var b struct {
		Entry []struct {
			Resource struct{ ResourceType string } `json:"resource"`
		} `json:"entry"`
	}
	if err := json.Unmarshal(bundle, &b); err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for _, e := range b.Entry {
		counts[e.Resource.ResourceType]++
	}
	return counts
}

func TestEverySimhospitalSampleOfASupportedEventTranslates(t *testing.T) {
	dir := shared.Path(t, "hl7v2/simhospital")
	for _, event := range []string{"ADT_A01", "ADT_A03", "ADT_A04", "ADT_A08", "ADT_A28", "ADT_A31", "ORU_R01"} {
		files, _ := filepath.Glob(filepath.Join(dir, event+"-*.hl7"))
		if len(files) != 5 {
			t.Errorf("%s: %d samples, want 5", event, len(files))
		}
		for _, file := range files {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			m, err := hl7v2.Parse(raw, hl7v2.Options{})
			if err != nil {
				t.Errorf("%s: %v", filepath.Base(file), err)
				continue
			}
			d, err := hl7v2.Translate(m, simhospital)
			if err != nil {
				t.Errorf("%s: %v", filepath.Base(file), err)
				continue
			}
			mustBeR4(t, d.Bundle)
		}
	}
}

// TestSimhospitalStream runs the ordered feed of 1,040 messages. Everything
// that is supported translates, save two kinds of message at fault: discharges
// without a visit number, and documents sent as results (their status is not
// one of a result). The rest is refused by name.
func TestSimhospitalStream(t *testing.T) {
	raw, err := os.ReadFile(shared.Path(t, "hl7v2/simhospital-stream-1040.hl7"))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for _, message := range bytes.SplitAfter(raw, []byte("\r\r")) {
		m, err := hl7v2.Parse(message, hl7v2.Options{})
		if err != nil {
			t.Fatal(err)
		}
		d, err := hl7v2.Translate(m, simhospital)
		if err != nil {
			first, _, _ := strings.Cut(err.Error(), ";")
			got[first]++
			continue
		}
		code, event := m.Type()
		got[code+"^"+event]++
		for kind, n := range resourceTypes(t, d.Bundle) {
			got[kind] += n
		}
	}
	want := map[string]int{
		"ADT^A01": 131, "ADT^A03": 110, "ADT^A04": 73, "ADT^A08": 25, "ADT^A28": 28, "ADT^A31": 28, "ORU^R01": 139,
		"Patient": 534, "Encounter": 462, "Observation": 887, "DiagnosticReport": 139,
		"PV1-19: the visit number is missing":        14,
		"OBR-25: the value is not in HL7 table 0123": 36,
		"MSH-9.1: the message type is not supported": 158,
		"MSH-9.2: the event is not supported":        298,
	}
	if !maps.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}
