package cast_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"sluis/conformance/cast"
	"sluis/fhir"
)

// entry is one entry of a Bundle; body "" is none.
func entry(method, url, body, more string) string {
	resource := ""
	if body != "" {
		resource = `"resource":` + body + `,`
	}
	return fmt.Sprintf(`{%s"request":{"method":%q,"url":%q%s}}`, resource, method, url, more)
}

func bundle(kind string, entries ...string) string {
	return `{"resourceType":"Bundle","type":"` + kind + `","entry":[` + strings.Join(entries, ",") + `]}`
}

// statuses are those of the entries of an answer.
func statuses(r cast.Response) (out []string) {
	for e := range r.Root().Get("entry").All() {
		out = append(out, e.At("response", "status").Text())
	}
	return out
}

// Section F, "whole or absent": what is answered is what was done.
func TestF_TransactionsAreWholeOrAbsent(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		token := w.Patient(w.A, own)
		heart := cast.Observation(w.A.AtPractice, "8867-4", "x", "1")
		mine := w.Create(token, heart)
		count := func() string {
			return w.Get(token, "/Observation?_summary=count").Root().Get("total").Text()
		}
		before := count()
		for name, entries := range map[string][]string{
			"a search not understood":      {entry("POST", "Observation", heart, ""), entry("GET", "Observation?nonsense=1", "", "")},
			"a parameter that is ignored":  {entry("POST", "Observation", heart, ""), entry("GET", "Observation?_format=xml", "", "")},
			"a history not understood":     {entry("POST", "Observation", heart, ""), entry("GET", "Observation/"+mine.ID+"/_history?_at=then", "", "")},
			"a search of the log":          {entry("POST", "Observation", heart, ""), entry("GET", "AuditEvent?patient="+w.A.AtPractice.ID, "", "")},
			"an operation":                 {entry("POST", "Observation", heart, ""), entry("GET", "Patient/$everything", "", "")},
			"one condition twice":          {entry("POST", "Observation", heart, `,"ifNoneExist":"code=77-7"`), entry("POST", "Observation", heart, `,"ifNoneExist":"code=77-7"`)},
			"a condition in two words":     {entry("POST", "Observation", heart, `,"ifNoneExist":"code=77-7"`), entry("PUT", "Observation?code=77%2D7", heart, "")},
			"one resource twice":           {entry("PUT", mine.String(), under(mine.ID, heart), ""), entry("DELETE", mine.String(), "", "")},
			"one resource twice, searched": {entry("PUT", mine.String(), under(mine.ID, heart), ""), entry("PUT", "Observation?_id="+mine.ID, heart, "")},
			"one of another":               {entry("POST", "Observation", heart, ""), entry("DELETE", w.A.Reading.String(), "", "")},
			"one about another":            {entry("POST", "Observation", heart, ""), entry("POST", "Observation", cast.Observation(w.B.AtPractice, "1-8", "x", "1"), "")},
			"one of a wrong version":       {entry("POST", "Observation", heart, ""), entry("PUT", mine.String(), under(mine.ID, heart), `,"ifMatch":"W/\"9\""`)},
			"a batch inside":               {entry("POST", "Observation", heart, ""), entry("POST", "", bundle("batch"), "")},
		} {
			if r := w.Do(token, http.MethodPost, "", bundle("transaction", entries...)); r.Status < 400 || r.Status >= 500 && r.Status != http.StatusNotImplemented {
				t.Errorf("%s: %d", name, r.Status)
			}
			if now := count(); now != before {
				t.Errorf("%s was refused, and left %s of %s", name, now, before)
				before = now
			}
		}
		r := w.Do(token, http.MethodPost, "", bundle("transaction", entry("GET", "Observation/"+absent, "", ""), entry("GET", "Observation?_id="+mine.ID, "", ""), entry("PUT", mine.String(), under(mine.ID, heart), "")))
		if got := statuses(r.Expect(http.StatusOK)); !slices.Equal(got, []string{"404", "200", "200"}) || !strings.Contains(string(r.Body), `"versionId":"2"`) {
			t.Errorf("reads of a transaction: %v %s", got, r.Body)
		}
	})
}

