package noninterference

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"

	"sluis/conformance"
)

// generator draws requests. The same seed and scene draw the same requests.
type generator struct {
	*words
	rng          *rand.Rand
	twins        *twins
	observations int // per cent of requests about Observations
}

func (g *generator) chance(percent int) bool { return g.rng.IntN(100) < percent }

func pick[T any](g *generator, of []T) T { return of[g.rng.IntN(len(of))] }

// id is one that is seen, hidden, made in the run, or nobody's.
func (g *generator) id(t string) string {
	var made []string
	for i, m := range g.twins.made {
		if m.kind == t {
			made = append(made, placeholder(i))
		}
	}
	switch {
	case len(made) > 0 && g.chance(25):
		return pick(g, made)
	case len(g.ids[t]) > 0 && g.chance(93):
		return pick(g, g.ids[t])
	}
	return pick(g, []string{"nobody", "nora-practice-nothing", "otto-practice-lab"})
}

// kind is a resource type, most often one of which there is something.
func (g *generator) kind() string {
	switch {
	case g.chance(g.observations):
		return "Observation"
	case g.chance(90):
		return pick(g, g.types)
	}
	return pick(g, []string{"Practitioner", "Organization", "PractitionerRole", "Consent", "CareTeam", "Binary", "Basic", "Group"})
}

// search is the query of a search of a type, or of several with "".
func (g *generator) search(t string) string {
	var parts []string
	of := t
	if t == "" {
		types := []string{g.kind()}
		for g.chance(40) {
			types = append(types, g.kind())
		}
		of = types[0]
		parts = append(parts, "_type="+strings.Join(types, ","))
		if len(types) > 1 {
			of = ""
		}
	}
	for range []int{0, 0, 1, 1, 1, 2, 3}[g.rng.IntN(7)] {
		parts = append(parts, g.criterion(of, true))
	}
	if g.chance(50) {
		parts = append(parts, fmt.Sprintf("_count=%d", 1+g.rng.IntN(5)))
	}
	for _, control := range []struct {
		percent int
		draw    func() string
	}{
		{50, func() string { return "_total=" + pick(g, []string{"accurate", "accurate", "estimate", "none"}) }},
		{35, func() string { return g.sort(of) }},
		{40, func() string { return g.include(of) }},
		{40, func() string { return g.revinclude(of) }},
		{10, func() string {
			return pick(g, []string{"_summary=count", "_count=0", "_summary=true", "_summary=data", "_summary=text", "_elements=id,status,name"})
		}},
		{4, func() string { return pick(g, wrong) }},
	} {
		if g.chance(control.percent) {
			if part := control.draw(); part != "" {
				parts = append(parts, part)
			}
		}
	}
	return strings.Join(parts, "&")
}

// wrong are parameters that are refused, whatever the data are.
var wrong = []string{
	"_has:Observation:patient", "_filter=code+eq", "nonsense=1", "_text=", "_count=-1", "_sort=nonsense", "_include=nonsense",
	"_summary=none", "date=gt", "code=", "_elements=", "_page=AAAA", "_since=2020", "code:in=http://example.org/vs", "a=%zz", "_total=perhaps",
}

// criterion is one parameter that says what to match, with a value that
// something in either world has. Chains, forward and reverse, may stand in front
// of it.
func (g *generator) criterion(t string, chains bool) string {
	if chains {
		return g.chained(t, 3)
	}
	return g.chained(t, 0)
}

// chained is a criterion behind at most so many hops.
func (g *generator) chained(t string, hops int) string {
	switch {
	case t == "" || g.chance(10):
		return pick(g, []string{"_id=" + g.id(g.kind()), "_lastUpdated=" + pick(g, []string{"ge", "lt", "gt", "le"}) + "2026-03-01T08:0" + string(rune('0'+g.rng.IntN(10))) + ":00Z"})
	case hops > 0 && g.chance(12):
		if has := g.has(t, hops-1); has != "" {
			return has
		}
	case g.chance(8):
		return g.special(t)
	}
	fits := func(*conformance.Parameter) bool { return true }
	if hops > 0 && g.chance(25) {
		fits = isReference
	}
	p := g.parameter(t, fits)
	if p == nil {
		return "_id=nobody"
	}
	if hops > 0 && isReference(p) && g.chance(60) {
		target := g.target(p)
		if typed := g.chance(80); typed {
			return p.Code + ":" + target + "." + g.chained(target, hops-1)
		}
		return p.Code + "." + g.chained(target, hops-1)
	}
	return g.comparison(t, p)
}

// target is a type that a reference may point at, by preference one of which
// there is something.
func (g *generator) target(p *conformance.Parameter) string {
	if known := slices.DeleteFunc(slices.Clone(p.Targets), func(s string) bool { return g.ids[s] == nil }); len(known) > 0 {
		return pick(g, known)
	}
	return pick(g, p.Targets)
}

