package fhirpath

import (
	"fmt"
	"math"
	"time"

	"github.com/cockroachdb/apd/v3"
)

// ofNumber makes a function of a single number; empty answers with nothing.
func ofNumber(run func(m *machine, i invoked, d *apd.Decimal) (Collection, error)) func(*machine, invoked) (Collection, error) {
	return func(m *machine, i invoked) (Collection, error) {
		v, err := single(i.input)
		if err != nil || v == nil {
			return nil, err
		}
		d, ok := asDecimal(v)
		if !ok {
			return nil, errKind(i, "a number is expected")
		}
		return run(m, i, d)
	}
}

var numbers = map[string]function{
	"abs":       {0, 0, false, false, abs},
	"ceiling":   {0, 0, false, false, ofNumber(whole(decimalContext.Ceil))},
	"floor":     {0, 0, false, false, ofNumber(whole(decimalContext.Floor))},
	"truncate":  {0, 0, false, false, ofNumber(whole(truncate))},
	"round":     {0, 1, false, false, ofNumber(round)},
	"sqrt":      {0, 0, false, false, ofNumber(inFloats(func(x, _ float64) float64 { return math.Sqrt(x) }))},
	"exp":       {0, 0, false, false, ofNumber(inFloats(func(x, _ float64) float64 { return math.Exp(x) }))},
	"ln":        {0, 0, false, false, ofNumber(inFloats(func(x, _ float64) float64 { return math.Log(x) }))},
	"log":       {1, 1, false, false, ofNumber(inFloats(func(x, base float64) float64 { return math.Log(x) / math.Log(base) }))},
	"power":     {1, 1, false, false, ofNumber(inFloats(math.Pow))},
	"now":       {0, 0, false, false, now(dateTimeKind, milliPart)},
	"today":     {0, 0, false, false, now(dateKind, dayPart)},
	"timeOfDay": {0, 0, false, false, now(timeKind, milliPart)},
}

func abs(_ *machine, i invoked) (Collection, error) {
	v, err := single(i.input)
	if err != nil || v == nil {
		return nil, err
	}
	switch v := v.(type) {
	case int64:
		return valueOf(max(v, -v)), nil
	case *apd.Decimal:
		return valueOf(new(apd.Decimal).Abs(v)), nil
	case quantity:
		v.value = new(apd.Decimal).Abs(v.value)
		return valueOf(v), nil
	}
	return nil, errKind(i, "a number is expected")
}

func whole(f func(out, d *apd.Decimal) (apd.Condition, error)) func(*machine, invoked, *apd.Decimal) (Collection, error) {
	return func(_ *machine, i invoked, d *apd.Decimal) (Collection, error) {
		var out apd.Decimal
		if _, err := f(&out, d); err != nil {
			return nil, errKind(i, "out of range")
		}
		n, err := out.Int64()
		if err != nil {
			return nil, errKind(i, "out of range")
		}
		return valueOf(n), nil
	}
}

func truncate(out, d *apd.Decimal) (apd.Condition, error) {
	if d.Negative {
		return decimalContext.Ceil(out, d)
	}
	return decimalContext.Floor(out, d)
}

// wholePart is a decimal without its fraction.
func wholePart(d *apd.Decimal) (int64, error) {
	var out apd.Decimal
	if _, err := truncate(&out, d); err != nil {
		return 0, err
	}
	return out.Int64()
}

// maxScale is N1's most digits after the point.
const maxScale = 28

func round(m *machine, i invoked, d *apd.Decimal) (Collection, error) {
	places := int64(0)
	if len(i.args) == 1 {
		n, ok, err := i.integer(m, 0)
		if err != nil || !ok {
			return nil, err
		}
		if places = n; places < 0 || places > maxScale {
			return nil, errKind(i, "the precision is out of range")
		}
	}
	return valueOf(quantized(d, int32(places), apd.RoundHalfUp)), nil
}

// quantized is a decimal with so many digits after the point.
func quantized(d *apd.Decimal, places int32, rounding apd.Rounder) *apd.Decimal {
	c := *decimalContext
	c.Precision, c.Rounding = 128, rounding
	var out apd.Decimal
	if _, err := c.Quantize(&out, d, -places); err != nil {
		return d
	}
	return &out
}

// inFloats computes what has no exact result; nothing where it has none at all.
func inFloats(f func(x, y float64) float64) func(*machine, invoked, *apd.Decimal) (Collection, error) {
	return func(m *machine, i invoked, d *apd.Decimal) (Collection, error) {
		y := 0.0
		if len(i.args) == 1 {
			v, err := i.value(m, 0)
			if err != nil || v == nil {
				return nil, err
			}
			other, ok := asDecimal(v)
			if !ok {
				return nil, errKind(i, "a number is expected")
			}
			if y, err = other.Float64(); err != nil {
				return nil, errKind(i, "out of range")
			}
		}
		x, err := d.Float64()
		if err != nil {
			return nil, errKind(i, "out of range")
		}
		out := f(x, y)
		if math.IsNaN(out) || math.IsInf(out, 0) {
			return nil, nil
		}
		return ofFloat(i, out)
	}
}

// ofFloat rounds to the digits that a float64 holds for certain.
func ofFloat(i invoked, x float64) (Collection, error) {
	d, _, err := apd.NewFromString(fmt.Sprintf("%.14g", x))
	if err != nil || !sane(d) {
		return nil, errKind(i, "out of range")
	}
	if _, isInteger := i.input[0].scalar().(int64); isInteger && i.name == "power" && x == math.Trunc(x) && math.Abs(x) < 1<<53 {
		return valueOf(int64(x)), nil
	}
	return valueOf(d), nil
}

// now answers with the time that the Scope gives: a package without a clock.
func now(kind temporalKind, last precision) func(*machine, invoked) (Collection, error) {
	return func(m *machine, i invoked) (Collection, error) {
		at := m.scope.At
		if at.IsZero() {
			return nil, errKind(i, "the time is not known here")
		}
		if kind == timeKind {
			at = time.Date(1, 1, 1, at.Hour(), at.Minute(), at.Second(), at.Nanosecond(), time.UTC)
		}
		if kind == dateKind {
			at = time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, time.UTC)
		}
		return valueOf(temporal{kind, at, last, kind == dateTimeKind}), nil
	}
}
