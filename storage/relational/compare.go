package relational

import (
	"slices"
	"sort"
	"strconv"
	"strings"

	"sluis/conformance"
	"sluis/fhir"
	"sluis/fhir/index"
	"sluis/fhir/query"
)

// This file renders the tables that fhir/query/compare.go defines, and nothing
// else decides what a value means.

func (r *renderer) compare(c query.Compare, row row) string {
	if c.Param.Code == updatedCode {
		return anyOf(c.Values, func(v query.Value) string {
			return tests(r, query.DateTests(v), func(query.Column) string { return row.alias + ".updated" })
		})
	}
	c = asStored(c)
	table, ok := tableOf(c.Param.Type)
	if !ok {
		return r.refuse("parameter %s of type %s", c.Param.Code, c.Param.Type)
	}
	return r.exists(table.Name, row, func(a string) string { return r.entry(c, a, row) })
}

// asStored is a comparison with entries that stand under a name of their own: the
// texts of a token parameter are strings, and its identifiers with their types
// are tokens "type|value".
func asStored(c query.Compare) query.Compare {
	if c.Param.Type != conformance.TokenParam {
		return c
	}
	switch c.Modifier {
	case query.Text:
		return query.Compare{Values: c.Values,
			Param: &conformance.Parameter{Base: c.Param.Base, Code: c.Param.Code + ":text", Key: c.Param.TextKey(), Type: conformance.StringParam}}
	case query.OfType:
		values := make([]query.Value, len(c.Values))
		for i, v := range c.Values {
			if v.System != "" && v.Code != "" && v.Text != "" {
				values[i] = query.Value{System: v.System, Code: v.Code + "|" + v.Text}
			}
		}
		return query.Compare{Values: values,
			Param: &conformance.Parameter{Base: c.Param.Base, Code: c.Param.Code + ":of-type", Key: c.Param.OfTypeKey(), Type: conformance.TokenParam}}
	}
	return c
}

// entry is the condition on one index entry, for a comparison as stored.
func (r *renderer) entry(c query.Compare, a string, row row) string {
	return r.keyed(c.Param, a, row) + " AND " + r.values(c, a)
}

func (r *renderer) values(c query.Compare, a string) string {
	switch c.Param.Type {
	case conformance.TokenParam:
		if c.Modifier == query.Differs {
			return anyOf(c.Values, func(v query.Value) string { return "NOT " + r.codes([]query.Value{v}, a+".system", a+".code") })
		}
		if c.Modifier != query.NoModifier {
			return r.refuse("modifier %s of a token", c.Modifier)
		}
		return r.codes(c.Values, a+".system", a+".code")
	case conformance.StringParam:
		return anyOf(c.Values, func(v query.Value) string { return r.stringValue(c.Modifier, v, a) })
	case conformance.DateParam:
		return anyOf(c.Values, func(v query.Value) string { return tests(r, query.DateTests(v), columnOf(a)) })
	case conformance.NumberParam:
		return anyOf(c.Values, func(v query.Value) string { return tests(r, query.NumberTests(v), columnOf(a)) })
	case conformance.QuantityParam:
		return anyOf(c.Values, func(v query.Value) string { return r.quantityValue(v, a) })
	case conformance.URIParam:
		return anyOf(c.Values, func(v query.Value) string { return r.uriValue(c.Modifier, v, a) })
	case conformance.ReferenceParam:
		if c.Modifier == query.IdentifierOf {
			return r.identifiers(c.Values, a)
		}
		if c.Modifier != query.NoModifier {
			return r.refuse("modifier %s of a reference", c.Modifier)
		}
		return anyOf(c.Values, func(v query.Value) string { return r.referenceValue(c, v, a) })
	}
	return r.refuse("values of type %s", c.Param.Type)
}

func anyOf(values []query.Value, render func(query.Value) string) string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = render(v)
	}
	return balanced(out, " OR ")
}

