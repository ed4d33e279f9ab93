package storagetest

import (
	"sluis/conformance"
	"sluis/fhir"
	"sluis/fhir/index"
	"sluis/fhir/query"

	"pgregory.net/rapid"
)

// generator draws predicates about a model's population.
type generator struct {
	*model
	access bool // no chains, and no references to Patients
}

var kinds = []string{"Provenance", "Patient", "Observation", "Encounter", "CareTeam", "Consent", "Organization"}

// expr draws a predicate of bounded depth.
func (g generator) expr(t *rapid.T, depth int) query.Expr {
	if depth == 0 {
		return g.leaf(t)
	}
	switch rapid.IntRange(0, 4).Draw(t, "form") {
	case 0:
		return query.And(g.expr(t, depth-1), g.expr(t, depth-1))
	case 1:
		return query.Or(g.expr(t, depth-1), g.expr(t, depth-1))
	case 2:
		x, err := query.Not(g.expr(t, depth-1))
		if err != nil {
			return query.None{}
		}
		return x
	}
	return g.leaf(t)
}

func (g generator) leaf(t *rapid.T) query.Expr {
	leaves := []func(*rapid.T) query.Expr{g.constant, g.column, g.entry, g.entry, g.label, g.refers, g.refers, g.subjects, g.subjects}
	if !g.access {
		leaves = append(leaves, g.reference, g.chain)
	}
	return rapid.SampledFrom(leaves).Draw(t, "leaf")(t)
}

func (g generator) constant(t *rapid.T) query.Expr {
	return rapid.SampledFrom([]query.Expr{query.All{}, query.None{}, query.All{}}).Draw(t, "constant")
}

func (g generator) column(t *rapid.T) query.Expr {
	return rapid.SampledFrom([]query.Expr{
		query.TypeIs{Types: []string{"Observation"}},
		query.TypeIs{Types: []string{"Patient", "Consent"}},
		query.Custodian{ID: here},
		query.Custodian{ID: there},
		query.IDIs{IDs: []string{g.resources[rapid.IntRange(0, len(g.resources)-1).Draw(t, "id")].ID, "nobody"}},
	}).Draw(t, "column")
}

// criterion is one parameter as a search has it.
func (g generator) criterion(kind, name, value string) query.Expr {
	return g.parse(kind, name, value).Where
}

// criteria are searches by every kind of entry: type, parameter, value.
var criteria = [][3]string{
	{"Observation", "code", "8867-4"}, {"Observation", "code", loinc + "|718-7,2339-0"}, {"Observation", "code", loinc + "|"},
	{"Observation", "code", "|718-7"}, {"Observation", "status", "final"}, {"Observation", "code:not", "718-7"},
	{"Observation", "date", "ge2022"}, {"Observation", "date", "2023"}, {"Observation", "date", "ne2022-03"},
	{"Observation", "date", "sa2021-06-01"}, {"Observation", "date", "ap2024-01"}, {"Observation", "date", "le2022-05-12"},
	{"Observation", "date", "gt2022"}, {"Observation", "date", "lt2022-05-12"}, {"Observation", "date", "eb2022"},
	{"Observation", "value-quantity", "gt5"}, {"Observation", "value-quantity", "le4.5|http://unitsofmeasure.org|mmol/L"},
	{"Observation", "value-quantity", "ap3||mmol/l"}, {"Observation", "value-quantity", "7"}, {"Observation", "value-quantity", "ne2.1"},
	{"Observation", "value-quantity", "lt3"}, {"Observation", "value-quantity", "sa3"}, {"Observation", "value-quantity", "eb3"}, {"Observation", "value-quantity", "ge3.0"},
	{"Observation", "encounter:missing", "true"}, {"Observation", "value-quantity:missing", "false"}, {"Observation", "date:missing", "true"},
	{"Observation", "_profile", "http://example.org/vital"}, {"Observation", "_security", secrecy + "|R"}, {"Observation", "_security:missing", "true"},
	{"Observation", "_lastUpdated", "ge2026-03-01"}, {"Observation", "_lastUpdated", "lt2026-03-01"}, {"Observation", "_lastUpdated", "ne2026"},
	{"Patient", "family", "jans"}, {"Patient", "family:exact", "Müller"}, {"Patient", "family:contains", "ans"}, {"Patient", "family", "muller,de v"},
	{"Patient", "birthdate", "lt1965"}, {"Patient", "active", "true"}, {"Patient", "given", "p3"}, {"Encounter", "class", "AMB"},
}

func (g generator) entry(t *rapid.T) query.Expr {
	c := rapid.SampledFrom(criteria).Draw(t, "entry")
	return g.criterion(c[0], c[1], c[2])
}

