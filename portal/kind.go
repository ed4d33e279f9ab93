package portal

import "sluis/fhir"

// kind is one sort of data that the patient can look at, as a list of its own.
// Its name stands in the path and is the word for it.
type kind struct {
	Name, Type string
	sort       string   // search parameter by date
	when       []string // elements that tell when: dateTime, Period or instant
	what       []string // elements that tell what: CodeableConcept, Reference or text
	column     string   // word for what value tells; "" when there is nothing more to tell
	value      func(*visit, fhir.Node) string
}

// kinds are in the order of the pages.
var kinds = []kind{
	{"results", "Observation", "date", []string{"effectiveDateTime", "effectivePeriod", "effectiveInstant", "issued"}, []string{"code"}, "value", (*visit).observed},
	{"medication", "MedicationStatement", "effective", []string{"effectivePeriod", "effectiveDateTime", "dateAsserted"}, medicines, "dosage", (*visit).dose},
	{"prescriptions", "MedicationRequest", "authoredon", []string{"authoredOn"}, medicines, "dosage", (*visit).dose},
	{"conditions", "Condition", "recorded-date", []string{"onsetDateTime", "onsetPeriod", "recordedDate"}, []string{"code"}, "status", (*visit).clinical},
	{"allergies", "AllergyIntolerance", "date", []string{"onsetDateTime", "recordedDate"}, []string{"code"}, "status", (*visit).clinical},
	{"encounters", "Encounter", "date", []string{"period"}, []string{"type", "serviceType", "class"}, "", nil},
	{"procedures", "Procedure", "date", []string{"performedDateTime", "performedPeriod"}, []string{"code"}, "", nil},
	{"immunizations", "Immunization", "date", []string{"occurrenceDateTime"}, []string{"vaccineCode"}, "", nil},
	{"reports", "DiagnosticReport", "date", []string{"effectiveDateTime", "effectivePeriod", "issued"}, []string{"code"}, "conclusion", (*visit).conclusion},
	{"documents", "DocumentReference", "date", []string{"date"}, []string{"type", "description"}, "", nil},
}

var medicines = []string{"medicationCodeableConcept", "medicationReference"}

func kindNamed(name string) (kind, bool) {
	for _, k := range kinds {
		if k.Name == name {
			return k, true
		}
	}
	return kind{}, false
}

// row is one line of a list, ready to be shown.
type row struct {
	When, What, Value string
	Note              string // of a status that changes what the line means
	Holder            string
}

// row reads a resource of the kind. What it does not hold stays empty.
func (v *visit) row(k kind, n fhir.Node) row {
	r := row{Note: v.status(n.Get("status").Text())}
	for _, name := range k.when {
		if r.When = v.moment(n.Get(name)); r.When != "" {
			break
		}
	}
	for _, name := range k.what {
		if r.What = label(n.Get(name)); r.What != "" {
			break
		}
	}
	if k.value != nil {
		r.Value = k.value(v, n)
	}
	return r
}

// moment writes a dateTime, an instant or a Period.
func (v *visit) moment(n fhir.Node) string {
	if n.Kind() == fhir.Object {
		return v.period(n)
	}
	return v.date(n.Text())
}

// status is a word for what must not be read as it stands, and "" for the
// ordinary ones.
func (v *visit) status(code string) string {
	switch code {
	case "entered-in-error", "cancelled", "preliminary", "registered", "stopped", "on-hold", "not-taken", "not-done", "intended", "draft", "unknown", "superseded":
		return v.words["status."+code]
	}
	return ""
}
