package index

import (
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/iimos/ucum"
)

// Systems of the units of quantities. CanonicalUCUM is ours alone: no resource
// can have it, since it is no URI.
const (
	UCUM          = "http://unitsofmeasure.org"
	CanonicalUCUM = "~ucum"
)

// Unit is a UCUM unit as a linear function of base units: a number n of it is
// n × factor + offset of Code.
type Unit struct {
	Code   string // of base units, such as g.m-3; "1" without a dimension
	Affine bool   // its zero is not that of Code, as of degrees Celsius

	factor, offset *big.Rat
	tens           int // factor is 10^tens, when decimal
	decimal        bool
}

// UnitOf reads a UCUM unit. Not all have base units: those on a logarithmic
// scale (pH, B[V], bit_s) and the homeopathic ones are compared as written only,
// as is what is no unit of UCUM. Annotations such as {beats} say nothing.
func UnitOf(code string) (*Unit, bool) {
	if len(code) > maxUnit {
		return nil, false
	}
	known.Lock()
	u, ok := known.units[code]
	known.Unlock()
	if ok {
		return u, u != nil
	}
	u = readUnit(code)
	known.Lock()
	defer known.Unlock()
	if len(known.units) < maxKnown { // codes come from outside: what is kept is bounded
		known.units[code] = u
	}
	return u, u != nil
}

const (
	maxUnit  = 64   // bytes of a unit; UCUM's longest in use have about 30
	maxKnown = 4096 // units remembered, nil for those that are none
	maxPower = 16   // of one component, and of a base unit
)

var known = struct {
	sync.Mutex
	units map[string]*Unit
}{units: map[string]*Unit{}}

func readUnit(code string) *Unit {
	bare, ok := stripAnnotations(code)
	if !ok {
		return nil
	}
	if u := affine(bare); u != nil {
		return u
	}
	if _, err := ucum.Parse([]byte(bare)); err != nil {
		return nil
	}
	p := unitParser{rest: strings.TrimPrefix(bare, "/")}
	m, ok := p.term(strings.HasPrefix(bare, "/"))
	if !ok || p.rest != "" {
		return nil
	}
	return m.unit()
}

// stripAnnotations takes {…} out of a unit; one that is nothing else is 1.
func stripAnnotations(code string) (string, bool) {
	var b strings.Builder
	within := false
	for _, c := range code {
		switch {
		case c == '{' && !within:
			within = true
			if s := b.String(); s == "" || strings.HasSuffix(s, "/") || strings.HasSuffix(s, ".") || strings.HasSuffix(s, "(") {
				b.WriteByte('1') // it stands for a component
			}
		case c == '}' && within:
			within = false
		case c == '{' || c == '}':
			return "", false
		case !within:
			b.WriteRune(c)
		}
	}
	return b.String(), !within && b.Len() > 0
}

// affine is a temperature whose zero is not that of kelvin. The library's
// function is asked at two points, and held to a third.
func affine(code string) *Unit {
	if code != "Cel" && code != "[degF]" && code != "[degRe]" {
		return nil
	}
	at := func(n int64) *big.Rat {
		v, err := ucum.ConvBigRat(big.NewRat(n, 1), code, "K")
		if err != nil {
			return new(big.Rat)
		}
		return v
	}
	offset := at(0)
	factor := new(big.Rat).Sub(at(1), offset)
	if third := new(big.Rat).Add(new(big.Rat).Mul(factor, big.NewRat(1000, 1)), offset); third.Cmp(at(1000)) != 0 || factor.Sign() == 0 {
		return nil
	}
	return &Unit{Code: "K", Affine: true, factor: factor, offset: offset}
}

// measure is a product of powers of base units and a factor.
type measure struct {
	factor *big.Rat
	powers map[string]int
}

func (m *measure) times(n measure, power int) bool {
	f := new(big.Rat).Set(n.factor)
	if power < 0 && f.Sign() != 0 {
		f.Inv(f)
	}
	for range max(power, -power) {
		m.factor.Mul(m.factor, f)
	}
	for base, p := range n.powers {
		if m.powers[base] += p * power; m.powers[base] > maxPower || m.powers[base] < -maxPower {
			return false
		}
	}
	return m.factor.Num().BitLen() < 1<<12 && m.factor.Denom().BitLen() < 1<<12
}

func (m measure) unit() *Unit {
	var parts []string
	for _, base := range bases {
		switch p := m.powers[base]; p {
		case 0:
		case 1:
			parts = append(parts, base)
		default:
			parts = append(parts, base+strconv.Itoa(p))
		}
	}
	u := &Unit{Code: strings.Join(parts, "."), factor: m.factor, offset: new(big.Rat)}
	if u.Code == "" {
		u.Code = "1"
	}
	u.tens, u.decimal = powerOfTen(m.factor)
	return u
}

