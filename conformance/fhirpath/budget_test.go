package fhirpath

import (
	"errors"
	"strings"
	"testing"

	"sluis/conformance"
)

// TestBombs_End evaluates expressions that would take hours or all memory: each
// must end by its budget, or be refused when it is parsed (attacks.md, D).
func TestBombs_End(t *testing.T) {
	numbers := "(0" + strings.Repeat("|1", 60) + "|2|3|4|5|6|7|8|9|10|11|12|13|14|15|16|17|18|19|20|21|22|23|24|25|26|27|28|29|30|31|32|33|34|35|36|37|38|39|40)"
	focus := Of(conformance.RootElement(document(t, `{"resourceType":"Patient","name":[`+strings.TrimSuffix(strings.Repeat(`{"family":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},`, 2000), ",")+`]}`)))
	for name, expression := range map[string]string{
		"string doubling":     numbers + ".aggregate($total & $total, 'x').length()",
		"collection doubling": numbers + ".aggregate($total.combine($total), 1).count()",
		"select doubling":     numbers + ".aggregate($total.select($this | ($this + 1)).combine($total), 1 | 2).count()",
		"endless repeat":      "1.repeat($this + 1).count()",
		"repeat of strings":   "'a'.repeat($this & 'a').count()",
		"nested lambdas":      "name.all(%resource.name.all(%resource.name.all(family.exists())))",
		"cross product":       "name.select(%resource.name.select(%resource.name)).count()",
		"replace grows":       numbers + ".aggregate($total.replace('a', 'aaaaaaaaaa'), 'a').length()",
		"replaceMatches":      numbers + ".aggregate($total.replaceMatches('a', 'aaaaaaaaaa'), 'a').length()",
		"join grows":          numbers + ".aggregate(%resource.name.family.join($total), 'a').length()",
		"distinct":            "name.select($this | %resource.name).isDistinct()",
		"powers of a unit":    numbers + ".aggregate($total * $total, 10 'km').toString()",
		"sort":                "name.select(%resource.name.sort(family)).count()",
		"descendants":         "name.select(%context.descendants().where($this = '')).count()",
	} {
		e, err := Parse(expression)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		out, err := e.Evaluate(Scope{Focus: focus})
		if err == nil && name != "powers of a unit" {
			t.Errorf("%s: ended with %d items", name, len(out))
		}
		if err != nil && !errors.Is(err, ErrBudget) && name != "powers of a unit" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestBombs_AreRefusedWhenParsed(t *testing.T) {
	for name, expression := range map[string]string{
		"parentheses":      strings.Repeat("(", 5000) + "1" + strings.Repeat(")", 5000),
		"minus":            strings.Repeat("-", 5000) + "1",
		"indexes":          "a" + strings.Repeat("[0", 5000),
		"operators":        "1" + strings.Repeat("+1", 5000),
		"too long":         "'" + strings.Repeat("a", maxSource) + "'",
		"repeats":          "'a'.matches('((a{900}){900}){900}')",
		"many repeats":     "'a'.matches('" + strings.Repeat("a{900}", 20) + "')",
		"long pattern":     "'a'.matches('" + strings.Repeat("a", 5000) + "')",
		"huge number":      strings.Repeat("9", 400),
		"unknown function": "name.explode()",
		"unknown type":     "name is Nonsense",
	} {
		if _, err := Parse(expression); err == nil {
			t.Errorf("%s: not refused", name)
		} else if syntax := new(SyntaxError); !errors.As(err, &syntax) {
			t.Errorf("%s: %v is no *SyntaxError", name, err)
		}
	}
}

// TestInvocations_AreNotRecursive reads a long chain, which is no nesting.
func TestInvocations_AreBounded(t *testing.T) {
	if e, err := Parse("a" + strings.Repeat(".b", 5000)); err == nil {
		if _, err := e.Evaluate(Scope{}); err != nil && !errors.Is(err, ErrBudget) {
			t.Error(err)
		}
	}
}

func TestNumbersOfDocuments_AreBounded(t *testing.T) {
	for _, literal := range []string{"1e999999999", "1e-999999999", "-1E+100000", "0.1e70"} {
		focus := Of(conformance.RootElement(document(t, `{"resourceType":"Observation","valueQuantity":{"value":`+literal+`,"code":"km99999999"}}`)))
		for _, expression := range []string{"value.value.toString()", "value.value + 1", "value = 1 'm'", "value.value.round(2)", "value.value * value.value", "value.toString()"} {
			e, err := Parse(expression)
			if err != nil {
				t.Fatal(err)
			}
			out, _ := e.Evaluate(Scope{Focus: focus})
			if len(out) == 1 && len(out[0].Text()) > 200 {
				t.Errorf("%s of %s has %d characters", expression, literal, len(out[0].Text()))
			}
		}
	}
}

// TestBudget_IsShared lets two evaluations draw on one budget.
func TestBudget_IsShared(t *testing.T) {
	e, err := Parse("(1 | 2 | 3).count() = 3")
	if err != nil {
		t.Fatal(err)
	}
	budget := NewBudget(40)
	if out, err := e.Evaluate(Scope{Budget: budget}); err != nil || !out.IsTrue() {
		t.Fatalf("%v, %v", out, err)
	}
	if budget.Left() >= 40 {
		t.Error("nothing was taken from the budget")
	}
	for range 10 {
		_, err = e.Evaluate(Scope{Budget: budget})
	}
	if !errors.Is(err, ErrBudget) {
		t.Errorf("%v", err)
	}
}
