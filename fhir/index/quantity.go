package index

import (
	"math"
	"strings"

	"sluis/fhir"
	"sluis/fhir/path"
)

// number indexes a number, or a Range as two Numbers of the same interval.
func (x *extraction) number(param int32, v path.Value) bool {
	if v.Node.Kind() == fhir.Object {
		for _, q := range rangeOf(v.Node) {
			x.entries.Numbers = append(x.entries.Numbers, Number{Param: param, Low: q.Low, High: q.High, Value: q.Value})
		}
		return true
	}
	low, high, value, ok := NumberRange(v.Text())
	if ok {
		x.entries.Numbers = append(x.entries.Numbers, Number{Param: param, Low: low, High: high, Value: value})
	}
	return ok
}

// currencies is the system of Money.currency (R4 search.html#quantity).
const currencies = "urn:iso:std:iso:4217"

// quantity indexes a Quantity and its specialisations, Money, a Range, and a
// SampledData by the bounds of its values.
func (x *extraction) quantity(param int32, v path.Value) bool {
	var found []Quantity
	n := v.Node
	switch {
	case v.Type == "SampledData":
		found = sampled(n)
	case v.Type == "Range":
		found = rangeOf(n)
	case !n.Get("currency").IsZero():
		q, ok := simpleQuantity(n)
		q.System, q.Code = currencies, n.Get("currency").Text()
		found = quantities(q, ok)
	default:
		found = quantities(simpleQuantity(n))
	}
	for _, q := range found {
		q.Param = param
		x.entries.Quantities = append(x.entries.Quantities, q)
	}
	return true
}

func quantities(q Quantity, ok bool) []Quantity {
	if !ok {
		return nil // no value: an extension says why
	}
	if q.Low == -math.MaxFloat64 || q.High == math.MaxFloat64 { // a comparator opened an end
		return both(q, q.Low, q.High)
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
func simpleQuantity(n fhir.Node) (Quantity, bool) {
	low, high, value, ok := NumberRange(n.Get("value").Text())
	switch n.Get("comparator").Text() {
	case "<":
		low, high = -math.MaxFloat64, math.Nextafter(value, -math.MaxFloat64)
	case "<=":
		low, high = -math.MaxFloat64, value
	case ">":
		low, high = math.Nextafter(value, math.MaxFloat64), math.MaxFloat64
	case ">=":
		low, high = value, math.MaxFloat64
	}
	return Quantity{
		Low: low, High: high, Value: value,
		System: n.Get("system").Text(), Code: n.Get("code").Text(), Unit: n.Get("unit").Text(),
	}, ok
}

// rangeOf reads a Range, of which one end may be open.
func rangeOf(n fhir.Node) []Quantity {
	low, hasLow := simpleQuantity(n.Get("low"))
	high, hasHigh := simpleQuantity(n.Get("high"))
	switch {
	case !hasLow && !hasHigh:
		return nil
	case !hasLow:
		q := high
		q.Low = -math.MaxFloat64
		return both(q, q.Low, high.Value)
	case !hasHigh:
		q := low
		q.High = math.MaxFloat64
		return both(q, low.Value, q.High)
	}
	q := low
	q.High = high.High
	return both(q, low.Value, high.Value)
}

// sampled is the interval from the lowest to the highest value of a
// SampledData, in the unit of its origin; E, U and L are no values.
func sampled(n fhir.Node) []Quantity {
	q, ok := simpleQuantity(n.Get("origin"))
	if !ok {
		return nil
	}
	factor := 1.0
	if _, _, f, ok := NumberRange(n.Get("factor").Text()); ok {
		factor = f
	}
	low, high := math.MaxFloat64, -math.MaxFloat64
	for s := range strings.FieldsSeq(n.Get("data").Text()) {
		if _, _, f, ok := NumberRange(s); ok {
			low, high = min(low, q.Value+f*factor), max(high, q.Value+f*factor)
		}
	}
	if low > high {
		return nil
	}
	q.Low, q.High = low, high
	return both(q, low, high)
}
