package index

import (
	"math"
	"strconv"
	"strings"

	"sluis/fhir"
	"sluis/fhir/path"
)

// number indexes a number, or a Range as two Numbers of the same interval.
func (x *extraction) number(param int32, v path.Value) bool {
	add := func(low, high, value float64) {
		x.entries.Numbers = append(x.entries.Numbers, Number{Param: param, Element: x.element, Low: low, High: high, Value: value})
	}
	if v.Node.Kind() == fhir.Object {
		for _, q := range rangeOf(v.Node, asWritten) {
			add(q.Low, q.High, q.Value)
		}
		return true
	}
	low, high, value, ok := NumberRange(v.Text())
	if ok {
		add(low, high, value)
	}
	return ok
}

// currencies is the system of Money.currency (R4 search.html#quantity).
const currencies = "urn:iso:std:iso:4217"

// quantity indexes a Quantity and its specialisations, Money, a Range, and a
// SampledData by the bounds of its values; those in units of UCUM a second time
// in base units.
func (x *extraction) quantity(param int32, v path.Value) bool {
	for _, q := range x.measured(v) {
		q.Param, q.Element = param, x.element
		x.entries.Quantities = append(x.entries.Quantities, q)
	}
	return true
}

// measured reads each quantity of a document once: value-quantity and its
// composites share it.
func (x *extraction) measured(v path.Value) []Quantity {
	at, _ := v.Node.Span()
	for _, m := range x.measures {
		if m.at == at {
			return m.quantities
		}
	}
	found := append(quantitiesOf(v, asWritten), quantitiesOf(v, inBaseUnits)...)
	for i := range found {
		q := &found[i]
		q.System, q.Code, q.Unit = x.shared(q.System), x.shared(q.Code), x.shared(q.Unit)
	}
	x.measures = append(x.measures, measuredAt{at, found})
	return found
}

// measuredAt is what the value at a place of the document was read as.
type measuredAt struct {
	at         int
	quantities []Quantity
}

// reading is a way to read value and unit of a Quantity; false: it has none that
// can be read so.
type reading func(value, system, code string) (Quantity, *Unit, bool)

func asWritten(value, system, code string) (Quantity, *Unit, bool) {
	low, high, n, ok := NumberRange(value)
	return Quantity{Low: low, High: high, Value: n, System: system, Code: code}, nil, ok
}

func inBaseUnits(value, system, code string) (Quantity, *Unit, bool) {
	if system != UCUM {
		return Quantity{}, nil, false
	}
	unit, ok := UnitOf(code)
	if !ok {
		return Quantity{}, nil, false
	}
	low, high, n, ok := unit.Range(value)
	return Quantity{Low: low, High: high, Value: n, System: CanonicalUCUM, Code: unit.Code}, unit, ok
}

func quantitiesOf(v path.Value, read reading) []Quantity {
	n := v.Node
	switch {
	case v.Type == "SampledData":
		return sampled(n, read)
	case v.Type == "Range" || n.Get("value").IsZero() && (!n.Get("low").IsZero() || !n.Get("high").IsZero()):
		return rangeOf(n, read)
	case !n.Get("currency").IsZero():
		q, _, ok := read(n.Get("value").Text(), currencies, n.Get("currency").Text())
		return quantities(q, ok)
	}
	q, _, ok := simpleQuantity(n, read)
	return quantities(q, ok)
}

func quantities(q Quantity, ok bool) []Quantity {
	if !ok {
		return nil // no value: an extension says why
	}
	switch { // a comparator opened an end
	case q.Low == -math.MaxFloat64:
		return both(q, q.Low, min(q.High, q.Value))
	case q.High == math.MaxFloat64:
		return both(q, max(q.Low, q.Value), q.High)
	}
	return []Quantity{q}
}

// both makes the two entries of an interval, one for each end.
func both(q Quantity, low, high float64) []Quantity {
	first, last := q, q
	first.Value, last.Value = low, high
	return []Quantity{first, last}
}

// simpleQuantity reads value and unit; a comparator leaves one end open (R4
// datatypes.html#quantity), and < and > leave the value itself out.
func simpleQuantity(n fhir.Node, read reading) (Quantity, *Unit, bool) {
	q, unit, ok := read(n.Get("value").Text(), n.Get("system").Text(), n.Get("code").Text())
	if unit == nil {
		q.Unit = n.Get("unit").Text()
	}
	switch n.Get("comparator").Text() {
	case "<":
		q.Low, q.High = -math.MaxFloat64, math.Nextafter(q.Value, -math.MaxFloat64)
	case "<=": // High is not within
		q.Low, q.High = -math.MaxFloat64, math.Nextafter(q.Value, math.MaxFloat64)
	case ">":
		q.Low, q.High = math.Nextafter(q.Value, math.MaxFloat64), math.MaxFloat64
	case ">=":
		q.Low, q.High = q.Value, math.MaxFloat64
	}
	return q, unit, ok
}

// rangeOf reads a Range, of which one end may be open. Ends that are there and
// cannot be read, or are of different dimensions, make none.
func rangeOf(n fhir.Node, read reading) []Quantity {
	low, _, hasLow := simpleQuantity(n.Get("low"), read)
	high, _, hasHigh := simpleQuantity(n.Get("high"), read)
	broken := hasLow != readable(n.Get("low")) || hasHigh != readable(n.Get("high"))
	switch {
	case !hasLow && !hasHigh || broken:
		return nil
	case !hasLow:
		q := high
		q.Low = -math.MaxFloat64
		return both(q, q.Low, high.Value)
	case !hasHigh:
		q := low
		q.High = math.MaxFloat64
		return both(q, low.Value, q.High)
	case low.System == CanonicalUCUM && low.Code != high.Code:
		return nil
	}
	q := low
	q.High = high.High
	return both(q, low.Value, high.Value)
}

func readable(n fhir.Node) bool {
	_, _, ok := simpleQuantity(n, asWritten)
	return ok
}

// sampled is the interval from the lowest to the highest value of a
// SampledData, in the unit of its origin; E, U and L are no values.
func sampled(n fhir.Node, read reading) []Quantity {
	origin, _, ok := simpleQuantity(n.Get("origin"), asWritten)
	q, _, readable := simpleQuantity(n.Get("origin"), read)
	if !ok || !readable {
		return nil
	}
	factor := 1.0
	if _, _, f, ok := NumberRange(n.Get("factor").Text()); ok {
		factor = f
	}
	low, high := math.MaxFloat64, -math.MaxFloat64
	for s := range strings.FieldsSeq(n.Get("data").Text()) {
		if _, _, f, ok := NumberRange(s); ok {
			low, high = min(low, origin.Value+f*factor), max(high, origin.Value+f*factor)
		}
	}
	if low > high {
		return nil
	}
	at := func(f float64) float64 {
		text := strconv.FormatFloat(min(max(f, -math.MaxFloat64), math.MaxFloat64), 'g', sampleDigits, 64)
		v, _, _ := read(text, origin.System, origin.Code) // it was read before, as the origin
		return v.Value
	}
	low, high = at(low), at(high)
	q.Low, q.High = low, math.Nextafter(high, math.MaxFloat64) // High is not within
	return both(q, low, high)
}

// sampleDigits is to how many digits a value of a SampledData is computed: more
// than any is written with, and few enough to leave the noise of floating point
// out, so that 7 + 0.5 × 0.2 is 7.1 in every unit.
const sampleDigits = 15
