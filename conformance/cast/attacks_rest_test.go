package cast_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"sluis/conformance/cast"
	"sluis/fhir"
	"sluis/fhir/xml"
)

// forms are the ways in which an answer can be asked for: parameter, header,
// value.
var forms = [][3]string{
	{"_format=json"}, {"_format=xml"}, {"_format=xml&_pretty=true"}, {"_pretty=true"},
	{"_summary=true"}, {"_summary=text"}, {"_summary=data"}, {"_summary=false"},
	{"_elements=subject"}, {"_elements=status,code"}, {"_summary=true&_format=xml"},
	{"", "Accept", "application/fhir+xml"}, {"", "Accept", "application/xml;q=0.9, */*;q=0.1"}, {"", "Accept-Encoding", "gzip"},
}

// ask adds a form to a request.
func ask(w *cast.World, token, method, path string, form [3]string) cast.Response {
	if form[0] != "" {
		if strings.Contains(path, "?") {
			path += "&" + form[0]
		} else {
			path += "?" + form[0]
		}
	}
	return w.Do(token, method, path, nil, form[1:]...)
}

// resources are the resources that an answer shows, in whatever form: Type/id.
func resources(t *testing.T, r cast.Response) []string {
	t.Helper()
	body := r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if body, err = io.ReadAll(z); err != nil {
			t.Fatal(err)
		}
	}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/fhir+xml") {
		var err error
		if body, err = xml.ToJSON(body); err != nil {
			t.Fatalf("%v: %s", err, r.Body)
		}
	}
	doc, err := fhir.ParseDocument(body)
	if err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	if doc.Type() != "Bundle" {
		return []string{doc.Type() + "/" + doc.Root().Get("id").Text()}
	}
	var out []string
	for e := range doc.Root().Get("entry").All() {
		out = append(out, e.At("resource", "resourceType").Text()+"/"+e.At("resource", "id").Text())
	}
	return out
}

// Section A, "_elements, _summary, narrative": how an answer is written neither
// shows more nor tells more. A hidden resource and an absent one are the same
// bytes in every form, and every form finds the same.
func TestA_AFormWidensNothing(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		token := w.Patient(w.A, own)
		for _, form := range forms {
			name := fmt.Sprint(form)
			for _, suffix := range []string{"", "/_history/1"} {
				for _, method := range []string{http.MethodGet, http.MethodHead} {
					hidden := ask(w, token, method, "/"+w.B.Lab.String()+suffix, form)
					same(t, name+suffix, hidden, ask(w, token, method, "/Observation/"+absent+suffix, form))
					expect(t, name+suffix, hidden, http.StatusNotFound)
				}
			}
			for _, path := range []string{"/Observation?_sort=_id", "/Observation/_history", "/Observation?_include=Observation:subject&_sort=_id", "/Patient?_revinclude=Observation:subject&_sort=_id"} {
				if strings.Contains(form[0], "text") && strings.Contains(path, "include=") {
					expect(t, name+path, ask(w, token, http.MethodGet, path, form), http.StatusBadRequest)
					continue
				}
				if strings.HasPrefix(path, "/Patient") && strings.Contains(form[0], "_elements") {
					continue // other elements than those of Observation
				}
				want := resources(t, w.Get(token, path).Expect(http.StatusOK))
				if got := resources(t, ask(w, token, http.MethodGet, path, form).Expect(http.StatusOK)); !slices.Equal(got, want) {
					t.Errorf("%s%s: %v, want %v", name, path, got, want)
				}
			}
		}
		// What is no element is refused before any data are looked at.
		same(t, "an element that is none", w.Get(token, "/"+w.B.Lab.String()+"?_elements=nonsense"), w.Get(token, "/Observation/"+absent+"?_elements=nonsense"))
	})
}

// The record does not depend on the form: a part of a resource is a read of it.
func TestA_AFormIsRecordedAsAnyRead(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		token := w.Patient(w.B, own)
		count := func() string {
			return w.Get(w.Supervisor(), "/AuditEvent?patient="+w.B.AtPractice.String()+"&_summary=count").Root().Get("total").Text()
		}
		for _, form := range forms {
			before := count()
			ask(w, token, http.MethodGet, "/"+w.B.Reading.String(), form).Expect(http.StatusOK)
			if after := count(); len(before) > len(after) || len(before) == len(after) && before >= after {
				t.Errorf("%v: %s records before and %s after", form, before, after)
			}
		}
	})
}

