package noninterference

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"sluis/conformance"
)

// special are the criteria that no index of one parameter answers: words, lists
// and filters.
func (g *generator) special(t string) string {
	word := url.QueryEscape(pick(g, []string{"Aalders", "Bakker", "Dijkstra", "Groot", "nothing"}))
	switch g.rng.IntN(4) {
	case 0:
		return "_content=" + word
	case 1:
		return "_text=" + word
	case 2:
		return "_list=" + g.id("List")
	}
	return "_filter=" + url.QueryEscape(g.filter(t, 2))
}

// filter is an expression of _filter (R4 search_filter.html).
func (g *generator) filter(t string, depth int) string {
	switch {
	case depth > 0 && g.chance(20):
		return "(" + g.filter(t, depth-1) + ") " + pick(g, []string{"and", "or"}) + " (" + g.filter(t, depth-1) + ")"
	case depth > 0 && g.chance(15):
		return "not (" + g.filter(t, depth-1) + ")"
	}
	p := g.parameter(t, func(p *conformance.Parameter) bool {
		return slices.Contains([]conformance.ParamType{conformance.TokenParam, conformance.StringParam, conformance.DateParam}, p.Type)
	})
	if p == nil {
		return "_id eq nobody"
	}
	if g.chance(15) {
		return p.Code + " pr " + pick(g, []string{"true", "false"})
	}
	values := g.values[t][p.Code]
	if len(values) == 0 {
		values = []string{"x"}
	}
	value := pick(g, values)
	if p.Type != conformance.DateParam {
		value = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value) + `"`
	}
	operators := map[conformance.ParamType][]string{
		conformance.TokenParam: {"eq", "ne"}, conformance.StringParam: {"eq", "co", "sw", "ew", "ne"}, conformance.DateParam: {"eq", "lt", "ge", "sa", "po"},
	}
	return p.Code + " " + pick(g, operators[p.Type]) + " " + value
}

// composite joins values of the components; of a type, so that they may be of
// one element or of several.
func (g *generator) composite(t string, p *conformance.Parameter) string {
	parts := make([]string, len(p.Parts))
	for i, part := range p.Parts {
		var values []string
		for _, other := range conformance.Searchable(t) {
			if other.Type == part.Type {
				values = append(values, g.values[t][other.Code]...)
			}
		}
		if len(values) == 0 {
			values = []string{"1"}
		}
		parts[i] = pick(g, values)
	}
	return strings.Join(parts, "$")
}

// operations of a JSON Patch; test is the one that would be an oracle.
func (g *generator) jsonPatch() string {
	word := pick(g, []string{"Aalders", "Bakker", "final", "amended", "active"})
	return "[" + pick(g, []string{
		`{"op":"test","path":"/status","value":"` + word + `"}`,
		`{"op":"test","path":"/subject/reference","value":"Patient/` + g.id("Patient") + `"}`,
		`{"op":"replace","path":"/status","value":"` + word + `"}`,
		`{"op":"add","path":"/language","value":"nl"}`,
		`{"op":"remove","path":"/identifier"}`,
		`{"op":"replace","path":"/subject/reference","value":"Patient/` + g.id("Patient") + `"}`,
		`{"op":"remove","path":"/meta/security"}`,
		`{"op":"copy","from":"/code","path":"/nothing"}`,
	}) + "]"
}

// fhirPatch is a FHIRPath Patch.
func (g *generator) fhirPatch(t string) string {
	part := func(name, value string) string { return `{"name":"` + name + `",` + value + `}` }
	kind := pick(g, []string{"add", "replace", "delete"})
	parts := []string{part("type", `"valueCode":"`+kind+`"`)}
	switch kind {
	case "add":
		parts = append(parts, part("path", `"valueString":"`+t+`"`), part("name", `"valueString":"language"`), part("value", `"valueCode":"nl"`))
	case "replace":
		parts = append(parts, part("path", `"valueString":"`+t+`.status"`), part("value", `"valueCode":"final"`))
	default:
		parts = append(parts, part("path", `"valueString":"`+t+`.`+pick(g, []string{"identifier", "status", "subject", "meta.security"})+`"`))
	}
	return `{"resourceType":"Parameters","parameter":[{"name":"operation","part":[` + strings.Join(parts, ",") + `]}]}`
}

