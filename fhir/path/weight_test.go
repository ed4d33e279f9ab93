package path

import "testing"

func TestProgram_Weight(t *testing.T) {
	bomb := "(url | url)"
	for range 12 {
		bomb = "(extension | extension).where(" + bomb + ".exists())"
	}
	for source, want := range map[string]int{
		"Patient.name.family":                                  1,
		"Patient.name.family | Patient.name.given":             2,
		"Patient.telecom.where(system = 'phone')":              2,
		"Patient.name[0].given.exists() and Patient.active":    2,
		"(Patient.name | Patient.contact.name).family":         2,
		"Patient.link.other.where(resolve() is RelatedPerson)": 2,
		"(name | name).where((given | given).exists()).family": 6,
		bomb: 1<<14 - 2, // 2 × (1 + 2 × (1 + …))
	} {
		p, err := Compile(source, "Patient")
		if err != nil {
			t.Errorf("%s: %v", source, err)
			continue
		}
		if got := p.Weight(); got != want {
			t.Errorf("%s weighs %d, want %d", source, got, want)
		}
	}
}
