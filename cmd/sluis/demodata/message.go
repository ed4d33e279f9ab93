package demodata

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"golang.org/x/text/encoding/charmap"
)

// Event is the type of a message of the hospital's EPD, as in MSH-9.
type Event string

// The messages: a patient is admitted, the address changes to where the patient
// lives now, results of the laboratory arrive.
const (
	Admission Event = "ADT^A01"
	Change    Event = "ADT^A08"
	Results   Event = "ORU^R01"
)

// structures are the message structures of the events (HL7 table 0354).
var structures = map[Event]string{Admission: "ADT_A01", Change: "ADT_A01", Results: "ORU_R01"}

// Charset is the character set of a message, as in MSH-18 (HL7 table 0211).
type Charset string

// The character sets in use here.
const (
	UTF8   Charset = "UNICODE UTF-8"
	Latin1 Charset = "8859/1"
)

// Message is an HL7 v2.5.1 message about the patient in ER7, segments ended by
// CR, times local and without a zone. The same message has the same control id
// (MSH-10) every time: sending it again is a re-delivery.
func (d Data) Message(p Patient, event Event, cs Charset) []byte {
	at := sent(p, event)
	segments := []string{
		segment("MSH", `^~\&`, p.Hospital.Custodian.Application, p.Hospital.Custodian.Facility, "SLUIS", "SLUIS", stamp(at), "",
			string(event)+"^"+structures[event], fmt.Sprintf("%s-%07d", event[4:], p.Index), "P", "2.5.1", "", "", "", "", "NLD", string(cs)),
	}
	if event == Results {
		segments = append(segments, pid(p, p.Hospital.Home))
		segments = append(segments, d.laboratory(p, at)...)
	} else {
		home := p.Hospital.Home
		if event == Change {
			home = p.Home
		}
		segments = append(segments, segment("EVN", string(event[4:]), stamp(at)), pid(p, home), admission(p, sent(p, Admission)))
	}
	text := strings.Join(segments, "\r") + "\r"
	if cs == UTF8 {
		return []byte(text)
	}
	latin, err := charmap.ISO8859_1.NewEncoder().String(text)
	if err != nil {
		panic(err) // a name or unit outside Latin-1: a fault of our own tables
	}
	return []byte(latin)
}

// sent is when the event happened: after all that the chart holds, in order.
func sent(p Patient, event Event) time.Time {
	day := map[Event]int{Admission: 1, Change: 2, Results: 3}[event]
	return Until.AddDate(0, 0, day).Add(9*time.Hour + time.Duration(p.Index%480)*time.Minute)
}

func segment(fields ...string) string {
	return strings.TrimRight(strings.Join(fields, "|"), "|")
}

func stamp(t time.Time) string { return t.Format("20060102150405") }

// pid names the patient: record number and BSN, the parts of the surname, and
// the address.
func pid(p Patient, home Address) string {
	c := p.Hospital
	sex := "M"
	if p.Female {
		sex = "F"
	}
	numbers := c.MRN + "^^^" + c.Custodian.Authority + "^PI~" + p.BSN + "^^^NLMINBIZA^NNNLD"
	second := strings.Join(p.Given[1:], " ")
	name := p.Surname() + "&" + p.Prefix + "&" + p.Family + "^" + p.Given[0] + "^" + second + "^^^^L"
	street := home.Line() + "&" + home.Street + "&" + home.Number
	address := strings.Join([]string{street, "", home.City, "", home.PostalCode, "NL", "H"}, "^")
	return segment("PID", "1", "", numbers, "", name, "", p.Born.Format("20060102"), sex, "", "", address)
}

// admission is the PV1 of a stay on the internist's ward.
func admission(p Patient, at time.Time) string {
	fields := make([]string, 45)
	fields[0], fields[1], fields[2] = "PV1", "1", "I"
	fields[3] = fmt.Sprintf("INT^%d^%d^%s", 1+p.Index%20, 1+p.Index%2, p.Hospital.Custodian.Facility)
	fields[7] = doctor(p.Specialist)
	fields[19] = p.Hospital.MRN + "-S1^^^" + p.Hospital.Custodian.Authority + "^VN"
	fields[44] = stamp(at)
	return segment(fields...)
}

// doctor is a practitioner as XCN.
func doctor(p Practitioner) string {
	return p.UZI + "^" + p.Surname() + "&" + p.Prefix + "&" + p.Family + "^" + p.Given[0] + "^^^^^^UZI&2.16.528.1.1007.3.1&ISO"
}

// laboratory is the order and the results of one sample.
func (d Data) laboratory(p Patient, at time.Time) []string {
	rng := rand.New(rand.NewPCG(d.Seed, uint64(p.Index)|1<<62))
	number := fmt.Sprintf("%s-L1^LAB", p.Hospital.MRN)
	drawn := stamp(at.Add(-2 * time.Hour))
	obr := make([]string, 26)
	obr[0], obr[1], obr[2], obr[3] = "OBR", "1", number, number
	obr[4], obr[7], obr[16], obr[22], obr[25] = "11502-2^Laboratory report^LN", drawn, doctor(p.Specialist), stamp(at), "F"
	out := []string{segment("ORC", "RE", number, number), segment(obr...)}
	for i, m := range []*Measure{glucose, creatinine, potassium} {
		value := m.take(rng, 0.5).Value
		flag := "N"
		switch {
		case value < m.Reference[0]:
			flag = "L"
		case value > m.Reference[1]:
			flag = "H"
		}
		out = append(out, segment("OBX", fmt.Sprint(i+1), "NM", m.Code+"^"+m.Display+"^LN", "", decimal(value, m.Decimals).String(),
			m.UCUM+"^"+m.Unit+"^UCUM", fmt.Sprintf("%g-%g", m.Reference[0], m.Reference[1]), flag, "", "", "F", "", "", drawn))
	}
	return out
}
