package differential

import (
	"fmt"
	"slices"
	"strings"

	"sluis/conformance"
)

const (
	tokenParam     = conformance.TokenParam
	stringParam    = conformance.StringParam
	dateParam      = conformance.DateParam
	numberParam    = conformance.NumberParam
	quantityParam  = conformance.QuantityParam
	referenceParam = conformance.ReferenceParam
	uriParam       = conformance.URIParam
	compositeParam = conformance.CompositeParam
)

// features is the search language, part by part. A search is always about one
// of them, in turn, so that each is exercised in every run.
var features []feature

func init() {
	features = slices.Concat([]feature{
		{"token", plain(tokenParam)},
		{"token :not", modified("not", tokenParam)},
		{"token :text", texted},
		{"token :in", func(a *asker, q *ask, kind string) bool { return a.valueSet(q, kind, "in") }},
		{"token :not-in", func(a *asker, q *ask, kind string) bool { return a.valueSet(q, kind, "not-in") }},
		{"token :above", func(a *asker, q *ask, kind string) bool { return a.hierarchy(q, kind, "above") }},
		{"token :below", func(a *asker, q *ask, kind string) bool { return a.hierarchy(q, kind, "below") }},
		{"token :of-type", ofType},
		{"string", plain(stringParam)},
		{"string :exact", modified("exact", stringParam)},
		{"string :contains", contained},
		{"uri", plain(uriParam)},
		{"uri :above", func(a *asker, q *ask, kind string) bool { return a.uri(q, kind, "above") }},
		{"uri :below", func(a *asker, q *ask, kind string) bool { return a.uri(q, kind, "below") }},
		{"reference", plain(referenceParam)},
		{"reference :[type]", typed},
		{"reference :identifier", byIdentifier},
		{":missing", missing},
		{"composite", plain(compositeParam)},
		{"several values", several},
		{"chain", func(a *asker, q *ask, kind string) bool { return q.given(a.chained(kind, 1, false)) }},
		{"chain :[type]", func(a *asker, q *ask, kind string) bool { return q.given(a.chained(kind, 1, true)) }},
		{"chain of several", func(a *asker, q *ask, kind string) bool { return q.given(a.chained(kind, 2+a.IntN(2), a.chance(50))) }},
		{"_has", func(a *asker, q *ask, kind string) bool { return q.given(a.has(kind, 1)) }},
		{"_has in _has", func(a *asker, q *ask, kind string) bool { return q.given(a.has(kind, 2)) }},
		{"_has at the end of a chain", chainedHas},
		{"_filter", filtered},
		{"_list", listed},
		{"_text", wordsOf("_text", prose, displays)},
		{"_content", wordsOf("_content", prose, cities, families)},
		{"near", near},
		{"_id", identified},
		{"_lastUpdated", updated},
		{"_tag", common("_tag")}, {"_security", common("_security")}, {"_profile", common("_profile")}, {"_source", common("_source")},
		{"_include", func(a *asker, q *ask, kind string) bool { return a.include(q, kind, "") }},
		{"_include :iterate", func(a *asker, q *ask, kind string) bool { return a.include(q, kind, ":iterate") }},
		{"_include *", includeAll},
		{"_revinclude", func(a *asker, q *ask, kind string) bool { return a.revinclude(q, kind, "") }},
		{"_revinclude :iterate", func(a *asker, q *ask, kind string) bool { return a.revinclude(q, kind, ":iterate") }},
		{"_revinclude *", func(a *asker, q *ask, kind string) bool { return q.param("_revinclude", "*") }},
		{"_sort", func(a *asker, q *ask, kind string) bool { return a.sorted(q, kind, 1) }},
		{"_sort by several", func(a *asker, q *ask, kind string) bool { return a.sorted(q, kind, 2+a.IntN(2)) }},
		{"_count", func(a *asker, q *ask, kind string) bool { return q.param("_count", fmt.Sprint(1+a.IntN(4))) }},
		{"_count=0", func(a *asker, q *ask, kind string) bool {
			return plain(tokenParam)(a, q, kind) && q.param("_count", "0")
		}},
		{"_summary=count", func(a *asker, q *ask, kind string) bool {
			return plain(tokenParam)(a, q, kind) && q.param("_summary", "count")
		}},
		{"_total", func(a *asker, q *ask, kind string) bool { return q.param("_total", "accurate") }},
		{"POST", func(a *asker, q *ask, kind string) bool {
			q.post = true
			return plain(tokenParam, stringParam)(a, q, kind)
		}},
		{"compartment", compartment},
		{"compartment *", compartmentAll},
		{"all types", allTypes},
	}, ordered("date", dateParam), ordered("number", numberParam), ordered("quantity", quantityParam), sortedBy())
}

