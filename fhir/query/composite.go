package query

import (
	"slices"
	"strings"

	"sluis/conformance"
)

// composite reads a$b,… (R4 search.html#combining): for each component a value
// of its type, in the order of the definition.
func (l Language) composite(p *conformance.Parameter, raw string) (Expr, *problem) {
	alternatives := split(raw, ',')
	if len(alternatives)*len(p.Parts) > MaxValues {
		return nil, tooCostly("too many values")
	}
	out := Composite{Param: p}
	for _, alternative := range alternatives {
		parts := split(alternative, '$')
		if len(parts) != len(p.Parts) {
			return nil, invalid("%s has %d values joined by $, and %s has %d components", quote(alternative), len(parts), p.Code, len(p.Parts))
		}
		read := [][]Value{nil}
		for i, part := range parts {
			if part == "" {
				return nil, invalid("an empty value in %s", quote(alternative))
			}
			vs, bad := l.meanings(p.Parts[i], NoModifier, "", part)
			if bad != nil {
				return nil, bad
			}
			if read = each(read, vs); (len(out.Values)+len(read))*len(p.Parts) > MaxValues {
				return nil, tooCostly("too many values")
			}
		}
		out.Values = append(out.Values, read...)
	}
	return out, nil
}

// each is every row with every value after it.
func each(rows [][]Value, vs []Value) (out [][]Value) {
	for _, row := range rows {
		for _, v := range vs {
			out = append(out, append(slices.Clip(row), v))
		}
	}
	return out
}

func printComposite(c Composite) string {
	alternatives := make([]string, len(c.Values))
	for i, vs := range c.Values {
		parts := make([]string, len(vs))
		for j, v := range vs {
			parts[j] = printPrefix(v) + printValue(c.Param.Parts[j].Type, v)
		}
		alternatives[i] = strings.Join(parts, "$")
	}
	return strings.Join(alternatives, ",")
}
