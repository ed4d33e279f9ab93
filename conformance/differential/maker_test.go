package differential

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"

	"sluis/conformance/cast"
)

// m is an element or a resource under construction.
type m map[string]any

// maker makes small sets of resources that collide: few codes, few dates, each
// at the border of a precision, few persons who refer to each other.
type maker struct {
	*rand.Rand
	made []m
	ids  map[string][]string // of each type
}

func one[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

func (k *maker) chance(percent int) bool { return k.IntN(100) < percent }

// some sets an element at times.
func (k *maker) some(percent int, r m, name string, v func() any) {
	if k.chance(percent) {
		if x := v(); x != nil {
			r[name] = x
		}
	}
}

const (
	systemA = "http://s.test/a" // has a CodeSystem: A over B over C, D beside
	systemB = "http://s.test/b"
	numbers = "http://s.test/numbers"
	ucum    = "http://unitsofmeasure.org"
)

var (
	systems  = []string{systemA, systemA, systemB, ""}
	codes    = []string{"A", "B", "C", "D"}
	displays = []string{"Alpha", "Älpha bèta", "alphabet", "Beta"}
	families = []string{"Müller", "muller", "MÜLLER-van den Berg", "de  Vries", "O'Brien", "Éx,ample", "van Dijk$"}
	givens   = []string{"Anna", "Ána", "Jo", "Johanna", "annabel"}
	cities   = []string{"Gent", "'s-Hertogenbosch", "Den Haag", "den haag"}
	days     = []string{"2019-12-31", "2020", "2020-02", "2020-02-29", "2020-03-01", "2020-12-31", "2021-01-01", "2021"}
	moments  = []string{
		"2020-02-29T12:00:00+00:00", "2020-02-29T23:59:59Z", "2020-03-01T00:00:00Z", "2020-03-01T00:00:00+01:00", "2020-02-29T23:30:00-01:00",
		"2020-03-01T00:00:00.5Z", "2020-03-01T01:30:00+01:00", "2020-12-31T23:59:59.999Z", "2021-01-01T00:30:00+01:00",
	}
	decimals = []string{"7", "7.0", "7.1", "7.10", "7.05", "7.15", "7.14999", "100", "100.0", "99.5", "1e2", "0.1", "-3", "7100", "0.0071", "0", "110", "5.5"}
	wholes   = []string{"1", "2", "7", "7", "100", "101"}
	urls     = []string{"http://u.test/a", "http://u.test/a/b", "http://u.test/a/bc", "http://u.test/a/b/c", "urn:oid:1.2.3", "http://U.test/a"}
	prose    = []string{"The quick brown fox", "a Quick remark", "brown café", "foxes, and rémarks"}
)

func (k *maker) code() any { return one(k.Rand, codes) }

func (k *maker) coding() any {
	c := m{"code": one(k.Rand, codes)}
	if s := one(k.Rand, systems); s != "" {
		c["system"] = s
	}
	k.some(60, c, "display", func() any { return one(k.Rand, displays) })
	return c
}

func (k *maker) concept() any {
	c := m{}
	k.some(90, c, "coding", func() any {
		out := []any{k.coding()}
		if k.chance(30) {
			out = append(out, k.coding())
		}
		return out
	})
	if k.chance(40) || len(c) == 0 {
		c["text"] = one(k.Rand, displays)
	}
	return c
}

func (k *maker) identifier() any {
	i := m{"value": one(k.Rand, []string{"1", "12", "a|b", "A", "B"})}
	k.some(80, i, "system", func() any { return one(k.Rand, []string{numbers, systemA}) })
	k.some(50, i, "type", k.concept)
	return i
}

func (k *maker) moment() any {
	if k.chance(50) {
		return one(k.Rand, days)
	}
	return one(k.Rand, moments)
}

func (k *maker) day() any { return one(k.Rand, days) }

func (k *maker) instant() any { return one(k.Rand, moments) }

func (k *maker) period() any {
	p := m{}
	k.some(80, p, "start", func() any { return one(k.Rand, append(days[:4:4], moments[:5]...)) })
	if k.chance(60) || len(p) == 0 {
		p["end"] = one(k.Rand, append(days[4:8:8], moments[6:]...))
	}
	return p
}

func (k *maker) timing() any {
	t := m{}
	k.some(60, t, "event", func() any { return []any{k.moment(), k.moment()} })
	if k.chance(50) || len(t) == 0 {
		t["repeat"] = m{"boundsPeriod": k.period()}
	}
	return t
}

func (k *maker) decimal() any { return json.Number(one(k.Rand, decimals)) }

func (k *maker) whole() any { return json.Number(one(k.Rand, wholes)) }

var measured = []string{"mg", "mg", "g", "ug", "mmol/L", "mm[Hg]", "kPa", "/min"}

// unit is UCUM's mostly, another system's, a word, or none.
func (k *maker) unit(q m) {
	switch k.IntN(6) {
	case 0:
	case 1:
		q["unit"] = one(k.Rand, []string{"mg", "tablet"})
	case 2:
		q["system"], q["code"], q["unit"] = systemB, one(k.Rand, []string{"mg", "drop"}), "drop"
	default:
		q["system"], q["code"] = ucum, one(k.Rand, measured)
	}
}

func (k *maker) quantity() any {
	q := m{"value": k.decimal()}
	k.unit(q)
	k.some(12, q, "comparator", func() any { return one(k.Rand, []string{"<", "<=", ">", ">="}) })
	return q
}

func (k *maker) between() any {
	low, high := m{"value": json.Number(one(k.Rand, []string{"5", "7.1", "7"}))}, m{"value": json.Number(one(k.Rand, []string{"10", "100", "7.15"}))}
	k.unit(low)
	for _, name := range []string{"unit", "system", "code"} {
		if v, ok := low[name]; ok {
			high[name] = v
		}
	}
	switch k.IntN(5) {
	case 0:
		return m{"low": low}
	case 1:
		return m{"high": high}
	}
	return m{"low": low, "high": high}
}

func (k *maker) sampled() any {
	return m{
		"origin": m{"value": json.Number("7"), "system": ucum, "code": "mg"}, "period": json.Number("10"), "dimensions": json.Number("1"),
		"factor": json.Number("0.5"), "data": one(k.Rand, []string{"1 2 E 3", "-4 6", "L U", "0.2"}),
	}
}

func (k *maker) name() any {
	n := m{}
	k.some(80, n, "family", func() any { return one(k.Rand, families) })
	if k.chance(70) || len(n) == 0 {
		n["given"] = []any{one(k.Rand, givens)}
	}
	return []any{n}
}

func (k *maker) address() any {
	a := m{"city": one(k.Rand, cities)}
	k.some(50, a, "line", func() any { return []any{"Müller straat 1"} })
	k.some(50, a, "use", func() any { return one(k.Rand, []string{"home", "work"}) })
	return []any{a}
}

func (k *maker) telecom() any {
	return []any{m{"system": one(k.Rand, []string{"phone", "email"}), "value": one(k.Rand, []string{"1", "12", "x@y.test"})}}
}

// to refers to a resource that is there, of one of the types: as Type/id
// mostly, as a URL of this server, with its version, by its number, or to
// something elsewhere. What says whom a resource is about is always literal.
func (k *maker) to(types ...string) func() any {
	return func() any {
		kind := one(k.Rand, types)
		if len(k.ids[kind]) == 0 {
			return nil
		}
		ref := kind + "/" + one(k.Rand, k.ids[kind])
		switch k.IntN(12) {
		case 0:
			return m{"reference": ref + "/_history/1"}
		case 1:
			r := m{"identifier": m{"system": numbers, "value": one(k.Rand, []string{"1", "12"})}}
			k.some(50, r, "type", func() any { return kind })
			return r
		case 2:
			return m{"reference": "http://elsewhere.test/fhir/" + ref}
		case 3:
			return m{"reference": cast.Base + "/" + ref}
		case 4:
			return m{"reference": ref, "identifier": m{"value": "12"}, "display": one(k.Rand, displays)}
		}
		return m{"reference": ref}
	}
}

// about is whom or what a resource is about.
func (k *maker) about() any { return m{"reference": "Patient/" + one(k.Rand, k.ids["Patient"])} }

// listOf puts what a maker makes into an array of one or two.
func (k *maker) listOf(make func() any) func() any {
	return func() any {
		var out []any
		for range 1 + k.IntN(2) {
			if v := make(); v != nil {
				out = append(out, v)
			}
		}
		if out == nil {
			return nil
		}
		return out
	}
}

// choose sets one of the forms of a choice element.
func (k *maker) choose(percent int, r m, name string, forms map[string]func() any, order ...string) {
	if !k.chance(percent) {
		return
	}
	form := one(k.Rand, order)
	if v := forms[form](); v != nil {
		r[name+form] = v
	}
}

// add makes one more resource of a type, with what all types have.
func (k *maker) add(kind, id string, r m) {
	r["resourceType"], r["id"] = kind, id
	meta := m{}
	k.some(30, meta, "tag", k.listOf(k.coding))
	k.some(20, meta, "security", func() any { return []any{m{"system": systemB, "code": one(k.Rand, codes)}} })
	k.some(20, meta, "profile", k.listOf(func() any { return one(k.Rand, urls) }))
	k.some(20, meta, "source", func() any { return one(k.Rand, urls) })
	if len(meta) > 0 {
		r["meta"] = meta
	}
	k.some(25, r, "text", func() any {
		return m{"status": "generated", "div": fmt.Sprintf(`<div xmlns="http://www.w3.org/1999/xhtml"><p>%s</p> &amp; <b>%s</b></div>`, one(k.Rand, prose), one(k.Rand, displays))}
	})
	k.made = append(k.made, r)
	k.ids[kind] = append(k.ids[kind], id)
}

// bodies are the resources as JSON.
func (k *maker) bodies() []string {
	out := make([]string, len(k.made))
	for i, r := range k.made {
		raw, err := json.Marshal(r)
		if err != nil {
			panic(err) // strings, numbers, maps: cannot be
		}
		out[i] = string(raw)
	}
	return out
}
