package differential

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"sluis/conformance"
	"sluis/conformance/differential/naive"
)

// ask is one search.
type ask struct {
	path     string // "/Observation", "" or a compartment
	params   [][2]string
	post     bool     // by POST _search
	features []string // that it needs, the one it is about first
}

func (a ask) query() string {
	pairs := make([]string, len(a.params))
	for i, p := range a.params {
		pairs[i] = url.QueryEscape(p[0]) + "=" + url.QueryEscape(p[1])
	}
	return strings.Join(pairs, "&")
}

// String is the search as one reads it, without percent-encoding.
func (a ask) String() string {
	pairs := make([]string, len(a.params))
	for i, p := range a.params {
		pairs[i] = p[0] + "=" + p[1]
	}
	verb := "GET "
	if a.post {
		verb = "POST "
	}
	return verb + a.path + "?" + strings.Join(pairs, "&")
}

// feature is a part of the search language: what it adds to a search of a type,
// and whether it could.
type feature struct {
	name string
	add  func(*asker, *ask, string) bool
}

// asker draws searches.
type asker struct {
	*speller
	served map[string]bool // features that the server has answered
}

// kinds are the types that are searched.
func (a *asker) kind() string {
	return one(a.Rand, []string{
		"Patient", "Observation", "Observation", "Observation", "Encounter", "Condition", "MedicationRequest", "MedicationStatement", "Practitioner",
		"Organization", "Location", "List", "RiskAssessment", "ChargeItem", "DocumentReference", "Questionnaire", "MolecularSequence",
	})
}

// draw makes a search about a feature. Of several it takes one that finds some
// resources and not all, if there is any, and seldom adorns it until it finds
// nothing.
func (a *asker) draw(f feature) (ask, bool) {
	var last ask
	found := false
	for range 40 {
		q := ask{features: []string{f.name}}
		kind := a.kind()
		q.path = "/" + kind
		if !f.add(a, &q, kind) {
			continue
		}
		last, found = q, true
		if n := a.finds(q); n > 0 && n < len(a.ofType(kind)) {
			break
		}
	}
	if !found {
		return ask{}, false
	}
	adorned := last
	a.adorn(&adorned)
	if a.finds(last) > 0 && a.finds(adorned) == 0 && a.chance(80) {
		return last, true
	}
	return adorned, true
}

// finds is how many resources a search finds, by the evaluator.
func (a *asker) finds(q ask) int {
	result, err := a.data.Search(q.path, q.query())
	if err != nil {
		return 0 // it is reported when it is asked
	}
	return len(result.Matches)
}

// adorn adds parts of other features, of those that the server is known to have.
func (a *asker) adorn(q *ask) {
	kind := strings.TrimPrefix(q.path, "/")
	if !conformance.IsType(kind) {
		return
	}
	for _, f := range features {
		if a.served[f.name] && !slices.Contains(q.features, f.name) && a.chance(3) {
			next := ask{path: q.path, params: slices.Clone(q.params), post: q.post}
			if f.add(a, &next, kind) && next.path == q.path && !repeats(next) {
				q.params, q.post = next.params, next.post
				q.features = append(q.features, f.name)
			}
		}
	}
}

// repeats reports whether a parameter that may be given once is given twice.
func repeats(q ask) bool {
	seen := map[string]bool{}
	for _, p := range q.params {
		if slices.Contains([]string{"_sort", "_count", "_total", "_summary", "_type"}, p[0]) && seen[p[0]] {
			return true
		}
		seen[p[0]] = true
	}
	return false
}

func (a *asker) ofType(kind string) []naive.Resource {
	var out []naive.Resource
	for _, r := range a.data.Resources {
		if r.Type() == kind {
			out = append(out, r)
		}
	}
	return out
}

// parameters are those of a type that have values in the data.
func (a *asker) parameters(kind string, types ...conformance.ParamType) []*conformance.Parameter {
	var out []*conformance.Parameter
	for _, p := range conformance.Parameters(kind) {
		if !slices.Contains(types, p.Type) || p.Expression == "" || slices.Contains(apart, p.Code) {
			continue
		}
		if slices.ContainsFunc(a.ofType(kind), func(r naive.Resource) bool { return a.data.Indexed(p, r) }) {
			out = append(out, p)
		}
	}
	return out
}

// apart are parameters with a feature of their own.
var apart = []string{"_id", "_lastUpdated", "_text", "_content", "_query"}

