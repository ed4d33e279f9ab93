package suite_test

import (
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"sluis/conformance/cast"
	"sluis/conformance/suite"
)

// play runs one file against a handler.
func play(t *testing.T, h http.Handler, text string) suite.Report {
	t.Helper()
	g, err := suite.Parse("http.html/x.txt", text)
	if err != nil {
		t.Fatal(err)
	}
	target := suite.Target{Base: cast.Base, Token: "secret", Client: &http.Client{Transport: handler{h}}}
	return target.Run(t.Context(), []suite.Group{g})
}

// TestRun_AWrongCaseIsReported plays a case that is wrong on purpose against
// this server.
func TestRun_AWrongCaseIsReported(t *testing.T) {
	w := backends["sqlite"](t)
	g, err := suite.Parse("http.html/wrong.txt", `
case family names are eaten  (http.html#read)
create it
{"resourceType":"Patient","name":[{"family":"Jansen"}]}
GET /{it}
= 200
= json name[0].family is "Bakker"

case family names stay  (http.html#read)
create it
{"resourceType":"Patient","name":[{"family":"Jansen"}]}
GET /{it}
= 200
= json name[0].family is "Jansen"
`)
	if err != nil {
		t.Fatal(err)
	}
	token := w.System(w.Hospital)
	report := suite.Target{Base: cast.Base, Token: token, Client: serve(t, w.Handler)}.Run(t.Context(), []suite.Group{g})
	if report.Failed() != 1 || len(report.Results) != 2 || len(report.Results[0].Failures) != 1 {
		t.Fatalf("%d failed: %+v", report.Failed(), report.Results)
	}
	f := report.Results[0].Failures[0]
	if f.Expected != `json name[0].family is "Bakker"` || f.Because != `name[0].family is "Jansen"` || f.Place != "http.html/wrong.txt:5" ||
		!strings.HasPrefix(f.Request, "GET "+cast.Base+"/Patient/") || !strings.Contains(f.Came, `"family":"Jansen"`) {
		t.Errorf("%+v", f)
	}
	var out strings.Builder
	if err := report.Write(&out); err != nil || strings.Contains(out.String(), token) {
		t.Errorf("the report holds the token, or: %v", err)
	}
}

// recorder answers every create and delete, and keeps what was asked.
type recorder struct {
	mu    sync.Mutex
	asked []string
}

func (s *recorder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, r.Method+" "+strings.TrimPrefix(r.URL.String(), cast.Base)+" "+r.Header.Get("Authorization"))
	w.Header().Set("Content-Type", "application/fhir+json")
	switch {
	case r.Method == http.MethodPost:
		w.Header().Set("Location", cast.Base+r.URL.Path[len("/fhir"):]+"/1/_history/1")
		w.WriteHeader(http.StatusCreated)
	case r.Method == http.MethodDelete && strings.Contains(r.URL.Path, "Consent"):
		w.WriteHeader(http.StatusConflict)
	}
}

func TestRun_TakesAwayWhatItMade(t *testing.T) {
	s := &recorder{}
	report := play(t, s, `
given
create shared
{"resourceType":"Group"}
case x  (http.html)
create a
{"resourceType":"Patient"}
create b
{"resourceType":"Consent"}
HEAD /{shared}
Authorization:
= 200
`)
	want := []string{
		"POST /Group Bearer secret", "POST /Patient Bearer secret", "POST /Consent Bearer secret", "HEAD /Group/1 ",
		"DELETE /Consent/1 Bearer secret", "DELETE /Patient/1 Bearer secret", "DELETE /Group/1 Bearer secret",
	}
	if got := strings.Join(s.asked, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("asked\n%s", got)
	}
	if report.Left != 1 || report.Requests != len(want) || report.Failed() != 0 {
		t.Errorf("%+v", report)
	}
}

func TestRun_GivenThatFailsFailsEveryCase(t *testing.T) {
	report := play(t, http.NotFoundHandler(), "given\ncreate it\n{\"resourceType\":\"Patient\"}\ncase a  (http.html)\nGET /a\n= 404\ncase b  (http.html)\nGET /b\n= 404\n")
	if report.Failed() != 2 || report.Requests != 1 {
		t.Errorf("%d failed after %d requests", report.Failed(), report.Requests)
	}
}

func TestRun_SkipsAreToldWithTheirReason(t *testing.T) {
	report := play(t, http.NotFoundHandler(), "case a  (http.html)\nGET /a\nskip 404\n= 200\n")
	var out strings.Builder
	if err := report.Write(&out); err != nil {
		t.Fatal(err)
	}
	if report.Failed() != 0 || !strings.Contains(out.String(), "skipped http.html/x: a: GET /a is answered 404 here") {
		t.Error(out.String())
	}
}