// http.html#head: HEAD is GET without its body, at every level and for errors.
func TestHead_IsGetWithoutItsBody(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		token := w.Patient(w.A, own)
		for _, path := range []string{
			"/" + w.A.Reading.String(), "/" + w.A.Reading.String() + "/_history/1", "/" + w.A.Reading.String() + "/_history", "/Observation/_history", "/_history",
			"/Observation", "/?_type=Observation", "/metadata", "/" + w.B.Reading.String(), "/Observation?nonsense=1", "/Nonsense", "/Patient/_search", "/metadata?mode=x",
		} {
			for _, form := range append([][3]string{{}}, forms...) {
				get, head := ask(w, token, http.MethodGet, path, form), ask(w, token, http.MethodHead, path, form)
				get.Header.Del("X-Request-Id")
				head.Header.Del("X-Request-Id")
				if get.Status != head.Status || fmt.Sprint(get.Header) != fmt.Sprint(head.Header) || len(head.Body) > 0 {
					t.Errorf("%s %v: GET %d %v, HEAD %d %v and %d bytes", path, form, get.Status, get.Header, head.Status, head.Header, len(head.Body))
				}
			}
		}
	})
}

// Section D, XML: what JSON cannot do to the server XML cannot do either.
func TestD_XMLBombs(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		token := w.Patient(w.A, own)
		const open = `<Observation xmlns="http://hl7.org/fhir">`
		laughs := `<!DOCTYPE l [<!ENTITY a "ha">`
		for c := 'b'; c < 'k'; c++ {
			laughs += fmt.Sprintf(`<!ENTITY %c "%s">`, c, strings.Repeat(fmt.Sprintf("&%c;", c-1), 10))
		}
		for name, c := range map[string]struct {
			body     string
			statuses []int
		}{
			"billion laughs":    {laughs + `]>` + open + `<status value="&j;"/></Observation>`, []int{400}},
			"an outside entity": {`<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>` + open + `<status value="&f;"/></Observation>`, []int{400}},
			"an outside DTD":    {`<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd">` + open + `</Observation>`, []int{400}},
			"deep elements":     {open + strings.Repeat("<extension>", 1_000_000), []int{400}},
			"deep narrative":    {open + `<text><div xmlns="http://www.w3.org/1999/xhtml">` + strings.Repeat("<p>", 1_000_000), []int{400}},
			"many elements":     {open + strings.Repeat(`<category><text value="x"/></category>`, 1_000_000) + `</Observation>`, []int{413, 422}},
			"many attributes":   {open + `<status ` + strings.Repeat(`value="" `, 1_000_000) + `/></Observation>`, []int{400}},
			"many namespaces":   {`<Observation ` + strings.Repeat(`xmlns:a="x" `, 1_000_000) + `/>`, []int{400}},
			"many problems":     {open + strings.Repeat(`<x/>`, 1_000_000) + `</Observation>`, []int{422}},
			"a long name":       {open + `<` + strings.Repeat("x", 10_000_000) + `/></Observation>`, []int{422}},
			"JSON called XML":   {cast.Observation(w.A.AtPractice, "8867-4", "x", "1"), []int{400}},
			"another type":      {`<Patient xmlns="http://hl7.org/fhir"/>`, []int{400}},
		} {
			r := expect(t, name, w.Do(token, http.MethodPost, "/Observation", c.body, "Content-Type", "application/fhir+xml"), c.statuses...)
			if strings.Contains(string(r.Body), "root:") || len(r.Body) > 100_000 {
				t.Errorf("%s: %d bytes: %.300s", name, len(r.Body), r.Body)
			}
		}
		expect(t, "XML called JSON", w.Do(token, http.MethodPost, "/Observation", open+"</Observation>"), http.StatusBadRequest)
	})
}

// What is written in one format is read in the other, with the same rules.
func TestXML_IsOneWayIn(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		token := w.Patient(w.A, own)
		of := func(who fhir.Ref) string {
			return `<?xml version="1.0" encoding="UTF-8"?><Observation xmlns="http://hl7.org/fhir"><status value="final"/><code><text value="&lt;x&gt; é"/></code><subject><reference value="` + who.String() + `"/></subject><valueQuantity><value value="7.10"/></valueQuantity></Observation>`
		}
		post := func(body string) cast.Response {
			return w.Do(token, http.MethodPost, "/Observation", body, "Content-Type", "application/fhir+xml", "Accept", "application/fhir+xml")
		}
		made := post(of(w.A.AtPractice))
		ref := made.Ref()
		got := w.Get(token, "/"+ref.String()).Expect(http.StatusOK)
		if text := got.Root().At("code", "text").Text(); text != "<x> é" || string(got.Root().At("valueQuantity", "value").Raw()) != "7.10" {
			t.Errorf("%s", got.Body)
		}
		again := w.Do(token, http.MethodGet, "/"+ref.String(), nil, "Accept", "application/fhir+xml").Expect(http.StatusOK)
		if !bytes.Equal(made.Body, again.Body) || again.Header.Get("Content-Type") != "application/fhir+xml; charset=utf-8" {
			t.Errorf("%s\n%s", made.Body, again.Body)
		}
		if about := post(of(w.B.AtPractice)); about.Status < 400 || !strings.HasPrefix(string(about.Body), "<?xml") {
			t.Errorf("about another: %d %s", about.Status, about.Body)
		}
		bad := post(strings.Replace(of(w.A.AtPractice), "<code>", `<colour value="red"/><code>`, 1)).Expect(http.StatusUnprocessableEntity)
		if !strings.Contains(string(bad.Body), "unknown element &quot;\\&quot;colour") && !strings.Contains(string(bad.Body), "colour") || !strings.HasPrefix(string(bad.Body), "<?xml") {
			t.Errorf("%s", bad.Body)
		}
	})
}