// value draws a parameter of one of the types and a value for it.
func (a *asker) value(kind string, types ...conformance.ParamType) (*conformance.Parameter, string, bool) {
	all := a.parameters(kind, types...)
	if len(all) == 0 {
		return nil, "", false
	}
	p := one(a.Rand, all)
	for range 6 {
		r := one(a.Rand, a.ofType(kind))
		found, err := a.data.Found(p, r)
		if err != nil || len(found) == 0 {
			continue
		}
		if v := a.spell(p, one(a.Rand, found)); v != "" {
			return p, v, true
		}
	}
	return p, "", false
}

func (q *ask) param(name, value string) bool {
	q.params = append(q.params, [2]string{name, value})
	return true
}

// plain adds parameter=value.
func plain(types ...conformance.ParamType) func(*asker, *ask, string) bool {
	return func(a *asker, q *ask, kind string) bool {
		p, v, ok := a.value(kind, types...)
		return ok && q.param(p.Code, v)
	}
}

// modified adds parameter:modifier=value.
func modified(modifier string, types ...conformance.ParamType) func(*asker, *ask, string) bool {
	return func(a *asker, q *ask, kind string) bool {
		p, v, ok := a.value(kind, types...)
		return ok && q.param(p.Code+":"+modifier, v)
	}
}

// prefixedBy adds a value with that very prefix.
func prefixedBy(prefix string, t conformance.ParamType) func(*asker, *ask, string) bool {
	return func(a *asker, q *ask, kind string) bool {
		p, v, ok := a.value(kind, t)
		if !ok {
			return false
		}
		for _, other := range comparisons[2:] {
			v = strings.TrimPrefix(v, other)
		}
		return q.param(p.Code, prefix+v)
	}
}

// simple adds a criterion that may stand at the end of a chain.
func (a *asker) simple(kind string) (name, value string, ok bool) {
	all := []conformance.ParamType{
		conformance.TokenParam, conformance.TokenParam, conformance.StringParam, conformance.DateParam, conformance.ReferenceParam, conformance.QuantityParam,
	}
	p, v, ok := a.value(kind, one(a.Rand, all))
	if !ok {
		return "", "", false
	}
	if a.chance(10) {
		return p.Code + ":missing", fmt.Sprint(a.chance(50)), true
	}
	return p.Code, v, true
}

// link draws a reference parameter of a type that points, in the data, at a
// resource of the type returned.
func (a *asker) link(kind string) (p *conformance.Parameter, target string, ok bool) {
	for range 10 {
		all := a.parameters(kind, conformance.ReferenceParam)
		if len(all) == 0 {
			return nil, "", false
		}
		p := one(a.Rand, all)
		found, err := a.data.Found(p, one(a.Rand, a.ofType(kind)))
		if err != nil || len(found) == 0 {
			continue
		}
		target, _, _ := strings.Cut(strings.TrimPrefix(text(get(one(a.Rand, found).JSON, "reference")), a.data.Base+"/"), "/")
		if slices.Contains(p.Targets, target) && len(a.ofType(target)) > 0 {
			return p, target, true
		}
	}
	return nil, "", false
}

// manyTargets is from where on a server may ask for the type of a chain.
const manyTargets = 10

// chained draws a chain of so many hops, every one typed or not.
func (a *asker) chained(kind string, hops int, typed bool) (name, value string, ok bool) {
	if hops == 0 {
		return a.simple(kind)
	}
	p, target, ok := a.link(kind)
	if !ok || !typed && len(p.Targets) > manyTargets {
		return "", "", false
	}
	rest, value, ok := a.chained(target, hops-1, typed)
	if !ok || !typed && strings.Contains(value, "/") {
		return "", "", false // a reference may be a value of one target's parameter and none of another's
	}
	head := p.Code
	if typed {
		head += ":" + target
	}
	return head + "." + rest, value, true
}

// pointer draws a type that refers to one of this type, and by what parameter.
func (a *asker) pointer(kind string) (source string, p *conformance.Parameter, ok bool) {
	for range 20 {
		source := a.kind()
		if p, target, ok := a.link(source); ok && target == kind {
			return source, p, true
		}
	}
	return "", nil, false
}

// has draws a reverse chain of so many steps.
func (a *asker) has(kind string, steps int) (name, value string, ok bool) {
	source, p, ok := a.pointer(kind)
	if !ok {
		return "", "", false
	}
	var rest string
	if steps > 1 {
		rest, value, ok = a.has(source, steps-1)
	} else {
		rest, value, ok = a.simple(source)
	}
	return "_has:" + source + ":" + p.Code + ":" + rest, value, ok
}
