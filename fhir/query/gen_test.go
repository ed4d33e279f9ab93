package query_test

import (
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sluis/conformance"
	"sluis/fhir"
	"sluis/fhir/index"
	"sluis/fhir/query"
)

// literals are values of each type, as a URL has them.
var literals = map[conformance.ParamType][]string{
	conformance.TokenParam:     {"a", "s|a", "|a", "s|", `a\,b`, "final", "true"},
	conformance.StringParam:    {"jan", "Müller", "a b", `x\|y`},
	conformance.DateParam:      {"2020", "ge2020-05", "lt2020-05-05", "sa2020-05-05T10:00Z", "eb2020", "ap2020-05-05", "ne2020", "gt2019", "le2021"},
	conformance.NumberParam:    {"0.5", "gt0.50", "le1e-1", "ne0", "ap0.4", "sa0.1", "eb1"},
	conformance.QuantityParam:  {"7.1", "gt7.10|http://unitsofmeasure.org|mg", "ap70||mg", "le0|s|"},
	conformance.ReferenceParam: {"1", "https://a.example/Patient/1"},
	conformance.URIParam:       {"http://a.example/x", "http://a.example/x/"},
}

// modifiersOf are those of each type that take a value of it.
var modifiersOf = map[conformance.ParamType][]string{
	conformance.TokenParam:     {":not", ":text", ":in", ":not-in", ":above", ":of-type"},
	conformance.StringParam:    {":exact", ":contains"},
	conformance.ReferenceParam: {":identifier", "chain", "chains"},
	conformance.URIParam:       {":above", ":below"},
}

// literalsUnder are values that a modifier asks for instead of the type's.
var literalsUnder = map[string][]string{
	":identifier": literals[conformance.TokenParam], ":text": {"hart", "a b"}, ":in": {"http://a.example/vs", "ValueSet/1"},
	":not-in": {"urn:oid:1.2"}, ":above": {"a", "s|a", "http://a.example/x"}, ":of-type": {"s|a|1"},
}

// drawComposite draws a value for each component.
func drawComposite(t *rapid.T, p *conformance.Parameter) string {
	var parts []string
	for _, part := range p.Parts {
		parts = append(parts, rapid.SampledFrom(literals[part.Type]).Draw(t, "component"))
	}
	return strings.Join(parts, "$")
}

// filterOperators are those of each type, with a value of it.
var filterOperators = map[conformance.ParamType][]string{
	conformance.TokenParam:     {"eq a", "eq loinc|a", "ne s|a", "in http://a.example/vs", "ni urn:x", "ss a", "sb s|a"},
	conformance.StringParam:    {"eq jan", `ne "a b"`, "co x", "sw y", "ew z", "gt p", "ge Ü", "lt m", "le Z"},
	conformance.DateParam:      {"eq 2020", "ne 2020-05", "gt 2020", "po 2020-01", "co 2020-01-01T10:00:00Z", "ap 2020"},
	conformance.NumberParam:    {"eq 1", "co 0.5", "lt -1e3", "ap 5"},
	conformance.QuantityParam:  {"eq 5", "gt 5.4|ucum|mg", "le 1||x"},
	conformance.ReferenceParam: {"re https://a.example/Patient/1"},
	conformance.URIParam:       {"eq http://a.example/x", "ne urn:y"},
}

// drawFilter draws a filter of some depth.
func drawFilter(t *rapid.T, resourceType string, depth int) string {
	kind := rapid.IntRange(0, 5).Draw(t, "kind")
	if depth == 0 {
		kind = 0
	}
	switch kind {
	case 1:
		return drawFilter(t, resourceType, depth-1) + " and " + drawFilter(t, resourceType, depth-1)
	case 2:
		return "(" + drawFilter(t, resourceType, depth-1) + " or " + drawFilter(t, resourceType, depth-1) + ")"
	case 3:
		return "not (" + drawFilter(t, resourceType, depth-1) + ")"
	}
	p := rapid.SampledFrom(conformance.Searchable(resourceType)).Draw(t, "parameter")
	operators := filterOperators[p.Type]
	if len(operators) == 0 || p.Expression == "" || index.IsColumn(p.Code) {
		return "_tag pr true"
	}
	if p.Type == conformance.ReferenceParam && len(p.Targets) > 0 {
		target := rapid.SampledFrom(p.Targets).Draw(t, "target")
		switch kind {
		case 4:
			return p.Code + ":" + target + "[" + drawFilter(t, target, depth-1) + "]._tag eq a"
		case 5:
			return p.Code + ":" + target + "._profile pr false"
		}
	}
	return p.Code + " " + rapid.SampledFrom(append(operators, "pr true", "pr false")).Draw(t, "operator")
}

