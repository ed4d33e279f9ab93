package cast_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"sluis/conformance"
	"sluis/conformance/cast"
	"sluis/fhir"
)

// texts are the values of a node's elements.
func texts(n fhir.Node) (out []string) {
	for e := range n.All() {
		out = append(out, e.Text())
	}
	return out
}

// capabilitystatement.html: what is declared is served. The interactions and
// search parameters of each type are driven by package suite, of the same
// statement; here is the rest of it.
func TestCapabilities_EachClaimIsKept(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		token := w.System(w.Practice)
		statement := w.Get("", "/metadata").Expect(http.StatusOK).Root()
		if issues := conformance.Validate(document(t, statement.Raw())); len(issues) > 0 {
			t.Errorf("the statement is not valid: %v", issues)
		}
		if v := statement.Get("fhirVersion").Text(); v != "4.0.1" {
			t.Errorf("fhirVersion %q", v)
		}
		for _, f := range texts(statement.Get("format")) {
			r := expect(t, f, w.Get(token, "/Patient?_format="+url.QueryEscape(f)), http.StatusOK)
			if !strings.Contains(r.Header.Get("Content-Type"), strings.TrimPrefix(f, "application/fhir+")) {
				t.Errorf("_format=%s: %s", f, r.Header.Get("Content-Type"))
			}
		}
		for _, f := range texts(statement.Get("patchFormat")) {
			if r := w.Do(token, http.MethodPatch, "/Patient/"+absent, "[]", "Content-Type", f); r.Status == http.StatusUnsupportedMediaType || r.Status == http.StatusNotImplemented {
				t.Errorf("PATCH as %s: %d %s", f, r.Status, r.Body)
			}
		}
		for part := range statement.Get("rest").All() {
			systemClaims(t, w, token, part)
			for resource := range part.Get("resource").All() {
				typeClaims(t, w, token, resource)
			}
		}
	})
}