func (g *generator) patch() request {
	t := g.writable()
	r := request{method: "PATCH", path: "/" + t + "/" + g.id(t), body: g.jsonPatch(), header: []string{"Content-Type", "application/json-patch+json"}}
	if g.chance(40) {
		r.body, r.header = g.fhirPatch(t), []string{"Content-Type", "application/fhir+json"}
	}
	if g.chance(30) {
		r.header = append(r.header, "If-Match", pick(g, []string{`W/"1"`, `W/"2"`, `W/"99"`}))
	}
	return r
}

func (g *generator) conditionalPatch() request {
	r := g.patch()
	t, _, _ := strings.Cut(r.path[1:], "/")
	r.path = "/" + t + "?" + g.condition(t)
	return r
}

// compartment searches in the compartment of someone who is seen, hidden or
// nobody.
func (g *generator) compartment() request {
	of := pick(g, []string{"Patient", "Patient", "Encounter", "Practitioner", "RelatedPerson", "Device"})
	path := "/" + of + "/" + g.id(of)
	if g.chance(25) {
		return request{method: "GET", path: path + "/*?_total=accurate"}
	}
	t := g.kind()
	return request{method: "GET", path: path + "/" + t + "?" + g.search(t)}
}

// operation calls what there is.
func (g *generator) operation() request {
	t := g.kind()
	at := "/" + t + "/" + g.id(t)
	matched := patientRecord("x", pick(g, []string{noraBSN, ottoBSN, piaBSN, quintenBSN}), anyFlavour(g.rng))
	observation := g.body("Observation", "")
	return pick(g, []request{
		{method: "GET", path: "/Patient/" + g.id("Patient") + "/$everything?_count=" + pick(g, []string{"3", "50"})},
		{method: "GET", path: "/Patient/" + g.id("Patient") + "/$everything?_type=Observation,Condition&start=2026-02-10"},
		{method: "GET", path: "/Encounter/" + g.id("Encounter") + "/$everything"},
		{method: "GET", path: "/Observation/$lastn?patient=" + g.id("Patient") + "&category=" + pick(g, []string{"laboratory", "vital-signs"}) + "&max=2"},
		{method: "GET", path: at + "/$meta"},
		{method: "POST", path: at + "/$meta-add", body: `{"resourceType":"Parameters","parameter":[{"name":"meta","valueMeta":{"tag":[{"system":"http://example.org","code":"x"}]}}]}`},
		{method: "POST", path: at + "/$meta-delete", body: `{"resourceType":"Parameters","parameter":[{"name":"meta","valueMeta":{"security":[{"system":"` + actCode + `","code":"PSY"}]}}]}`},
		{method: "GET", path: at + "/$validate"},
		{method: "POST", path: at + "/$validate?mode=" + pick(g, []string{"update", "delete"}), body: g.body(t, "")},
		{method: "POST", path: "/Observation/$validate", body: observation},
		{method: "POST", path: "/Patient/$match", body: `{"resourceType":"Parameters","parameter":[{"name":"resource","resource":` + matched + `}]}`},
		{method: "GET", path: "/$explain-access?actor=Practitioner/gp&organization=" + practice + "&purpose=TREAT&resource=" + t + "/" + g.id(t)},
		{method: "POST", path: "/Consent/" + g.id("Consent") + "/$revokeConsent"},
		{method: "POST", path: "/Consent/$fileConsent", body: `{"resourceType":"Parameters","parameter":[{"name":"consent","resource":` + g.body("Consent", "") + `}]}`},
		{method: "GET", path: "/ValueSet/$expand?url=http://hl7.org/fhir/ValueSet/administrative-gender"},
		{method: "GET", path: "/CodeSystem/$lookup?system=http://hl7.org/fhir/administrative-gender&code=female"},
	})
}

// formatted asks for another form of what is read or found.
func (g *generator) formatted() request {
	r := pick(g, []func() request{g.read, g.searchRequest, g.history})()
	separator := "?"
	if strings.Contains(r.path, "?") {
		separator = "&"
	}
	if r.body == "" {
		r.path += separator + pick(g, []string{"_format=xml", "_format=json", "_summary=true", "_elements=id,code", "_pretty=true", "_format=xml&_summary=text"})
	}
	return r
}

// patched is a patch as an entry of a Bundle has it: a JSON Patch stands in a
// Binary.
func patched(body string) json.RawMessage {
	if strings.HasPrefix(body, "{") {
		return json.RawMessage(body)
	}
	data := base64.StdEncoding.EncodeToString([]byte(body))
	return json.RawMessage(fmt.Sprintf(`{"resourceType":"Binary","contentType":"application/json-patch+json","data":%q}`, data))
}
