package hl7v2

import (
	"regexp"
	"strings"

	d4 "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/datatypes_go_proto"
	o4 "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/observation_go_proto"
)

var (
	// numberForm is the type NM, with the comparator that laboratories put
	// before it.
	numberForm = regexp.MustCompile(`^(<=|>=|<|>)?\s*([+-]?(?:\d+\.?\d*|\.\d+))$`)
	rangeForm  = regexp.MustCompile(`^([+-]?\d+(?:\.\d+)?)\s*-\s*([+-]?\d+(?:\.\d+)?)$`)
)

// values are the repetitions of OBX-5 by the type in OBX-2; texts are one value
// of several lines. A type that is not mapped is a fault: no result is dropped.
func (t *translation) values(r *result) []*o4.Observation_ValueX {
	obx := r.lines[0]
	kind := obx.Field(2).Text()
	if isText(obx) {
		return textValue(r.lines)
	}
	var out []*o4.Observation_ValueX
	for i, v := range obx.Field(5).Repetitions() {
		if v.isBlank() {
			continue
		}
		if kind == "" {
			t.fail(obx.place(2, 0, 0), codeRequired, "the type of the value is missing")
			return nil
		}
		read, known := valueTypes[kind]
		if !known {
			t.fail(obx.place(2, 0, 0), codeTable, "the value type is not supported")
			return nil
		}
		x := read(t, obx, v)
		if x == nil {
			t.fail(obx.place(5, i+1, 0), codeDataType, "the value is not of the type in OBX-2")
			continue
		}
		out = append(out, x)
	}
	return out
}

// valueTypes read one repetition of OBX-5 of a type of HL7 table 0125; nil is a
// value that is not of the type.
var valueTypes = map[string]func(*translation, Segment, Value) *o4.Observation_ValueX{
	"NM": (*translation).numeric, "SN": (*translation).structuredNumeric,
	"CE": (*translation).coded, "CWE": (*translation).coded, "CNE": (*translation).coded, "CF": (*translation).coded,
	"IS": (*translation).coded, "ID": (*translation).coded,
	"DT": (*translation).moment, "TS": (*translation).moment, "DTM": (*translation).moment, "TM": (*translation).clock,
}

func textValue(lines []Segment) []*o4.Observation_ValueX {
	var texts []string
	for _, obx := range lines {
		for _, v := range obx.Field(5).Repetitions() {
			texts = append(texts, v.Text())
		}
	}
	if text := strings.TrimSpace(strings.Join(texts, "\n")); text != "" {
		return []*o4.Observation_ValueX{stringValue(text)}
	}
	return nil
}

func stringValue(text string) *o4.Observation_ValueX {
	if text == "" {
		return nil
	}
	return &o4.Observation_ValueX{Choice: &o4.Observation_ValueX_StringValue{StringValue: str(text)}}
}

// numeric is the type NM. Laboratories put words where a number should be
// ("niet te bepalen"): those stay as they were sent.
func (t *translation) numeric(obx Segment, v Value) *o4.Observation_ValueX {
	text := v.Text()
	g := numberForm.FindStringSubmatch(text)
	if g == nil {
		return stringValue(text)
	}
	return quantityValue(t.unit(obx).quantity(g[1], g[2]))
}

func quantityValue(q *d4.Quantity) *o4.Observation_ValueX {
	return &o4.Observation_ValueX{Choice: &o4.Observation_ValueX_Quantity{Quantity: q}}
}

// structuredNumeric is the type SN, comparator^number^separator^number: a
// Quantity, a Ratio (: and /) or a Range (-); anything else stays text.
func (t *translation) structuredNumeric(obx Segment, v Value) *o4.Observation_ValueX {
	comparator, separator := v.Component(1).Text(), v.Component(3).Text()
	first, second := v.Component(2).Text(), v.Component(4).Text()
	_, compares := comparators[comparator]
	if comparator == "=" || comparator == "" {
		comparator, compares = "", true
	}
	isNumber := func(s string) bool { return numberForm.MatchString(s) && !strings.ContainsAny(s, "<>") }
	unit := t.unit(obx)
	switch {
	case !compares || !isNumber(first) || second != "" && !isNumber(second):
	case separator == "" && second == "":
		return quantityValue(unit.quantity(comparator, first))
	case (separator == ":" || separator == "/") && second != "":
		r := &d4.Ratio{Numerator: unit.quantity(comparator, first), Denominator: unit.quantity("", second)}
		return &o4.Observation_ValueX{Choice: &o4.Observation_ValueX_Ratio{Ratio: r}}
	case separator == "-" && second != "" && comparator == "":
		r := &d4.Range{Low: unit.simple(first), High: unit.simple(second)}
		return &o4.Observation_ValueX{Choice: &o4.Observation_ValueX_Range{Range: r}}
	}
	text := strings.Join(strings.Fields(v.Component(1).Text()+" "+first+" "+separator+" "+second), " ")
	return stringValue(text)
}

func (t *translation) coded(_ Segment, v Value) *o4.Observation_ValueX {
	c := t.concept(v)
	if c == nil {
		return nil
	}
	return &o4.Observation_ValueX{Choice: &o4.Observation_ValueX_CodeableConcept{CodeableConcept: c}}
}

func (t *translation) moment(_ Segment, v Value) *o4.Observation_ValueX {
	ts, err := ParseTimestamp(v.Component(1).Text(), Amsterdam)
	if err != nil {
		return nil
	}
	return &o4.Observation_ValueX{Choice: &o4.Observation_ValueX_DateTime{DateTime: ts.dateTime()}}
}

func (t *translation) clock(_ Segment, v Value) *o4.Observation_ValueX {
	d, precision, err := parseClock(v.Text())
	if err != nil {
		return nil
	}
	return &o4.Observation_ValueX{Choice: &o4.Observation_ValueX_Time{Time: clock(d, precision)}}
}

// unit is OBX-6. Only a unit that says it is UCUM gets a code.
type unit struct{ text, system, code string }

func (t *translation) unit(obx Segment) unit {
	v := obx.Field(6)
	u := unit{text: v.Component(2).Text(), code: v.Component(1).Text()}
	if u.text == "" {
		u.text = u.code
	}
	if u.system = t.codeSystem(v.Component(3).Text(), ""); u.system != codeSystems["UCUM"] || u.code == "" {
		u.system, u.code = "", ""
	}
	return u
}

func (u unit) quantity(comparator, value string) *d4.Quantity {
	q := &d4.Quantity{Value: &d4.Decimal{Value: decimal(value)}, Unit: str(u.text), System: uri(u.system), Code: code(u.code)}
	if c, ok := comparators[comparator]; ok {
		q.Comparator = &d4.Quantity_ComparatorCode{Value: c}
	}
	return q
}

func (u unit) simple(value string) *d4.SimpleQuantity {
	return &d4.SimpleQuantity{Value: &d4.Decimal{Value: decimal(value)}, Unit: str(u.text), System: uri(u.system), Code: code(u.code)}
}

// decimal writes an NM as a FHIR decimal, with the digits it has: no plus sign,
// no leading zeros, no bare point.
func decimal(nm string) string {
	sign := ""
	if strings.HasPrefix(nm, "-") {
		sign = "-"
	}
	whole, fraction, _ := strings.Cut(strings.TrimLeft(nm, "+-"), ".")
	if whole = strings.TrimLeft(whole, "0"); whole == "" {
		whole = "0"
	}
	if fraction != "" {
		return sign + whole + "." + fraction
	}
	return sign + whole
}