// ordered are the prefixes of a type of parameter.
func ordered(name string, t conformance.ParamType) []feature {
	out := []feature{{name, prefixedBy("", t)}}
	for _, p := range comparisons[2:] {
		out = append(out, feature{name + " " + p, prefixedBy(p, t)})
	}
	return out
}

// sortedBy are the types of parameters to sort by.
func sortedBy() []feature {
	var out []feature
	for _, t := range []conformance.ParamType{tokenParam, stringParam, dateParam, numberParam, quantityParam, referenceParam, uriParam} {
		out = append(out, feature{"_sort by " + string(t), func(a *asker, q *ask, kind string) bool {
			all := a.parameters(kind, t)
			if len(all) == 0 {
				return false
			}
			return q.param("_sort", one(a.Rand, []string{"", "-"})+one(a.Rand, all).Code)
		}})
	}
	return out
}

func (q *ask) given(name, value string, ok bool) bool { return ok && q.param(name, value) }

func texted(a *asker, q *ask, kind string) bool {
	all := a.parameters(kind, tokenParam)
	return len(all) > 0 && q.param(one(a.Rand, all).Code+":text", a.piece(one(a.Rand, displays)))
}

// coded are token parameters of concepts, which a terminology is about.
func (a *asker) coded(kind string) (string, bool) {
	all := slices.DeleteFunc(a.parameters(kind, tokenParam), func(p *conformance.Parameter) bool {
		return !slices.Contains([]string{"code", "category", "type", "class", "value-concept", "combo-code", "component-code", "method", "chromosome"}, p.Code)
	})
	if len(all) == 0 {
		return "", false
	}
	return one(a.Rand, all).Code, true
}

func (a *asker) valueSet(q *ask, kind, modifier string) bool {
	code, ok := a.coded(kind)
	return ok && q.param(code+":"+modifier, one(a.Rand, []string{"http://s.test/few", "http://s.test/most"}))
}

func (a *asker) hierarchy(q *ask, kind, modifier string) bool {
	code, ok := a.coded(kind)
	return ok && q.param(code+":"+modifier, systemA+"|"+one(a.Rand, codes))
}

func ofType(a *asker, q *ask, kind string) bool {
	for range 10 {
		if len(a.ofType(kind)) == 0 {
			return false
		}
		i := one(a.Rand, orNil(items(one(a.Rand, a.ofType(kind))["identifier"])))
		for _, c := range items(get(i, "type", "coding")) {
			if text(get(c, "system")) == "" {
				continue // all three parts are needed
			}
			return q.param("identifier:of-type", escaper.Replace(text(get(c, "system")))+"|"+text(get(c, "code"))+"|"+escaper.Replace(text(get(i, "value"))))
		}
	}
	return false
}

func orNil(l []any) []any {
	if len(l) == 0 {
		return []any{nil}
	}
	return l
}