func (g generator) label(t *rapid.T) query.Expr {
	code := rapid.SampledFrom(labels).Draw(t, "label")
	return rapid.SampledFrom([]query.Expr{
		query.Labelled{Labels: []query.Coding{{System: secrecy, Code: code}}},
		query.Labelled{Labels: []query.Coding{{Code: code}, {System: "http://other", Code: "N"}}},
		query.Coded{Codings: []query.Coding{{System: loinc, Code: "8867-4"}, {System: loinc, Code: "718-7"}}},
		query.Coded{Codings: []query.Coding{{Code: "2339-0"}}},
	}).Draw(t, "labelled")
}

// refers is what consent rules say by what refers to what, by authors and by
// dates.
func (g generator) refers(t *rapid.T) query.Expr {
	of := rapid.SampledFrom(g.resources).Draw(t, "of")
	refs := []fhir.Ref{{Type: of.Type, ID: of.ID}, rapid.SampledFrom(g.encounters).Draw(t, "encounter")}
	who := rapid.SampledFrom([]fhir.Ref{{}, {Type: "Practitioner", ID: "dr-a"}, {Type: "PractitionerRole", ID: "role"}, {Type: "Patient", ID: "x"}}).Draw(t, "who")
	number := rapid.SampledFrom([]query.Coding{{}, {System: "http://agb", Code: "2"}}).Draw(t, "number")
	dated := &conformance.Parameter{Base: "Resource", Code: conformance.DatedCode, Type: conformance.DateParam}
	low, high, _ := index.DateRange(rapid.SampledFrom([]string{"2022", "2023-04", "2024-02-14"}).Draw(t, "date"))
	return rapid.SampledFrom([]query.Expr{
		query.PointsAt{Refs: refs}, query.PointsAt{Refs: refs[1:]},
		query.PointedAtBy{Refs: refs}, query.PointedAtBy{Refs: refs[:1]},
		query.Authored{Who: who, Number: number}, query.Authored{Who: who, Number: number, Doubt: true},
		query.Compare{Param: dated, Values: []query.Value{{Prefix: query.Po, DateLow: low, DateHigh: high}}}, query.Missing{Param: dated},
	}).Draw(t, "refers")
}

func (g generator) subjects(t *rapid.T) query.Expr { return query.Subjects{X: g.subject(t, 2)} }

func (g generator) subject(t *rapid.T, depth int) query.Expr {
	form := 9
	if depth > 0 {
		form = rapid.IntRange(0, 9).Draw(t, "subject")
	}
	switch form {
	case 0:
		return query.And(g.subject(t, depth-1), g.subject(t, depth-1))
	case 1:
		return query.Or(g.subject(t, depth-1), g.subject(t, depth-1))
	case 2:
		if x, err := query.Not(g.subject(t, depth-1)); err == nil {
			return x
		}
	}
	return rapid.SampledFrom([]query.Expr{
		query.Person{Patients: []fhir.Ref{rapid.SampledFrom(g.patients).Draw(t, "person")}},
		query.Person{Patients: g.patients[:3]},
		query.Shape{IDs: []int64{rapid.SampledFrom(g.shapes).Draw(t, "shape")}},
		query.Shape{IDs: g.shapes},
		query.Related{Custodian: rapid.SampledFrom([]string{here, there}).Draw(t, "custodian"), At: now, Parties: parties[:rapid.IntRange(0, 3).Draw(t, "parties")]},
	}).Draw(t, "of")
}

func (g generator) reference(t *rapid.T) query.Expr {
	patient := rapid.SampledFrom(g.patients).Draw(t, "patient")
	return rapid.SampledFrom([]query.Expr{
		g.criterion("Observation", "subject", patient.String()),
		g.criterion("Observation", "patient", patient.ID),
		g.criterion("Observation", "subject:Patient", patient.ID),
		g.criterion("Observation", "encounter", rapid.SampledFrom(g.encounters).Draw(t, "encounter").String()),
		g.criterion("Encounter", "subject", patient.String()),
	}).Draw(t, "reference")
}

func (g generator) chain(t *rapid.T) query.Expr {
	c := rapid.SampledFrom([][3]string{
		{"Observation", "subject:Patient.family", "jans"}, {"Observation", "patient.active", "true"},
		{"Observation", "encounter.class", "AMB"}, {"Encounter", "subject:Patient.birthdate", "lt1970"},
		{"Observation", "subject:Patient.family:exact", "Müller"}, {"Consent", "patient.given", "p1,p2"},
	}).Draw(t, "chain")
	return g.criterion(c[0], c[1], c[2])
}
