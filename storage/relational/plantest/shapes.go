package plantest

import (
	"sluis/conformance"
	"sluis/fhir"
	"sluis/fhir/query"
)

// shape is a search and the tables that no plan for it may scan; most have all
// large ones.
type shape struct {
	name   string
	query  query.Query
	access query.Expr // nil: everything
}

func param(base, code string) *conformance.Parameter {
	p, ok := conformance.Lookup(base, code)
	if !ok {
		panic("no parameter " + base + "." + code)
	}
	return p
}

func is(base, code, value string) query.Expr {
	p := param(base, code)
	v := query.Value{AnySystem: true, Code: value, Folded: value, Text: value}
	if p.Type == conformance.ReferenceParam {
		v = query.Value{}
		v.Ref, _ = fhir.ParseRef(value)
	}
	return query.Compare{Param: p, Values: []query.Value{v}}
}

func onObservations(x query.Expr, sort ...query.Sort) query.Query {
	return query.Query{Type: "Observation", Where: x, Sort: sort, Count: 20}
}

// shapes are the searches that must not depend on how many resources there are.
func shapes() []shape {
	date, method, updated := param("Observation", "date"), param("Observation", "method"), param("Observation", "_lastUpdated")
	since := query.Compare{Param: date, Values: []query.Value{{Prefix: query.Ge, DateLow: 50_000}}}
	late := query.Compare{Param: date, Values: []query.Value{{Prefix: query.Gt, DateHigh: 101_980}}}
	ward := query.Chain{Param: param("Encounter", "service-provider"), Target: "Organization", X: is("Organization", "name", "ward2")}
	pair := param("Observation", "code-value-quantity")
	high := []query.Value{{AnySystem: true, Code: "c3"}, {Prefix: query.Gt, Number: 950}}
	mine := query.Subjects{X: query.Person{Patients: []fhir.Ref{{Type: "Patient", ID: "p7"}}}}
	iterate := []query.Include{{Source: "Observation", Param: param("Observation", "encounter")}, {Source: "Encounter", Param: param("Encounter", "service-provider"), Iterate: true}}
	included := onObservations(is("Observation", "patient", "Patient/p7"))
	included.Includes = iterate
	everything := onObservations(is("Observation", "patient", "Patient/p7"))
	everything.Includes = []query.Include{{Iterate: true}}
	back := query.Query{Type: "Patient", Where: query.IDIs{IDs: []string{"p7"}}, RevIncl: []query.Include{{}}}
	after := onObservations(query.All{}, query.Sort{Param: date, Desc: true})
	after.After = &query.Position{Keys: []string{"=70000"}, Row: 150_000, Snapshot: 1 << 40}
	return []shape{
		{name: "patient, code and date", query: onObservations(query.And(is("Observation", "patient", "Patient/p7"), is("Observation", "code", "c6"), since))},
		{name: "patient, code and date, newest first", query: onObservations(query.And(is("Observation", "patient", "Patient/p7"), is("Observation", "code", "c6")), query.Sort{Param: date, Desc: true})},
		{name: "a dense and a sparse filter", query: onObservations(query.And(is("Observation", "status", "final"), is("Observation", "method", "m5000")))},
		{name: "late", query: onObservations(query.And(is("Observation", "status", "final"), late))},
		{name: "_has", query: query.Query{Type: "Patient", Where: query.Has{Source: "Observation", Param: param("Observation", "subject"), X: is("Observation", "method", "m5000")}}},
		{name: "_has among few", query: query.Query{Type: "Patient", Where: query.And(is("Patient", "family", "family77"), query.Has{Source: "Observation", Param: param("Observation", "subject"), X: is("Observation", "code", "c26")})}},
		{name: "nested _has", query: query.Query{Type: "Patient", Where: query.Has{Source: "Encounter", Param: param("Encounter", "subject"),
			X: query.Has{Source: "Observation", Param: param("Observation", "encounter"), X: is("Observation", "method", "m5000")}}}},
		{name: "a chain of two hops", query: onObservations(query.And(is("Observation", "method", "m5000"), query.Chain{Param: param("Observation", "encounter"), Target: "Encounter", X: ward}))},
		{name: "a chain that drives", query: onObservations(query.Chain{Param: param("Observation", "subject"), Target: "Patient", X: is("Patient", "family", "family77")})},
		{name: "a composite", query: onObservations(query.Composite{Param: pair, Values: [][]query.Value{high}})},
		{name: "includes to the end", query: included},
		{name: "all includes", query: everything},
		{name: "all that refers", query: back},
		{name: "by date", query: onObservations(query.All{}, query.Sort{Param: date, Desc: true})},
		{name: "by date, a later page", query: after},
		{name: "by date, dense filter", query: onObservations(is("Observation", "status", "final"), query.Sort{Param: date})},
		{name: "by a sparse parameter", query: onObservations(query.All{}, query.Sort{Param: method})},
		{name: "by time", query: onObservations(query.All{}, query.Sort{Param: updated, Desc: true})},
		{name: "no filter", query: onObservations(query.All{})},
		{name: "words", query: onObservations(query.Words{Content: true, Any: [][]string{{"rare5000"}}})},
		{name: "words of the narrative", query: onObservations(query.Words{Any: [][]string{{"rare5000", "all"}}})},
		{name: "one's own, newest first", query: onObservations(query.All{}, query.Sort{Param: date, Desc: true}), access: mine},
		{name: "one's own, a dense filter", query: onObservations(is("Observation", "status", "final")), access: mine},
	}
}
