package audit

// words are the texts that most records hold, by number. Numbers are stored:
// add at the end, never change or remove one.
var words = []string{
	"", "C", "R", "U", "D", "E", "_history",
	"read", "vread", "search", "search-type", "search-system", "create", "update", "patch", "delete",
	"history-instance", "history-type", "history-system", "transaction", "batch", "operation", "disclose", "capabilities",
	"TREAT", "ETREAT", "BTG", "PATRQT", "FAMRQT", "PWATRNY", "HRESCH", "HPAYMT", "HOPERAT", "CAREMGT", "COC", "PUBHLTH", "HSYSADMIN",
	"Patient", "RelatedPerson", "Practitioner", "PractitionerRole", "Organization", "CareTeam", "Group", "Device",
	"Location", "HealthcareService", "Endpoint", "Consent", "AuditEvent", "Provenance",
	"Observation", "Condition", "Procedure", "Encounter", "EpisodeOfCare", "AllergyIntolerance", "Flag", "Immunization",
	"DiagnosticReport", "DocumentReference", "Composition", "Bundle", "Binary", "Media", "ImagingStudy", "Specimen",
	"Medication", "MedicationRequest", "MedicationStatement", "MedicationDispense", "MedicationAdministration",
	"ServiceRequest", "Appointment", "Schedule", "Slot", "CarePlan", "Goal", "Task", "Communication", "CommunicationRequest",
	"Questionnaire", "QuestionnaireResponse", "ClinicalImpression", "FamilyMemberHistory", "NutritionOrder",
	"Claim", "ClaimResponse", "Coverage", "ExplanationOfBenefit", "List", "Basic", "ResearchStudy", "ResearchSubject",
	"Subscription", "MessageHeader", "Account", "Person", "SupplyDelivery", "ImmunizationRecommendation",
	"not permitted, or not fully",
}

var wordNumber = func() map[string]int {
	m := make(map[string]int, len(words))
	for i, w := range words {
		m[w] = i
	}
	return m
}()
