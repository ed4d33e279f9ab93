package demodata

import (
	"encoding/json"
	"strconv"
	"time"
)

// The R4 data types and resources that are written here, with the elements that
// are written and no others.
type (
	extension struct {
		URL         string `json:"url"`
		ValueString string `json:"valueString,omitempty"`
	}
	element struct {
		Extension []extension `json:"extension"`
	}
	identifier struct {
		System string `json:"system"`
		Value  string `json:"value"`
	}
	reference struct {
		Reference string `json:"reference"`
	}
	coding struct {
		System  string `json:"system"`
		Code    string `json:"code"`
		Display string `json:"display,omitempty"`
	}
	concept struct {
		Coding []coding `json:"coding,omitempty"`
		Text   string   `json:"text,omitempty"`
	}
	period struct {
		Start string `json:"start,omitempty"`
		End   string `json:"end,omitempty"`
	}
	quantity struct {
		Value  json.Number `json:"value"`
		Unit   string      `json:"unit"`
		System string      `json:"system,omitempty"`
		Code   string      `json:"code,omitempty"`
	}
	humanName struct {
		Use           string   `json:"use"`
		Family        string   `json:"family"`
		FamilyElement *element `json:"_family,omitempty"`
		Given         []string `json:"given"`
	}
	postal struct {
		Use        string   `json:"use"`
		Line       []string `json:"line"`
		City       string   `json:"city"`
		PostalCode string   `json:"postalCode"`
		Country    string   `json:"country"`
	}

	// head is what every resource begins with.
	head struct {
		ResourceType string       `json:"resourceType"`
		ID           string       `json:"id,omitempty"`
		Identifier   []identifier `json:"identifier"`
	}
	patientResource struct {
		head
		Active    bool        `json:"active"`
		Name      []humanName `json:"name"`
		Gender    string      `json:"gender"`
		BirthDate string      `json:"birthDate"`
		Address   []postal    `json:"address"`
	}
	practitionerResource struct {
		head
		Active bool        `json:"active"`
		Name   []humanName `json:"name"`
	}
	practitionerRole struct {
		head
		Active       bool      `json:"active"`
		Practitioner reference `json:"practitioner"`
		Organization reference `json:"organization"`
		Code         []concept `json:"code"`
	}
	careTeam struct {
		head
		Status      string        `json:"status"`
		Name        string        `json:"name"`
		Subject     reference     `json:"subject"`
		Period      period        `json:"period"`
		Participant []participant `json:"participant"`
	}
	participant struct {
		Member reference `json:"member"`
		Period period    `json:"period"`
	}
	episodeOfCare struct {
		head
		Status      string    `json:"status"`
		Patient     reference `json:"patient"`
		Period      period    `json:"period"`
		CareManager reference `json:"careManager"`
	}
	encounter struct {
		head
		Status      string     `json:"status"`
		Class       coding     `json:"class"`
		Subject     reference  `json:"subject"`
		Participant []attender `json:"participant"`
		Period      period     `json:"period"`
	}
	attender struct {
		Individual reference `json:"individual"`
	}
	observation struct {
		head
		Status            string           `json:"status"`
		Category          []concept        `json:"category"`
		Code              concept          `json:"code"`
		Subject           reference        `json:"subject"`
		Encounter         reference        `json:"encounter"`
		EffectiveDateTime string           `json:"effectiveDateTime"`
		Performer         []reference      `json:"performer"`
		ValueQuantity     *quantity        `json:"valueQuantity,omitempty"`
		ReferenceRange    []referenceRange `json:"referenceRange,omitempty"`
		Component         []component      `json:"component,omitempty"`
	}
	component struct {
		Code          concept   `json:"code"`
		ValueQuantity *quantity `json:"valueQuantity"`
	}
	referenceRange struct {
		Low  *quantity `json:"low"`
		High *quantity `json:"high"`
	}
	medicationStatement struct {
		head
		Status                    string    `json:"status"`
		MedicationCodeableConcept concept   `json:"medicationCodeableConcept"`
		Subject                   reference `json:"subject"`
		EffectivePeriod           period    `json:"effectivePeriod"`
		DateAsserted              string    `json:"dateAsserted"`
		InformationSource         reference `json:"informationSource"`
		Dosage                    []dosage  `json:"dosage"`
	}
	dosage struct {
		Text        string       `json:"text"`
		Timing      timing       `json:"timing"`
		DoseAndRate []doseOrRate `json:"doseAndRate"`
	}
	timing struct {
		Repeat struct {
			Frequency  int    `json:"frequency"`
			Period     int    `json:"period"`
			PeriodUnit string `json:"periodUnit"`
		} `json:"repeat"`
	}
	doseOrRate struct {
		DoseQuantity quantity `json:"doseQuantity"`
	}

	bundle struct {
		ResourceType string  `json:"resourceType"`
		Type         string  `json:"type"`
		Entry        []entry `json:"entry"`
	}
	entry struct {
		FullURL  string  `json:"fullUrl"`
		Resource any     `json:"resource"`
		Request  request `json:"request"`
	}
	request struct {
		Method      string `json:"method"`
		URL         string `json:"url"`
		IfNoneExist string `json:"ifNoneExist"`
	}
)

func date(t time.Time) string    { return t.Format(time.DateOnly) }
func instant(t time.Time) string { return t.Format(time.RFC3339) }

// decimal writes a value with a fixed number of decimals, which is its
// precision in FHIR.
func decimal(value float64, decimals int) json.Number {
	return json.Number(strconv.FormatFloat(value, 'f', decimals, 64))
}

func (m *Measure) quantity(value float64) *quantity {
	return &quantity{decimal(value, m.Decimals), m.Unit, "http://unitsofmeasure.org", m.UCUM}
}

func (m *Measure) concept() concept {
	return concept{Coding: []coding{{"http://loinc.org", m.Code, m.Display}}}
}

// resourceName writes a Dutch name as the nl-core profile does.
func (n Name) resourceName() humanName {
	out := humanName{Use: "official", Family: n.Surname(), Given: n.Given}
	const ext = "http://hl7.org/fhir/StructureDefinition/humanname-own-"
	if n.Prefix != "" {
		out.FamilyElement = &element{[]extension{{ext + "prefix", n.Prefix}, {ext + "name", n.Family}}}
	}
	return out
}
