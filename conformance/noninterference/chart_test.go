package noninterference

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"sluis/fhir"
)

type (
	object = map[string]any
	list   = []any
)

// flavour is what makes one chart differ from another: words, codes, numbers
// and dates.
type flavour struct {
	word   string
	code   int
	number float64
	day    int
}

func anyFlavour(rng *rand.Rand) flavour {
	words := []string{"Aalders", "Bakker", "Cornelisse", "Dijkstra", "Évers", "Fokkema", "Groot", "Hendriks"}
	return flavour{words[rng.IntN(len(words))], rng.IntN(4), float64(rng.IntN(90)) + 0.5, rng.IntN(28) + 1}
}

func (f flavour) date() string { return fmt.Sprintf("2026-02-%02d", f.day) }

func (f flavour) loinc(first int) object {
	codes := []string{"2345-7", "8867-4", "29463-7", "4548-4", "718-7", "2160-0"}
	return concept("http://loinc.org", codes[(first+f.code)%len(codes)])
}

func (f flavour) identifier() list {
	return list{object{"system": "urn:oid:2.16.840.1.113883.2.4.99", "value": fmt.Sprintf("%s-%d", f.word, f.code)}}
}

func concept(system, code string) object {
	return object{"coding": list{object{"system": system, "code": code}}}
}

func ref(to string) object { return object{"reference": to} }

const (
	categories = "http://terminology.hl7.org/CodeSystem/observation-category"
	actCode    = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
	snomed     = "http://snomed.info/sct"
	ucum       = "http://unitsofmeasure.org"
)

// resource writes a resource of a type under an id.
func resource(kind, id string, fields object) string {
	fields["resourceType"], fields["id"] = kind, id
	body, err := json.Marshal(fields)
	if err != nil {
		panic(err) // maps of strings and numbers: cannot be
	}
	return string(body)
}

// patientRecord is a custodian's own record of a person.
func patientRecord(id, bsn string, f flavour) string {
	return resource("Patient", id, object{
		"active": true, "identifier": list{object{"system": "http://fhir.nl/fhir/NamingSystem/bsn", "value": bsn}},
		"name":   list{object{"family": f.word, "given": list{f.word + "je"}}},
		"gender": []string{"male", "female", "other", "unknown"}[f.code], "birthDate": fmt.Sprintf("19%02d-01-01", 50+f.day),
		"address": list{object{"city": f.word + "dam", "postalCode": fmt.Sprintf("10%02d AA", f.day)}},
		"telecom": list{object{"system": "email", "value": f.word + "@example.org"}},
	})
}

// chart is what one custodian holds about the patient {name}-patient: a resource
// of each of many types, whose ids begin with the name of the chart. Its
// references that make nobody a subject point into the chart named towards:
// bridges between what is seen and what is not.
func chart(name, towards string, f flavour) []string {
	id := func(suffix string) string { return name + "-" + suffix }
	far := func(kind, suffix string) object { return ref(kind + "/" + towards + "-" + suffix) }
	about := ref("Patient/" + id("patient"))
	quantity := object{"value": f.number, "unit": "mmol/l", "system": ucum, "code": "mmol/L"}
	observation := func(suffix, category string, more object) string {
		fields := object{
			"status": "final", "category": list{concept(categories, category)}, "code": f.loinc(len(suffix)), "subject": about,
			"effectiveDateTime": f.date() + "T09:00:00+01:00", "identifier": f.identifier(),
		}
		for k, v := range more {
			fields[k] = v
		}
		return resource("Observation", id(suffix), fields)
	}
	return append([]string{
		observation("lab", "laboratory", object{"valueQuantity": quantity}),
		observation("lab2", "laboratory", object{"valueQuantity": quantity, "focus": list{far("Patient", "patient")}, "hasMember": list{far("Observation", "lab"), far("Observation", "vital")}}),
		observation("vital", "vital-signs", object{"valueQuantity": quantity, "performer": list{ref("Practitioner/gp")}}),
		observation("panel", "vital-signs", object{"valueString": f.word, "hasMember": list{ref("Observation/" + id("vital")), far("Observation", "vital")}, "derivedFrom": list{far("Observation", "lab")}}),
		observation("survey", "survey", object{"meta": object{"security": list{object{"system": actCode, "code": "PSY"}}}, "valueInteger": f.day}),
	}, otherRecords(id, far, about, f)...)
}