// drawParam draws a criterion that a type understands.
func drawParam(t *rapid.T, resourceType string) fhir.Param {
	p := rapid.SampledFrom(conformance.Searchable(resourceType)).Draw(t, "parameter")
	if index.IsColumn(p.Code) {
		return fhir.Param{Name: p.Code, Value: map[string]string{"_id": "a,b", "_lastUpdated": "ge2020"}[p.Code]}
	}
	switch {
	case rapid.IntRange(0, 9).Draw(t, "filter") == 0:
		return fhir.Param{Name: "_filter", Value: drawFilter(t, resourceType, 3)}
	case p.Expression == "":
		return fhir.Param{Name: p.Code, Value: "pijn op borst,hoest"}
	case p.Type == conformance.SpecialParam:
		return fhir.Param{Name: p.Code, Value: "52.37|-4.89|7.5|[mi_i],0|0"}
	case p.Type == conformance.CompositeParam:
		return fhir.Param{Name: p.Code, Value: drawComposite(t, p) + "," + drawComposite(t, p)}
	}
	modifiers := append([]string{"", "", "", ":missing"}, modifiersOf[p.Type]...)
	modifier := rapid.SampledFrom(modifiers).Draw(t, "modifier")
	if modifier == ":of-type" && !p.Selects("Identifier") {
		modifier = ""
	}
	literal := rapid.SampledFrom(literals[p.Type])
	if under, ok := literalsUnder[modifier]; ok && p.Type != conformance.URIParam {
		literal = rapid.SampledFrom(under)
	}
	switch modifier {
	case ":missing":
		return fhir.Param{Name: p.Code + modifier, Value: rapid.SampledFrom([]string{"true", "false"}).Draw(t, "missing")}
	case "chain":
		target := rapid.SampledFrom(p.Targets).Draw(t, "target")
		return fhir.Param{Name: p.Code + ":" + target + "._tag", Value: "a"}
	case "chains":
		target := rapid.SampledFrom(p.Targets).Draw(t, "target")
		there := drawParam(t, target)
		return fhir.Param{Name: p.Code + ":" + target + "." + there.Name, Value: there.Value}
	}
	value := literal.Draw(t, "value")
	for range rapid.IntRange(0, 2).Draw(t, "more") {
		value += "," + literal.Draw(t, "value")
	}
	return fhir.Param{Name: p.Code + modifier, Value: value}
}

func drawQuery(t *rapid.T, resourceType string) []fhir.Param {
	var out []fhir.Param
	for range rapid.IntRange(0, 4).Draw(t, "parameters") {
		out = append(out, drawParam(t, resourceType))
	}
	return out
}

// TestPrintedQueryIsTheQuery: parsing what Params prints gives an equal query,
// for every parameter of every type.
func TestPrintedQueryIsTheQuery(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		resourceType := rapid.SampledFrom(conformance.Types()).Draw(t, "type")
		q, err := language.Parse(resourceType, drawQuery(t, resourceType))
		if err != nil && strings.Contains(err.Error(), "too many hops") {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		printed, err := q.Params()
		if err != nil {
			t.Fatal(err)
		}
		again, err := language.Parse(resourceType, printed)
		if err != nil || !reflect.DeepEqual(q, again) {
			t.Fatalf("%v: %v", printed, err)
		}
		if err := query.Validate(q.Where); err != nil {
			t.Fatal(err)
		}
	})
}

// TestSeveralTypesPrintAsOne does the same for searches over two types by the
// parameters they share.
func TestSeveralTypesPrintAsOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.SampledFrom(conformance.Types()).Draw(t, "a"), rapid.SampledFrom(conformance.Types()).Draw(t, "b")
		params := []fhir.Param{{Name: "_type", Value: a + "," + b}, drawParam(t, a)}
		q, err := language.Parse("", params)
		if err != nil {
			return // b has no such parameter, or another target
		}
		again, err := language.Parse("", must(q.Params()))
		if err != nil || !reflect.DeepEqual(q, again) {
			t.Fatalf("%v became %v: %v", params, must(q.Params()), err)
		}
	})
}
