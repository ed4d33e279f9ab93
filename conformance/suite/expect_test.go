package suite

import (
	"net/http"
	"strings"
	"testing"
)

// given is an answer made by hand.
func given(status int, body string, headers ...string) *answer {
	a := &answer{method: http.MethodGet, target: "http://a/fhir/x", status: status, header: http.Header{}, body: []byte(body), pages: 2}
	a.read()
	if body != "" {
		a.header.Set("Content-Type", "application/fhir+json; charset=utf-8")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		a.header.Set(headers[i], headers[i+1])
	}
	return a
}

const someBundle = `{"resourceType":"Bundle","type":"searchset","link":[{"relation":"self","url":"s"},{"relation":"next","url":"n"}],"entry":[
	{"fullUrl":"http://a/fhir/Patient/1","resource":{"resourceType":"Patient","id":"1","meta":{"versionId":"3"}},"search":{"mode":"match"}},
	{"fullUrl":"http://a/fhir/Patient/2","resource":{"resourceType":"Patient","id":"2","meta":{"versionId":"1"}},"search":{"mode":"match"}},
	{"fullUrl":"http://a/fhir/Group/1","resource":{"resourceType":"Group","id":"1"},"search":{"mode":"include"}},
	{"resource":{"resourceType":"OperationOutcome","issue":[{"severity":"warning","code":"not-supported"}]},"search":{"mode":"outcome"}}]}`

const someHistory = `{"resourceType":"Bundle","type":"history","link":[{"relation":"self","url":"s"}],"entry":[
	{"fullUrl":"http://a/fhir/Patient/1","request":{"method":"DELETE","url":"Patient/1"},"response":{"status":"204","etag":"W/\"2\""}},
	{"fullUrl":"http://a/fhir/Patient/1","resource":{"resourceType":"Patient","id":"1","meta":{"versionId":"1"}},"request":{"method":"POST","url":"Patient"},"response":{"status":"201"}}]}`

const someOutcome = `{"resourceType":"OperationOutcome","issue":[
	{"severity":"error","code":"required","expression":["Patient.a","Patient.b"]},{"severity":"information","code":"informational"}]}`

const someXML = `<?xml version="1.0"?><Patient xmlns="http://hl7.org/fhir"><text><div xmlns="http://www.w3.org/1999/xhtml"><p>x</p></div></text>
	<extension url="u"><valueString value="v"/></extension><name><family value="a"/></name><name><family value="b"/></name></Patient>`

const someXMLOutcome = `<OperationOutcome xmlns="http://hl7.org/fhir"><issue><severity value="error"/><code value="required"/><expression value="Patient.a"/></issue></OperationOutcome>`

