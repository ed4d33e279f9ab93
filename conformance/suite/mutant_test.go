package suite_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"sluis/conformance/cast"
	"sluis/conformance/suite"
)

// A mutant is this server with one rule of R4 broken. Every case that speaks of
// that rule must fail: a case that passes anyway says nothing.
type mutant struct {
	name   string
	breaks func(http.Handler) http.Handler
	caught *regexp.Regexp // expectations that cannot hold
}

var mutants = []mutant{
	{"every search finds nothing", rewrite(searchset, func(_ *http.Request, a *httptest.ResponseRecorder) {
		reply(a, http.StatusOK, `{"resourceType":"Bundle","type":"searchset","total":0,"link":[{"relation":"self","url":"http://sluis.test/fhir/x"}]}`)
	}), regexp.MustCompile(`^(finds|has|includes) (in order )?\{.*\}$|^json entry count|^json total is [1-9]|^pages [2-9]`)},
	{"every search finds everything", unfiltered, regexp.MustCompile(`^finds nothing$|^lacks`)},
	{"no error is an error", rewrite(failed, func(_ *http.Request, a *httptest.ResponseRecorder) {
		reply(a, http.StatusOK, `{"resourceType":"Patient","id":"x"}`)
	}), regexp.MustCompile(`^4[0-9]{2}(\|4[0-9]{2})*$|^issue `)},
	{"no version is named", rewrite(always, func(_ *http.Request, a *httptest.ResponseRecorder) {
		a.Header().Del("ETag")
		a.Header().Del("Last-Modified")
	}), regexp.MustCompile(`^header (ETag|Last-Modified) `)},
	{"matches and includes are taken for each other", rewrite(searchset, func(_ *http.Request, a *httptest.ResponseRecorder) {
		reply(a, a.Code, strings.NewReplacer(`"mode":"match"`, `"mode":"include"`, `"mode":"include"`, `"mode":"match"`).Replace(a.Body.String()))
	}), regexp.MustCompile(`^(finds|includes) (in order )?\{`)},
	{"decimals lose their digits", rewrite(always, func(_ *http.Request, a *httptest.ResponseRecorder) {
		reply(a, a.Code, regexp.MustCompile(`(:-?[0-9]+\.[0-9]*?)0+([,}\]])`).ReplaceAllString(a.Body.String(), "${1}1$2"))
	}), regexp.MustCompile(`^json \S+ is [0-9]+\.[0-9]*0$`)},
}

// inMutants are the chapters that are run against mutants: those whose answers
// they change.
const inMutants = "http.html search.html validation.html json.html"

func TestMutants(t *testing.T) {
	var groups []suite.Group
	for _, g := range cases(t) {
		if strings.Contains(inMutants, g.Chapter) {
			groups = append(groups, g)
		}
	}
	for _, m := range mutants {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			w := backends["sqlite"](t)
			target := suite.Target{Base: cast.Base, Token: w.System(w.Hospital), Client: serve(t, m.breaks(whole(t, w)))}
			report := target.Run(t.Context(), groups)
			caught := 0
			for _, r := range report.Results {
				if !speaks(r, m.caught) {
					continue
				}
				if len(r.Failures) == 0 && r.Skipped == "" {
					t.Errorf("%s/%s: %q passes", r.Chapter, r.Group, r.Case.Title)
				}
				caught++
			}
			if caught == 0 {
				t.Error("no case speaks of this")
			}
			t.Logf("%d cases speak of it, %d of %d fail", caught, report.Failed(), len(report.Results))
		})
	}
}

// speaks reports whether a case has such an expectation. Histories are no
// searches and left out.
func speaks(r suite.Result, pattern *regexp.Regexp) bool {
	for _, s := range r.Case.Steps {
		for _, e := range s.Expect {
			if pattern.MatchString(e.Text) && !strings.Contains(s.Target, "_history") {
				return true
			}
		}
	}
	return false
}

// TestEveryCaseCanFail plays all cases against a server that answers nothing
// but an empty success.
func TestEveryCaseCanFail(t *testing.T) {
	client := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/fhir+json")
		w.Header().Set("Location", "http://sluis.test/fhir/Patient/x/_history/1")
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write([]byte(`{"resourceType":"Patient"}`))
	}))
	report := suite.Target{Base: cast.Base, Token: "x", Client: client}.Run(t.Context(), cases(t))
	if len(report.Results) < 250 {
		t.Errorf("only %d cases", len(report.Results))
	}
	for _, r := range report.Results {
		if len(r.Failures) == 0 && r.Skipped == "" {
			t.Errorf("%s/%s: %q passes", r.Chapter, r.Group, r.Case.Title)
		}
	}
}

// rewrite changes the answers that a condition picks.
func rewrite(when func(*httptest.ResponseRecorder) bool, change func(*http.Request, *httptest.ResponseRecorder)) func(http.Handler) http.Handler {
	return func(inner http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			a := httptest.NewRecorder()
			inner.ServeHTTP(a, r)
			if when(a) {
				change(r, a)
			}
			for name, values := range a.Header() {
				if name != "Content-Length" {
					w.Header()[name] = values
				}
			}
			w.WriteHeader(a.Code)
			_, _ = w.Write(a.Body.Bytes())
		})
	}
}

func always(*httptest.ResponseRecorder) bool   { return true }
func failed(a *httptest.ResponseRecorder) bool { return a.Code >= 400 }
func searchset(a *httptest.ResponseRecorder) bool {
	return strings.Contains(a.Body.String(), `{"resourceType":"Bundle","type":"searchset"`)
}

func reply(a *httptest.ResponseRecorder, status int, body string) {
	a.Code = status
	a.Body.Reset()
	a.Body.WriteString(body)
	a.Header().Set("Content-Type", "application/fhir+json; charset=utf-8")
}

// unfiltered leaves the criteria of searches unread.
func unfiltered(inner http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		search := r.Method == http.MethodGet && !strings.Contains(r.URL.Path, "/_history") && strings.Contains(r.URL.RawQuery, "=") && !strings.Contains(r.URL.RawQuery, "_page=")
		if search {
			r.URL.RawQuery = "_count=1000&_total=accurate"
		}
		inner.ServeHTTP(w, r)
	})
}