// queries are the raw requests in the log that contain a text.
func queries(w *cast.World, text string) (out []string) {
	for e := range w.Get(w.Supervisor(), "/AuditEvent?_count=1000").Expect(http.StatusOK).Root().Get("entry").All() {
		for entity := range e.At("resource", "entity").All() {
			raw, err := base64.StdEncoding.DecodeString(entity.Get("query").Text())
			if err == nil && strings.Contains(string(raw), text) {
				out = append(out, string(raw))
			}
		}
	}
	return out
}

// audit.md, "Rules": no way of asking keeps a request out of the log, nothing a
// client sends gets into it as anything else, and a record is about its own
// patient alone.
func TestL6_NothingIsAskedUnrecorded(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		gp := w.Professional(w.GP, w.Practice, "user/*.rs")
		log := func(p cast.Person, more string) []string {
			return w.Get(w.Patient(p, own), "/AuditEvent?_count=1000&patient="+p.AtPractice.ID+more).Refs()
		}
		w.Do(gp, http.MethodPost, "", bundle("batch", entry("GET", "Observation?value-string=in-a-batch", "", ""), entry("GET", "Observation/"+w.B.Reading.ID, "", "")))
		if got := queries(w, "in-a-batch"); !slices.Equal(got, []string{"GET /Observation?value-string=in-a-batch"}) {
			t.Errorf("a search in a batch is recorded as %q", got)
		}
		if n := len(log(w.B, "&outcome=8")); n != 1 {
			t.Errorf("%d denials for a read in a batch", n)
		}
		w.Do(gp, http.MethodPost, "/Observation/_search", "value-string=in-a-form", "Content-Type", "application/x-www-form-urlencoded").Expect(http.StatusOK)
		odd := `"}],"outcome":"0` + "\u2028é<&"
		w.Get(gp, "/Observation?value-string="+url.QueryEscape(odd)).Expect(http.StatusOK)
		if len(queries(w, "in-a-form")) != 1 || len(queries(w, url.QueryEscape(odd))) != 1 {
			t.Error("a search is missing from the log")
		}

		reads := len(log(w.A, "&action=R"))
		w.Do(gp, http.MethodHead, "/"+w.A.Reading.String(), nil).Expect(http.StatusOK)
		w.Do(gp, http.MethodGet, "/"+w.A.Reading.String(), nil, "If-None-Match", `W/"1"`).Expect(http.StatusNotModified)
		w.Get(gp, "/"+w.A.Reading.String()+"/_history").Expect(http.StatusOK)
		w.Get(gp, "/"+w.A.Reading.String()+"/_history/1").Expect(http.StatusOK)
		if n := len(log(w.A, "&action=R")) - reads; n != 4 {
			t.Errorf("%d records of a HEAD, a 304, a history and a version", n)
		}

		denied := len(log(w.B, "&outcome=8"))
		w.Get(gp, "/Observation?patient="+w.A.AtPractice.ID+","+w.B.AtPractice.ID).Expect(http.StatusOK)
		w.Get(w.Professional(w.GP, w.Practice, "user/Condition.rs"), "/"+w.B.Reading.String()).Expect(http.StatusForbidden)
		w.Do(w.Professional(w.GP, w.Practice, "user/*.cruds"), http.MethodDelete, "/"+w.B.Reading.String(), nil).Expect(http.StatusNotFound)
		if n := len(log(w.B, "&outcome=8")) - denied; n != 3 {
			t.Errorf("%d denials for three requests", n)
		}
		if body := string(w.Get(w.Patient(w.B, own), "/AuditEvent?_count=1000").Body); strings.Contains(body, w.A.AtPractice.ID) || strings.Contains(body, "in-a-batch") {
			t.Errorf("B's log names A: %s", body)
		}
		all := w.Get(w.Supervisor(), "/AuditEvent?_count=1000&outcome=8&patient="+w.B.AtPractice.ID)
		for e := range all.Root().Get("entry").All() {
			if r := string(e.At("resource", "entity").Raw()); strings.Contains(r, `"Patient/`+w.A.AtPractice.ID) {
				t.Errorf("a denial about B names A: %s", r)
			}
		}

		for _, id := range []string{"a b", strings.Repeat("x", 65), "x\r\nSet-Cookie: a=b", "é", `"`, "", "../x"} {
			r := w.Do(gp, http.MethodGet, "/"+w.A.Reading.String(), nil, "X-Request-Id", id)
			if echo := r.Header.Get("X-Request-Id"); echo == id || !fhir.IsID(echo) || len(r.Header.Values("Set-Cookie")) > 0 {
				t.Errorf("X-Request-Id %q is echoed as %q", id, echo)
			}
		}
		if echo := w.Do("", http.MethodGet, "/Patient", nil, "X-Request-Id", "mine-1").Header.Get("X-Request-Id"); echo != "mine-1" {
			t.Errorf("X-Request-Id mine-1 is echoed as %q", echo)
		}
	})
}

