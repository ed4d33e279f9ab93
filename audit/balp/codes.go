package balp

import (
	cpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/codes_go_proto"

	"sluis/audit"
)

// Code systems (R4 auditevent.html, IHE BALP volume 3).
const (
	eventTypes      = "http://terminology.hl7.org/CodeSystem/audit-event-type"
	interactions    = "http://hl7.org/fhir/restful-interaction"
	lifecycle       = "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle"
	dicom           = "http://dicom.nema.org/resources/ontology/DCM"
	participantType = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
	participation   = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
	roleClass       = "http://terminology.hl7.org/CodeSystem/v3-RoleClass"
	userAgents      = "https://profiles.ihe.net/ITI/BALP/CodeSystem/UserAgentTypes"
	entityTypes     = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
	objectRoles     = "http://terminology.hl7.org/CodeSystem/object-role"
	requestIDs      = "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType"
	resourceTypes   = "http://hl7.org/fhir/resource-types"
	sourceTypes     = "http://terminology.hl7.org/CodeSystem/security-source-type"
	actReasons      = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
	actions         = "http://hl7.org/fhir/audit-event-action"
	outcomes        = "http://hl7.org/fhir/audit-event-outcome"
)

// TokenPolicy starts the agent.policy that names a token by its jti.
const TokenPolicy = "urn:ietf:params:oauth:jti:"

// Extensions of ours, on the AuditEvent: the booleans of NEN 7513, and what
// R4 has no element for.
const (
	ExtAuthorised = "urn:sluis:StructureDefinition:audit-authorised"         // boolean
	ExtRelation   = "urn:sluis:StructureDefinition:audit-treatment-relation" // boolean
	ExtConsent    = "urn:sluis:StructureDefinition:audit-patient-consent"    // boolean
	ExtEmergency  = "urn:sluis:StructureDefinition:audit-emergency"          // boolean
	ExtOwn        = "urn:sluis:StructureDefinition:audit-patients-own"       // boolean: the patient or a representative asked
	ExtCustodian  = "urn:sluis:StructureDefinition:audit-custodian"          // Reference(Organization): who holds the data
	ExtFeed       = "urn:sluis:StructureDefinition:audit-feed"               // string: the feed that delivered the data
)

const profileBase = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit."

// kind is how BALP shapes one sort of event.
type kind struct {
	profile    string // after profileBase; "" where BALP has none
	perPatient bool   // there is a Patient… variant of the profile
	action     string // the one that the profile asks for
	client     role   // of the client's agent
	server     role
	user       string // v3-ParticipationType of the user
	query      bool   // the profile asks for the query, else for one data entity
}

// role is an agent's type.
type role struct{ system, code, display string }

var (
	source      = role{dicom, "110153", "Source Role ID"}
	destination = role{dicom, "110152", "Destination Role ID"}
	application = role{dicom, "110150", "Application"}
	custodian   = role{participantType, "custodian", "Custodian"}
)

var (
	readKind   = kind{profile: "Read", perPatient: true, action: "R", client: destination, server: source, user: "IRCP"}
	queryKind  = kind{profile: "Query", perPatient: true, action: "E", client: source, server: destination, user: "IRCP", query: true}
	createKind = kind{profile: "Create", perPatient: true, action: "C", client: source, server: destination, user: "AUT"}
	updateKind = kind{profile: "Update", perPatient: true, action: "U", client: source, server: destination, user: "AUT"}
	deleteKind = kind{profile: "Delete", perPatient: true, action: "D", client: application, server: custodian, user: "AUT"}

	exportKind = kind{profile: "PrivacyDisclosure.Source", action: "R", client: destination, server: source, user: "IRCP"}
	importKind = kind{profile: "PrivacyDisclosure.Recipient", action: "C", client: source, server: destination, user: "AUT"}

	// What BALP leaves open has the shape of a query and claims no profile.
	otherKind = kind{client: source, server: destination, user: "IRCP"}
)

var kinds = map[string]kind{
	"read": readKind, "vread": readKind,
	"search": queryKind, "search-type": queryKind, "search-system": queryKind,
	"create": createKind, "update": updateKind, "patch": updateKind, "delete": deleteKind,
}

const disclose = "disclose"

func kindOf(r audit.Record) kind {
	if r.Subtype == disclose && r.Action == "C" {
		return importKind
	}
	if r.Subtype == disclose {
		return exportKind
	}
	if k, ok := kinds[r.Subtype]; ok {
		return k
	}
	return otherKind
}

var actionCodes = map[string]cpb.AuditEventActionCode_Value{
	"C": cpb.AuditEventActionCode_C, "R": cpb.AuditEventActionCode_R, "U": cpb.AuditEventActionCode_U,
	"D": cpb.AuditEventActionCode_D, "E": cpb.AuditEventActionCode_E,
}

var outcomeCodes = map[audit.Outcome]cpb.AuditEventOutcomeCode_Value{
	audit.Success: cpb.AuditEventOutcomeCode_SUCCESS, audit.Refused: cpb.AuditEventOutcomeCode_MINOR_FAILURE,
	audit.Denied: cpb.AuditEventOutcomeCode_SERIOUS_FAILURE, audit.Failed: cpb.AuditEventOutcomeCode_MAJOR_FAILURE,
}
