package storagetest

import (
	"sluis/conformance"
	"sluis/fhir"
	"sluis/fhir/query"
)

// param finds a parameter of R4.
func (f *fixture) param(base, code string) *conformance.Parameter {
	f.Helper()
	p, ok := conformance.Lookup(base, code)
	if !ok {
		f.Fatalf("no parameter %s.%s", base, code)
	}
	return p
}

// find lists what a predicate finds among a type, whole and counted.
func (f *fixture) find(x query.Expr, access query.Expr, kind string) []string {
	f.Helper()
	found, _, page := f.search(f.permit(access), query.Query{Type: kind, Where: x, Count: 200, Total: query.TotalAccurate})
	if page.Total != len(found) {
		f.Errorf("a total of %d for %d", page.Total, len(found))
	}
	return found
}

// expect fails unless a predicate finds just these.
func (f *fixture) expect(what string, x query.Expr, access query.Expr, kind string, want ...fhir.Ref) {
	f.Helper()
	refs := make([]string, len(want))
	for i, ref := range want {
		refs[i] = ref.String()
	}
	if found := f.find(x, access, kind); !same(found, refs) {
		f.Errorf("%s: found %v, want %v", what, found, refs)
	}
}

// without hides one resource.
func (f *fixture) without(ref fhir.Ref) query.Expr {
	f.Helper()
	return f.not(query.IDIs{IDs: []string{ref.ID}})
}

func coded(p *conformance.Parameter, code string) query.Expr {
	return query.Compare{Param: p, Values: []query.Value{{AnySystem: true, Code: code}}}
}

// household is a chain of resources: a report with an observation as its result,
// of an encounter, at an organisation.
type household struct{ patient, organization, encounter, observation, report, other fhir.Ref }

func newHousehold(f *fixture) household {
	var h household
	h.patient = f.create("Patient", `{"resourceType":"Patient","active":true,"name":[{"family":"Jansen"}]}`)
	h.organization = f.create("Organization", `{"resourceType":"Organization","name":"Ward"}`)
	h.encounter = f.create("Encounter", `{"resourceType":"Encounter","status":"finished","class":{"code":"AMB"},"subject":{"reference":"`+h.patient.String()+
		`"},"serviceProvider":{"reference":"`+h.organization.String()+`"}}`)
	h.observation = f.create("Observation", observation(h.patient, `"encounter":{"reference":"`+h.encounter.String()+`"}`))
	h.report = f.create("DiagnosticReport", `{"resourceType":"DiagnosticReport","status":"final","code":{"text":"x"},"subject":{"reference":"`+h.patient.String()+
		`"},"result":[{"reference":"`+h.observation.String()+`"}]}`)
	h.other = f.create("Observation", observation(h.patient))
	return h
}

