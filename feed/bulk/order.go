package bulk

import (
	"sluis/conformance"
	"sluis/feed/files"
	"sluis/fhir"
)

// stages are the steps of an import. A resource refers to those of its own step
// or an earlier one, as far as R4's types allow it: references that run in
// circles (Claim and ExplanationOfBenefit, Observation.hasMember) are resolved
// by the ids that an import gives.
const (
	organizations = iota
	directory     // Practitioner, Location, …: types about no patient
	patients
	frame    // what clinical data stand in
	clinical // everything else
	derived  // what sums up or reports on clinical data
	records  // what is about other resources
	stages
)

var stageOf = map[string]int{
	"Organization": organizations,
	"Patient":      patients,

	"RelatedPerson": frame, "Coverage": frame, "EpisodeOfCare": frame, "CareTeam": frame, "Encounter": frame, "Device": frame,

	"DiagnosticReport": derived, "ImagingStudy": derived, "CarePlan": derived, "MedicationDispense": derived,
	"MedicationAdministration": derived, "Composition": derived, "Claim": derived, "ExplanationOfBenefit": derived,

	"Provenance": records, "Consent": records, "List": records, "DocumentReference": records, "Linkage": records,
}

// stage is the step in which an item is stored. A Bundle brings its own patients;
// one that holds only directory types goes before them. Messages come last: they
// may be about anyone.
func stage(item files.Item) int {
	switch item.Kind {
	case files.Message:
		return records
	case files.Bundle:
		return bundleStage(item.Bytes)
	}
	return typeStage(item.Type)
}

func typeStage(resourceType string) int {
	if s, ok := stageOf[resourceType]; ok {
		return s
	}
	if conformance.Class(resourceType) == conformance.DirectoryClass {
		return directory
	}
	return clinical
}

func bundleStage(body []byte) int {
	doc, err := fhir.ParseDocument(body)
	if err != nil {
		return patients // files has parsed it; whoever stores it will say what is wrong
	}
	latest := organizations
	for e := range doc.Root().Get("entry").All() {
		latest = max(latest, typeStage(e.At("resource", "resourceType").Text()))
	}
	return min(latest, patients)
}
