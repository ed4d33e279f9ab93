package main

import (
	"fmt"
	"slices"
	"strings"
)

type searchParameter struct {
	URL, Code, Type, Expression string
	Base, Target                []string
	Component                   []component
}

// component is one part of a composite: a parameter, and where its value stands
// seen from an element that the composite selects.
type component struct{ Definition, Expression string }

const parameterPrefix = "http://hl7.org/fhir/SearchParameter/"

// special names the parameters of search.html that apply to every resource and
// have no SearchParameter in the definitions.
var special = []string{"_filter", "_has", "_list", "_type"}

// parameterTable writes one line for each type that a parameter applies to,
// with the part of the expression that concerns that type.
func parameterTable(all []searchParameter, types []string) ([]byte, error) {
	var lines []string
	kinds := map[string]string{}
	for _, p := range all {
		kinds[p.URL] = p.Type
	}
	for _, code := range special {
		lines = append(lines, strings.Join([]string{"Resource", code, "special", "-", "-", "-", "-"}, "\t"))
	}
	for _, p := range all {
		for _, base := range p.Base {
			l, err := parameterLine(p, base, types, kinds)
			if err != nil {
				return nil, fmt.Errorf("%s of %s: %w", p.Code, base, err)
			}
			lines = append(lines, l)
		}
	}
	slices.Sort(lines)
	t := newTable("base, code, type, id, targets, components, expression; tab-separated; targets * is every type but Parameters; components are id type expression, separated by semicolons")
	for i, l := range lines {
		if i > 0 && key(lines[i-1]) == key(l) {
			return nil, fmt.Errorf("two parameters %s", key(l))
		}
		t.line("%s", l)
	}
	return t.Bytes(), nil
}

func key(line string) string {
	f := strings.SplitN(line, "\t", 3)
	return f[0] + "." + f[1]
}

// parameterLine is the line of one parameter for one base.
func parameterLine(p searchParameter, base string, types []string, kinds map[string]string) (string, error) {
	id, ok := strings.CutPrefix(p.URL, parameterPrefix)
	if !ok {
		return "", fmt.Errorf("unexpected canonical %s", p.URL)
	}
	parts, err := concerning(p.Expression, base)
	if err != nil {
		return "", err
	}
	components, err := componentList(p, base, kinds)
	if err != nil {
		return "", err
	}
	return strings.Join([]string{
		base, p.Code, p.Type, id,
		dash(targetList(p, parts, types)),
		dash(strings.Join(components, "; ")),
		dash(strings.Join(parts, " | ")),
	}, "\t"), nil
}

// componentList writes the components with the type of their parameter. Three
// expressions of HL7's are corrected, as PROVENANCE.md says.
func componentList(p searchParameter, base string, kinds map[string]string) ([]string, error) {
	list := slices.Clone(p.Component)
	if p.Code == "relationship" && len(list) == 2 {
		list[0].Expression, list[1].Expression = list[1].Expression, list[0].Expression
	}
	var out []string
	for _, c := range list {
		if kinds[c.Definition] == "" {
			return nil, fmt.Errorf("no parameter %s", c.Definition)
		}
		expression := strings.ReplaceAll(c.Expression, "as(DateTime)", "as(dateTime)")
		expression = strings.ReplaceAll(expression, "%resource.", base+".")
		out = append(out, strings.TrimPrefix(c.Definition, parameterPrefix)+" "+kinds[c.Definition]+" "+expression)
	}
	return out, nil
}

// concerning returns the parts of a union that start at base, each once. One
// definition, InsurancePlan.name, leaves the base out ("name | alias").
func concerning(expression, base string) ([]string, error) {
	if expression == "" {
		return nil, nil
	}
	var out []string
	for _, part := range union(expression) {
		first, _, _ := strings.Cut(strings.TrimLeft(part, "("), ".")
		if first == strings.ToLower(first) {
			part, first = base+"."+part, base
		}
		if first == base && !slices.Contains(out, part) {
			out = append(out, part)
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("no part of %q", expression)
	}
	return out, nil
}

// union splits at the bars outside brackets.
func union(s string) []string {
	var out []string
	depth, from := 0, 0
	for i, c := range s {
		switch {
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == '|' && depth == 0:
			out = append(out, strings.TrimSpace(s[from:i]))
			from = i + 1
		}
	}
	return append(out, strings.TrimSpace(s[from:]))
}

// targetList narrows the targets of a parameter to those its expression can
// yield for this type, "where(resolve() is Patient)".
func targetList(p searchParameter, parts, types []string) string {
	if p.Type != "reference" {
		return ""
	}
	if narrow := resolved(parts); narrow != nil {
		return strings.Join(narrow, ",")
	}
	names := slices.Sorted(slices.Values(p.Target))
	if len(names) == len(types)-1 && !slices.Contains(names, "Parameters") {
		return "*"
	}
	return strings.Join(names, ",")
}

func resolved(parts []string) []string {
	var out []string
	for _, part := range parts {
		_, after, ok := strings.Cut(part, ".where(resolve() is ")
		name, rest, closed := strings.Cut(after, ")")
		if !ok || !closed || rest != "" {
			return nil
		}
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}
