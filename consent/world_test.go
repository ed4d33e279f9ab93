package consent_test

import (
	"strings"
	"testing"
	"time"

	"sluis/consent"
	"sluis/fhir"
	"sluis/fhir/query"
)

const (
	snomed = "http://snomed.info/sct"
	ura    = "http://fhir.nl/fhir/NamingSystem/ura"
	agb    = "http://fhir.nl/fhir/NamingSystem/agb-z"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// datum is a resource of the small world the tests live in.
type datum struct {
	name, resourceType, custodian string
	labels, codes                 []query.Coding
	profile, scope                string
	persons                       []string
	dates                         [][2]string // days
	authors, refs                 []string    // "Type/id", or "system|value"
}

// ref is the reference of a datum.
func (d datum) ref() string { return d.resourceType + "/" + strings.ReplaceAll(d.name, ":", "-") }

// record is what each person has: the practice, the hospital and its clinic
// (partOf the hospital) each hold a part of it.
func record(person string) []datum {
	act := func(codes ...string) []query.Coding {
		var out []query.Coding
		for _, c := range codes {
			system := consent.ActCode
			if consent.IsConfidentiality(c) {
				system = consent.Confidentiality
			}
			out = append(out, query.Coding{System: system, Code: c})
		}
		return out
	}
	data := []datum{
		{name: "visit", resourceType: "Observation", custodian: "practice", dates: day("2025-06-01"), authors: []string{"Practitioner/gp"}},
		{name: "private", resourceType: "Observation", custodian: "practice", labels: act("PSY"), dates: day("2024-01-31"), authors: []string{"Practitioner/psychologist"}},
		{name: "note", resourceType: "Observation", custodian: "hospital", profile: "https://example.org/profile/note",
			dates: day("2022-06-13"), authors: []string{"Practitioner/specialist"}, refs: []string{"Condition/" + person + "-hiv"}},
		{name: "trivial", resourceType: "Observation", custodian: "hospital", labels: act("L"), dates: day("2021-12-31"), authors: []string{"PractitionerRole/nurse"}},
		{name: "psy", resourceType: "Observation", custodian: "hospital", labels: act("PSY"), dates: day("2023-01-01"), authors: []string{"Practitioner/psychologist"}},
		{name: "drink", resourceType: "Condition", custodian: "hospital", labels: act("ETHUD"), authors: []string{"Practitioner/specialist", "Patient/" + person}},
		{name: "hiv", resourceType: "Condition", custodian: "hospital", labels: act("HIV", "R"), codes: []query.Coding{{System: snomed, Code: "86406008"}},
			dates: append(day("2010-05-05"), day("2022-12-31")...)},
		{name: "secret", resourceType: "Observation", custodian: "hospital", labels: act("R", "V"), dates: [][2]string{{"2019-01-01", "2025-12-31"}}, authors: []string{agb + "|1"}},
		{name: "pill", resourceType: "MedicationStatement", custodian: "hospital", dates: day("2022-01-01"), authors: []string{"Patient/" + person}, refs: []string{"Observation/" + person + "-note"}},
		{name: "scan", resourceType: "DiagnosticReport", custodian: "clinic", dates: day("2023-03-03"), authors: []string{"Organization/clinic"}},
		{name: "directive", resourceType: "Consent", custodian: "hospital", scope: "treatment"},
		{name: "wishes", resourceType: "Consent", custodian: "hospital", scope: "patient-privacy"},
	}
	for i := range data {
		data[i].name, data[i].persons = person+":"+data[i].name, []string{person}
	}
	return data
}

// world is all data: two persons, one resource about both, and what is about
// nobody.
func world() []datum {
	data := append(record("anna"), record("bert")...)
	return append(data,
		datum{name: "both:group", resourceType: "Group", custodian: "hospital", persons: []string{"anna", "bert"}},
		datum{name: "directory:nurse", resourceType: "Practitioner", custodian: "hospital"},
		datum{name: "unowned:binary", resourceType: "Binary", custodian: "hospital"},
		datum{name: "unowned:ours", resourceType: "Binary", custodian: "practice"},
	)
}

func day(d string) [][2]string { return [][2]string{{d, d}} }

// provenance says of each person's scan that the specialist had a hand in it,
// and in nothing else. It is shown to nobody here.
func provenance(person string) datum {
	return datum{name: person + ":attested", resourceType: "Provenance", authors: []string{"Practitioner/specialist"}, refs: []string{"DiagnosticReport/" + person + "-scan"}}
}

var ancestors = map[string][]string{
	"practice": {"practice"}, "hospital": {"hospital"}, "clinic": {"clinic", "hospital"},
	"physios": {"physios"}, "insurer": {"insurer"}, "employer": {"employer"},
}

// related are the treatment relations: custodian, party, person.
var related = []struct{ custodian, party, person string }{
	{"practice", "Practitioner/gp", "anna"},
	{"practice", "Practitioner/gp", "bert"},
	{"hospital", "Practitioner/specialist", "anna"},
	{"physios", "Practitioner/physio", "anna"},
	{"insurer", "Practitioner/clerk", "anna"},
	{"employer", "Practitioner/company-doctor", "anna"},
}

// who makes the request of an actor of the world.
func who(t testing.TB, name string) consent.Request {
	parties := func(refs ...string) (out []fhir.Ref) {
		for _, s := range refs {
			r, ok := fhir.ParseRef(s)
			if !ok {
				t.Fatalf("bad reference %q", s)
			}
			out = append(out, r)
		}
		return out
	}
	professional := func(organization string, refs ...string) consent.Request {
		refs = append(refs, "Organization/"+organization)
		return consent.Request{Party: consent.Professional, Organization: organization, Parties: parties(refs...),
			Identifiers: []query.Coding{{System: ura, Code: organization}}}
	}
	switch name {
	case "gp":
		return professional("practice", "Practitioner/gp", "PractitionerRole/gp-role", "Group/neighbours")
	case "former-gp": // has left the group of neighbours and has no treatment relation
		return professional("practice", "Practitioner/former-gp")
	case "former-neighbour":
		return professional("practice", "Practitioner/gp", "PractitionerRole/gp-role")
	case "physio":
		return professional("physios", "Practitioner/physio", "CareTeam/knee")
	case "specialist":
		return professional("hospital", "Practitioner/specialist")
	case "insurer":
		return professional("insurer", "Practitioner/clerk")
	case "employer":
		return professional("employer", "Practitioner/company-doctor")
	case "practice-epd":
		return consent.Request{Party: consent.Backend, Organization: "practice", Parties: parties("Organization/practice")}
	case "anna":
		return consent.Request{Party: consent.Own, Patients: parties("Patient/anna")}
	case "stranger":
		return consent.Request{}
	}
	t.Fatalf("nobody is called %q", name)
	return consent.Request{}
}
