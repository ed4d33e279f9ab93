package query_test

import (
	"reflect"
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
	conformance.URIParam:       {"http://a.example/x", "urn:x"},
}

// drawParam draws a criterion that a type understands.
func drawParam(t *rapid.T, resourceType string) fhir.Param {
	p := rapid.SampledFrom(conformance.Searchable(resourceType)).Draw(t, "parameter")
	if index.IsColumn(p.Code) {
		return fhir.Param{Name: p.Code, Value: map[string]string{"_id": "a,b", "_lastUpdated": "ge2020"}[p.Code]}
	}
	modifiers := []string{"", "", "", ":missing"}
	switch p.Type {
	case conformance.TokenParam:
		modifiers = append(modifiers, ":not")
	case conformance.StringParam:
		modifiers = append(modifiers, ":exact", ":contains")
	case conformance.ReferenceParam:
		modifiers = append(modifiers, ":identifier", "chain")
	}
	modifier := rapid.SampledFrom(modifiers).Draw(t, "modifier")
	literal := rapid.SampledFrom(literals[p.Type])
	switch modifier {
	case ":missing":
		return fhir.Param{Name: p.Code + modifier, Value: rapid.SampledFrom([]string{"true", "false"}).Draw(t, "missing")}
	case ":identifier":
		literal = rapid.SampledFrom(literals[conformance.TokenParam])
	case "chain":
		target := rapid.SampledFrom(p.Targets).Draw(t, "target")
		return fhir.Param{Name: p.Code + ":" + target + "._tag", Value: "a"}
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
		q, err := query.Parse(resourceType, drawQuery(t, resourceType))
		if err != nil {
			t.Fatal(err)
		}
		printed, err := q.Params()
		if err != nil {
			t.Fatal(err)
		}
		again, err := query.Parse(resourceType, printed)
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
		q, err := query.Parse("", params)
		if err != nil {
			return // b has no such parameter, or another target
		}
		again, err := query.Parse("", must(q.Params()))
		if err != nil || !reflect.DeepEqual(q, again) {
			t.Fatalf("%v became %v: %v", params, must(q.Params()), err)
		}
	})
}