// Attack 19 and section A, "page": a continuation belongs to one search, cannot
// be altered, and says nothing in clear.
func TestA_19_ContinuationsBelongToTheirSearch(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		hospital, token := w.System(w.Hospital), w.Patient(w.A, own)
		page := func(r cast.Response, relation string) string {
			_, sealed, _ := strings.Cut(r.Link(relation), "_page=")
			return sealed
		}
		search := page(w.Get(token, "/Observation?_count=1"), "next")
		sorted := page(w.Get(token, "/Observation?_count=1&_sort=date,code"), "next")
		history := page(w.Get(token, "/Observation/_history?_count=1"), "next")
		log := page(w.Get(token, "/AuditEvent?_count=1"), "next")
		for name, path := range map[string]string{
			"of another type": "/Patient?_page=" + search, "of a history": "/Observation?_page=" + history, "of a search": "/Observation/_history?_page=" + search,
			"of a sorted search": "/Observation/_history?_page=" + sorted, "of the log": "/Observation?_page=" + log, "for the log": "/AuditEvent?_page=" + search,
			"of all types": "/?_page=" + search, "with more": "/Observation?code=x&_page=" + search, "cut": "/Observation?_page=" + search[:20], "empty": "/Observation?_page=", "plain": "/Observation?_page=1",
			"of one resource": "/" + w.A.Lab.String() + "/_history?_page=" + history,
		} {
			expect(t, "a link "+name, w.Get(token, path), http.StatusBadRequest)
		}
		found := w.Do(hospital, http.MethodPost, "/Patient/_search", "_count=1&identifier="+cast.BSN+"|"+w.A.BSN+","+w.B.BSN, "Content-Type", "application/x-www-form-urlencoded")
		for _, relation := range []string{"self", "next"} {
			link := found.Link(relation)
			if plain, err := base64.RawURLEncoding.DecodeString(link[strings.Index(link, "=")+1:]); strings.Contains(link, w.A.BSN) || err != nil || strings.Contains(string(plain), w.A.BSN) {
				t.Errorf("the %s link of a form holds its terms: %s", relation, link)
			}
		}
		// Another's link shows one's own; after a withdrawal, less.
		given := w.Create(token, cast.Permit(w.A.AtPractice, w.Practice))
		gp := w.Professional(w.GP, w.Practice, "user/*.cruds")
		next := w.Get(gp, "/Observation?_count=1&_sort=-_lastUpdated").Link("next")
		body := strings.Replace(string(w.Get(token, "/"+given.String()).Body), `"active"`, `"inactive"`, 1)
		w.Do(token, http.MethodPut, "/"+given.String(), body).Expect(http.StatusOK)
		for seen := next; seen != ""; {
			r := w.Get(gp, seen)
			if refs := r.Refs(); slices.Contains(refs, w.A.Lab.String()) {
				t.Errorf("page 2 after a withdrawal: %v", refs)
			}
			seen = r.Link("next")
		}
	})
}
