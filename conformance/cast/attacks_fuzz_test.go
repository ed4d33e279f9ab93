package cast_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"sluis/conformance/cast"
	"sluis/fhir"
	"sluis/fhir/xml"
	"sluis/smart"
	"sluis/storage/sqlite"
)

// TestD_MalformedRequests sends requests that are nearly right, or not at all,
// as they come off the wire, for two seconds or as long as SLUIS_FUZZ says (a
// duration); SLUIS_SEED repeats a run. No request may fail inside the server.
func TestD_MalformedRequests(t *testing.T) {
	limit, err := time.ParseDuration(orElse(os.Getenv("SLUIS_FUZZ"), "2s"))
	if err != nil {
		t.Fatal("SLUIS_FUZZ is not a duration")
	}
	seed, err := strconv.ParseUint(orElse(os.Getenv("SLUIS_SEED"), fmt.Sprint(rand.Uint64())), 10, 64)
	if err != nil {
		t.Fatal("SLUIS_SEED is not a number")
	}
	t.Logf("SLUIS_SEED=%d", seed)
	store, err := sqlite.Open(context.Background(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	f := newFuzzer(cast.New(t, store), rand.New(rand.NewPCG(seed, 0)))
	answers := map[int]int{}
	for end := time.Now().Add(limit); time.Now().Before(end); {
		wire := f.request()
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(wire)))
		if err != nil {
			answers[0]++ // net/http answers it
			continue
		}
		r.RemoteAddr = "192.0.2.1:1234"
		rec := httptest.NewRecorder()
		f.world.Handler.ServeHTTP(rec, r)
		answers[rec.Code]++
		if problem := wrong(r, rec); problem != "" {
			t.Fatalf("SLUIS_SEED=%d: %s: %d %.500s\n%.4000q", seed, problem, rec.Code, rec.Body, wire)
		}
	}
	t.Logf("answers: %v", answers)
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// wrong says what no answer may be.
func wrong(r *http.Request, rec *httptest.ResponseRecorder) string {
	switch body := rec.Body.Bytes(); {
	case rec.Code >= 500 && rec.Code != http.StatusNotImplemented:
		return "an error inside the server"
	case !fhir.IsID(rec.Header().Get("X-Request-Id")):
		return "no X-Request-Id"
	case len(body) == 0:
		return ""
	case rec.Header().Get("Content-Security-Policy") != "":
		return "" // the content of a Binary
	default:
		doc, err := understood(rec)
		if err != nil {
			return "an answer that is neither JSON nor XML: " + err.Error()
		}
		if rec.Code >= 400 && r.Method != http.MethodHead && doc.Type() != "OperationOutcome" {
			return "an error without an OperationOutcome"
		}
	}
	return ""
}

// understood is an answer in whatever form it came.
func understood(rec *httptest.ResponseRecorder) (*fhir.Document, error) {
	body := rec.Body.Bytes()
	if rec.Header().Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		if body, err = io.ReadAll(z); err != nil {
			return nil, err
		}
	}
	if strings.HasPrefix(rec.Header().Get("Content-Type"), "application/fhir+xml") {
		var err error
		if body, err = xml.ToJSON(body); err != nil {
			return nil, err
		}
	}
	return fhir.ParseDocument(body)
}

// fuzzer draws requests from what the server understands, and spoils them.
type fuzzer struct {
	world  *cast.World
	rng    *rand.Rand
	tokens []string
	bodies []string
	ids    []string
}

