package suite

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// Declared makes cases of the server's own CapabilityStatement: for each
// resource type, that every interaction and every search parameter that it
// declares is served (R4 capabilitystatement.html, http.html#capabilities).
func (t Target) Declared(ctx context.Context) ([]Group, error) {
	t = t.withDefaults()
	c := &conversation{target: t}
	a, err := c.send(ctx, c.write(Step{Method: http.MethodGet, Target: "/metadata"}))
	if err != nil {
		return nil, err
	}
	resources, _ := at(a.json, "rest[mode=server].resource")
	list, ok := resources.([]any)
	if !ok {
		return nil, fmt.Errorf("%s/metadata is no CapabilityStatement of a server: %d", t.Base, a.status)
	}
	var groups []Group
	for _, r := range list {
		groups = append(groups, declared(r))
	}
	return groups, nil
}

// declared are the cases of one rest.resource.
func declared(resource any) Group {
	name := textAt(resource, "type")
	c := func(what string, steps []Step) Case {
		return Case{
			Title: name + " has every " + what + " that is declared", Place: "metadata",
			Spec: "capabilitystatement.html#CapabilityStatement", Steps: steps,
		}
	}
	g := Group{Chapter: "capabilitystatement.html", Name: name}
	g.Cases = append(g.Cases, c("interaction", interactions(name, declares(resource))))
	if params := parameters(name, resource); len(params) > 0 {
		searches := c("search parameter", params)
		searches.Apart = true
		g.Cases = append(g.Cases, searches)
	}
	return g
}

// declares lists the codes of the interactions.
func declares(resource any) map[string]bool {
	codes := map[string]bool{}
	for _, i := range listAt(resource, "interaction") {
		codes[textAt(i, "code")] = true
	}
	return codes
}

// interactions plays the life of one resource, as far as it is declared. What
// concerns an instance needs one that can be made: a 403 says that this token
// may not.
func interactions(name string, has map[string]bool) (steps []Step) {
	body := minimal()[name]
	life := []struct {
		code string
		step Step
	}{
		{"create", Step{Name: "it", Method: "POST", Body: body, Skip: []string{"403"}}},
		{"read", Step{Method: "GET", Target: "/{it}", Expect: status("200"), Save: []Save{version}}},
		{"vread", Step{Method: "GET", Target: "/{it}/_history/{version}", Expect: status("200")}},
		{"update", Step{Method: "PUT", Target: "/{it}", Body: withID(body+" ", "it"), Expect: status("200")}},
		{"patch", Step{Method: "PATCH", Target: "/{it}", Header: jsonPatch, Body: `[{"op":"add","path":"/language","value":"nl"}]`, Expect: status("200")}},
		{"history-instance", Step{Method: "GET", Target: "/{it}/_history", Expect: status("200")}},
		{"history-type", Step{Method: "GET", Target: "/" + name + "/_history?_count=1", Expect: status("200")}},
		{"search-type", Step{Method: "GET", Target: "/" + name + "?_count=1", Expect: status("200"), Skip: []string{"403"}}},
		{"delete", Step{Method: "DELETE", Target: "/{it}", Expect: status("200", "204")}},
	}
	if strings.Contains(body, "{patient}") && has["create"] {
		steps = append(steps, Step{Name: "patient", Method: "POST", Body: minimal()["Patient"]})
	}
	for _, l := range life {
		if has[l.code] && (has["create"] || !strings.Contains(l.step.Target, "{")) {
			l.step.Place = "metadata: " + name + " " + l.code
			steps = append(steps, l.step)
		}
	}
	return steps
}

// jsonPatch is of a patch that any resource takes: all may have a language.
var jsonPatch = []Header{{"Content-Type", "application/json-patch+json"}}

var version = Save{Name: "version", Text: "json meta.versionId", read: read(jsonSource, "meta.versionId", "")}

// examples are values that any parameter of a type can be asked for; nothing
// need have them.
var examples = map[string]string{
	"token": "suite", "string": "suite", "date": "2026-01-01", "reference": "suite", "number": "1",
	"quantity": "1", "uri": "http://example.org/suite", "special": "suite",
	"composite": "2026$2026", // of any two kinds
}

// closed are parameters of which other values may be refused: all their codes
// are known, or they have a grammar of their own.
var closed = map[string]string{
	"AuditEvent.action": "R", "AuditEvent.outcome": "0",
	"Location.near": "52.09|5.12|1|km", "_filter": "_id eq suite",
	"MolecularSequence.chromosome-variant-coordinate":     "1$1$1",
	"MolecularSequence.chromosome-window-coordinate":      "1$1$1",
	"MolecularSequence.referenceseqid-variant-coordinate": "1$1$1",
	"MolecularSequence.referenceseqid-window-coordinate":  "1$1$1",
}

func example(resourceType, code, kind string) string {
	if v, ok := closed[code]; ok {
		return v
	}
	if v, ok := closed[resourceType+"."+code]; ok {
		return v
	}
	return examples[kind]
}

// parameters asks for each search parameter on its own, and for all includes at
// once.
func parameters(name string, resource any) (steps []Step) {
	get := func(what, query string) {
		steps = append(steps, Step{
			Place: "metadata: " + name + " " + what, Method: "GET", Target: "/" + name + "?_count=1&" + query,
			Header: []Header{{"Prefer", "handling=strict"}}, Expect: status("200"), Skip: []string{"403"},
		})
	}
	for _, p := range listAt(resource, "searchParam") {
		code := textAt(p, "name")
		get(code, url.QueryEscape(code)+"="+url.QueryEscape(example(name, code, textAt(p, "type"))))
	}
	var includes []string
	for _, i := range listAt(resource, "searchInclude") {
		if s, ok := i.(string); ok {
			includes = append(includes, "_include="+url.QueryEscape(s))
		}
	}
	if len(includes) > 0 {
		get("searchInclude", strings.Join(includes, "&"))
	}
	return steps
}