// Range is NumberRange of a decimal in this unit, in base units. It is exact, as
// NumberRange is, so that equal amounts in different units have equal numbers.
func (u *Unit) Range(literal string) (low, high, value float64, ok bool) {
	tenths, exponent, ok := decimalOf(literal)
	if !ok || exponent < -maxExponent || exponent > maxExponent {
		return 0, 0, 0, false
	}
	half := big.NewInt(5)
	at := func(n *big.Int) float64 { return u.at(n, exponent) }
	return at(new(big.Int).Sub(tenths, half)), at(new(big.Int).Add(tenths, half)), at(tenths), true
}

// maxExponent keeps powers of ten within what is worth computing: float64 ends
// at 308.
const maxExponent = 400

// at is n × 10^exponent of the unit, in base units.
func (u *Unit) at(n *big.Int, exponent int) float64 {
	if u.decimal {
		return scaled(n, exponent+u.tens)
	}
	power := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(exponent, -exponent))), nil)
	above, below := new(big.Int).Mul(n, u.factor.Num()), u.factor.Denom()
	if exponent < 0 {
		below = power.Mul(power, below)
	} else {
		above.Mul(above, power)
	}
	r := new(big.Rat).SetFrac(above, below)
	if u.offset.Sign() != 0 {
		r.Add(r, u.offset)
	}
	f, _ := r.Float64()
	return min(max(f, -math.MaxFloat64), math.MaxFloat64)
}

// powerOfTen finds k with f = 10^k, for the units that differ by a prefix alone.
func powerOfTen(f *big.Rat) (int, bool) {
	ten := big.NewInt(10)
	for k := range 32 {
		p := new(big.Int).Exp(ten, big.NewInt(int64(k)), nil)
		if f.Cmp(new(big.Rat).SetInt(p)) == 0 {
			return k, true
		}
		if f.Cmp(new(big.Rat).SetFrac(big.NewInt(1), p)) == 0 {
			return -k, true
		}
	}
	return 0, false
}

// unitParser reads the grammar of UCUM, of which the library gives no parse
// tree: components with powers, multiplied and divided from left to right.
type unitParser struct {
	rest  string
	depth int
}

func (p *unitParser) term(inverse bool) (measure, bool) {
	m := measure{big.NewRat(1, 1), map[string]int{}}
	if p.depth++; p.depth > 4 {
		return m, false
	}
	defer func() { p.depth-- }()
	for {
		c, power, ok := p.component()
		if inverse {
			power = -power
		}
		if !ok || !m.times(c, power) {
			return m, false
		}
		if p.rest == "" || p.rest[0] == ')' {
			return m, true
		}
		inverse = p.rest[0] == '/'
		p.rest = p.rest[1:]
	}
}

// component reads a parenthesis or one symbol, and its power.
func (p *unitParser) component() (measure, int, bool) {
	if strings.HasPrefix(p.rest, "(") {
		p.rest = p.rest[1:]
		m, ok := p.term(false)
		if !ok || !strings.HasPrefix(p.rest, ")") {
			return m, 0, false
		}
		p.rest = p.rest[1:]
		return m, 1, true
	}
	symbol, power := cutPower(p.symbol())
	if n, err := strconv.ParseUint(symbol, 10, 31); err == nil {
		return measure{new(big.Rat).SetInt64(int64(n)), nil}, power, n > 0
	}
	m, ok := dimensionOf(symbol)
	return m, power, ok && power >= -maxPower && power <= maxPower
}

// symbol takes what stands before the next operator; brackets may hold one.
func (p *unitParser) symbol() string {
	end, bracket := len(p.rest), false
	for i, c := range p.rest {
		if c == '[' || c == ']' {
			bracket = c == '['
		}
		if !bracket && strings.ContainsRune("./()", c) {
			end = i
			break
		}
	}
	s := p.rest[:end]
	p.rest = p.rest[end:]
	return s
}

// cutPower takes the power off a symbol: m2, s-1, 10*-3.
func cutPower(s string) (string, int) {
	at := len(s)
	for at > 0 && s[at-1] >= '0' && s[at-1] <= '9' {
		at--
	}
	if at == len(s) || at == 0 {
		return s, 1
	}
	if at > 1 && (s[at-1] == '-' || s[at-1] == '+') {
		at--
	}
	power, err := strconv.Atoi(s[at:])
	if err != nil {
		return s, 1
	}
	return s[:at], power
}

// bases are the base units of UCUM, and the arbitrary ones, which nothing else
// can be expressed in (UCUM §24).
var bases = strings.Fields(`g m s rad K C cd
	[iU] [arb'U] [USP'U] [GPL'U] [MPL'U] [APL'U] [beth'U] [anti'Xa'U] [todd'U] [dye'U] [smgy'U] [bdsk'U] [ka'U] [knk'U] [mclg'U]
	[tb'U] [CCID_50] [TCID_50] [EID_50] [PFU] [FFU] [CFU] [IR] [BAU] [AU] [Amb'a'1'U] [PNU] [Lf] [D'ag'U] [FEU] [ELU] [EU]`)

