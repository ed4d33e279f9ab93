package fhirpath

import (
	"fmt"
	"math/big"
	"strings"

	"github.com/cockroachdb/apd/v3"
	"github.com/iimos/ucum"

	"sluis/fhir"
)

const ucumSystem = "http://unitsofmeasure.org"

// quantity is a value with a unit: UCUM's, or one of the calendar.
type quantity struct {
	value    *apd.Decimal
	unit     string // "1" for none
	calendar bool
}

// quantityOf reads a Quantity of FHIR; one without a value is none. A unit of
// another system than UCUM is one that nothing converts to.
func quantityOf(n fhir.Node) any {
	d, _, err := apd.NewFromString(n.Get("value").Text())
	if err != nil || !sane(d) {
		return nil
	}
	unit := n.Get("code").Text()
	if s := n.Get("system").Text(); s != ucumSystem && s != "" {
		unit = s + "|" + unit
	}
	if unit == "" {
		unit = n.Get("unit").Text()
	}
	if unit == "" {
		unit = "1"
	}
	return quantity{d, unit, false}
}

func (q quantity) String() string {
	if q.calendar {
		return q.value.Text('f') + " " + q.unit
	}
	return q.value.Text('f') + " '" + q.unit + "'"
}

// decimalContext has the digits that N1 asks of decimals, and some to round.
var decimalContext = apd.BaseContext.WithPrecision(34)

// sane reports whether a decimal is small enough to be written out: N1 asks for
// 28 digits.
func sane(d *apd.Decimal) bool {
	if d.Form != apd.Finite {
		return false
	}
	magnitude := int64(d.Exponent) + d.NumDigits()
	return d.Exponent > -64 && magnitude < 64 && d.NumDigits() < 128
}

// ucumOf is the unit in UCUM, where a calendar unit has an equal there.
func (q quantity) ucumOf() string {
	for code, calendar := range definite {
		if q.calendar && calendar == q.unit {
			return code
		}
	}
	return q.unit
}

// indefinite reports whether exactly one of two is a year or month of the
// calendar: then they cannot be compared (N1, quantity).
func indefinite(a, b quantity) bool {
	return a.calendar != b.calendar && (a.isIndefinite() || b.isIndefinite())
}

func (q quantity) isIndefinite() bool { return q.calendar && (q.unit == "year" || q.unit == "month") }

// same brings b to the unit of a; false where their units cannot be compared.
func same(a, b quantity) (x, y *apd.Decimal, ok bool) {
	if indefinite(a, b) {
		return nil, nil, false
	}
	if a.unit == b.unit {
		return a.value, b.value, true
	}
	if a.isIndefinite() && b.isIndefinite() {
		return inMonthsOf(a), inMonthsOf(b), true
	}
	from, err := parseUnit(b.ucumOf())
	if err != nil {
		return nil, nil, false
	}
	to, err := parseUnit(a.ucumOf())
	if err != nil {
		return nil, nil, false
	}
	in, ok := convert(from, to, ratOf(b.value))
	if !ok {
		return nil, nil, false
	}
	converted, ok := decimalOf(in)
	return a.value, converted, ok
}

// convert brings a value from one unit to another; false where it cannot be. The
// library divides by a unit that comes down to 0.
func convert(from, to ucum.Unit, value *big.Rat) (out *big.Rat, ok bool) {
	defer func() {
		if recover() != nil {
			out, ok = nil, false
		}
	}()
	conversion, err := ucum.NewPairConverter(from, to)
	if err != nil {
		return nil, false
	}
	return conversion.ConvBigRat(value), true
}

func inMonthsOf(q quantity) *apd.Decimal {
	if q.unit == "month" {
		return q.value
	}
	var out apd.Decimal
	_, _ = decimalContext.Mul(&out, q.value, apd.New(12, 0))
	return &out
}

// maxUnit and the check of its digits keep a unit such as km999999999 from
// becoming a number of a billion digits.
const maxUnit = 48

func parseUnit(unit string) (ucum.Unit, error) {
	if len(unit) > maxUnit {
		return ucum.Unit{}, fmt.Errorf("the unit is too long")
	}
	run := 0
	for _, c := range []byte(unit) {
		if run++; !isDigit(c) {
			run = 0
		}
		if run > 2 {
			return ucum.Unit{}, fmt.Errorf("the unit's number is too large")
		}
	}
	return ucum.Parse([]byte(withoutAnnotations(unit)))
}

// withoutAnnotations drops {…}, which mean nothing to UCUM.
func withoutAnnotations(unit string) string {
	for {
		open := strings.IndexByte(unit, '{')
		end := strings.IndexByte(unit, '}')
		if open < 0 || end < open {
			break
		}
		unit = unit[:open] + unit[end+1:]
	}
	if unit == "" {
		return "1"
	}
	return unit
}

func ratOf(d *apd.Decimal) *big.Rat {
	r, _ := new(big.Rat).SetString(d.Text('f'))
	return r
}

func decimalOf(r *big.Rat) (*apd.Decimal, bool) {
	if r == nil || r.Num().BitLen() > 2048 || r.Denom().BitLen() > 2048 {
		return nil, false
	}
	num, _, err := apd.NewFromString(r.Num().String())
	if err != nil {
		return nil, false
	}
	den, _, err := apd.NewFromString(r.Denom().String())
	if err != nil {
		return nil, false
	}
	var out apd.Decimal
	if _, err := decimalContext.Quo(&out, num, den); err != nil {
		return nil, false
	}
	return &out, true
}

// times multiplies or divides, units with values.
func (q quantity) times(o quantity, operator string) (quantity, error) {
	var v apd.Decimal
	var err error
	unit := product(q.ucumOf(), o.ucumOf())
	if operator == "/" {
		unit = ratio(q.ucumOf(), o.ucumOf())
		_, err = decimalContext.Quo(&v, q.value, o.value)
	} else {
		_, err = decimalContext.Mul(&v, q.value, o.value)
	}
	if err != nil || !sane(&v) {
		return q, fmt.Errorf("the result is out of range")
	}
	return quantity{&v, unit, false}, nil
}

func product(a, b string) string {
	switch {
	case a == "1":
		return b
	case b == "1":
		return a
	}
	return a + "." + b
}

func ratio(a, b string) string {
	switch {
	case a == b:
		return "1"
	case b == "1":
		return a
	}
	return a + "/(" + b + ")"
}