func columnOf(alias string) func(query.Column) string {
	return func(c query.Column) string { return alias + "." + string(c) }
}

func tests[T int64 | float64](r *renderer, ts query.Tests[T], column func(query.Column) string) string {
	var out []string
	for _, conj := range ts {
		parts := make([]string, len(conj))
		for i, t := range conj {
			parts[i] = column(t.Column) + " " + string(t.Op) + " " + r.arg(t.Than)
		}
		out = append(out, strings.Join(parts, " AND "))
	}
	return balanced(out, " OR ")
}

// codes is the token table. Values of one system share a list, so that a value
// set of hundreds of codes is one condition.
func (r *renderer) codes(values []query.Value, system, code string) string {
	var g codeGroups
	for _, v := range values {
		switch {
		case v.AnySystem:
			g.add(anySystem, v.Code, v.Code != "")
		case v.Code == "":
			g.whole(v.System)
		default:
			g.add(v.System, v.Code, true)
		}
	}
	return g.render(r, system, code)
}

// codings is the same for what consent rules and labels name: an empty system
// means any.
func (r *renderer) codings(codings []query.Coding, system, code string) string {
	var g codeGroups
	for _, c := range codings {
		system := c.System
		if system == "" {
			system = anySystem
		}
		g.add(system, c.Code, c.Code != "")
	}
	return g.render(r, system, code)
}

// anySystem cannot be the name of a system: it is not valid UTF-8.
const anySystem = "\xff"

type codeGroups struct {
	codes   map[string][]string
	systems []string // any code of these
}

func (g *codeGroups) add(system, code string, valid bool) {
	if !valid {
		return
	}
	if g.codes == nil {
		g.codes = map[string][]string{}
	}
	g.codes[system] = append(g.codes[system], key(code))
}

func (g *codeGroups) whole(system string) {
	if system != "" {
		g.systems = append(g.systems, key(system))
	}
}

func (g *codeGroups) render(r *renderer, system, code string) string {
	var out []string
	names := make([]string, 0, len(g.codes))
	for s := range g.codes {
		names = append(names, s)
	}
	sort.Strings(names)
	for _, s := range names {
		cond := r.in(code, g.codes[s])
		if s != anySystem {
			cond = "(" + cond + " AND " + system + " = " + r.arg(key(s)) + ")"
		}
		out = append(out, cond)
	}
	if len(g.systems) > 0 {
		out = append(out, r.in(system, g.systems))
	}
	return balanced(out, " OR ")
}

func (r *renderer) stringValue(m query.Modifier, v query.Value, a string) string {
	folded := clean(v.Folded)
	switch m {
	case query.Exact:
		if v.Text == "" {
			return "FALSE"
		}
		return a + ".exact = " + r.text(v.Text)
	case query.Contains:
		if folded == "" {
			return "FALSE"
		}
		return r.dialect.Contains(a+".folded", r.arg(folded))
	case query.EndsWith:
		if folded == "" {
			return "FALSE"
		}
		// Of a shorter text the end begins before the first character: what
		// either database makes of that is shorter than the value.
		end := r.arg(folded)
		return "substr(" + a + ".folded, length(" + a + ".folded) - length(" + end + ") + 1) = " + end
	case query.NoModifier:
		return r.startsWith(folded, a)
	case query.Equals:
		return "(" + r.startsWith(folded, a) + " AND " + a + ".folded = " + r.arg(folded) + ")"
	case query.Differs, query.From, query.Until:
		if folded == "" {
			return "FALSE"
		}
		operator := map[query.Modifier]string{query.Differs: " <> ", query.From: " >= ", query.Until: " < "}[m]
		return a + ".folded" + operator + r.arg(folded)
	}
	return r.refuse("modifier %s of a string", m)
}