func newFuzzer(w *cast.World, rng *rand.Rand) *fuzzer {
	consent := cast.Permit(w.A.AtPractice, w.Practice)
	heart := cast.Observation(w.A.AtPractice, "8867-4", "Heart rate", "60")
	return &fuzzer{world: w, rng: rng,
		tokens: []string{
			w.Patient(w.A, own), w.Patient(w.A, "patient/Observation.cruds?code=8867-4"), w.Professional(w.GP, w.Practice, "user/*.cruds"), w.System(w.Practice), w.System(w.Hospital), w.Supervisor(),
			w.Token("system/*.cruds", smart.Grant{Organization: w.Practice, ChooseIDs: true, PrivacyOfficer: true, Purposes: []string{"TREAT"}}),
		},
		ids: []string{w.A.AtPractice.ID, w.A.Lab.ID, w.A.Reading.ID, w.B.Reading.ID, absent, w.Practice, "gp", "1", strings.Repeat("i", 64)},
		bodies: []string{
			heart, consent, strings.Replace(consent, "OPTOUT", "OPTIN", 1), cast.Team("x", w.GP, w.A.AtPractice), cast.Patient(w.A.AtPractice, "999990019", "Eve"),
			bundle("transaction", entry("POST", "Observation", heart, `,"ifNoneExist":"code=1-8"`), entry("PUT", "Observation?code=8867-4", heart, ""), entry("GET", "Observation", "", "")),
			bundle("batch", entry("GET", "Patient/"+w.A.AtPractice.ID, "", ""), entry("DELETE", "Observation/"+absent, "", ""), entry("POST", "Consent", consent, "")),
			`{"resourceType":"Encounter","status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient/anna-practice"},"period":{"start":"2020","end":"2021-02-03T04:05:06.789+01:00"},"length":{"value":5,"unit":"min"}}`,
			`{"resourceType":"PractitionerRole","practitioner":{"reference":"Practitioner/gp"},"organization":{"reference":"Organization/practice"},"period":{"start":"2020"}}`,
			`{"resourceType":"Group","type":"practitioner","actual":true,"member":[{"entity":{"reference":"Practitioner/gp"},"period":{"end":"2030"}}]}`,
			`{"resourceType":"Binary","contentType":"text/html","data":"aGVsbG8=","securityContext":{"reference":"Patient/anna-practice"}}`,
			`{"resourceType":"RelatedPerson","patient":{"reference":"Patient/anna-practice"},"period":{"start":"2020"}}`,
			`{"resourceType":"Observation","contained":[{"resourceType":"Patient","id":"p"}],"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>x &lt; y</p></div>"},"status":"final","code":{"text":"x"},"subject":{"reference":"Patient/anna-practice"},"valueRange":{"low":{"value":1},"high":{"value":2}},"extension":[{"url":"http://example.org","valueDecimal":1.0}]}`,
		},
	}
}

func (f *fuzzer) chance(percent int) bool { return f.rng.IntN(100) < percent }

func of[T any](f *fuzzer, list ...T) T { return list[f.rng.IntN(len(list))] }

// junk is a value that is hardly ever right.
func (f *fuzzer) junk() string {
	return of(f, "", "0", "-1", "1e9", "1e999999999", "99999999999999999999", "null", "true", "%00", "%ff%fe", "%", "%zz", "..", "../..", "a,b", `a\`, `a\,b`, "a|b|c", "|", ",", "$", "*", "'", `"`, "é", "\xff",
		"2020", "2020-13-45", "9999-12-31T23:59:60Z", "0000", "-2020", "ge", "ne2020", "Patient/", "Patient/x/_history/0", "http://x/Patient/1", "urn:uuid:1", strings.Repeat("x", 300), strings.Repeat("a,", 400), "\u202e", "_id", "(", "NaN", "1.5")
}

// path is a URL below the base, with a query.
func (f *fuzzer) path() string {
	segments := []string{of(f, "Observation", "Patient", "Consent", "AuditEvent", "Bundle", "Binary", "Encounter", "Group", "Organization", "observation", "Nothing", "_history", "_search", "metadata", "$export", "", f.junk())}
	for f.chance(55) && len(segments) < 6 {
		segments = append(segments, of(f, of(f, f.ids...), "_history", "_search", "1", "2", "$everything", "Observation", "*", "", f.junk()))
	}
	path := strings.Join(segments, "/")
	var query []string
	for f.chance(50) && len(query) < 5 {
		name := of(f, "code", "patient", "subject", "date", "value-quantity", "value-string", "_id", "_lastUpdated", "_count", "_sort", "_include", "_revinclude", "_total", "_summary", "_elements", "_pretty", "_at", "_contained", "_type", "_since", "_page", "_format", "_format", "_security", "_tag", "_has:Observation:patient:code",
			"subject.name", "subject:Patient.birthdate", "identifier", "name", "status", "category", "period", "outcome", "action", "agent", "policy", f.junk())
		if f.chance(20) {
			name += ":" + of(f, "missing", "exact", "contains", "not", "identifier", "Patient", "in", "", "text", f.junk())
		}
		value := of(f, of(f, f.ids...), "8867-4", "http://loinc.org|8867-4", "gt2020-01-01", "5.4", "5.4||x", "Observation:subject", "Observation:*", "-date", "accurate", "count", "Observation,Patient", "true", "text", "data", "subject,status", "xml", "json", f.junk())
		query = append(query, name+"="+value)
	}
	if len(query) > 0 {
		path += "?" + strings.Join(query, of(f, "&", "&", "&", "&&", ";"))
	}
	if f.chance(10) {
		path = f.spoil(path)
	}
	return "/fhir/" + path
}

