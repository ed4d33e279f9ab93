package fhirpath

import (
	"time"

	"github.com/cockroachdb/apd/v3"
)

var boundaries = map[string]function{
	"lowBoundary":  {0, 1, false, false, func(m *machine, i invoked) (Collection, error) { return boundary(m, i, false) }},
	"highBoundary": {0, 1, false, false, func(m *machine, i invoked) (Collection, error) { return boundary(m, i, true) }},
	"precision":    {0, 0, false, false, precisionOf},
	"comparable":   {1, 1, false, false, comparableWith},
}

// boundary is the least or the greatest value that would be written so.
func boundary(m *machine, i invoked, high bool) (Collection, error) {
	v, err := single(i.input)
	if err != nil || v == nil {
		return nil, err
	}
	digits := int64(-1)
	if len(i.args) == 1 {
		n, ok, err := i.integer(m, 0)
		if err != nil || !ok {
			return nil, err
		}
		if digits = n; n < 0 {
			return nil, nil
		}
	}
	switch v := v.(type) {
	case temporal:
		return v.boundary(digits, high)
	case quantity:
		d := decimalBoundary(v.value, digits, high)
		if d == nil {
			return nil, nil
		}
		return valueOf(quantity{d, v.unit, v.calendar}), nil
	}
	d, ok := asDecimal(v)
	if !ok {
		return nil, errKind(i, "a number, date or time is expected")
	}
	if d = decimalBoundary(d, digits, high); d == nil {
		return nil, nil
	}
	return valueOf(d), nil
}

func decimalBoundary(d *apd.Decimal, digits int64, high bool) *apd.Decimal {
	if digits < 0 {
		digits = 8
	}
	if digits > maxScale {
		return nil
	}
	half := apd.New(5, min(d.Exponent, 0)-1)
	var edge apd.Decimal
	rounding := apd.RoundFloor
	if high {
		_, _ = decimalContext.Add(&edge, d, half)
		rounding = apd.RoundCeiling
	} else {
		_, _ = decimalContext.Sub(&edge, d, half)
	}
	return quantized(&edge, int32(digits), rounding)
}

// parts are the digits that a date or time of a precision is written with.
var parts = [...]int64{yearPart: 4, monthPart: 6, dayPart: 8, hourPart: 10, minutePart: 12, secondPart: 14, milliPart: 17}

var timeParts = [...]int64{hourPart: 2, minutePart: 4, secondPart: 6, milliPart: 9}

func (t temporal) digits(p precision) int64 {
	if t.kind == timeKind {
		return timeParts[p]
	}
	return parts[p]
}

func (t temporal) boundary(digits int64, high bool) (Collection, error) {
	last := milliPart
	if t.kind == dateKind {
		last = dayPart
	}
	if digits >= 0 {
		found := false
		for p := range milliPart + 1 {
			if t.digits(p) == digits && (t.kind != timeKind || p >= hourPart) {
				last, found = p, true
			}
		}
		if !found {
			return nil, nil
		}
	}
	_, to := t.span()
	if high && to.After(t.at) {
		t.at = to.Add(-time.Millisecond)
	}
	if t.kind == dateTimeKind && !t.zoned && last >= hourPart {
		t.at, t.zoned = inZone(t.at, high), true
	}
	t.precision = last
	return valueOf(t), nil
}

// inZone puts a time without a zone where it is the earliest or the latest.
func inZone(at time.Time, high bool) time.Time {
	offset := mostEast
	if high {
		offset = -mostWest
	}
	return time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second(), at.Nanosecond(), time.FixedZone("", int(offset.Seconds())))
}

func precisionOf(_ *machine, i invoked) (Collection, error) {
	v, err := single(i.input)
	if err != nil || v == nil {
		return nil, err
	}
	if t, ok := v.(temporal); ok {
		return valueOf(t.digits(t.precision)), nil
	}
	d, ok := asDecimal(v)
	if !ok {
		return nil, errKind(i, "a number, date or time is expected")
	}
	return integer(int(max(0, -d.Exponent))), nil
}

func comparableWith(m *machine, i invoked) (Collection, error) {
	v, err := single(i.input)
	if err != nil || v == nil {
		return nil, err
	}
	w, err := i.value(m, 0)
	if err != nil || w == nil {
		return nil, err
	}
	a, okA := asQuantity(v)
	b, okB := asQuantity(w)
	if !okA || !okB {
		return nil, errKind(i, "quantities are expected")
	}
	_, _, ok := same(a, b)
	return boolean(ok), nil
}