// startsWith is a range of the index over the first headLength characters, and
// for longer values the whole comparison besides.
func (r *renderer) startsWith(folded, a string) string {
	if folded == "" {
		return "FALSE"
	}
	start, whole := foldedHead(folded)
	column := "substr(" + a + ".folded, 1, " + strconv.Itoa(headLength) + ")"
	cond := column + " >= " + r.arg(start)
	if end, ok := after(start); ok {
		cond += " AND " + column + " < " + r.arg(end)
	}
	if !whole {
		cond += " AND " + a + ".folded >= " + r.arg(folded)
		if end, ok := after(folded); ok {
			cond += " AND " + a + ".folded < " + r.arg(end)
		}
	}
	return "(" + cond + ")"
}

func (r *renderer) quantityValue(v query.Value, a string) string {
	cond := tests(r, query.NumberTests(v), columnOf(a))
	switch {
	case v.System != "":
		cond += " AND " + a + ".system = " + r.arg(key(v.System))
		if v.Code != "" {
			cond += " AND " + a + ".code = " + r.arg(key(v.Code))
		}
	case v.Code != "":
		code := r.arg(key(v.Code))
		cond += " AND (" + a + ".code = " + code + " OR " + a + ".unit = " + code + ")"
	}
	if v.System == "" {
		cond += " AND NOT " + r.isCanonical(a)
	}
	return "(" + cond + ")"
}

// isCanonical is the condition that a quantity is in base units.
func (r *renderer) isCanonical(a string) string {
	return "(" + a + ".system = " + r.arg(index.CanonicalUCUM) + ")"
}

// identifiers compares logical references. The index leaves out those without
// an identifier, so a condition that names one says so.
func (r *renderer) identifiers(values []query.Value, a string) string {
	cond := r.codes(values, a+".system", a+".identifier")
	if slices.ContainsFunc(values, func(v query.Value) bool { return v.Code == "" }) {
		return cond
	}
	return a + ".identifier <> '' AND " + cond
}

func (r *renderer) referenceValue(c query.Compare, v query.Value, a string) string {
	if v.URL != "" {
		return "(" + a + ".url <> '' AND " + a + ".url = " + r.arg(linkKey(v.URL)) + ")"
	}
	if v.Ref.ID == "" {
		return "FALSE"
	}
	id := r.text(v.Ref.ID)
	cond := a + ".id <> '' AND " + a + ".id = " + id
	if patient, ok := c.Person(v); ok && (!r.inAccess || r.negative) {
		// One set of ids, not an alternative: an index answers it.
		cond = a + ".id <> '' AND " + a + ".id IN (SELECT " + r.dialect.Cast(id, "text") + " UNION " + r.linked(patient) + ")"
		if v.Ref.Type == "" {
			cond += " AND (" + a + ".id = " + id + " OR " + a + ".type = " + r.text(patientType) + ")"
		}
	}
	if v.Ref.Type != "" {
		cond += " AND " + a + ".type = " + r.text(v.Ref.Type)
	}
	if v.Ref.Version > 0 {
		cond += " AND " + a + ".version = " + r.arg(v.Ref.Version)
	}
	return "(" + cond + ")"
}

const patientType = "Patient"

// linked selects the ids of every Patient of the person whose Patient is named,
// when that one may be seen. Within an access there is nobody yet who may see:
// there a reference is the one it names, and below a negation, where less would
// be more, it is the whole person.
func (r *renderer) linked(named fhir.Ref) string {
	p, q, v := r.alias("p"), r.alias("p"), r.alias("v")
	visible := r.present(v)
	if !r.inAccess {
		visible += " AND " + r.permitted(row{v, patientType})
	}
	return "SELECT " + q + ".id FROM patient " + p +
		" JOIN resource " + v + " ON " + v + ".rid = " + p + ".rid" +
		" JOIN patient " + q + " ON " + q + ".person = " + p + ".person" +
		" WHERE " + p + ".id = " + r.text(named.ID) + " AND " + visible
}