// TestExpectations shows every kind of expectation an answer that it holds for,
// and one that it does not.
func TestExpectations(t *testing.T) {
	plain := given(200, `{"a":7.10,"b":{"c":[{"k":"x","v":"one"},{"k":"y","v":"two"}]},"n":null,"t":"text"}`, "ETag", `W/"1"`)
	bundle, history, outcome := given(200, someBundle), given(200, someHistory), given(400, someOutcome)
	document, told := given(200, someXML), given(400, someXMLOutcome)
	for _, tt := range []struct {
		text  string
		on    *answer
		holds bool
	}{
		{"200", plain, true}, {"201|200", plain, true}, {"201", plain, false}, {"201|404", plain, false},
		{"empty", given(204, ""), true}, {"empty", plain, false},
		{`header ETag is "W/\"1\""`, plain, true}, {`header ETag is "1"`, plain, false},
		{`header etag ~ ^W/"{v}"$`, plain, true}, {`header ETag ~ ^W/"2`, plain, false},
		{`header ETag !~ 2`, plain, true}, {`header ETag !~ 1`, plain, false},
		{"header ETag present", plain, true}, {"header Location present", plain, false},
		{"header Location absent", plain, true}, {"header ETag absent", plain, false},
		{"json a is 7.10", plain, true}, {"json a is 7.1", plain, false},
		{"json a is not 7.1", plain, true}, {"json a is not 7.10", plain, false}, {"json x is not 1", plain, false},
		{"json n is null", plain, true}, {"json x is null", plain, false},
		{"json b.c[1].v is \"two\"", plain, true}, {"json b.c[k=x].v is \"one\"", plain, true}, {"json b.c[k=z].v is \"one\"", plain, false},
		{"json b.c[2] absent", plain, true}, {"json t[0] absent", plain, true}, {"json a.b absent", plain, true}, {"json b present", plain, true},
		{"json b.c count 2", plain, true}, {"json b.c count 1", plain, false}, {"json t count 1", plain, false},
		{"json t ~ ^te.t$", plain, true}, {"json t ~ ^te$", plain, false}, {"json a ~ 7", plain, false}, {"json x !~ y", plain, false},
		{`same {"t":"text","n":null,"a":7.10,"b":{"c":[{"v":"one","k":"x"},{"k":"y","v":"two"}]}}`, plain, true},
		{`same {"a":7.10}`, plain, false},
		{"finds Patient/2 Patient/{v}", bundle, true}, {"finds Patient/1", bundle, false}, {"finds Patient/1 Patient/2 Group/1", bundle, false},
		{"finds Patient/1 Patient/2 Patient/2", bundle, false}, {"finds nothing", bundle, false}, {"finds nothing", plain, false},
		{"finds in order Patient/1 Patient/2", bundle, true}, {"finds in order Patient/2 Patient/1", bundle, false},
		{"finds Patient/1/_history/3 Patient/2/_history/1", bundle, true}, {"finds Patient/1/_history/2 Patient/2/_history/1", bundle, false},
		{"includes Group/1", bundle, true}, {"includes nothing", bundle, false}, {"includes Patient/1", bundle, false},
		{"has Group/1", bundle, true}, {"has Group/2", bundle, false}, {"lacks Group/2", bundle, true}, {"lacks Group/1", bundle, false},
		{"finds in order Patient/1/_history/2 Patient/1/_history/1", history, true}, {"has Patient/1/_history/3", history, false},
		{"issue required", outcome, true}, {"issue any at Patient.b", outcome, true}, {"issue structure|required at Patient.a", outcome, true},
		{"issue structure", outcome, false}, {"issue required at Patient.c", outcome, false}, {"issue informational", outcome, false},
		{"warning informational", outcome, true}, {"warning required", outcome, false}, {"warning not-supported", bundle, true},
		{"pages 2", plain, true}, {"pages 1", plain, false},
		{`json d[url=http://a.b/c].v is "three"`, given(200, `{"d":[{"url":"http://a.b/c","v":"three"}]}`), true},
		{`json d[r.k=x].v is "four"`, given(200, `{"d":[{"r":{"k":"x"},"v":"four"}]}`), true},
		{"body ~ ^{.a.:7", plain, true}, {"body ~ ^a", plain, false}, {"body !~ 8", plain, true}, {"body !~ 7", plain, false},
		{`body is "x"`, given(200, "x"), true}, {`body is "y"`, given(200, "x"), false},
		{`xml Patient.name[1].family is "b"`, document, true}, {`xml Patient.name[1].family is "a"`, document, false},
		{`xml Patient.name.family is "a"`, document, true}, {`xml Patient.name[2].family is "a"`, document, false},
		{"xml Patient.name count 2", document, true}, {"xml Patient.name count 1", document, false}, {"xml Person.name count 2", document, false},
		{`xml Patient.extension@url is "u"`, document, true}, {"xml Patient.extension@id absent", document, true}, {"xml Patient.extension@url absent", document, false},
		{"xml Patient.text.div ~ ^<p>x</p>$", document, true}, {"xml Patient.text.div.p is \"x\"", document, true}, {"xml Patient.text.div.q present", document, false},
		{"xml Person present", document, false}, {"xml Patient present", plain, false}, {"json resourceType present", document, false},
		{"issue required at Patient.a", told, true}, {"issue required at Patient.b", told, false}, {"issue structure", told, false},
	} {
		e, err := parseExpectation(tt.text)
		if err != nil {
			t.Errorf("%s: %v", tt.text, err)
			continue
		}
		if err := e.holds(tt.on, variables{"v": "1"}); (err == nil) != tt.holds {
			t.Errorf("%s: %v, want %v", tt.text, err, tt.holds)
		}
	}
}

