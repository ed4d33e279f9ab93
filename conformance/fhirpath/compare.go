package fhirpath

import (
	"strings"

	"github.com/cockroachdb/apd/v3"

	"sluis/fhir"
)

// asDecimal is a number as a decimal.
func asDecimal(v any) (*apd.Decimal, bool) {
	switch v := v.(type) {
	case int64:
		return apd.New(v, 0), true
	case *apd.Decimal:
		return v, true
	}
	return nil, false
}

// asQuantity is a quantity, or a number as one of unit 1.
func asQuantity(v any) (quantity, bool) {
	if q, ok := v.(quantity); ok {
		return q, true
	}
	d, ok := asDecimal(v)
	return quantity{d, "1", false}, ok
}

// compare orders two values of one type. told is false where it cannot be known
// (dates of different precision, units that do not convert), fit where the types
// cannot be compared at all.
func compare(a, b any) (order int, told, fit bool) {
	switch x := a.(type) {
	case string:
		y, ok := b.(string)
		return strings.Compare(x, y), true, ok
	case temporal:
		y, ok := b.(temporal)
		if !ok || (x.kind == timeKind) != (y.kind == timeKind) {
			return 0, false, false
		}
		order, told = compareTemporal(x, y)
		return order, told, true
	case bool:
		return 0, false, false
	}
	p, okP := asDecimal(a)
	q, okQ := asDecimal(b)
	if okP && okQ {
		return p.Cmp(q), true, true
	}
	x, okX := asQuantity(a)
	y, okY := asQuantity(b)
	if !okX || !okY {
		return 0, false, false
	}
	v, w, ok := same(x, y)
	if !ok {
		return 0, false, true
	}
	return v.Cmp(w), true, true
}

// equal is = of two items; told is false where it cannot be known.
func (m *machine) equal(a, b Item) (is, told bool, err error) {
	if err := m.step(1); err != nil {
		return false, false, err
	}
	x, y := a.scalar(), b.scalar()
	if x == nil || y == nil {
		if x != nil || y != nil {
			return false, true, nil
		}
		is, err := m.sameTree(a.node(), b.node(), false)
		return is, true, err
	}
	is, told = equalValues(x, y)
	return is, told, m.step(sizeOf(x) / charsPerStep)
}

func equalValues(x, y any) (is, told bool) {
	switch v := x.(type) {
	case bool:
		w, ok := y.(bool)
		return ok && v == w, true
	case typeInfo:
		w, ok := y.(typeInfo)
		return ok && v == w, true
	}
	order, told, fit := compare(x, y)
	if !fit {
		return false, true
	}
	return told && order == 0, told
}

// sameTree compares elements with children. In order, or in any order where
// equivalence is asked for.
func (m *machine) sameTree(a, b fhir.Node, anyOrder bool) (bool, error) {
	if err := m.step(1); err != nil || a.Kind() != b.Kind() {
		return false, err
	}
	switch a.Kind() {
	case fhir.Object:
		return m.sameMembers(a, b, anyOrder)
	case fhir.Array:
		return m.sameElements(a, b, anyOrder)
	case fhir.Number:
		x, _, errX := apd.NewFromString(a.Text())
		y, _, errY := apd.NewFromString(b.Text())
		return errX == nil && errY == nil && sane(x) && sane(y) && x.Cmp(y) == 0, nil
	}
	return a.Text() == b.Text(), nil
}

func (m *machine) sameMembers(a, b fhir.Node, anyOrder bool) (bool, error) {
	left, right := 0, 0
	for range b.All() {
		right++
	}
	for x := range a.All() {
		left++
		y := b.Get(x.Key())
		if y.IsZero() {
			return false, nil
		}
		if same, err := m.sameTree(x, y, anyOrder); !same || err != nil {
			return false, err
		}
	}
	return left == right, nil
}