// binary.html#rest, and DESIGN's rule that a Binary has no subject: its content is
// its custodian's own system's, and what it says of its security context opens
// nothing.
func TestA_BinaryIsItsCustodiansOwn(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		hospital, practice, patient := w.System(w.Hospital), w.System(w.Practice), w.Patient(w.A, own)
		content := "<script>alert(1)</script>\x00\xff"
		made := w.Do(hospital, http.MethodPost, "/Binary", content, "Content-Type", "text/html; charset=x", "X-Security-Context", w.A.AtHospital.String())
		ref := made.Ref()
		read := func(token, id, accept string) cast.Response {
			return w.Do(token, http.MethodGet, "/Binary/"+id, nil, "Accept", accept)
		}
		for _, accept := range []string{"", "*/*", "text/html", "image/png"} {
			raw := read(hospital, ref.ID, accept).Expect(http.StatusOK)
			h := raw.Header
			if string(raw.Body) != content || h.Get("Content-Type") != "text/html; charset=x" || h.Get("X-Content-Type-Options") != "nosniff" ||
				!strings.Contains(h.Get("Content-Security-Policy"), "sandbox") || h.Get("Content-Disposition") != "attachment" || h.Get("ETag") != `W/"1"` {
				t.Errorf("Accept %q: %q, %v", accept, raw.Body, h)
			}
		}
		whole := read(hospital, ref.ID, "application/fhir+json").Expect(http.StatusOK).Root()
		if whole.At("securityContext", "reference").Text() != w.A.AtHospital.String() || whole.Get("contentType").Text() != "text/html; charset=x" {
			t.Errorf("%s", whole.Raw())
		}
		for _, accept := range []string{"", "application/fhir+json", "application/fhir+xml"} {
			for who, token := range map[string]string{"the patient": patient, "another custodian": practice, "a practitioner": w.Professional(w.Specialist, w.Hospital, "user/*.cruds")} {
				hidden := read(token, ref.ID, accept)
				same(t, who, hidden, read(token, absent, accept))
				if hidden.Status != http.StatusNotFound && hidden.Status != http.StatusForbidden {
					t.Errorf("%s: %d %s", who, hidden.Status, hidden.Body)
				}
			}
		}
		expect(t, "a patient uploads", w.Do(patient, http.MethodPost, "/Binary", "x", "Content-Type", "text/plain", "X-Security-Context", w.A.AtPractice.String()), http.StatusForbidden)
		expect(t, "a practitioner uploads", w.Do(w.Professional(w.GP, w.Practice, "user/*.cruds"), http.MethodPost, "/Binary", "x", "Content-Type", "text/plain"), http.StatusForbidden)
		expect(t, "another custodian replaces", w.Do(practice, http.MethodPut, "/"+ref.String(), "x", "Content-Type", "text/plain"), http.StatusNotFound)
		expect(t, "no media type", w.Do(hospital, http.MethodPost, "/Binary", "x", "Content-Type", "nonsense"), http.StatusUnsupportedMediaType)
		expect(t, "content of another type of resource", w.Do(hospital, http.MethodPost, "/Basic", "x", "Content-Type", "text/plain"), http.StatusUnsupportedMediaType)
		w.Do(hospital, http.MethodPut, "/"+ref.String(), "new", "Content-Type", "text/plain").Expect(http.StatusOK)
		if raw := read(hospital, ref.ID, ""); string(raw.Body) != "new" || raw.Header.Get("Content-Type") != "text/plain" {
			t.Errorf("%d %q %v", raw.Status, raw.Body, raw.Header)
		}
		if first := w.Get(hospital, "/"+ref.String()+"/_history/1"); string(first.Body) != content {
			t.Errorf("the first version: %q", first.Body)
		}
	})
}
