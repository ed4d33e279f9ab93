package patch

import (
	"strconv"
	"strings"
)

// sameNumber reports whether two JSON numbers have one value. It works on the
// digits: an exponent can be far larger than any number type holds.
func sameNumber(a, b string) bool {
	if a == b {
		return true
	}
	x, okX := scientific(a)
	y, okY := scientific(b)
	return okX && okY && x == y
}

// decimal is ±0.digits × 10^exponent, without zeros at either end of the digits.
type decimal struct {
	negative bool
	digits   string
	exponent int64
}

// scientific reads a JSON number; false where its exponent is out of reach.
func scientific(s string) (decimal, bool) {
	var d decimal
	s, d.negative = strings.CutPrefix(s, "-")
	mantissa := s
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		n, err := strconv.ParseInt(s[i+1:], 10, 32)
		if err != nil {
			return decimal{}, false
		}
		mantissa, d.exponent = s[:i], n
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := whole + fraction
	d.exponent += int64(len(whole))
	d.digits = strings.TrimLeft(digits, "0")
	d.exponent -= int64(len(digits) - len(d.digits))
	if d.digits = strings.TrimRight(d.digits, "0"); d.digits == "" {
		return decimal{}, true // zero, of either sign
	}
	return d, true
}
