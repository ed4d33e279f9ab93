package query

import (
	"errors"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"sluis/conformance"
	"sluis/fhir"
)

// ErrNoURL says that a predicate is not one that a URL can hold, such as a
// consent decision.
var ErrNoURL = errors.New("query: not a search that a URL can hold")

// Params writes a query that Parse made as canonical parameters: what to match
// in the order given, then what shapes the result. Parsing them again in the
// same Language gives an equal query; what only _filter can say is written so.
// The page (After, MaxMatches) is not among them.
func (q Query) Params() ([]fhir.Param, error) {
	var out []fhir.Param
	parts := []Expr{q.Where}
	switch w := q.Where.(type) {
	case Conj:
		parts = w.Parts
	case All:
		parts = nil
	}
	for _, x := range parts {
		p, ok := q.param(x)
		if !ok {
			return nil, ErrNoURL
		}
		out = append(out, p)
	}
	return append(out, q.controls()...), nil
}

// param writes one part as a parameter, or else as a filter, in the form that is
// read as that part again.
func (q Query) param(x Expr) (fhir.Param, bool) {
	for _, f := range q.filters {
		if reflect.DeepEqual(f.x, x) {
			return fhir.Param{Name: "_filter", Value: f.text}, true
		}
	}
	if p, ok := printExpr(x); ok && q.reads(p, x) {
		return p, true
	}
	text, ok := printFilter(x)
	p := fhir.Param{Name: "_filter", Value: text}
	return p, ok && q.reads(p, x)
}

func (q Query) reads(p fhir.Param, as Expr) bool {
	if _, types := as.(TypeIs); types {
		return true
	}
	again := parser{Language: q.language, query: Query{Type: q.Type}, among: typesOf(q.Where)}
	x, bad := again.everywhere(p.Name, p.Value)
	return bad == nil && reflect.DeepEqual(x, as)
}

// String is the search as a URL relative to the base, percent-encoded; for a
// predicate that no URL can hold it says so.
func (q Query) String() string {
	params, err := q.Params()
	if err != nil {
		return q.Type + "?(" + err.Error() + ")"
	}
	pairs := make([]string, len(params))
	for i, p := range params {
		pairs[i] = url.QueryEscape(p.Name) + "=" + url.QueryEscape(p.Value)
	}
	if len(pairs) == 0 {
		return q.Type
	}
	return q.Type + "?" + strings.Join(pairs, "&")
}

func (q Query) controls() []fhir.Param {
	var out []fhir.Param
	add := func(name, value string) { out = append(out, fhir.Param{Name: name, Value: value}) }
	for _, i := range q.Includes {
		add("_include"+iteration(i), i.String())
	}
	for _, i := range q.RevIncl {
		add("_revinclude"+iteration(i), i.String())
	}
	var keys []string
	for _, s := range q.Sort {
		keys = append(keys, s.String())
	}
	if len(keys) > 0 {
		add("_sort", strings.Join(keys, ","))
	}
	if q.Count > 0 {
		add("_count", strconv.Itoa(q.Count))
	}
	if q.Total != "" {
		add("_total", string(q.Total))
	}
	if q.Summary != SummaryNone {
		add("_summary", string(q.Summary))
	}
	if len(q.Elements) > 0 {
		add("_elements", strings.Join(q.Elements, ","))
	}
	return out
}

func iteration(i Include) string {
	if i.Iterate {
		return ":iterate"
	}
	return ""
}

// String is the value of _include or _revinclude.
func (i Include) String() string {
	if i.Source == "" {
		return "*"
	}
	s := i.Source + ":*"
	if i.Param != nil {
		s = i.Source + ":" + i.Param.Code
	}
	if i.Target != "" {
		s += ":" + i.Target
	}
	return s
}

// String is the key as _sort has it.
func (s Sort) String() string {
	if s.Desc {
		return "-" + s.Param.Code
	}
	return s.Param.Code
}

// printExpr writes one part of Where as a parameter of its own.
func printExpr(x Expr) (fhir.Param, bool) {
	switch x := x.(type) {
	case TypeIs:
		return fhir.Param{Name: "_type", Value: strings.Join(x.Types, ",")}, len(x.Types) > 0
	case IDIs:
		return fhir.Param{Name: "_id", Value: strings.Join(x.IDs, ",")}, len(x.IDs) > 0
	case Compare:
		return printCompare(x)
	case Missing:
		return fhir.Param{Name: x.Param.Code + ":missing", Value: "true"}, true
	case Composite:
		return fhir.Param{Name: x.Param.Code, Value: printComposite(x)}, true
	case Words:
		name, value := printWords(x)
		return fhir.Param{Name: name, Value: value}, true
	case Near:
		return fhir.Param{Name: x.Param.Code, Value: printNear(x)}, true
	case Neg:
		return printNot(x.X)
	case Chain:
		p, ok := printExpr(x.X)
		p.Name = x.Param.Code + ":" + x.Target + "." + p.Name
		return p, ok
	case Has:
		p, ok := printExpr(x.X)
		p.Name = hasPrefix + x.Source + ":" + x.Param.Code + ":" + p.Name
		return p, ok
	case Disj:
		return printBranches(x)
	}
	return fhir.Param{}, false
}