// contained cuts a piece out of the middle of a text.
func contained(a *asker, q *ask, kind string) bool {
	p, v, ok := a.value(kind, stringParam)
	if !ok || strings.Contains(v, `\`) {
		return false
	}
	runes := []rune(v)
	from := a.IntN(len(runes))
	v = strings.TrimSpace(string(runes[from : from+1+a.IntN(len(runes)-from)]))
	return v != "" && v != "'" && v != "-" && q.param(p.Code+":contains", v)
}

func (a *asker) uri(q *ask, kind, modifier string) bool {
	all := a.parameters(kind, uriParam)
	return len(all) > 0 && q.param(one(a.Rand, all).Code+":"+modifier, one(a.Rand, urls[:4]))
}

func typed(a *asker, q *ask, kind string) bool {
	p, target, ok := a.link(kind)
	return ok && q.param(p.Code+":"+target, one(a.Rand, a.ofType(target)).ID())
}

func byIdentifier(a *asker, q *ask, kind string) bool {
	all := a.parameters(kind, referenceParam)
	if len(all) == 0 {
		return false
	}
	return q.param(one(a.Rand, all).Code+":identifier", one(a.Rand, []string{numbers + "|1", numbers + "|12", "12", "|12", numbers + "|"}))
}

func missing(a *asker, q *ask, kind string) bool {
	all := a.parameters(kind, tokenParam, stringParam, dateParam, numberParam, quantityParam, referenceParam, uriParam)
	return len(all) > 0 && q.param(one(a.Rand, all).Code+":missing", fmt.Sprint(a.chance(50)))
}

// several is a parameter with several values, and the same one again.
func several(a *asker, q *ask, kind string) bool {
	p, v, ok := a.value(kind, tokenParam, stringParam, dateParam, referenceParam, quantityParam)
	if !ok {
		return false
	}
	for range 1 + a.IntN(2) {
		if again, more, ok := a.value(kind, p.Type); ok && again.Code == p.Code {
			v += "," + more
		}
	}
	return strings.Contains(v, ",") && q.param(p.Code, v) && (a.chance(50) || plain(p.Type)(a, q, kind))
}

func chainedHas(a *asker, q *ask, kind string) bool {
	p, target, ok := a.link(kind)
	if !ok {
		return false
	}
	rest, v, ok := a.has(target, 1)
	return ok && q.param(p.Code+":"+target+"."+rest, v)
}

func identified(a *asker, q *ask, kind string) bool {
	all := a.ofType(kind)
	return len(all) > 0 && q.param("_id", one(a.Rand, all).ID()+one(a.Rand, []string{"", ",x1", ",nobody"}))
}

func updated(a *asker, q *ask, kind string) bool {
	all := a.ofType(kind)
	if len(all) == 0 {
		return false
	}
	return q.param("_lastUpdated", a.prefixed(a.date(get(map[string]any(one(a.Rand, all)), "meta", "lastUpdated"))))
}

func common(code string) func(*asker, *ask, string) bool {
	return func(a *asker, q *ask, kind string) bool {
		p, ok := conformance.Lookup(kind, code)
		if !ok || len(a.ofType(kind)) == 0 {
			return false
		}
		for range 6 {
			found, err := a.data.Found(p, one(a.Rand, a.ofType(kind)))
			if err == nil && len(found) > 0 {
				if v := a.spell(p, one(a.Rand, found)); v != "" {
					return q.param(code, v)
				}
			}
		}
		return false
	}
}

func wordsOf(code string, pools ...[]string) func(*asker, *ask, string) bool {
	return func(a *asker, q *ask, kind string) bool {
		words := strings.FieldsFunc(one(a.Rand, slices.Concat(pools...)), func(r rune) bool { return strings.ContainsRune(" ,$'-", r) })
		n := a.IntN(len(words))
		return q.param(code, strings.Join(words[n:min(n+1+a.IntN(2), len(words))], " "))
	}
}

func near(a *asker, q *ask, kind string) bool {
	q.path = "/Location"
	at := one(a.Rand, []string{"52.005|4.305", "51|3.7", "-33.9|151.2", "0|180", "0|-179.995"})
	return q.param("near", at+"|"+one(a.Rand, []string{"1|km", "500|m", "5|km", "200|km", "20000|km"}))
}

func listed(a *asker, q *ask, kind string) bool {
	q.path = "/" + one(a.Rand, []string{"Observation", "Patient", "Condition"})
	all := a.ofType("List")
	return len(all) > 0 && q.param("_list", one(a.Rand, all).ID())
}

// filtered is a _filter of one to three tests.
func filtered(a *asker, q *ask, kind string) bool {
	var out string
	for n := range 1 + a.IntN(3) {
		t, ok := a.test(kind)
		if !ok {
			return false
		}
		switch {
		case n > 0:
			out += one(a.Rand, []string{" and ", " or "}) + t
		case a.chance(20):
			out = "not (" + t + ")"
		default:
			out = t
		}
		if a.chance(20) {
			out = "(" + out + ")"
		}
	}
	return q.param("_filter", out)
}

var filterOperators = map[conformance.ParamType][]string{
	stringParam: {"eq", "ne", "co", "sw", "ew"}, tokenParam: {"eq", "ne"}, dateParam: {"eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"},
	numberParam: {"eq", "gt", "lt", "ge", "le"}, quantityParam: {"eq", "gt", "lt", "ge", "le"}, referenceParam: {"eq", "re"}, uriParam: {"eq"},
}

// test is path operator value.
func (a *asker) test(kind string) (string, bool) {
	path, at := "", kind
	if a.chance(25) {
		if p, target, ok := a.link(kind); ok {
			path, at = p.Code+":"+target+".", target
		}
	}
	p, v, ok := a.value(at, stringParam, tokenParam, dateParam, quantityParam, referenceParam)
	if !ok {
		return "", false
	}
	if a.chance(15) {
		return path + p.Code + " pr " + fmt.Sprint(a.chance(50)), true
	}
	if slices.Contains([]conformance.ParamType{dateParam, numberParam, quantityParam}, p.Type) {
		for _, other := range comparisons[2:] {
			v = strings.TrimPrefix(v, other)
		}
	}
	if strings.ContainsAny(v, `\"`) {
		return "", false
	}
	if p.Type == stringParam || strings.ContainsAny(v, " ()[]") {
		v = `"` + v + `"`
	}
	return path + p.Code + " " + one(a.Rand, filterOperators[p.Type]) + " " + v, true
}