func document(t *testing.T, body []byte) *fhir.Document {
	t.Helper()
	doc, err := fhir.ParseDocument(body)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func systemClaims(t *testing.T, w *cast.World, token string, part fhir.Node) {
	t.Helper()
	drive := map[string]func() cast.Response{
		"transaction":    func() cast.Response { return w.Do(token, http.MethodPost, "", bundle("transaction")) },
		"batch":          func() cast.Response { return w.Do(token, http.MethodPost, "", bundle("batch")) },
		"search-system":  func() cast.Response { return w.Get(token, "?_type=Patient&_count=1") },
		"history-system": func() cast.Response { return w.Get(token, "/_history?_count=1") },
	}
	var declared []string
	for i := range part.Get("interaction").All() {
		code := i.Get("code").Text()
		declared = append(declared, code)
		if drive[code] == nil {
			t.Errorf("nothing drives the claim %s", code)
			continue
		}
		expect(t, code, drive[code](), http.StatusOK)
	}
	if len(declared) != len(drive) {
		t.Errorf("declared: %v", declared)
	}
	for p := range part.Get("searchParam").All() {
		value := map[string]string{"token": "x", "date": "2026", "uri": "http://x.test/p", "string": "x"}[p.Get("type").Text()]
		expect(t, p.Get("name").Text(), w.Get(token, "?"+p.Get("name").Text()+"="+value), http.StatusOK)
	}
	operationClaims(t, w, token, "", part)
	for _, definition := range texts(part.Get("compartment")) {
		name := definition[strings.LastIndexByte(definition, '/')+1:]
		i := slices.IndexFunc(conformance.Compartments(), func(c string) bool { return strings.EqualFold(c, name) })
		if i < 0 {
			t.Errorf("no compartment %s", definition)
			continue
		}
		of := conformance.Compartments()[i]
		expect(t, definition, w.Get(token, "/"+of+"/"+absent+"/"+conformance.CompartmentTypes(of)[0]), http.StatusOK, http.StatusNotFound)
	}
}

// operationClaims calls every operation where it may stand; an answer that it is
// not supported breaks the claim.
func operationClaims(t *testing.T, w *cast.World, token, at string, part fhir.Node) {
	t.Helper()
	for o := range part.Get("operation").All() {
		name := o.Get("name").Text()
		var answers []string
		for _, path := range []string{at + "/$" + name, at + "/" + absent + "/$" + name} {
			r := w.Do(token, http.MethodPost, path, `{"resourceType":"Parameters"}`)
			if r.Status == http.StatusNotImplemented || r.Status == http.StatusMethodNotAllowed {
				t.Errorf("%s: %d", path, r.Status)
			}
			answers = append(answers, string(r.Body))
		}
		if !slices.ContainsFunc(answers, func(a string) bool { return !strings.Contains(a, "cannot be called here") }) {
			t.Errorf("%s/$%s can be called nowhere: %v", at, name, answers)
		}
	}
}

func typeClaims(t *testing.T, w *cast.World, token string, resource fhir.Node) {
	t.Helper()
	name := resource.Get("type").Text()
	operationClaims(t, w, token, "/"+name, resource)
	for _, kind := range []string{"searchInclude", "searchRevInclude"} {
		param := map[string]string{"searchInclude": "_include", "searchRevInclude": "_revinclude"}[kind]
		for some := range slices.Chunk(texts(resource.Get(kind)), 16) {
			query := url.Values{param: some, "_count": {"1"}}.Encode()
			expect(t, name+" "+kind, w.Get(token, "/"+name+"?"+query), http.StatusOK)
		}
	}
	if name == "AuditEvent" {
		expect(t, "a conditional read of the log", w.Do(w.Supervisor(), http.MethodGet, "/AuditEvent/"+absent, nil), http.StatusNotFound)
		return
	}
	if resource.Get("conditionalCreate").Text() != "true" || resource.Get("conditionalUpdate").Text() != "true" {
		t.Errorf("%s: %s", name, resource.Raw())
	}
	if want := map[bool]string{false: "single", true: "not-supported"}[name == "Consent"]; resource.Get("conditionalDelete").Text() != want {
		t.Errorf("%s: conditionalDelete is %s", name, resource.Get("conditionalDelete").Text())
	}
	status := map[bool]int{false: http.StatusNoContent, true: http.StatusUnprocessableEntity}[name == "Consent"]
	expect(t, name+" conditionalDelete", w.Do(token, http.MethodDelete, "/"+name+"?_id="+absent, nil), status)
}

// http.html#capabilities: mode, _summary, formats, and that it can be kept.
func TestMetadata(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		full := w.Get("", "/metadata").Expect(http.StatusOK)
		same(t, "mode=full", full, w.Get("", "/metadata?mode=full"))
		kept := w.Do("", http.MethodGet, "/metadata", nil, "If-None-Match", `W/"x", `+full.Header.Get("ETag")).Expect(http.StatusNotModified)
		if len(kept.Body) > 0 || kept.Header.Get("ETag") != full.Header.Get("ETag") || full.Header.Get("Cache-Control") != "no-cache" {
			t.Errorf("%v", kept.Header)
		}
		var types []string
		for r := range w.Get("", "/metadata?mode=normative").Expect(http.StatusOK).Root().Get("rest").All() {
			for p := range r.Get("resource").All() {
				types = append(types, p.Get("type").Text())
			}
		}
		if want := []string{"Binary", "Bundle", "CapabilityStatement", "CodeSystem", "Observation", "OperationDefinition", "OperationOutcome", "Parameters", "Patient", "StructureDefinition", "ValueSet"}; !slices.Equal(types, want) {
			t.Errorf("normative: %v", types)
		}
		terminology := w.Get("", "/metadata?mode=terminology").Expect(http.StatusOK)
		if issues := conformance.Validate(document(t, terminology.Body)); len(issues) > 0 || terminology.Root().Get("resourceType").Text() != "TerminologyCapabilities" {
			t.Errorf("%v: %.200s", issues, terminology.Body)
		}
		if r := w.Get("", "/metadata?_summary=true").Expect(http.StatusOK); len(r.Body) >= len(full.Body) || r.Root().Get("fhirVersion").Text() != "4.0.1" {
			t.Errorf("%d bytes of %d: %.200s", len(r.Body), len(full.Body), r.Body)
		}
		for path, status := range map[string]int{
			"/metadata?mode=half": 400, "/metadata?_summary=count": 400, "/metadata?_elements=nonsense": 400, "/metadata?_format=html": 406, "/metadata?_format=xml": 200,
		} {
			expect(t, path, w.Get("", path), status)
		}
	})
}
