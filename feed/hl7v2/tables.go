package hl7v2

import (
	c4 "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/codes_go_proto"
)

// The tables below are those of the HL7 v2-to-FHIR mapping guide, save where a
// comment says otherwise.

// HL7 table 0001.
var genders = map[string]c4.AdministrativeGenderCode_Value{
	"F": c4.AdministrativeGenderCode_FEMALE, "M": c4.AdministrativeGenderCode_MALE,
	"O": c4.AdministrativeGenderCode_OTHER, "U": c4.AdministrativeGenderCode_UNKNOWN,
	"A": c4.AdministrativeGenderCode_OTHER, "N": c4.AdministrativeGenderCode_OTHER,
}

// HL7 table 0002, to v3-MaritalStatus or v3-NullFlavor.
var maritalStatuses = map[string]string{
	"A": "L", "D": "D", "M": "M", "S": "S", "W": "W", "C": "C", "G": "T", "P": "T", "R": "T", "E": "L",
	"N": "A", "I": "I", "B": "U",
}
var maritalNulls = map[string]string{"U": "UNK", "O": "OTH", "T": "NAVU"}

// HL7 table 0200.
var nameUses = map[string]c4.NameUseCode_Value{
	"BAD": c4.NameUseCode_OLD, "D": c4.NameUseCode_USUAL, "L": c4.NameUseCode_OFFICIAL, "M": c4.NameUseCode_MAIDEN,
	"MSK": c4.NameUseCode_ANONYMOUS, "N": c4.NameUseCode_NICKNAME, "NAV": c4.NameUseCode_TEMP,
	"R": c4.NameUseCode_OFFICIAL, "TEMP": c4.NameUseCode_TEMP,
}

// HL7 table 0190.
var addressUses = map[string]c4.AddressUseCode_Value{
	"BA": c4.AddressUseCode_OLD, "BI": c4.AddressUseCode_BILLING, "C": c4.AddressUseCode_TEMP,
	"B": c4.AddressUseCode_WORK, "H": c4.AddressUseCode_HOME, "O": c4.AddressUseCode_WORK,
}
var addressTypes = map[string]c4.AddressTypeCode_Value{
	"M": c4.AddressTypeCode_POSTAL, "SH": c4.AddressTypeCode_POSTAL,
}

// HL7 table 0201.
var telecomUses = map[string]c4.ContactPointUseCode_Value{
	"PRN": c4.ContactPointUseCode_HOME, "WPN": c4.ContactPointUseCode_WORK, "PRS": c4.ContactPointUseCode_MOBILE,
}

// HL7 table 0202.
var telecomSystems = map[string]c4.ContactPointSystemCode_Value{
	"PH": c4.ContactPointSystemCode_PHONE, "CP": c4.ContactPointSystemCode_PHONE, "FX": c4.ContactPointSystemCode_FAX,
	"BP": c4.ContactPointSystemCode_PAGER, "Internet": c4.ContactPointSystemCode_EMAIL, "X.400": c4.ContactPointSystemCode_EMAIL,
	"MD": c4.ContactPointSystemCode_OTHER, "SAT": c4.ContactPointSystemCode_OTHER, "TDD": c4.ContactPointSystemCode_OTHER,
	"TTY": c4.ContactPointSystemCode_OTHER,
}

// HL7 table 0004, to v3-ActCode; those without a counterpart stay in v2-0004.
var encounterClasses = map[string]string{"E": "EMER", "I": "IMP", "O": "AMB", "P": "PRENC"}

const patientClasses = "RBCNU"

// Encounter.status by event. The guide has A04 as planned; HL7 v2.5.1, 3.3.4
// says that the patient has arrived or checked in.
var eventStatuses = map[string]c4.EncounterStatusCode_Value{
	"A01": c4.EncounterStatusCode_IN_PROGRESS,
	"A03": c4.EncounterStatusCode_FINISHED,
	"A04": c4.EncounterStatusCode_ARRIVED,
}

// Encounter.status by patient class, where the event says nothing.
var classStatuses = map[string]c4.EncounterStatusCode_Value{
	"E": c4.EncounterStatusCode_IN_PROGRESS, "I": c4.EncounterStatusCode_IN_PROGRESS, "O": c4.EncounterStatusCode_IN_PROGRESS,
	"P": c4.EncounterStatusCode_PLANNED, "R": c4.EncounterStatusCode_IN_PROGRESS, "B": c4.EncounterStatusCode_IN_PROGRESS,
	"C": c4.EncounterStatusCode_IN_PROGRESS, "N": c4.EncounterStatusCode_IN_PROGRESS,
}

