package query

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode"

	"sluis/conformance"
)

// printFilter writes a predicate in the grammar of _filter, if it has a form
// there; every logical operation stands in parentheses.
func printFilter(x Expr) (string, bool) {
	switch x := x.(type) {
	case All:
		return "_id pr true", true
	case Conj:
		return printLogical(x.Parts, " and ")
	case Disj:
		return printLogical(x.Parts, " or ")
	case Neg:
		return printNegation(x.X)
	case Missing:
		return x.Param.Code + " pr false", true
	case IDIs:
		if len(x.IDs) != 1 {
			return "", false
		}
		return "_id eq " + x.IDs[0], true
	case Compare:
		return printTest(x)
	case Chain:
		return printPath(x)
	}
	return "", false
}

func printLogical(parts []Expr, operator string) (string, bool) {
	out := make([]string, len(parts))
	for i, p := range parts {
		var ok bool
		if out[i], ok = printFilter(p); !ok {
			return "", false
		}
	}
	return "(" + strings.Join(out, operator) + ")", true
}

func printNegation(x Expr) (string, bool) {
	text, ok := printFilter(x)
	switch x := x.(type) {
	case Missing:
		return x.Param.Code + " pr true", ok
	case Compare:
		if x.Modifier == In {
			return strings.Replace(text, " in ", " ni ", 1), ok
		}
	}
	return "not " + text, ok
}

// printTest writes path operator value.
func printTest(c Compare) (string, bool) {
	if len(c.Values) != 1 || c.Param == nil {
		return "", false
	}
	v := c.Values[0]
	operator, text := string(v.Prefix), v.Text
	var ok bool
	switch c.Param.Type {
	case conformance.StringParam:
		operator, ok = map[Modifier]string{NoModifier: "sw", Contains: "co", EndsWith: "ew", Equals: "eq", Differs: "ne", From: operator, Until: operator}[c.Modifier]
	case conformance.URIParam:
		operator, ok = map[Modifier]string{NoModifier: "eq", Differs: "ne"}[c.Modifier]
	case conformance.TokenParam:
		operator, ok = map[Modifier]string{NoModifier: "eq", Differs: "ne", Below: "ss", Above: "sb", In: "in"}[c.Modifier]
		if c.Modifier != In {
			text = printCode(v)
		} else {
			text = escape(text)
		}
	case conformance.ReferenceParam:
		operator, ok, text = "re", c.Modifier == NoModifier, printReference(v)
	default:
		ok, text = operator != "", printValue(c.Param.Type, v)
	}
	return c.Param.Code + " " + operator + " " + filterValue(text), ok
}

// printPath writes a chain. What is no single test of the target stands in
// brackets, before a test that always holds.
func printPath(c Chain) (string, bool) {
	there, ok := printFilter(c.X)
	head := c.Param.Code + ":" + c.Target
	switch x := c.X.(type) {
	case Compare, Missing, IDIs, Chain, All:
		return head + "." + there, ok
	case Neg:
		_, missing := x.X.(Missing)
		compare, _ := x.X.(Compare)
		if missing || compare.Modifier == In {
			return head + "." + there, ok
		}
	}
	return head + "[" + there + "]._id pr true", ok
}

// filterValue quotes what a bare value cannot hold.
func filterValue(s string) string {
	bare := s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune(`)]"\\`, r)
	})
	if bare {
		return s
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string cannot fail
	return strings.TrimSuffix(b.String(), "\n")
}