func (m *machine) sameElements(a, b fhir.Node, anyOrder bool) (bool, error) {
	var rest []fhir.Node
	for y := range b.All() {
		rest = append(rest, y)
	}
	for x := range a.All() {
		i, err := m.indexOf(x, rest, anyOrder)
		if i < 0 || err != nil {
			return false, err
		}
		rest = append(rest[:i], rest[i+1:]...)
	}
	return len(rest) == 0, nil
}

func (m *machine) indexOf(x fhir.Node, rest []fhir.Node, anyOrder bool) (int, error) {
	for i, y := range rest {
		if same, err := m.sameTree(x, y, anyOrder); same || err != nil {
			return i, err
		}
		if !anyOrder {
			break
		}
	}
	return -1, nil
}

// equalCollections is = of two collections: in order, empty where either is, or
// where an item cannot be told.
func (m *machine) equalCollections(a, b Collection) (Collection, error) {
	if len(a) == 0 || len(b) == 0 {
		return nil, nil
	}
	if len(a) != len(b) {
		return boolean(false), nil
	}
	known := true
	for i := range a {
		is, told, err := m.equal(a[i], b[i])
		if err != nil {
			return nil, err
		}
		if told && !is {
			return boolean(false), nil
		}
		known = known && told
	}
	if !known {
		return nil, nil
	}
	return boolean(true), nil
}

// equivalentCollections is ~: in any order, and always told.
func (m *machine) equivalentCollections(a, b Collection) (bool, error) {
	if len(a) != len(b) {
		return false, nil
	}
	rest := append(Collection(nil), b...)
next:
	for _, x := range a {
		for i, y := range rest {
			same, err := m.equivalent(x, y)
			if err != nil {
				return false, err
			}
			if same {
				rest = append(rest[:i], rest[i+1:]...)
				continue next
			}
		}
		return false, nil
	}
	return true, nil
}

func (m *machine) equivalent(a, b Item) (bool, error) {
	if err := m.step(1); err != nil {
		return false, err
	}
	x, y := a.scalar(), b.scalar()
	if x == nil || y == nil {
		if x != nil || y != nil {
			return false, nil
		}
		return m.sameTree(a.node(), b.node(), true)
	}
	switch v := x.(type) {
	case string:
		w, ok := y.(string)
		return ok && folded(v) == folded(w), m.step((len(v) + len(w)) / charsPerStep)
	case temporal:
		w, ok := y.(temporal)
		if !ok {
			return false, nil
		}
		order, told := compareTemporal(v, w)
		return told && order == 0 && v.exact() == w.exact(), nil
	case quantity:
		w, ok := asQuantity(y)
		if !ok {
			return false, nil
		}
		v.calendar, v.unit = false, equivalentUnit(v)
		w.calendar, w.unit = false, equivalentUnit(w)
		p, q, ok := same(v, w)
		return ok && roughly(p, q), nil
	}
	p, okP := asDecimal(x)
	q, okQ := asDecimal(y)
	if okP && okQ {
		return roughly(p, q), nil
	}
	is, told := equalValues(x, y)
	return is && told, nil
}

// equivalentUnit takes a calendar year or month for that of UCUM.
func equivalentUnit(q quantity) string {
	switch {
	case q.calendar && q.unit == "year":
		return "a"
	case q.calendar && q.unit == "month":
		return "mo"
	}
	return q.ucumOf()
}

func folded(s string) string { return strings.Join(strings.Fields(strings.ToLower(s)), " ") }

// roughly compares two numbers as precisely as the less precise is written, its
// trailing zeros not counted.
func roughly(a, b *apd.Decimal) bool {
	var x, y apd.Decimal
	x.Reduce(a)
	y.Reduce(b)
	exponent := min(0, max(x.Exponent, y.Exponent))
	var p, q apd.Decimal
	if _, err := decimalContext.Quantize(&p, a, exponent); err != nil {
		return a.Cmp(b) == 0
	}
	if _, err := decimalContext.Quantize(&q, b, exponent); err != nil {
		return a.Cmp(b) == 0
	}
	return p.Cmp(&q) == 0
}