// dimensions are those that UCUM's units have, in base units, each with its
// powers in the order of bases; the most usual first.
var dimensions = [][]int{
	{}, {1}, {0, 3}, {0, 1}, {0, 0, 1}, {0, 2}, {1, -1, -2}, {0, 0, -1}, {1, 2, -2}, {1, 2, -3}, {1, 1, -2}, {0, 0, 0, 0, 1}, {0, 0, 0, 1}, {0, 0, 0, 2},
	{0, 0, 0, 0, 0, 1}, {0, 0, -1, 0, 0, 1}, {1, 2, -2, 0, 0, -1}, {-1, -2, 2, 0, 0, 2}, {1, 2, -1, 0, 0, -2}, {-1, -2, 1, 0, 0, 2},
	{1, 2, -1, 0, 0, -1}, {1, 0, -1, 0, 0, -1}, {1, 2, 0, 0, 0, -2}, {0, 0, 0, 0, 0, 0, 1}, {0, 0, 0, 2, 0, 0, 1}, {0, -2, 0, 2, 0, 0, 1}, {0, -2, 0, 0, 0, 0, 1},
	{0, 2, -2}, {0, 1, -1}, {0, 1, -2}, {0, -1}, {1, -1, -1}, {0, 2, -1}, {0, 3, -1}, {1, 0, -2}, {-1, 0, 0, 0, 0, 1}, {1, -1}, {1, -2}, {1, -3}, {0, -2}, {0, -3},
	{-1, -3, 2, 0, 0, 2}, {1, 1, 0, 0, 0, -2}, {1, 1, -2, 0, 0, -2}, {1, 3, -2, 0, 0, -2}, {-1, 3, -2}, {1, 2, -2, 0, -1}, {1, 2, -1}, {1, 4, -3}, {0, -1, -1, 0, 0, 1}, {0, 1, 0, 0, 0, 1},
	{0, 2, 0, 0, 1, 0}, {-1, 2, 2}, {-1, 1, 1}, {0, -1, 0, 0, 0, 0, 1}, {-1, 3, -1}, {1, -4, -1}, {1, -4, -2}, {0, 1, -1, 0, 0, 1}, {0, -2, 0, 2},
}

// dimensionOf expresses one symbol, prefix included, in base units. The library
// converts between units and has no form of its own for them, so the one that
// it can convert to is looked for.
func dimensionOf(symbol string) (measure, bool) {
	symbol = strings.Replace(symbol, "[IU]", "[iU]", 1) // two names of one unit
	from, err := ucum.Parse([]byte(symbol))
	if err != nil || isSpecial(symbol) {
		return measure{}, false
	}
	for _, base := range bases[7:] {
		if strings.HasSuffix(symbol, base) { // nothing but itself, whatever the library makes of it
			m := measure{big.NewRat(1, 1), map[string]int{base: 1}}
			return m, m.reached(from, "")
		}
	}
	for _, d := range dimensions {
		m := measure{big.NewRat(1, 1), map[string]int{}}
		for i, p := range d {
			m.powers[bases[i]] = p
		}
		for _, cancelled := range []string{"", ".g/g", ".m/m", ".s/s", ".C/C"} {
			if m.reached(from, cancelled) {
				return m, true
			}
		}
	}
	return measure{}, false
}

// isSpecial reports whether a symbol is one of UCUM's special units (§21), which
// are functions and no factors, with any prefix: the library cannot be asked
// about all of them, 10^24 bel being no number.
func isSpecial(symbol string) bool {
	at := strings.Index(symbol, "B[")
	return at >= 0 || slices.ContainsFunc(specials, func(s string) bool { return strings.HasSuffix(symbol, s) })
}

var specials = strings.Fields("Cel [degF] [degRe] [p'diop] %[slope] [hp'_X] [hp'_C] [hp'_M] [hp'_Q] [pH] Np B [m/s2/Hz^(1/2)] bit_s")

// reached reports whether a unit converts to this dimension, and then takes its
// factor. A conversion that is no multiplication does not count. The library
// counts base units that cancel out (grams in Gy, which is J/kg), so these may
// have to be named.
func (m *measure) reached(from ucum.Unit, cancelled string) bool {
	to, err := ucum.Parse([]byte(m.unit().Code + cancelled))
	if err != nil {
		return false
	}
	c, err := ucum.NewPairConverter(from, to)
	if err != nil {
		return false
	}
	one, two := c.ConvBigRat(big.NewRat(1, 1)), c.ConvBigRat(big.NewRat(2, 1))
	if one.Sign() <= 0 || two.Cmp(new(big.Rat).Add(one, one)) != 0 {
		return false
	}
	m.factor.Set(one)
	return true
}