// has is _has, which may be nested.
func (g *generator) has(t string, hops int) string {
	points := func(p *conformance.Parameter) bool { return isReference(p) && slices.Contains(p.Targets, t) }
	for range 10 {
		source := g.kind()
		if p := g.parameter(source, points); p != nil {
			return "_has:" + source + ":" + p.Code + ":" + g.chained(source, hops)
		}
	}
	return ""
}

// parameter draws one, by preference one that something is found by.
func (g *generator) parameter(t string, fits func(*conformance.Parameter) bool) *conformance.Parameter {
	var known, all []*conformance.Parameter
	for _, p := range conformance.Searchable(t) {
		if !fits(p) {
			continue
		}
		if all = append(all, p); len(g.values[t][p.Code]) > 0 {
			known = append(known, p)
		}
	}
	switch {
	case len(known) > 0 && g.chance(93):
		return pick(g, known)
	case len(all) > 0:
		return pick(g, all)
	}
	return nil
}

// comparison is name[:modifier]=values.
func (g *generator) comparison(t string, p *conformance.Parameter) string {
	if g.chance(10) {
		return p.Code + ":missing=" + pick(g, []string{"true", "false"})
	}
	values := g.values[t][p.Code]
	switch {
	case p.Type == conformance.CompositeParam:
		return p.Code + "=" + url.QueryEscape(g.composite(t, p))
	case p.Code == conformance.NearCode:
		return "near=52.1|5.2|" + pick(g, []string{"10", "300"}) + "|km"
	case len(values) == 0:
		values = []string{"x", "2026", "1", "nora-practice-patient", "http://example.org"}
	}
	name, prefix := p.Code, ""
	if modifiers := modifiersOf[p.Type]; len(modifiers) > 0 && g.chance(30) {
		name += pick(g, modifiers)
	}
	if prefixed[p.Type] {
		prefix = pick(g, []string{"", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"})
	}
	value := url.QueryEscape(prefix + pick(g, values))
	for g.chance(20) {
		value += "," + url.QueryEscape(prefix+pick(g, values))
	}
	if p.Type == conformance.ReferenceParam && g.chance(50) { // any patient, under any of the names
		value = g.id("Patient")
	}
	return name + "=" + value
}

var modifiersOf = map[conformance.ParamType][]string{
	conformance.TokenParam:     {":not", ":text", ":of-type", ":in", ":not-in", ":below", ":above"},
	conformance.URIParam:       {":below", ":above"},
	conformance.StringParam:    {":exact", ":contains"},
	conformance.ReferenceParam: {":identifier", ":Patient", ":Observation"},
}

var prefixed = map[conformance.ParamType]bool{
	conformance.DateParam: true, conformance.NumberParam: true, conformance.QuantityParam: true,
}

// sort orders by one or two parameters. Ids that the servers made differ, and so
// does their order.
func (g *generator) sort(t string) string {
	if t == "" {
		return "_sort=" + pick(g, []string{"_lastUpdated", "-_lastUpdated"})
	}
	made := slices.ContainsFunc(g.twins.made, func(m made) bool { return m.kind == t })
	var keys []string
	for range 1 + g.rng.IntN(2) {
		p := g.parameter(t, func(p *conformance.Parameter) bool {
			return !(made && p.Type == conformance.ReferenceParam) && !(made && p.Code == "_id") && !slices.Contains(keys, p.Code) && !slices.Contains(keys, "-"+p.Code)
		})
		if p != nil {
			keys = append(keys, pick(g, []string{"", "-"})+p.Code)
		}
	}
	return "_sort=" + strings.Join(keys, ",")
}

func (g *generator) include(t string) string {
	if t == "" {
		t = g.kind()
	}
	iterate := ""
	if g.chance(20) {
		iterate = ":iterate"
	}
	if g.chance(15) {
		return "_include" + iterate + "=" + pick(g, []string{t + ":*", "*"})
	}
	p := g.parameter(t, isReference)
	if p == nil {
		return ""
	}
	if g.chance(20) {
		return "_include" + iterate + "=" + t + ":" + p.Code + ":" + pick(g, p.Targets)
	}
	return "_include" + iterate + "=" + t + ":" + p.Code
}

// revinclude names by preference a type that points at what is searched.
func (g *generator) revinclude(t string) string {
	points := func(p *conformance.Parameter) bool {
		return isReference(p) && (t == "" || slices.Contains(p.Targets, t))
	}
	if g.chance(10) {
		return pick(g, []string{"_revinclude=*", "_revinclude=" + g.kind() + ":*"})
	}
	for range 10 {
		source := g.kind()
		if p := g.parameter(source, points); p != nil {
			return pick(g, []string{"_revinclude", "_revinclude", "_revinclude:iterate"}) + "=" + source + ":" + p.Code
		}
	}
	return ""
}

func isReference(p *conformance.Parameter) bool { return p.Type == conformance.ReferenceParam }