// otherRecords are the resources of a chart that are no Observations.
func otherRecords(id func(string) string, far func(kind, suffix string) object, about object, f flavour) []string {
	period := object{"start": f.date(), "end": f.date()}
	return []string{
		resource("Condition", id("condition"), object{"clinicalStatus": concept("http://terminology.hl7.org/CodeSystem/condition-clinical", "active"), "code": concept(snomed, []string{"38341003", "44054006", "195967001", "73211009"}[f.code]), "subject": about, "encounter": far("Encounter", "encounter"), "onsetDateTime": f.date(), "identifier": f.identifier()}),
		resource("Encounter", id("encounter"), object{"status": "finished", "class": object{"system": actCode, "code": "AMB"}, "subject": about, "period": period, "length": object{"value": f.number, "system": ucum, "code": "min"}, "partOf": far("Encounter", "encounter"), "serviceProvider": ref("Organization/practice")}),
		resource("MedicationRequest", id("prescription"), object{"status": "active", "intent": "order", "medicationCodeableConcept": concept("http://www.whocc.no/atc", []string{"A10BA02", "C09AA02", "N02BE01", "R03AC02"}[f.code]), "subject": about, "authoredOn": f.date(), "encounter": far("Encounter", "encounter")}),
		resource("RiskAssessment", id("risk"), object{"status": "final", "subject": about, "prediction": list{object{"probabilityDecimal": f.number / 100}}, "basis": list{far("Observation", "lab")}}),
		resource("CarePlan", id("plan"), object{"status": "active", "intent": "plan", "subject": about, "instantiatesUri": list{"http://example.org/plans/" + f.word}, "period": period, "addresses": list{far("Condition", "condition")}}),
		resource("DiagnosticReport", id("report"), object{"status": "final", "code": f.loinc(2), "subject": about, "result": list{ref("Observation/" + id("lab")), far("Observation", "lab")}, "issued": f.date() + "T12:00:00Z"}),
		resource("List", id("list"), object{"status": "current", "mode": "working", "title": "List of " + f.word, "subject": about, "entry": list{object{"item": far("Condition", "condition")}, object{"item": ref("Condition/" + id("condition"))}}}),
		resource("Communication", id("message"), object{"status": "completed", "subject": about, "recipient": list{far("Patient", "patient")}, "sent": f.date() + "T08:00:00Z"}),
		resource("Immunization", id("shot"), object{"status": "completed", "vaccineCode": concept("http://hl7.org/fhir/sid/cvx", "140"), "patient": about, "occurrenceDateTime": f.date(), "lotNumber": f.word}),
		resource("RelatedPerson", id("relative"), object{"active": true, "patient": about, "name": list{object{"family": f.word}}}),
		resource("Provenance", id("provenance"), object{"target": list{about, far("Observation", "lab")}, "recorded": f.date() + "T10:00:00Z", "agent": list{object{"who": ref("Practitioner/gp")}}}),
		resource("Person", id("person"), object{"name": list{object{"family": f.word}}, "link": list{object{"target": about}}}),
		resource("Device", id("device"), object{"patient": about, "serialNumber": f.word, "deviceName": list{object{"name": f.word, "type": "user-friendly-name"}}}),
		resource("Task", id("task"), object{"status": "requested", "intent": "order", "for": about, "focus": far("Condition", "condition"), "description": f.word}),
		resource("Coverage", id("coverage"), object{"status": "active", "beneficiary": about, "payor": list{ref("Organization/hospital")}, "subscriberId": f.word}),
	}
}

// only are the resources of a chart with one of the suffixes; except are the
// others.
func only(bodies []string, suffixes ...string) (out []string) {
	for _, b := range bodies {
		if slices.ContainsFunc(suffixes, func(s string) bool { return strings.HasSuffix(refOf(b), "-"+s) }) {
			out = append(out, b)
		}
	}
	return out
}

func except(bodies []string, suffixes ...string) []string {
	drop := only(bodies, suffixes...)
	return slices.DeleteFunc(slices.Clone(bodies), func(b string) bool { return slices.Contains(drop, b) })
}

// refOf is Type/id of a resource.
func refOf(body string) string {
	doc, err := fhir.ParseDocument([]byte(body))
	if err != nil {
		panic(err) // this package wrote it
	}
	return doc.Type() + "/" + doc.Root().Get("id").Text()
}
