package naive

import "math/big"

const ucum = "http://unitsofmeasure.org"

// unit is a UCUM unit as so many of another: the base of its dimension.
type unit struct {
	base   string
	factor *big.Rat
}

// units are those that this evaluator converts, by the definitions of UCUM
// (ucum.org, tables 2 to 15), in its base units: so all of them have one order.
// Others are compared as they are written.
var units = map[string]unit{
	"kg": per("g", "1000"), "g": per("g", "1"), "mg": per("g", "0.001"), "ug": per("g", "0.000001"),
	"m": per("m", "1"), "cm": per("m", "0.01"), "mm": per("m", "0.001"),
	"s": per("s", "1"), "min": per("s", "60"), "h": per("s", "3600"), "d": per("s", "86400"), "a": per("s", "31557600"), "mo": per("s", "2629800"),
	"/min": per("s-1", "1/60"),
	"g/L":  per("g.m-3", "1000"), "mg/dL": per("g.m-3", "10"), "g/dL": per("g.m-3", "10000"), "mg/L": per("g.m-3", "1"),
	"mol/L": per("m-3", "602213670000000000000000000"), "mmol/L": per("m-3", "602213670000000000000000"), "umol/L": per("m-3", "602213670000000000000"),
	"Pa": per("g.m-1.s-2", "1000"), "kPa": per("g.m-1.s-2", "1000000"), "mm[Hg]": per("g.m-1.s-2", "133322"),
	"%": per("1", "0.01"), "1": per("1", "1"),
}

func per(base, factor string) unit {
	f, ok := new(big.Rat).SetString(factor)
	if !ok {
		panic("naive: " + factor + " is no number")
	}
	return unit{base, f}
}

// inBase is the quantity in base units, if its unit is one that is converted.
func (q quantity) inBase() (measure, bool) {
	u, known := units[q.code]
	if q.system != ucum || !known {
		return measure{}, false
	}
	return q.times(u.factor), true
}

// matchQuantity is R4 search.html#quantity: number, number|system|code, or
// number||unit, which is the code or the unit as text. Units of UCUM of one
// dimension are converted.
func matchQuantity(prefix string, t quantity, want string) bool {
	parts := split(want, '|')
	s, ok := parseNumber(parts[0])
	if !ok {
		return false
	}
	if len(parts) == 1 {
		return matchNumber(prefix, t.measure, s)
	}
	system, code := unescape(parts[1]), unescape(parts[2])
	theirs, known := units[t.code]
	ours, knownToo := units[code]
	switch {
	case system == ucum && t.system == ucum && known && knownToo:
		return theirs.base == ours.base && matchNumber(prefix, t.times(theirs.factor), s.times(ours.factor))
	case system == "":
		return (code == "" || t.code == code || t.unit == code) && matchNumber(prefix, t.measure, s)
	}
	return t.system == system && (code == "" || t.code == code) && matchNumber(prefix, t.measure, s)
}
