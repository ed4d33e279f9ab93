package fhirpath

import (
	"fmt"
	"math/bits"

	"github.com/cockroachdb/apd/v3"

	"sluis/conformance"
)

// newBinary makes the node of an operator.
func newBinary(name string, left, right node) node {
	switch name {
	case "and", "or", "xor", "implies":
		return &logic{name, left, right}
	}
	return &binary{name, left, right}
}

// logic is three-valued: empty is what cannot be told.
type logic struct {
	name        string
	left, right node
}

func (n *logic) eval(m *machine, f frame) (Collection, error) {
	a, toldA, err := m.truth(n.left, f)
	if err != nil {
		return nil, err
	}
	if toldA && (n.name == "and" && !a || n.name == "implies" && !a || n.name == "or" && a) {
		return boolean(n.name != "and"), nil
	}
	b, toldB, err := m.truth(n.right, f)
	if err != nil {
		return nil, err
	}
	is, told := join(n.name, a, toldA, b, toldB)
	if !told {
		return nil, nil
	}
	return boolean(is), nil
}

func (m *machine) truth(n node, f frame) (is, told bool, err error) {
	c, err := n.eval(m, f)
	if err != nil {
		return false, false, err
	}
	if err := m.step(0); err != nil {
		return false, false, err
	}
	return truth(c)
}

// join is the truth table of N1, Boolean logic.
func join(name string, a, toldA, b, toldB bool) (is, told bool) {
	switch name {
	case "and":
		if toldA && !a || toldB && !b {
			return false, true
		}
		return true, toldA && toldB
	case "or":
		if toldA && a || toldB && b {
			return true, true
		}
		return false, toldA && toldB
	case "xor":
		return a != b, toldA && toldB
	}
	if toldA && !a || toldB && b {
		return true, true
	}
	return false, toldA && toldB
}

type binary struct {
	name        string
	left, right node
}

func (n *binary) eval(m *machine, f frame) (Collection, error) {
	a, err := n.left.eval(m, f)
	if err != nil {
		return nil, err
	}
	b, err := n.right.eval(m, f)
	if err != nil {
		return nil, err
	}
	if err := m.step(0); err != nil {
		return nil, err
	}
	switch n.name {
	case "|":
		return m.union(a, b)
	case "=":
		return m.equalCollections(a, b)
	case "!=":
		return negate(m.equalCollections(a, b))
	case "~", "!~":
		is, err := m.equivalentCollections(a, b)
		return boolean(is == (n.name == "~")), err
	case "in":
		return m.contains(b, a)
	case "contains":
		return m.contains(a, b)
	case "&":
		return m.concatenate(a, b)
	}
	return n.singles(m, a, b)
}

// singles are the operators on two single values.
func (n *binary) singles(m *machine, a, b Collection) (Collection, error) {
	x, err := single(a)
	if err != nil {
		return nil, err
	}
	y, err := single(b)
	if err != nil || absent(a, x) || absent(b, y) {
		return nil, err
	}
	switch n.name {
	case "<", "<=", ">", ">=":
		return ordered(n.name, x, y)
	}
	if err := m.step((sizeOf(x) + sizeOf(y)) / charsPerStep); err != nil {
		return nil, err
	}
	return arithmetic(n.name, x, y)
}

// absent reports that there is no value to work on: nothing, or an element whose
// value is missing.
func absent(c Collection, v any) bool {
	return len(c) == 0 || v == nil && (c[0].isPrimitive() || conformance.IsSubtype(c[0].fhirType(), "Quantity"))
}

func ordered(name string, x, y any) (Collection, error) {
	order, told, fit := compare(x, y)
	switch {
	case !fit:
		return nil, fmt.Errorf("%s: the types cannot be compared", name)
	case !told:
		return nil, nil
	}
	switch name {
	case "<":
		return boolean(order < 0), nil
	case "<=":
		return boolean(order <= 0), nil
	case ">":
		return boolean(order > 0), nil
	}
	return boolean(order >= 0), nil
}

func negate(c Collection, err error) (Collection, error) {
	if err != nil || len(c) == 0 {
		return nil, err
	}
	return boolean(!c.IsTrue()), nil
}

func (m *machine) contains(in, what Collection) (Collection, error) {
	if len(what) == 0 {
		return nil, nil
	}
	if len(what) > 1 {
		return nil, fmt.Errorf("one item is expected, %d are given", len(what))
	}
	i, err := m.find(in, what[0])
	return boolean(i >= 0), err
}

// find is the place of an item in a collection, or -1.
func (m *machine) find(in Collection, what Item) (int, error) {
	for i, item := range in {
		is, told, err := m.equal(item, what)
		if err != nil {
			return -1, err
		}
		if is && told {
			return i, nil
		}
	}
	return -1, nil
}

// union joins two collections without duplicates. Strings, by far the most
// common, are told apart by a table; other items one by one.
func (m *machine) union(a, b Collection) (Collection, error) {
	var out, others Collection
	strings := map[string]bool{}
	for _, c := range [2]Collection{a, b} {
		for _, item := range c {
			if s, ok := item.scalar().(string); ok {
				if err := m.step(len(s) / charsPerStep); err != nil {
					return nil, err
				}
				if !strings[s] {
					strings[s] = true
					out = append(out, item)
				}
				continue
			}
			i, err := m.find(others, item)
			if err != nil {
				return nil, err
			}
			if i < 0 {
				others, out = append(others, item), append(out, item)
			}
		}
	}
	return out, nil
}