// HL7 table 0085, observation result status. The guide leaves A, B, I, N, O, R,
// S and V open. U (final, without the value) is not here: it would need the
// value that came before.
var resultStatuses = map[string]c4.ObservationStatusCode_Value{
	"A": c4.ObservationStatusCode_AMENDED, "B": c4.ObservationStatusCode_AMENDED, "C": c4.ObservationStatusCode_CORRECTED,
	"D": c4.ObservationStatusCode_ENTERED_IN_ERROR, "F": c4.ObservationStatusCode_FINAL, "I": c4.ObservationStatusCode_REGISTERED,
	"N": c4.ObservationStatusCode_CANCELLED, "O": c4.ObservationStatusCode_REGISTERED, "P": c4.ObservationStatusCode_PRELIMINARY,
	"R": c4.ObservationStatusCode_PRELIMINARY, "S": c4.ObservationStatusCode_PRELIMINARY, "V": c4.ObservationStatusCode_FINAL,
	"W": c4.ObservationStatusCode_ENTERED_IN_ERROR, "X": c4.ObservationStatusCode_CANCELLED,
	"": c4.ObservationStatusCode_UNKNOWN,
}

// HL7 table 0123, result status. The guide leaves A, M and N open.
var reportStatuses = map[string]c4.DiagnosticReportStatusCode_Value{
	"A": c4.DiagnosticReportStatusCode_PARTIAL, "C": c4.DiagnosticReportStatusCode_CORRECTED, "F": c4.DiagnosticReportStatusCode_FINAL,
	"I": c4.DiagnosticReportStatusCode_REGISTERED, "M": c4.DiagnosticReportStatusCode_PRELIMINARY,
	"N": c4.DiagnosticReportStatusCode_REGISTERED, "O": c4.DiagnosticReportStatusCode_REGISTERED,
	"P": c4.DiagnosticReportStatusCode_PRELIMINARY, "R": c4.DiagnosticReportStatusCode_PARTIAL,
	"S": c4.DiagnosticReportStatusCode_REGISTERED, "X": c4.DiagnosticReportStatusCode_CANCELLED,
	"": c4.DiagnosticReportStatusCode_UNKNOWN,
}

// HL7 table 0078, those that v3-ObservationInterpretation has.
var interpretations = map[string]bool{
	"<": true, ">": true, "A": true, "AA": true, "B": true, "CAR": true, "D": true, "DET": true, "E": true, "EX": true,
	"EXP": true, "H": true, "HH": true, "HU": true, "I": true, "IE": true, "IND": true, "L": true, "LL": true, "LU": true,
	"N": true, "NCL": true, "ND": true, "NEG": true, "NR": true, "NS": true, "POS": true, "R": true, "RR": true, "S": true,
	"SDD": true, "SYN-R": true, "SYN-S": true, "U": true, "UNE": true, "W": true, "WR": true,
}

// HL7 table 0074, diagnostic service sections that are passed on as codes.
var sections = map[string]bool{
	"AU": true, "BG": true, "BLB": true, "CG": true, "CUS": true, "CTH": true, "CT": true, "CH": true, "CP": true, "EC": true,
	"EN": true, "GE": true, "HM": true, "ICU": true, "IMM": true, "LAB": true, "MB": true, "MCB": true, "MYC": true,
	"NMS": true, "NMR": true, "NRS": true, "OUS": true, "OT": true, "OTH": true, "OSL": true, "PHR": true, "PT": true,
	"PHY": true, "PF": true, "RAD": true, "RX": true, "RUS": true, "RC": true, "RT": true, "SR": true, "SP": true, "TX": true,
	"VUS": true, "VR": true, "XRC": true,
}

// Names of coding systems, HL7 table 0396, that occur in the Netherlands.
var codeSystems = map[string]string{
	"LN": "http://loinc.org", "SCT": "http://snomed.info/sct", "SNOMED": "http://snomed.info/sct",
	"UCUM": "http://unitsofmeasure.org", "I10": "http://hl7.org/fhir/sid/icd-10", "I9": "http://hl7.org/fhir/sid/icd-9-cm",
	"ATC": "http://www.whocc.no/atc", "ICPC": "http://hl7.org/fhir/sid/icpc-1",
	"NHG45": "urn:oid:2.16.840.1.113883.2.4.4.30.45",
}