// TestInvariants shows each rule of every answer one that breaks it.
func TestInvariants(t *testing.T) {
	patient := `{"resourceType":"Patient","id":"1","meta":{"versionId":"1","lastUpdated":"2020-01-01T10:00:00.7+01:00"}}`
	const modified = "Wed, 01 Jan 2020 09:00:00 GMT"
	for _, tt := range []struct {
		name string
		on   *answer
		rule string // "" when all hold
	}{
		{"resource", given(200, patient, "ETag", `W/"1"`, "Last-Modified", modified), ""},
		{"searchset", given(200, someBundle), ""},
		{"history", given(200, someHistory), ""},
		{"outcome", given(400, someOutcome), ""},
		{"nothing", given(204, ""), ""},
		{"elsewhere", func() *answer { a := given(500, "<html>"); a.target = "http://b/"; return a }(), ""},
		{"media type", given(200, patient, "Content-Type", "application/json"), "mime-type"},
		{"no JSON", given(200, "<html>"), "mime-type"},
		{"XML", given(200, someXML, "Content-Type", "application/fhir+xml; charset=utf-8"), ""},
		{"XML that says that it is JSON", given(200, someXML), "mime-type"},
		{"JSON that says that it is XML", given(200, patient, "Content-Type", "application/fhir+xml"), "mime-type"},
		{"XML without the namespace", given(200, "<Patient/>", "Content-Type", "application/fhir+xml"), "mime-type"},
		{"two XML documents", given(200, someXML+someXMLOutcome, "Content-Type", "application/fhir+xml"), "mime-type"},
		{"an error in XML", given(404, someXMLOutcome, "Content-Type", "application/fhir+xml"), ""},
		{"an error in XML without an outcome", given(404, someXML, "Content-Type", "application/fhir+xml"), "Status-Codes"},
		{"a manifest", given(200, `{"transactionTime":"2020-01-01T00:00:00Z","request":"x","output":[{"type":"Bundle","url":"x"}],"error":[]}`, "Content-Type", "application/json"), ""},
		{"a manifest without files", given(200, `{"transactionTime":"2020-01-01T00:00:00Z"}`, "Content-Type", "application/json"), "mime-type"},
		{"lines of JSON", given(200, patient+"\n"+patient+"\n", "Content-Type", "application/fhir+ndjson"), ""},
		{"an error in lines of JSON", given(404, someOutcome, "Content-Type", "application/fhir+ndjson"), "mime-type"},
		{"what a Binary holds", func() *answer {
			a := given(200, "x", "Content-Type", "text/plain")
			a.target = "http://a/fhir/Binary/1"
			return a
		}(), ""},
		{"error without a body", given(404, ""), "Status-Codes"},
		{"error with another body", given(404, patient), "Status-Codes"},
		{"issue without a code", given(404, `{"resourceType":"OperationOutcome","issue":[{"severity":"error"}]}`), "Status-Codes"},
		{"no issue", given(404, `{"resourceType":"OperationOutcome"}`), "Status-Codes"},
		{"unknown severity", given(404, `{"resourceType":"OperationOutcome","issue":[{"severity":"bad","code":"invalid"}]}`), "Status-Codes"},
		{"empty array", given(200, `{"resourceType":"Bundle","type":"searchset","entry":[]}`), "json.html"},
		{"empty object", given(200, `{"resourceType":"Patient","maritalStatus":{}}`), "json.html"},
		{"empty string", given(200, `{"resourceType":"Patient","name":[{"family":""}]}`), "json.html"},
		{"strong tag", given(200, patient, "ETag", `"1"`), "versioning"},
		{"other tag", given(200, patient, "ETag", `W/"2"`), "versioning"},
		{"other time", given(200, patient, "Last-Modified", "Wed, 01 Jan 2020 10:00:00 GMT"), "versioning"},
		{"no self link", given(200, `{"resourceType":"Bundle","type":"searchset"}`), "bundle.html"},
		{"no mode", given(200, strings.Replace(someBundle, `"mode":"match"`, `"mode":"found"`, 1)), "bundle.html"},
		{"other fullUrl", given(200, strings.Replace(someBundle, "fhir/Patient/1", "fhir/Patient/9", 1)), "bundle.html"},
		{"repeated entry", given(200, strings.NewReplacer("Patient/2", "Patient/1", `"id":"2"`, `"id":"1"`, `"versionId":"1"`, `"versionId":"3"`).Replace(someBundle)), "bundle.html"},
		{"deletion with a resource", given(200, strings.Replace(someHistory, `"POST"`, `"DELETE"`, 1)), "bundle.html"},
		{"version without a request", given(200, strings.Replace(someHistory, `"method":"POST",`, "", 1)), "bundle.html"},
		{"response without a status", given(200, `{"resourceType":"Bundle","type":"batch-response","entry":[{"response":{"etag":"x"}}]}`), "bundle.html"},
	} {
		rule, err := invariant(tt.on, "http://a/fhir")
		if (err == nil) != (tt.rule == "") || !strings.Contains(rule, tt.rule) {
			t.Errorf("%s: %q %v, want %q", tt.name, rule, err, tt.rule)
		}
	}
}

func TestVariables_AreWrittenForTheirPlace(t *testing.T) {
	v := variables{"a": "Patient/1", "t": "a+b (c)"}
	if got := v.target("/{a}?x={a}&t={t}"); got != "/Patient/1?x=Patient%2F1&t=a%2Bb+%28c%29" {
		t.Error(got)
	}
	if re, err := v.pattern("^{t}$"); err != nil || !re.MatchString("a+b (c)") || re.MatchString("aab (c)") {
		t.Error(re, err)
	}
	if got := v.text(`{"a":{"b":"{a}"}}`); got != `{"a":{"b":"Patient/1"}}` {
		t.Error(got)
	}
}

func TestMinimal_IsOneOfEachType(t *testing.T) {
	for name, body := range minimal() {
		if resourceType(body) != name || resourceType(withID(body, "it")) != name {
			t.Errorf("%s: %s", name, body)
		}
	}
	if len(minimal()) != 146 {
		t.Errorf("%d types", len(minimal()))
	}
}
