package index

import (
	"math"
	"math/big"
	"regexp"
	"strconv"
)

// decimal is the form of a FHIR decimal (R4 datatypes.html#decimal).
var decimal = regexp.MustCompile(`^(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]{1,9}))?$`)

// NumberRange is what a decimal covers by the digits written: half of the last
// one to either side, so 7.10 is [7.095, 7.105), 100 is [99.5, 100.5) and 1.0e2 is
// [95, 105). One digit with an exponent counts as two, so 1e2 is [95, 105) as
// well: R4 search.html#number gives it so, though half of its last digit would
// reach from 50 up to 150. The ends are computed exactly and then rounded to the
// nearest float64, clamped to ±math.MaxFloat64. ok is false for what is no decimal.
func NumberRange(s string) (low, high, value float64, ok bool) {
	tenths, exponent, ok := decimalOf(s)
	if !ok {
		return 0, 0, 0, false
	}
	half := big.NewInt(5)
	return scaled(new(big.Int).Sub(tenths, half), exponent), scaled(new(big.Int).Add(tenths, half), exponent), scaled(tenths, exponent), true
}

// decimalOf reads a decimal as tenths × 10^exponent, tenths being ten times the
// digits that count (see NumberRange).
func decimalOf(s string) (tenths *big.Int, exponent int, ok bool) {
	m := decimal.FindStringSubmatch(s)
	if m == nil {
		return nil, 0, false
	}
	if m[4] != "" {
		var err error
		if exponent, err = strconv.Atoi(m[4]); err != nil {
			return nil, 0, false
		}
	}
	if m[4] != "" && len(m[2]+m[3]) == 1 {
		m[3] = "0"
	}
	tenths, ok = new(big.Int).SetString(m[1]+m[2]+m[3]+"0", 10)
	return tenths, exponent - len(m[3]) - 1, ok
}

// scaled is n × 10^exponent, rounded once.
func scaled(n *big.Int, exponent int) float64 {
	// The only error left is ErrRange, with the infinity to clamp.
	f, _ := strconv.ParseFloat(n.String()+"e"+strconv.Itoa(exponent), 64)
	return min(max(f, -math.MaxFloat64), math.MaxFloat64)
}
