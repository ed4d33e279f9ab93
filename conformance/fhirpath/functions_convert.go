package fhirpath

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/cockroachdb/apd/v3"
)

// converted makes toX, and convertsToX beside it, from a conversion; nil is
// what does not convert.
func converted(convert func(v any) any) (to, converts function) {
	to = function{0, 0, false, false, func(_ *machine, i invoked) (Collection, error) {
		v, err := single(i.input)
		if err != nil || v == nil {
			return nil, err
		}
		if out := convert(v); out != nil {
			return valueOf(out), nil
		}
		return nil, nil
	}}
	converts = function{0, 0, false, false, func(_ *machine, i invoked) (Collection, error) {
		v, err := single(i.input)
		if err != nil || len(i.input) == 0 {
			return nil, err
		}
		return boolean(v != nil && convert(v) != nil), nil
	}}
	return to, converts
}

var conversion = func() map[string]function {
	out := map[string]function{}
	for name, convert := range map[string]func(any) any{
		"Boolean": toBoolean, "Integer": toInteger, "Decimal": toDecimal, "Date": toDate,
		"DateTime": toDateTime, "Time": toTime, "String": toStringValue, "Quantity": toQuantity,
	} {
		out["to"+name], out["convertsTo"+name] = converted(convert)
	}
	to, converts := out["toQuantity"].run, out["convertsToQuantity"].run
	out["toQuantity"] = function{0, 1, false, false, func(m *machine, i invoked) (Collection, error) {
		c, err := to(m, i)
		if err != nil || len(c) == 0 || len(i.args) == 0 {
			return c, err
		}
		return inUnit(m, i, c)
	}}
	out["convertsToQuantity"] = function{0, 1, false, false, func(m *machine, i invoked) (Collection, error) {
		if len(i.args) == 0 {
			return converts(m, i)
		}
		c, err := to(m, i)
		if err != nil || len(c) == 0 {
			return boolean(false), err
		}
		c, err = inUnit(m, i, c)
		return boolean(len(c) > 0), err
	}}
	return out
}()

// inUnit converts a quantity to the unit that is the argument.
func inUnit(m *machine, i invoked, c Collection) (Collection, error) {
	unit, ok, err := i.text(m, 0)
	if err != nil || !ok {
		return nil, err
	}
	_, value, ok := same(quantity{apd.New(0, 0), unit, false}, c[0].value.(quantity))
	if !ok {
		return nil, nil
	}
	return valueOf(quantity{value, unit, false}), nil
}

func toBoolean(v any) any {
	switch v := v.(type) {
	case bool:
		return v
	case string:
		switch strings.ToLower(v) {
		case "true", "t", "yes", "y", "1", "1.0":
			return true
		case "false", "f", "no", "n", "0", "0.0":
			return false
		}
		return nil
	}
	if d, ok := asDecimal(v); ok {
		switch {
		case d.IsZero():
			return false
		case d.Cmp(apd.New(1, 0)) == 0:
			return true
		}
	}
	return nil
}

func toInteger(v any) any {
	switch v := v.(type) {
	case int64:
		return v
	case bool:
		if v {
			return int64(1)
		}
		return int64(0)
	case string:
		if i, err := strconv.ParseInt(v, 10, 32); err == nil {
			return i
		}
	}
	return nil
}

func toDecimal(v any) any {
	switch v := v.(type) {
	case int64:
		return apd.New(v, 0)
	case *apd.Decimal:
		return v
	case bool:
		return apd.New(toInteger(v).(int64), 0)
	case string:
		if d, ok := plainDecimal(v); ok {
			return d
		}
	}
	return nil
}

// plainDecimal reads a number as N1 writes it: no exponent.
func plainDecimal(s string) (*apd.Decimal, bool) {
	if len(s) > 64 || strings.Trim(s, "+-.0123456789") != "" {
		return nil, false
	}
	d, _, err := apd.NewFromString(s)
	return d, err == nil && sane(d)
}

func temporalOf(v any) (temporal, bool) {
	switch v := v.(type) {
	case temporal:
		return v, true
	case string:
		return parseTemporal(v)
	}
	return temporal{}, false
}

func toDate(v any) any {
	t, ok := temporalOf(v)
	if !ok || t.kind == timeKind {
		return nil
	}
	t.kind, t.precision, t.zoned = dateKind, min(t.precision, dayPart), false
	return t
}

func toDateTime(v any) any {
	t, ok := temporalOf(v)
	if !ok || t.kind == timeKind {
		return nil
	}
	t.kind = dateTimeKind
	return t
}

func toTime(v any) any {
	switch v := v.(type) {
	case temporal:
		if v.kind == timeKind {
			return v
		}
	case string:
		if t, ok := parseTime(strings.TrimPrefix(v, "T")); ok {
			return t
		}
	}
	return nil
}

func toStringValue(v any) any {
	if s, ok := toText(v); ok {
		return s
	}
	return nil
}

var quantityText = regexp.MustCompile(`^([+-]?[0-9]+(?:\.[0-9]+)?)\s*(?:'([^']+)'|([a-z]+))?$`)

func toQuantity(v any) any {
	switch v := v.(type) {
	case quantity:
		return v
	case bool:
		return quantity{apd.New(toInteger(v).(int64), 0), "1", false}
	case string:
		return quantityFrom(v)
	}
	if d, ok := asDecimal(v); ok {
		return quantity{d, "1", false}
	}
	return nil
}

func quantityFrom(s string) any {
	if len(s) > 128 {
		return nil
	}
	parts := quantityText.FindStringSubmatch(s)
	if parts == nil {
		return nil
	}
	d, ok := plainDecimal(parts[1])
	calendar, known := calendarUnits[parts[3]]
	switch {
	case !ok || parts[3] != "" && !known:
		return nil
	case parts[3] != "":
		return quantity{d, calendar, true}
	case parts[2] != "":
		return quantity{d, parts[2], false}
	}
	return quantity{d, "1", false}
}
