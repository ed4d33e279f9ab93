package relational

import (
	"strconv"

	"sluis/conformance"
	"sluis/fhir/query"
)

// composite is the condition that one element of the resource has all components
// of one of the values.
func (r *renderer) composite(x query.Composite, row row) string {
	from, cond := r.components(x, row)
	return "EXISTS (SELECT 1 FROM " + from.tables + " WHERE " + from.first + ".rid = " + row.alias + ".rid AND " + cond + ")"
}

// compositeSet selects the rids that a composite holds for.
func (r *renderer) compositeSet(x query.Composite, row row) string {
	from, cond := r.components(x, row)
	return "SELECT " + from.first + ".rid FROM " + from.tables + " WHERE " + cond
}

// joined are the entries of the components of one element.
type joined struct {
	tables, first string
	aliases       []string
}

// anyComposite is the condition that some element has a value for each
// component.
func (r *renderer) anyComposite(p *conformance.Parameter, row row) string {
	from, cond := r.elements(p, row)
	return "EXISTS (SELECT 1 FROM " + from.tables + " WHERE " + from.first + ".rid = " + row.alias + ".rid AND " + cond + ")"
}

// elements joins one entry of each component, all of one element.
func (r *renderer) elements(p *conformance.Parameter, row row) (joined, string) {
	var j joined
	var conds []string
	for i, part := range p.Parts {
		table, ok := tableOf(part.Type)
		if !ok {
			return joined{}, r.refuse("component %d of %s of type %s", i, p.Code, part.Type)
		}
		a := r.alias("x")
		if i == 0 {
			j.first, j.tables = a, table.Name+" "+a
		} else {
			j.tables += " JOIN " + table.Name + " " + a + " ON " + a + ".rid = " + j.first + ".rid AND " + a + ".element = " + j.first + ".element"
		}
		j.aliases = append(j.aliases, a)
		conds = append(conds, r.keyed(part, a, row))
	}
	if len(j.aliases) == 0 {
		return joined{}, r.refuse("composite %s without components", p.Code)
	}
	return j, balanced(conds, " AND ")
}

func (r *renderer) components(x query.Composite, row row) (joined, string) {
	from, cond := r.elements(x.Param, row)
	var alternatives []string
	for _, values := range x.Values {
		if len(values) != len(from.aliases) {
			return from, r.refuse("a value of %s has %s components", x.Param.Code, strconv.Itoa(len(values)))
		}
		parts := make([]string, len(values))
		for i, v := range values {
			parts[i] = r.values(query.Compare{Param: x.Param.Parts[i], Values: []query.Value{v}}, from.aliases[i])
		}
		alternatives = append(alternatives, balanced(parts, " AND "))
	}
	return from, cond + " AND " + balanced(alternatives, " OR ")
}