func (a *asker) include(q *ask, kind, modifier string) bool {
	p, target, ok := a.link(kind)
	if !ok {
		return false
	}
	value := kind + ":" + p.Code + one(a.Rand, []string{"", ":" + target})
	if modifier != "" {
		if next, _, ok := a.link(target); ok {
			q.param("_include:iterate", target+":"+next.Code)
			modifier = one(a.Rand, []string{"", modifier})
		}
	}
	return q.param("_include"+modifier, value)
}

func includeAll(a *asker, q *ask, kind string) bool {
	return q.param("_include", one(a.Rand, []string{"*", kind + ":*"}))
}

func (a *asker) revinclude(q *ask, kind, modifier string) bool {
	source, p, ok := a.pointer(kind)
	if !ok {
		return false
	}
	if modifier != "" {
		if again, p, ok := a.pointer(source); ok {
			q.param("_revinclude:iterate", again+":"+p.Code)
			modifier = one(a.Rand, []string{"", modifier})
		}
	}
	return q.param("_revinclude"+modifier, source+":"+p.Code+one(a.Rand, []string{"", ":" + kind}))
}

// sorted is an order by several parameters of any type.
func (a *asker) sorted(q *ask, kind string, keys int) bool {
	all := a.parameters(kind, tokenParam, stringParam, dateParam, numberParam, quantityParam, uriParam)
	for _, code := range []string{"_id", "_lastUpdated"} {
		if p, ok := conformance.Lookup(kind, code); ok {
			all = append(all, p)
		}
	}
	var out []string
	for _, i := range a.Perm(len(all))[:min(keys, len(all))] {
		out = append(out, one(a.Rand, []string{"", "-"})+all[i].Code)
	}
	return len(out) > 0 && q.param("_sort", strings.Join(out, ","))
}

// inCompartment are the types in each compartment that there are data for.
var inCompartment = map[string][]string{
	"Patient":      {"Observation", "Condition", "Encounter", "MedicationRequest", "MedicationStatement", "List", "RiskAssessment", "ChargeItem", "DocumentReference", "MolecularSequence"},
	"Encounter":    {"Observation", "Condition", "Encounter", "MedicationRequest"},
	"Practitioner": {"Observation", "Condition", "Encounter", "MedicationRequest", "Patient"},
}

// compartmentOf draws a resource that a compartment is named after.
func (a *asker) compartmentOf() (kind, path string, ok bool) {
	kind = one(a.Rand, []string{"Patient", "Patient", "Encounter", "Practitioner"})
	all := a.ofType(kind)
	if len(all) == 0 {
		return "", "", false
	}
	return kind, "/" + one(a.Rand, all).Ref(), true
}

func compartment(a *asker, q *ask, _ string) bool {
	of, path, ok := a.compartmentOf()
	if !ok {
		return false
	}
	kind := one(a.Rand, inCompartment[of])
	if len(a.ofType(kind)) == 0 || !(a.chance(40) || plain(tokenParam, dateParam)(a, q, kind)) {
		return false
	}
	q.path = path + "/" + kind
	return true
}

func compartmentAll(a *asker, q *ask, _ string) bool {
	_, path, ok := a.compartmentOf()
	q.path = path + "/*"
	return ok
}

func allTypes(a *asker, q *ask, kind string) bool {
	other := one(a.Rand, inCompartment["Patient"])
	q.path = ""
	q.param("_type", strings.Join(slices.Compact([]string{kind, other}), ","))
	switch a.IntN(4) {
	case 0:
		return identified(a, q, other)
	case 1:
		return common(one(a.Rand, []string{"_tag", "_security", "_profile", "_source"}))(a, q, other)
	}
	return updated(a, q, kind)
}