// body is a resource, most often spoilt: as JSON, or as bytes.
func (f *fuzzer) body() string {
	body := of(f, f.bodies...)
	for n := f.rng.IntN(3); n > 0; n-- {
		body = f.mutate(body)
	}
	if f.chance(10) {
		body = f.spoil(body)
	}
	return body
}

// mutate replaces, repeats or removes one value of a JSON text.
func (f *fuzzer) mutate(body string) string {
	doc, err := fhir.ParseDocument([]byte(body))
	if err != nil {
		return f.spoil(body)
	}
	var nodes []fhir.Node
	for n := range doc.Root().Walk() {
		nodes = append(nodes, n)
	}
	n := nodes[f.rng.IntN(len(nodes))]
	start, end := n.Span()
	with := of(f, "null", "true", "[]", "{}", "[null]", `""`, "0", "-1e400", `"x"`, "[[]]", `{"x":1}`, string(nodes[f.rng.IntN(len(nodes))].Raw()), strconv.Quote(strings.ToValidUTF8(f.junk(), "?")), strings.Repeat("[", 70), body[start:end]+","+body[start:end])
	return body[:start] + with + body[end:]
}

// spoil changes some bytes.
func (f *fuzzer) spoil(s string) string {
	b := []byte(s)
	for n := 1 + f.rng.IntN(4); n > 0 && len(b) > 0; n-- {
		i := f.rng.IntN(len(b))
		switch f.rng.IntN(3) {
		case 0:
			b[i] = byte(f.rng.IntN(256))
		case 1:
			b = append(b[:i], b[i+1:]...)
		default:
			b = append(b[:i:i], append([]byte(f.junk()), b[i:]...)...)
		}
	}
	return string(b)
}

// request is a whole request as on the wire.
func (f *fuzzer) request() []byte {
	method := of(f, "GET", "GET", "GET", "POST", "POST", "POST", "PUT", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS", "TRACE", "QUERY")
	path, body := f.path(), ""
	if method == "POST" || method == "PUT" || f.chance(5) {
		body = f.body()
		if doc, err := fhir.ParseDocument([]byte(body)); err == nil && f.chance(60) {
			path = "/fhir/" + doc.Type() // where it belongs
			if doc.Type() == "Bundle" {
				path = "/fhir"
			}
			if id := of(f, f.ids...); method == "PUT" {
				path, body = path+"/"+id, string(doc.WithID(id))
			}
		}
	}
	contentType := "application/fhir+json"
	if doc, err := fhir.ParseDocument([]byte(body)); err == nil && f.chance(20) {
		if text, err := xml.FromJSON(doc, f.chance(50)); err == nil {
			body, contentType = string(text), "application/fhir+xml"
			if f.chance(50) {
				body = f.spoil(body)
			}
		}
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "%s %s HTTP/1.1\r\nHost: sluis.test\r\n", method, path)
	if f.chance(97) {
		fmt.Fprintf(&out, "Authorization: Bearer %s\r\n", of(f, f.tokens...))
	}
	if f.chance(97) {
		fmt.Fprintf(&out, "Content-Type: %s\r\n", contentType)
	}
	for _, h := range []struct {
		name   string
		values []string
	}{
		{"Content-Type", []string{"application/json; charset=utf-8", "application/x-www-form-urlencoded", "text/plain"}}, {"Accept", []string{"*/*", "application/fhir+json", "application/fhir+xml", "text/xml;q=0.5, */*;q=0.1"}}, {"Accept-Encoding", []string{"gzip", "gzip;q=0"}}, {"X-Security-Context", []string{"Patient/anna-practice"}},
		{"If-Match", []string{`W/"1"`, `"x"`, "*"}}, {"If-None-Match", []string{`W/"1"`, "*"}}, {"If-Modified-Since", []string{"Fri, 01 Jan 2100 00:00:00 GMT"}}, {"If-None-Exist", []string{"code=1-8", "_id=" + absent, "?x"}},
		{"Prefer", []string{"return=minimal", "return=OperationOutcome", "handling=lenient"}}, {"Content-Encoding", []string{"identity", "gzip"}}, {"X-Request-Id", []string{"r-1"}}, {"Authorization", []string{"Bearer nonsense", "Basic x"}},
	} {
		if f.chance(6) {
			fmt.Fprintf(&out, "%s: %s\r\n", h.name, of(f, of(f, h.values...), of(f, h.values...), f.junk()))
		}
	}
	fmt.Fprintf(&out, "Content-Length: %d\r\n\r\n%s", len(body), body)
	return out.Bytes()
}