// hops: chains of several hops, either way, hold only through what the caller
// may see.
func hops(f *fixture) {
	h := newHousehold(f)
	named := query.Compare{Param: f.param("Organization", "name"), Values: []query.Value{{Folded: "ward", Text: "Ward"}}}
	atWard := query.Chain{Param: f.param("Encounter", "service-provider"), Target: "Organization", X: named}
	observedThere := query.Chain{Param: f.param("Observation", "encounter"), Target: "Encounter", X: atWard}
	reported := query.Chain{Param: f.param("DiagnosticReport", "result"), Target: "Observation", X: observedThere}
	onResult := func(x query.Expr) query.Expr {
		return query.Has{Source: "DiagnosticReport", Param: f.param("DiagnosticReport", "result"), X: x}
	}
	final := coded(f.param("DiagnosticReport", "status"), "final")
	onPatient := query.Has{Source: "Observation", Param: f.param("Observation", "subject"), X: onResult(final)}
	mixed := query.Has{Source: "Observation", Param: f.param("Observation", "subject"), X: observedThere}
	all := query.All{}
	f.expect("three hops", reported, all, "DiagnosticReport", h.report)
	f.expect("two hops", observedThere, all, "Observation", h.observation)
	f.expect("_has", onResult(final), all, "Observation", h.observation)
	f.expect("_has by its id", onResult(query.IDIs{IDs: []string{h.report.ID}}), all, "Observation", h.observation)
	f.expect("_has by another id", onResult(query.IDIs{IDs: []string{h.other.ID}}), all, "Observation")
	f.expect("nested _has", onPatient, all, "Patient", h.patient)
	f.expect("a chain within _has", mixed, all, "Patient", h.patient)
	f.expect("not _has", f.not(onResult(final)), all, "Observation", h.other)
	f.expect("_has or", query.Or(onResult(final), query.IDIs{IDs: []string{h.other.ID}}), all, "Observation", h.observation, h.other)
	f.expect("in a system search", query.And(query.TypeIs{Types: []string{"Observation", "Patient"}}, query.Or(onResult(final), onPatient)), all, "", h.observation, h.patient)
	for _, hidden := range []fhir.Ref{h.organization, h.encounter, h.observation} {
		f.expect("three hops through what is hidden", reported, f.without(hidden), "DiagnosticReport")
		f.expect("a chain within _has through what is hidden", mixed, f.without(hidden), "Patient")
	}
	for _, hidden := range []fhir.Ref{h.report, h.observation} {
		f.expect("nested _has through what is hidden", onPatient, f.without(hidden), "Patient")
	}
	f.delete(h.report)
	f.expect("_has of what is deleted", onResult(final), all, "Observation")
	if _, err := f.Search(f.ctx, f.permit(onResult(final)), query.Query{Type: "Observation", Where: all}); err == nil {
		f.Error("a reverse chain stood in an access")
	}
}

// graph: includes go on to their end, along every reference where none is named,
// and never past what the caller may not see.
func graph(f *fixture) {
	h := newHousehold(f)
	iterate := func(source, code string) query.Include {
		return query.Include{Source: source, Param: f.param(source, code), Iterate: true}
	}
	along := []query.Include{{Source: "DiagnosticReport", Param: f.param("DiagnosticReport", "result")}, iterate("Observation", "encounter"), iterate("Encounter", "service-provider")}
	q := query.Query{Type: "DiagnosticReport", Where: query.All{}, Includes: along}
	want := func(what string, access query.Expr, q query.Query, refs ...fhir.Ref) {
		f.Helper()
		list := make([]string, len(refs))
		for i, r := range refs {
			list[i] = r.String()
		}
		if _, included, _ := f.search(f.permit(access), q); !same(included, list) {
			f.Errorf("%s: included %v, want %v", what, included, list)
		}
	}
	want("iterate", query.All{}, q, h.observation, h.encounter, h.organization)
	want("hidden first", f.without(h.observation), q)
	want("hidden second", f.without(h.encounter), q, h.observation)
	want("hidden last", f.without(h.organization), q, h.observation, h.encounter)
	q.Includes = []query.Include{{Source: "DiagnosticReport"}}
	want("every reference", query.All{}, q, h.observation, h.patient)
	q.Includes = []query.Include{{Source: "DiagnosticReport", Target: "Patient"}}
	want("every reference to a type", query.All{}, q, h.patient)
	q.Includes = []query.Include{{Iterate: true}}
	want("everything", query.All{}, q, h.observation, h.patient, h.encounter, h.organization)
	q.Includes = []query.Include{{}}
	want("everything once", query.All{}, q, h.observation, h.patient)
	back := query.Query{Type: "Organization", Where: query.IDIs{IDs: []string{h.organization.ID}}}
	back.RevIncl = []query.Include{iterate("Encounter", "service-provider"), iterate("Observation", "encounter"), iterate("DiagnosticReport", "result")}
	want("back to the end", query.All{}, back, h.encounter, h.observation, h.report)
	want("back past what is hidden", f.without(h.observation), back, h.encounter)
	back.RevIncl = []query.Include{{Iterate: true}}
	want("all that refers", query.All{}, back, h.encounter, h.observation, h.report)
	back.RevIncl = []query.Include{{Source: "Encounter"}}
	want("all that refers, of a type", query.All{}, back, h.encounter)
}