func printNot(x Expr) (fhir.Param, bool) {
	p, ok := printExpr(x)
	switch x := x.(type) {
	case Missing:
		p.Value = "false"
		return p, ok
	case IDIs:
		p.Name += ":not"
		return p, ok
	case Compare:
		if x.Modifier == In {
			p.Name = x.Param.Code + ":not-in"
			return p, ok
		}
		p.Name += ":not"
		return p, ok && x.Param.Type == conformance.TokenParam && x.Modifier == NoModifier
	}
	return fhir.Param{}, false
}

// printBranches writes what one parameter became for several types: an untyped
// chain, or a criterion of a search over several types.
func printBranches(d Disj) (fhir.Param, bool) {
	var merged fhir.Param
	for i, part := range d.Parts {
		p, ok := printBranch(part)
		if !ok {
			return fhir.Param{}, false
		}
		if i == 0 {
			merged = p
		}
		merged = merge(merged, p)
	}
	return merged, true
}

func printBranch(x Expr) (fhir.Param, bool) {
	switch x := x.(type) {
	case Chain:
		p, ok := printExpr(x.X)
		p.Name = x.Param.Code + "." + p.Name
		return p, ok
	case Conj:
		if _, typed := x.Parts[0].(TypeIs); !typed {
			return fhir.Param{}, false
		}
		return printExpr(And(x.Parts[1:]...))
	}
	return fhir.Param{}, false
}

// merge is what was written when it became a for one type and b for another:
// where they differ no type was named, and each took its only target.
func merge(a, b fhir.Param) fhir.Param {
	if a == b {
		return a
	}
	hops, others := strings.Split(a.Name, "."), strings.Split(b.Name, ".")
	for i := range min(len(hops), len(others)) {
		if hops[i] != others[i] {
			hops[i], _, _ = strings.Cut(hops[i], ":")
		}
	}
	a.Name = strings.Join(hops, ".")
	as, bs := split(a.Value, ','), split(b.Value, ',')
	for i := range min(len(as), len(bs)) {
		if as[i] != bs[i] {
			as[i] = as[i][strings.LastIndexByte(as[i], '/')+1:]
		}
	}
	a.Value = strings.Join(as, ",")
	return a
}

// onlyFilter are the modifiers and prefixes that a parameter's name cannot have.
var (
	onlyFilterModifiers = []Modifier{EndsWith, Equals, Differs, From, Until}
	onlyFilterPrefixes  = []Prefix{Co, Po}
)

func printCompare(c Compare) (fhir.Param, bool) {
	name := c.Param.Code
	if c.Modifier != NoModifier {
		name += ":" + string(c.Modifier)
	}
	ok := !Empty(c) && !slices.Contains(onlyFilterModifiers, c.Modifier)
	parts := make([]string, len(c.Values))
	for i, v := range c.Values {
		ok = ok && !slices.Contains(onlyFilterPrefixes, v.Prefix)
		parts[i] = printModified(c.Param.Type, c.Modifier, v)
	}
	return fhir.Param{Name: name, Value: strings.Join(parts, ",")}, ok
}

// printModified writes a value as its modifier has it.
func printModified(t conformance.ParamType, m Modifier, v Value) string {
	switch {
	case m == Text || m == In:
		return escape(v.Text)
	case m == OfType:
		return escape(v.System) + "|" + escape(v.Code) + "|" + escape(v.Text)
	case m == IdentifierOf:
		return printCode(v)
	}
	return printPrefix(v) + printValue(t, v)
}

func printPrefix(v Value) string {
	if v.Prefix == Eq {
		return ""
	}
	return string(v.Prefix)
}

// printValue writes a value without its prefix.
func printValue(t conformance.ParamType, v Value) string {
	switch t {
	case conformance.TokenParam:
		return printCode(v)
	case conformance.ReferenceParam:
		return printReference(v)
	case conformance.DateParam, conformance.NumberParam, conformance.QuantityParam:
		return v.Raw
	}
	return escape(v.Text)
}

func printCode(v Value) string {
	if v.AnySystem {
		return escape(v.Code)
	}
	return escape(v.System) + "|" + escape(v.Code)
}

func printReference(v Value) string {
	switch {
	case v.URL != "":
		return escape(v.URL)
	case v.Ref.Type == "":
		return v.Ref.ID
	}
	return v.Ref.String()
}
