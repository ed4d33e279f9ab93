package hl7v2

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	d4 "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/datatypes_go_proto"
)

// bsnSystem is the identifier system of the citizen service number.
const bsnSystem = "http://fhir.nl/fhir/NamingSystem/bsn"

// assigners are the Dutch authorities, by universal id and by the namespace of
// HL7 table 0363.
var assigners = map[string]string{
	"NLMINBIZA":                 bsnSystem,
	"2.16.840.1.113883.2.4.6.3": bsnSystem,
	"2.16.528.1.1007.3.1":       "http://fhir.nl/fhir/NamingSystem/uzi-nr-pers",
	"2.16.528.1.1007.3.2":       "http://fhir.nl/fhir/NamingSystem/uzi-nr-sys",
	"2.16.528.1.1007.3.3":       "http://fhir.nl/fhir/NamingSystem/ura",
	"2.16.840.1.113883.2.4.6.1": "http://fhir.nl/fhir/NamingSystem/agb-z",
	"2.16.528.1.1007.5.1":       "http://fhir.nl/fhir/NamingSystem/big",
	"2.16.840.1.113883.2.4.6.4": "http://fhir.nl/fhir/NamingSystem/uzovi",
}

// identifierTypes are the codes of HL7 table 0203 that are passed on as codes;
// others become text.
var identifierTypes = []string{"AN", "DL", "FILL", "MR", "NI", "PI", "PLAC", "PPN", "PT", "SB", "VN"}

const identifierTypeSystem = "http://terminology.hl7.org/CodeSystem/v2-0203"

var oidForm = regexp.MustCompile(`^[0-2](\.(0|[1-9][0-9]*))+$`)

// authority is an assigning authority: the type HD, or EI-2 to EI-4.
type authority struct{ namespace, id, idType string }

// authorityOf reads CX-4, whose parts are sub-components.
func authorityOf(v Value) authority {
	return authority{v.Sub(1).Text(), v.Sub(2).Text(), v.Sub(3).Text()}
}

// system is the identifier system of an authority: as the feed configures it,
// as the Netherlands define it, as the message itself says, or a name of ours
// made of the namespace. It is "" where there is no authority.
func (t *translation) system(a authority) string {
	for _, name := range []string{a.namespace, a.id} {
		if name == "" {
			continue
		}
		if system, ok := t.c.Assigners[name]; ok {
			return system
		}
		if system, ok := assigners[name]; ok {
			return system
		}
	}
	switch {
	case a.idType == "ISO" && oidForm.MatchString(a.id):
		return "urn:oid:" + a.id
	case a.namespace != "":
		return "urn:sluis:assigner:" + url.PathEscape(a.namespace)
	case a.id != "":
		return "urn:sluis:assigner:" + url.PathEscape(a.id)
	}
	return ""
}

// own is an identifier system of this feed, for numbers without an authority
// and for those we compose.
func (t *translation) own(kind string) string { return "urn:sluis:feed:" + t.c.Name + ":" + kind }

// number is one identifier of a patient.
type number struct {
	system, value, kind string
	assigned            bool // it names its authority
}

// numbers reads PID-3. Empty repetitions are skipped. A BSN that is none is a
// fault that says where it stands, not what it is.
func (t *translation) numbers(pid Segment) []number {
	var out []number
	for i, cx := range pid.Field(3).Repetitions() {
		n := number{value: cx.Component(1).Text(), kind: cx.Component(5).Text()}
		if n.value == "" {
			continue
		}
		n.system = t.system(authorityOf(cx.Component(4)))
		n.assigned = n.system != ""
		switch {
		case n.kind == "NNNLD":
			n.system = bsnSystem
		case !n.assigned && t.c.Assigners[""] != "":
			n.system = t.c.Assigners[""]
		case !n.assigned:
			n.system = t.own("patient")
		}
		if n.system == bsnSystem {
			bsn, ok := parseBSN(n.value)
			if !ok {
				t.fail(pid.place(3, i+1, 1), codeDataType, "the number is not a valid BSN")
				continue
			}
			n.value, n.kind = bsn, ""
		}
		out = append(out, n)
	}
	return out
}

// keyOf chooses the number by which the Patient is known here: a medical record
// number, else one with an authority, else any; the BSN only where there is no
// other, because the key stands in a search.
func keyOf(numbers []number) number {
	rank := func(n number) int {
		switch {
		case n.system == bsnSystem:
			return 3
		case n.assigned && (n.kind == "MR" || n.kind == "PI"):
			return 0
		case n.assigned:
			return 1
		}
		return 2
	}
	return slices.MinFunc(numbers, func(a, b number) int { return rank(a) - rank(b) })
}

func (n number) identifier() *d4.Identifier {
	return &d4.Identifier{System: uri(n.system), Value: str(n.value), Type: identifierType(n.kind)}
}

func identifierType(kind string) *d4.CodeableConcept {
	switch {
	case kind == "":
		return nil
	case slices.Contains(identifierTypes, kind):
		return concept(coding(identifierTypeSystem, kind, ""))
	}
	return &d4.CodeableConcept{Text: str(kind)}
}

// parseBSN checks the eleven-test and returns the number with nine digits: an
// eight-digit number is padded with one 0. 9·d1 + 8·d2 + … + 2·d8 − d9 is a
// multiple of 11, and the number is not 0.
func parseBSN(s string) (string, bool) {
	if len(s) == 8 {
		s = "0" + s
	}
	if len(s) != 9 || strings.Trim(s, "0123456789") != "" || s == "000000000" {
		return "", false
	}
	sum := -int(s[8] - '0')
	for i := range 8 {
		sum += (9 - i) * int(s[i]-'0')
	}
	return s, sum%11 == 0
}