// longGraph: a graph deeper or larger than a page may be is an error, not a part
// of it.
func longGraph(f *fixture) {
	part := f.param("Organization", "partof")
	last := f.create("Organization", `{"resourceType":"Organization","name":"top"}`)
	for range 25 {
		last = f.create("Organization", `{"resourceType":"Organization","partOf":{"reference":"`+last.String()+`"}}`)
	}
	q := query.Query{Type: "Organization", Where: query.IDIs{IDs: []string{last.ID}}, Includes: []query.Include{{Source: "Organization", Param: part, Iterate: true}}}
	_, err := f.Search(f.ctx, f.all(), q)
	wantKind(f, err, fhir.Unprocessable)
	q.Includes[0].Iterate = false
	if _, included, _ := f.search(f.all(), q); len(included) != 1 {
		f.Errorf("one step included %v", included)
	}
	circle := f.create("Organization", `{"resourceType":"Organization","name":"a"}`)
	f.update(circle, `{"resourceType":"Organization","partOf":{"reference":"`+circle.String()+`"}}`)
	q = query.Query{Type: "Organization", Where: query.IDIs{IDs: []string{circle.ID}}, Includes: []query.Include{{Iterate: true}}, RevIncl: []query.Include{{Iterate: true}}}
	if _, included, _ := f.search(f.all(), q); len(included) != 0 {
		f.Errorf("a circle included %v", included)
	}
}

// canonicals: what is named by a canonical URL is included in the version named,
// or in any.
func canonicals(f *fixture) {
	questionnaire := func(version string) fhir.Ref {
		return f.create("Questionnaire", `{"resourceType":"Questionnaire","status":"active","url":"http://example.org/q","version":"`+version+`"}`)
	}
	one, two := questionnaire("1"), questionnaire("2")
	response := func(name string) fhir.Ref {
		return f.create("QuestionnaireResponse", `{"resourceType":"QuestionnaireResponse","status":"completed","questionnaire":"`+name+`"}`)
	}
	first, second, either, none := response("http://example.org/q|1"), response("http://example.org/q|2"), response("http://example.org/q"), response("http://example.org/q|3")
	p := f.param("QuestionnaireResponse", "questionnaire")
	for _, c := range []struct {
		of   fhir.Ref
		want []fhir.Ref
	}{{first, []fhir.Ref{one}}, {second, []fhir.Ref{two}}, {either, []fhir.Ref{one, two}}, {none, nil}} {
		for _, in := range []query.Include{{Source: "QuestionnaireResponse", Param: p}, {Source: "QuestionnaireResponse", Param: p, Target: "Questionnaire"}, {}} {
			q := query.Query{Type: "QuestionnaireResponse", Where: query.IDIs{IDs: []string{c.of.ID}}, Includes: []query.Include{in}}
			var want []string
			for _, r := range c.want {
				want = append(want, r.String())
			}
			if _, included, _ := f.search(f.all(), q); !same(included, want) {
				f.Errorf("%s by %+v: included %v, want %v", c.of, in, included, want)
			}
		}
	}
	for _, in := range []query.Include{{Source: "QuestionnaireResponse", Param: p}, {}} {
		q := query.Query{Type: "Questionnaire", Where: query.IDIs{IDs: []string{one.ID}}, RevIncl: []query.Include{in}}
		if _, included, _ := f.search(f.all(), q); !same(included, []string{first.String(), either.String()}) {
			f.Errorf("back by %+v: included %v", in, included)
		}
		if _, included, _ := f.search(f.permit(f.without(first)), q); !same(included, []string{either.String()}) {
			f.Errorf("back past what is hidden: included %v", included)
		}
	}
}