func TestRun_NextLinksThatDoNotEndAreAFailure(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/fhir+json")
		_, _ = w.Write([]byte(`{"resourceType":"Bundle","type":"searchset","link":[{"relation":"self","url":"x"},{"relation":"next","url":"` + cast.Base + `/a"}]}`))
	})
	report := play(t, h, "case a  (http.html)\nPAGES /a\n= 200\n= finds nothing\n")
	if report.Failed() != 1 || !strings.Contains(report.Results[0].Failures[0].Because, "do not end") {
		t.Errorf("%+v", report.Results)
	}
}

// TestRun_UntilAsksAgain: UNTIL goes on until its expectations hold, ends at a
// status that skips, and ends at all.
func TestRun_UntilAsksAgain(t *testing.T) {
	asked := 0
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked++; asked < 3 {
			w.WriteHeader(http.StatusAccepted)
			return
		}
		w.Header().Set("Content-Type", "application/fhir+json")
		_, _ = w.Write([]byte(`{"resourceType":"Patient"}`))
	})
	const text = "case a  (async.html#async)\nUNTIL /a\n= 200\n= json resourceType is \"Patient\"\n"
	if report := play(t, h, text); report.Failed() != 0 || asked != 3 || report.Requests != 3 {
		t.Errorf("%d requests: %+v", asked, report.Results)
	}
	never := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) })
	g, err := suite.Parse("async.html/x.txt", text+"case b  (async.html#async)\nUNTIL /a\nskip 202\n= 200\n")
	if err != nil {
		t.Fatal(err)
	}
	impatient := suite.Target{Base: cast.Base, Client: &http.Client{Transport: handler{never}}, Patience: hasty}
	report := impatient.Run(t.Context(), []suite.Group{g})
	if report.Failed() != 1 || report.Results[0].Failures[0].Because != "the status is 202" || report.Results[1].Skipped == "" {
		t.Errorf("%+v", report.Results)
	}
}

// TestRun_GzipBothWays: a body is packed where the case says so, and an answer
// that is packed is read.
func TestRun_GzipBothWays(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		unpacked, err := gzip.NewReader(r.Body)
		if err != nil || r.Header.Get("Accept-Encoding") != "gzip" {
			t.Errorf("%v, %v", err, r.Header)
			return
		}
		w.Header().Set("Content-Type", "application/fhir+json")
		w.Header().Set("Content-Encoding", "gzip")
		packed := gzip.NewWriter(w)
		_, _ = io.Copy(packed, unpacked)
		_ = packed.Close()
	})
	report := play(t, h, "case a  (http.html)\nPOST /a\nContent-Encoding: gzip\nAccept-Encoding: gzip\n{\"resourceType\":\"Patient\"}\n= 200\n= json resourceType is \"Patient\"\n")
	if report.Failed() != 0 {
		t.Errorf("%+v", report.Results)
	}
	plain := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write([]byte("{}"))
	})
	report = play(t, plain, "case a  (http.html)\nGET /a\n= 200\n")
	if report.Failed() != 1 || !strings.Contains(report.Results[0].Failures[0].Because, "gzip") {
		t.Errorf("%+v", report.Results)
	}
}

// TestReport_HTML: the page holds every case, each failure with its exchange,
// and nothing of an answer as markup.
func TestReport_HTML(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/fhir+json")
		_, _ = w.Write([]byte(`{"resourceType":"Patient","id":"<script>"}`))
	})
	report := play(t, h, "case good  (http.html#read)\nGET /a\n= 200\ncase bad  (http.html#read)\nGET /a\n= 404\ncase not asked  (http.html#read)\nGET /a\nskip 200\n= 404\n")
	var out strings.Builder
	if err := report.WriteHTML(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"1 passed, 1 failed, 1 could not be asked", `<li class="passed">x: good`, `<li class="failed">x: bad`, `<li class="skipped">x: not asked`,
		"https://hl7.org/fhir/R4/http.html#read", "the status is 200", "&lt;script&gt;",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in the page", want)
		}
	}
	if strings.Contains(out.String(), "<script>") || strings.Contains(out.String(), "secret") {
		t.Error("an answer is markup, or the token is there")
	}
}

func TestRun_AServerThatIsGoneFailsEveryCase(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	report := suite.Target{Base: "http://127.0.0.1:1"}.Run(ctx, cases(t))
	if report.Failed() != len(report.Results) || report.Failed() == 0 {
		t.Errorf("%d of %d failed", report.Failed(), len(report.Results))
	}
	if _, err := (suite.Target{Base: "http://127.0.0.1:1"}).Declared(ctx); err == nil {
		t.Error("it declares something")
	}
}
