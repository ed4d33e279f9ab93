package demodata

import (
	"math/rand/v2"
)

// Measure is something that is measured, by its LOINC code and UCUM unit.
type Measure struct {
	Code, Display string
	Category      string // of CodeSystem observation-category
	Unit, UCUM    string
	Low, High     float64 // the span in which people's own means lie
	Spread        float64 // of one person's values around the mean
	Decimals      int
	Reference     [2]float64 // reference range; zero when there is none
	Components    []*Measure // then the measure itself has no value
	Psychiatric   bool
}

// take measures someone whose mean lies at baseline (0 to 1) of the span.
func (m *Measure) take(rng *rand.Rand, baseline float64) Result {
	r := Result{Measure: m}
	for _, part := range m.Components {
		r.Values = append(r.Values, part.take(rng, baseline).Value)
	}
	r.Value = max(0, m.Low+baseline*(m.High-m.Low)+m.Spread*(2*rng.Float64()-1))
	return r
}

var (
	systolic      = &Measure{Code: "8480-6", Display: "Systolic blood pressure", Unit: "mmHg", UCUM: "mm[Hg]", Low: 112, High: 165, Spread: 12}
	diastolic     = &Measure{Code: "8462-4", Display: "Diastolic blood pressure", Unit: "mmHg", UCUM: "mm[Hg]", Low: 65, High: 98, Spread: 7}
	bloodPressure = &Measure{
		Code: "85354-9", Display: "Blood pressure panel with all children optional", Category: "vital-signs",
		Components: []*Measure{systolic, diastolic},
	}
	bodyWeight = &Measure{Code: "29463-7", Display: "Body weight", Category: "vital-signs", Unit: "kg", UCUM: "kg", Low: 54, High: 104, Spread: 2.5, Decimals: 1}
	heartRate  = &Measure{Code: "8867-4", Display: "Heart rate", Category: "vital-signs", Unit: "/min", UCUM: "/min", Low: 58, High: 88, Spread: 9}
	glucose    = &Measure{
		Code: "14749-6", Display: "Glucose [Moles/volume] in Serum or Plasma", Category: "laboratory", Unit: "mmol/L", UCUM: "mmol/L",
		Low: 4.6, High: 9.8, Spread: 1.1, Decimals: 2, Reference: [2]float64{4, 7.8},
	}
	hbA1c = &Measure{
		Code: "59261-8", Display: "Hemoglobin A1c/Hemoglobin.total in Blood by IFCC protocol", Category: "laboratory", Unit: "mmol/mol", UCUM: "mmol/mol",
		Low: 33, High: 68, Spread: 4, Reference: [2]float64{20, 42},
	}
	creatinine = &Measure{
		Code: "14682-9", Display: "Creatinine [Moles/volume] in Serum or Plasma", Category: "laboratory", Unit: "µmol/L", UCUM: "umol/L",
		Low: 58, High: 125, Spread: 9, Reference: [2]float64{50, 110},
	}
	potassium = &Measure{
		Code: "2823-3", Display: "Potassium [Moles/volume] in Serum or Plasma", Category: "laboratory", Unit: "mmol/L", UCUM: "mmol/L",
		Low: 3.6, High: 4.9, Spread: 0.3, Decimals: 1, Reference: [2]float64{3.5, 5},
	}
	phq9 = &Measure{
		Code: "44261-6", Display: "Patient Health Questionnaire 9 item (PHQ-9) total score [Reported]", Category: "survey", Unit: "{score}", UCUM: "{score}",
		Low: 4, High: 19, Spread: 4, Psychiatric: true,
	}

	practiceRound   = []*Measure{bloodPressure, bodyWeight, heartRate}
	hospitalRound   = []*Measure{bloodPressure, glucose, hbA1c, creatinine, potassium}
	psychiatryRound = []*Measure{phq9}
)

// Drug is a medicine by its ATC code and a product number of our own, made in
// the form of the G-Standaard's, whose numbers are licensed.
type Drug struct {
	ATC, Product string
	Display      string // substance
	Strength     string
	PerDay       int // times one unit
	Form         string
	Psychiatric  bool
}

// Systems of drugs.
const (
	ATCSystem     = "http://www.whocc.no/atc"
	productSystem = "https://sluis.example/fhir/CodeSystem/product"
)

var (
	practiceDrugs = []*Drug{
		{ATC: "C09AA02", Product: "90010014", Display: "enalapril", Strength: "10 mg", PerDay: 1, Form: "tablet"},
		{ATC: "C08CA01", Product: "90010022", Display: "amlodipine", Strength: "5 mg", PerDay: 1, Form: "tablet"},
		{ATC: "C10AA05", Product: "90010030", Display: "atorvastatin", Strength: "20 mg", PerDay: 1, Form: "tablet"},
		{ATC: "R03AC02", Product: "90010049", Display: "salbutamol", Strength: "100 µg/dosis", PerDay: 4, Form: "inhalation"},
	}
	hospitalDrugs = []*Drug{
		{ATC: "A10BA02", Product: "90020016", Display: "metformin", Strength: "500 mg", PerDay: 3, Form: "tablet"},
		{ATC: "A10BB09", Product: "90020024", Display: "gliclazide", Strength: "30 mg", PerDay: 1, Form: "tablet"},
		{ATC: "C03CA01", Product: "90020032", Display: "furosemide", Strength: "40 mg", PerDay: 1, Form: "tablet"},
	}
	psychiatryDrugs = []*Drug{
		{ATC: "N06AB03", Product: "90030018", Display: "fluoxetine", Strength: "20 mg", PerDay: 1, Form: "capsule", Psychiatric: true},
		{ATC: "N06AX11", Product: "90030026", Display: "mirtazapine", Strength: "15 mg", PerDay: 1, Form: "tablet", Psychiatric: true},
		{ATC: "N05AX08", Product: "90030034", Display: "risperidone", Strength: "2 mg", PerDay: 1, Form: "tablet", Psychiatric: true},
		{ATC: "N05AN01", Product: "90030042", Display: "lithium", Strength: "400 mg", PerDay: 2, Form: "tablet", Psychiatric: true},
	}
)