// concatenate is &: empty counts as the empty string.
func (m *machine) concatenate(a, b Collection) (Collection, error) {
	var text string
	for _, c := range [2]Collection{a, b} {
		v, err := single(c)
		if err != nil {
			return nil, err
		}
		s, ok := v.(string)
		if v != nil && !ok {
			return nil, fmt.Errorf("&: a string is expected")
		}
		if err := m.step((len(text) + len(s)) / charsPerStep); err != nil {
			return nil, err
		}
		text += s
	}
	return valueOf(text), nil
}

// sizeOf is the length of a string, for the budget.
func sizeOf(v any) int {
	s, _ := v.(string)
	return len(s)
}

func arithmetic(name string, x, y any) (Collection, error) {
	if q, ok := x.(quantity); ok {
		return quantityArithmetic(name, q, y)
	}
	if q, ok := y.(quantity); ok {
		if t, ok := x.(temporal); ok {
			return temporalArithmetic(name, t, q)
		}
		if d, ok := asDecimal(x); ok {
			return quantityArithmetic(name, zeroOf(name, d, q), q)
		}
	}
	if s, ok := x.(string); ok && name == "+" {
		if t, ok := y.(string); ok {
			return valueOf(s + t), nil
		}
	}
	if i, ok := x.(int64); ok {
		if j, ok := y.(int64); ok && name != "/" {
			return integers(name, i, j)
		}
	}
	a, okA := asDecimal(x)
	b, okB := asDecimal(y)
	if !okA || !okB {
		return nil, fmt.Errorf("%s: the types do not fit", name)
	}
	return decimals(name, a, b)
}

// zeroOf lets -5 'mg' be 0 minus it; other numbers have the unit 1.
func zeroOf(name string, d *apd.Decimal, q quantity) quantity {
	if name == "-" && d.IsZero() {
		return quantity{d, q.unit, q.calendar}
	}
	return quantity{d, "1", false}
}

func temporalArithmetic(name string, t temporal, q quantity) (Collection, error) {
	sign := 1
	switch name {
	case "-":
		sign = -1
	case "+":
	default:
		return nil, fmt.Errorf("%s: the types do not fit", name)
	}
	out, err := t.add(q, sign)
	return valueOf(out), err
}

func quantityArithmetic(name string, q quantity, y any) (Collection, error) {
	o, ok := asQuantity(y)
	if !ok {
		return nil, fmt.Errorf("%s: the types do not fit", name)
	}
	switch name {
	case "*", "/":
		if name == "/" && o.value.IsZero() {
			return nil, nil
		}
		out, err := q.times(o, name)
		return valueOf(out), err
	case "+", "-":
		a, b, ok := same(q, o)
		if !ok {
			return nil, nil
		}
		sum, err := decimals(name, a, b)
		if err != nil {
			return nil, err
		}
		return valueOf(quantity{sum[0].value.(*apd.Decimal), q.unit, q.calendar}), nil
	}
	return nil, fmt.Errorf("%s: the types do not fit", name)
}

// integers answers with nothing where the result is no integer of 64 bits, or a
// division by zero (N1, math).
func integers(name string, i, j int64) (Collection, error) {
	var out int64
	fits := true
	switch name {
	case "+":
		out = i + j
		fits = (out > i) == (j > 0)
	case "-":
		out = i - j
		fits = (out < i) == (j > 0)
	case "*":
		high, low := bits.Mul64(magnitude(i), magnitude(j))
		fits = high == 0 && low < 1<<63
		out = i * j
	case "div", "mod":
		if j == 0 {
			return nil, nil
		}
		if fits = i != -1<<63 || j != -1; fits && name == "div" {
			out = i / j
		} else if fits {
			out = i % j
		}
	default:
		return nil, fmt.Errorf("%s: the types do not fit", name)
	}
	if !fits {
		return nil, nil
	}
	return valueOf(out), nil
}

func magnitude(i int64) uint64 {
	if i < 0 {
		return uint64(-i)
	}
	return uint64(i)
}

func decimals(name string, a, b *apd.Decimal) (Collection, error) {
	var out apd.Decimal
	var err error
	switch name {
	case "+":
		_, err = decimalContext.Add(&out, a, b)
	case "-":
		_, err = decimalContext.Sub(&out, a, b)
	case "*":
		_, err = decimalContext.Mul(&out, a, b)
	case "/", "div", "mod":
		if b.IsZero() {
			return nil, nil
		}
		return divided(name, a, b)
	default:
		return nil, fmt.Errorf("%s: the types do not fit", name)
	}
	if err != nil || !sane(&out) {
		return nil, nil
	}
	return valueOf(&out), nil
}

func divided(name string, a, b *apd.Decimal) (Collection, error) {
	var out apd.Decimal
	var err error
	switch name {
	case "/":
		_, err = decimalContext.Quo(&out, a, b)
		out.Reduce(&out)
	case "mod":
		_, err = decimalContext.Rem(&out, a, b)
	case "div":
		if _, err = decimalContext.QuoInteger(&out, a, b); err == nil {
			if i, err := out.Int64(); err == nil {
				return valueOf(i), nil
			}
		}
	}
	if err != nil || !sane(&out) {
		return nil, nil
	}
	return valueOf(&out), nil
}
