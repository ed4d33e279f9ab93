package differential

import (
	"encoding/json"
	"math/big"
	"regexp"
	"strings"
	"unicode/utf8"

	"sluis/conformance"
	"sluis/conformance/differential/naive"
)

// speller makes values to search for out of what resources hold.
type speller struct {
	*maker
	data *naive.Data
}

var escaper = strings.NewReplacer(`\`, `\\`, `,`, `\,`, `$`, `\$`, `|`, `\|`)

func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		if v {
			return "true"
		}
		return "false"
	}
	return ""
}

func get(v any, names ...string) any {
	for _, n := range names {
		o, _ := v.(map[string]any)
		v = o[n]
	}
	return v
}

func items(v any) []any {
	if l, ok := v.([]any); ok {
		return l
	}
	if v == nil {
		return nil
	}
	return []any{v}
}

// spell writes a value by which an element is found, mostly: some are bent on
// purpose. "" when there is none.
func (s *speller) spell(p *conformance.Parameter, e naive.Element) string {
	switch p.Type {
	case conformance.TokenParam:
		return s.token(e)
	case conformance.StringParam:
		return s.piece(one(s.Rand, orNone(parts(e.JSON))))
	case conformance.DateParam:
		return s.prefixed(s.date(e.JSON))
	case conformance.NumberParam:
		return s.prefixed(s.number(e.JSON))
	case conformance.QuantityParam:
		return s.prefixed(s.quantityWord(e.JSON))
	case conformance.ReferenceParam:
		return s.reference(e.JSON)
	case conformance.URIParam:
		return escaper.Replace(text(e.JSON))
	case conformance.CompositeParam:
		return s.composite(p, e)
	}
	return ""
}

func orNone(l []string) []string {
	if len(l) == 0 {
		return []string{""}
	}
	return l
}

// codings are the (system, code) pairs of a value of a token parameter.
func codings(v any) [][2]string {
	var out [][2]string
	switch {
	case get(v, "coding") != nil:
		for _, c := range items(get(v, "coding")) {
			out = append(out, [2]string{text(get(c, "system")), text(get(c, "code"))})
		}
	case get(v, "value") != nil:
		system := text(get(v, "system"))
		if !strings.Contains(system, ":") {
			system = ""
		}
		out = append(out, [2]string{system, text(get(v, "value"))})
	case get(v, "code") != nil:
		out = append(out, [2]string{text(get(v, "system")), text(get(v, "code"))})
	case text(v) != "":
		out = append(out, [2]string{"", text(v)})
	}
	return out
}

func (s *speller) token(e naive.Element) string {
	all := codings(e.JSON)
	if len(all) == 0 {
		return ""
	}
	c := one(s.Rand, all)
	system, code := escaper.Replace(c[0]), escaper.Replace(c[1])
	_, coded := e.JSON.(map[string]any)
	if _, contact := get(e.JSON, "system").(string); coded && contact && c[0] == "" {
		coded = false // a ContactPoint: no bar
	}
	switch n := s.IntN(6); {
	case !coded || n < 2 && code != "":
		return code
	case n == 2 && system != "":
		return system + "|"
	case n == 3:
		return escaper.Replace(one(s.Rand, systems[:3])) + "|" + code
	}
	return strings.TrimSuffix(system+"|"+code, "|")
}

// parts are the texts of a value of a string parameter.
func parts(v any) []string {
	if t := text(v); t != "" {
		return []string{t}
	}
	var out []string
	for _, name := range []string{"family", "given", "line", "city", "text"} {
		for _, x := range items(get(v, name)) {
			out = append(out, text(x))
		}
	}
	return out
}

// piece is the beginning of a text, bent in case and accents.
func (s *speller) piece(t string) string {
	if t == "" {
		return ""
	}
	runes := []rune(t)
	if s.chance(60) {
		runes = runes[:1+s.IntN(len(runes))]
	}
	out := string(runes)
	switch s.IntN(4) {
	case 0:
		out = strings.ToUpper(out)
	case 1:
		out = strings.NewReplacer("ü", "u", "Ü", "U", "é", "e", "É", "E", "ä", "a", "Ä", "A", "è", "e", "á", "a", "Á", "A").Replace(out)
	}
	if strings.TrimSpace(out) == "" || !utf8.ValidString(out) {
		return ""
	}
	return escaper.Replace(out)
}

var comparisons = []string{"", "", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"}

func (s *speller) prefixed(v string) string {
	if v == "" {
		return ""
	}
	return one(s.Rand, comparisons) + v
}

var zone = regexp.MustCompile(`(Z|[+-]\d\d:\d\d)$`)

// date is a date of an element, at times cut to another precision or written in
// another zone.
func (s *speller) date(v any) string {
	var all []string
	for _, x := range []any{v, get(v, "start"), get(v, "end"), get(v, "repeat", "boundsPeriod", "start"), get(v, "repeat", "boundsPeriod", "end")} {
		if t := text(x); t != "" {
			all = append(all, t)
		}
	}
	for _, x := range items(get(v, "event")) {
		all = append(all, text(x))
	}
	if len(all) == 0 {
		return ""
	}
	d := one(s.Rand, all)
	if s.chance(15) {
		d = text(s.moment())
	}
	day, clock, timed := strings.Cut(d, "T")
	cut := func(n int) string { return day[:min(n, len(day))] }
	switch n := s.IntN(10); {
	case n == 0:
		return cut(4)
	case n == 1:
		return cut(7)
	case n == 2:
		return day
	case n == 3 && timed:
		return day + "T" + clock[:5] + zone.FindString(clock)
	case n == 4 && timed:
		return day + "T" + clock[:8] + zone.FindString(clock)
	case n == 5 && timed:
		return day + "T" + clock[:8] + one(s.Rand, []string{"Z", "+01:00", "-01:00", ""})
	}
	return d
}

// number is a number of an element, at times written to another precision.
func (s *speller) number(v any) string {
	var all []string
	for _, x := range []any{v, get(v, "value"), get(v, "low", "value"), get(v, "high", "value"), get(v, "origin", "value")} {
		if t := text(x); t != "" {
			all = append(all, t)
		}
	}
	if len(all) == 0 {
		return ""
	}
	n := one(s.Rand, all)
	switch {
	case s.chance(15):
		return one(s.Rand, decimals)
	case s.chance(15) && strings.Contains(n, ".") && !strings.ContainsAny(n, "eE"):
		return n + "0"
	case s.chance(15) && strings.Contains(n, "."):
		return strings.TrimSuffix(n[:len(n)-1], ".")
	}
	return n
}

// converted are units of UCUM that a unit is also written in, with the factor.
var converted = map[string][]struct{ code, factor string }{
	"mg": {{"g", "0.001"}, {"ug", "1000"}}, "g": {{"mg", "1000"}, {"kg", "0.001"}}, "ug": {{"mg", "0.001"}},
	"mmol/L": {{"mol/L", "0.001"}, {"umol/L", "1000"}}, "min": {{"s", "60"}}, "h": {{"min", "60"}}, "kPa": {{"Pa", "1000"}},
}

func (s *speller) quantityWord(v any) string {
	n := s.number(v)
	q := v
	for _, name := range []string{"low", "high", "origin"} {
		if x := get(v, name); x != nil {
			q = x
		}
	}
	system, code, unit := text(get(q, "system")), text(get(q, "code")), text(get(q, "unit"))
	if c := text(get(v, "currency")); c != "" {
		system, code = "urn:iso:std:iso:4217", c
	}
	if n == "" {
		return ""
	}
	switch k := s.IntN(8); {
	case k == 0:
		return n
	case k == 1 && code+unit != "":
		return n + "||" + escaper.Replace(one(s.Rand, []string{code, unit}))
	case k == 2 && system == ucum:
		return n + "|" + ucum + "|" + one(s.Rand, measured)
	case k < 6 && system == ucum && converted[code] != nil:
		to := one(s.Rand, converted[code])
		return times(n, to.factor) + "|" + ucum + "|" + to.code
	case system != "":
		return n + "|" + system + "|" + code
	}
	return n
}

// times multiplies two decimals exactly.
func times(a, b string) string {
	x, ok1 := new(big.Rat).SetString(a)
	y, ok2 := new(big.Rat).SetString(b)
	if !ok1 || !ok2 {
		return a
	}
	out := x.Mul(x, y).FloatString(12)
	return strings.TrimSuffix(strings.TrimRight(out, "0"), ".")
}

func (s *speller) reference(v any) string {
	if t, ok := v.(string); ok {
		return escaper.Replace(t)
	}
	ref := strings.TrimPrefix(text(get(v, "reference")), s.data.Base+"/")
	_, id, _ := strings.Cut(ref, "/")
	switch n := s.IntN(6); {
	case ref == "" || strings.HasPrefix(ref, "#"):
		return ""
	case strings.HasPrefix(ref, "http"):
		return ref
	case n == 0 && !strings.Contains(id, "/"):
		return id
	case n == 1:
		return s.data.Base + "/" + ref
	case n == 2:
		return strings.Split(ref, "/_history")[0]
	}
	return ref
}

// composite is a value for each component, taken from one element.
func (s *speller) composite(p *conformance.Parameter, e naive.Element) string {
	var out []string
	for _, part := range naive.Components(p) {
		r, ok := e.JSON.(naive.Resource)
		if !ok {
			r = naive.Resource(e.JSON.(map[string]any))
		}
		found, err := s.data.Found(&part, r)
		if err != nil || len(found) == 0 {
			return ""
		}
		v := s.spell(&part, one(s.Rand, found))
		if v == "" {
			return ""
		}
		out = append(out, v)
	}
	return strings.Join(out, "$")
}
