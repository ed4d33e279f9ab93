package suite_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

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
		text := regexp.MustCompile(`(:-?[0-9]+\.[0-9]*?)0+([,}\]])`).ReplaceAllString(a.Body.String(), "${1}1$2")
		text = regexp.MustCompile(`( value="-?[0-9]+\.[0-9]*?)0+"`).ReplaceAllString(text, `${1}1"`)
		a.Body.Reset()
		a.Body.WriteString(text)
	}), regexp.MustCompile(`^json \S+ is [0-9]+\.[0-9]*0$|^xml \S+ is "[0-9]+\.[0-9]*0"$`)},
	{"XML says nothing", rewrite(inXML, func(_ *http.Request, a *httptest.ResponseRecorder) {
		a.Body.Reset()
		a.Body.WriteString(`<Basic xmlns="http://hl7.org/fhir"/>`)
	}), regexp.MustCompile(`^xml \S+ (is|~|count|present)`)},
	{"text is lost", rewrite(always, func(_ *http.Request, a *httptest.ResponseRecorder) {
		a.Body.Reset()
	}), regexp.MustCompile(`^body (~|is) `)},
	{"nothing is packed", asked(func(r *http.Request) { r.Header.Del("Accept-Encoding") }), regexp.MustCompile(`^header Content-Encoding is`)},
	{"a packed body is not unpacked", asked(func(r *http.Request) {
		if r.Header.Get("Content-Encoding") == "gzip" {
			r.Header.Del("Content-Encoding")
		}
	}), regexp.MustCompile(`^packed$`)},
	{"orders are upside down", asked(upsideDown), regexp.MustCompile(`^finds in order `)},
	{"nothing is included", asked(without("_include", "_revinclude")), regexp.MustCompile(`^includes (\{.*)`)},
	{"every resource is whole", asked(without("_summary", "_elements")), regexp.MustCompile(`^json \S*meta\.tag\[code=SUBSETTED\](\.system)? (present|~)`)},
	{"a patch changes nothing", asked(func(r *http.Request) {
		if r.Method == http.MethodPatch {
			r.Method, r.Body = http.MethodGet, http.NoBody
			r.Header.Del("Content-Type")
		}
	}), regexp.MustCompile(`^patched$`)},
}

// inMutants are the chapters that are run against mutants: those whose answers
// they change.
var inMutants = []string{"http.html", "search.html", "validation.html", "json.html", "fhirpatch.html", "search_filter.html", "xml.html"}

// hasty is the patience with servers that never come to it.
const hasty = time.Millisecond

func TestMutants(t *testing.T) {
	all := cases(t)
	for _, m := range mutants {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			w := backends["sqlite"](t)
			target := suite.Target{Base: cast.Base, Token: w.System(w.Practice), Client: serve(t, m.breaks(whole(t, w))), Patience: hasty}
			report := target.Run(t.Context(), speaking(all, m.caught))
			for _, r := range report.Results {
				if len(r.Failures) == 0 && r.Skipped == "" {
					t.Errorf("%q passes", name(r))
				}
			}
			if len(report.Results) == 0 {
				t.Error("no case speaks of this")
			}
			t.Logf("%d cases speak of it", len(report.Results))
		})
	}
}

// speaking keeps the cases that have such an expectation. Histories are no
// searches and left out.
func speaking(all []suite.Group, pattern *regexp.Regexp) (kept []suite.Group) {
	speaks := func(s suite.Step) bool {
		return !strings.Contains(s.Target, "_history") && slices.ContainsFunc(about(s), pattern.MatchString)
	}
	for _, g := range all {
		silent := func(c suite.Case) bool { return !slices.ContainsFunc(c.Steps, speaks) }
		g.Cases = slices.DeleteFunc(slices.Clone(g.Cases), silent)
		if len(g.Cases) > 0 && slices.Contains(inMutants, g.Chapter) {
			kept = append(kept, g)
		}
	}
	return kept
}

// about is what a step says: its expectations, and that a body is packed or a
// patch must have changed something.
func about(s suite.Step) (texts []string) {
	for _, e := range s.Expect {
		texts = append(texts, e.Text)
	}
	if slices.Contains(s.Header, suite.Header{Name: "Content-Encoding", Value: "gzip"}) {
		texts = append(texts, "packed")
	}
	if s.Method == http.MethodPatch && len(texts) > 1 && texts[0] == "200" {
		texts = append(texts, "patched")
	}
	return texts
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
	report := suite.Target{Base: cast.Base, Token: "x", Client: client, Patience: hasty}.Run(t.Context(), cases(t))
	if len(report.Results) < 650 {
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
			r.Header.Del("Accept-Encoding") // a mutant reads what it changes
			without("_pretty")(r)
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

// asked changes the requests.
func asked(change func(*http.Request)) func(http.Handler) http.Handler {
	return func(inner http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			change(r)
			inner.ServeHTTP(w, r)
		})
	}
}

// without takes parameters out of a query or a form, with their modifiers.
func without(names ...string) func(*http.Request) {
	strip := func(query string) string {
		return strings.Join(slices.DeleteFunc(strings.Split(query, "&"), func(part string) bool {
			name, _, _ := strings.Cut(part, "=")
			name, _, _ = strings.Cut(name, ":")
			return slices.Contains(names, name)
		}), "&")
	}
	return func(r *http.Request) {
		r.URL.RawQuery = strip(r.URL.RawQuery)
		if r.Header.Get("Content-Type") == "application/x-www-form-urlencoded" {
			form, _ := io.ReadAll(r.Body)
			short := strip(string(form))
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader(short)), int64(len(short))
		}
	}
}

// upsideDown turns every key of a sort around.
func upsideDown(r *http.Request) {
	parts := strings.Split(r.URL.RawQuery, "&")
	for i, part := range parts {
		name, keys, _ := strings.Cut(part, "=")
		if name != "_sort" {
			continue
		}
		turned := strings.Split(keys, ",")
		for j, key := range turned {
			if ascending, down := strings.CutPrefix(key, "-"); down {
				turned[j] = ascending
			} else {
				turned[j] = "-" + key
			}
		}
		parts[i] = "_sort=" + strings.Join(turned, ",")
	}
	r.URL.RawQuery = strings.Join(parts, "&")
}

func inXML(a *httptest.ResponseRecorder) bool  { return strings.HasPrefix(a.Body.String(), "<") }
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
