package cast_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"sluis/conformance/cast"
	"sluis/fhir"
)

// reading is the body of an Observation of a person at the hospital.
func reading(w *cast.World, id, meta string) string {
	if id != "" {
		id = fmt.Sprintf(`"id":%q,`, id)
	}
	return fmt.Sprintf(`{"resourceType":"Observation",%s%s"status":"final","code":{"coding":[{"code":"x"}]},"subject":{"reference":%q}}`, id, meta, w.A.AtHospital)
}

// RFC 9110 §13.1.1: If-Match with a star asks that there is a version. What is
// hidden and what is absent answer alike with it, as without.
func TestA_IfMatchOfAny(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		hospital, star := w.System(w.Hospital), []string{"If-Match", "*"}
		id := w.Create(hospital, reading(w, "", "")).ID
		at := "/Observation/" + id
		w.Do(hospital, http.MethodPut, at, reading(w, id, ""), star...).Expect(http.StatusOK)
		patched(w, hospital, at, `[{"op":"replace","path":"/status","value":"amended"}]`, star...).Expect(http.StatusOK)
		for _, hidden := range []fhir.Ref{w.B.Lab, w.A.Lab} {
			for _, method := range []string{http.MethodPut, http.MethodDelete} {
				body := func(id string) any {
					if method == http.MethodDelete {
						return nil
					}
					return reading(w, id, "")
				}
				practice := w.System(w.Practice)
				same(t, method, w.Do(practice, method, "/"+hidden.String(), body(hidden.ID), star...),
					w.Do(practice, method, "/Observation/"+absent, body(absent), star...).Expect(http.StatusNotFound))
			}
		}
		w.Do(hospital, http.MethodDelete, at, nil, star...).Expect(http.StatusNoContent)
		w.Do(hospital, http.MethodDelete, at, nil, star...).Expect(http.StatusPreconditionFailed)
		w.Do(hospital, http.MethodPut, at, reading(w, id, ""), star...).Expect(http.StatusPreconditionFailed)
		w.Do(hospital, http.MethodPut, "/Observation?code=none", reading(w, "", ""), star...).Expect(http.StatusPreconditionFailed)
		w.Do(hospital, http.MethodDelete, "/Observation?code=none", nil, star...).Expect(http.StatusPreconditionFailed)

		var methods []string
		for e := range w.Get(hospital, at+"/_history").Expect(http.StatusOK).Root().Get("entry").All() {
			methods = append(methods, e.At("request", "method").Text())
		}
		if got := strings.Join(methods, " "); got != "DELETE PATCH PUT POST" {
			t.Errorf("the history says %s", got)
		}
	})
}

// R4 search.html#summary: what is marked as a part is not stored for the whole,
// whatever way it comes.
func TestA_SubsettedIsNoWhole(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		hospital := w.System(w.Hospital)
		const tag = `{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED"}`
		part := func(id string) string { return reading(w, id, `"meta":{"tag":[`+tag+`]},`) }
		id := w.Create(hospital, reading(w, "", "")).ID
		at := "/Observation/" + id
		refused := func(what string, r cast.Response) {
			if r.Expect(http.StatusUnprocessableEntity); !strings.Contains(string(r.Body), "SUBSETTED") {
				t.Errorf("%s: the refusal does not say why: %s", what, r.Body)
			}
		}
		refused("create", w.Do(hospital, http.MethodPost, "/Observation", part("")))
		refused("update", w.Do(hospital, http.MethodPut, at, part(id)))
		refused("patch", patched(w, hospital, at, `[{"op":"add","path":"/meta/tag","value":[`+tag+`]}]`))
		refused("transaction", w.Do(hospital, http.MethodPost, "", fmt.Sprintf(
			`{"resourceType":"Bundle","type":"transaction","entry":[{"resource":%s,"request":{"method":"PUT","url":"Observation/%s"}}]}`, part(id), id)))
		refused("$meta-add", w.Do(hospital, http.MethodPost, at+"/$meta-add", `{"resourceType":"Parameters","parameter":[{"name":"meta","valueMeta":{"tag":[`+tag+`]}}]}`))
		if got := w.Get(hospital, at).Expect(http.StatusOK).Root().At("meta", "versionId").Text(); got != "1" {
			t.Errorf("it has version %s", got)
		}
	})
}

// R4 http.html#trules: an error that one entry of a transaction makes names it,
// and of several that are not found the first, hidden or absent.
func TestA_TransactionSaysWhichEntry(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		practice, hidden := w.System(w.Practice), w.A.Lab.ID
		send := func(entries ...string) cast.Response {
			return w.Do(practice, http.MethodPost, "", `{"resourceType":"Bundle","type":"transaction","entry":[`+strings.Join(entries, ",")+`]}`)
		}
		change := func(id, more string) string {
			return fmt.Sprintf(`{"resource":{"resourceType":"Observation","id":%q,"status":"final","code":{"text":"x"},"subject":{"reference":%q}},"request":{"method":"PUT","url":"Observation/%[1]s"%[3]s}}`, id, w.A.AtPractice, more)
		}
		const other = "bbbbbbbbbbbbbbbbbbbbbbbbbb"
		fine := change(w.A.Reading.ID, "")
		named := func(what string, r cast.Response, status int, entry string) cast.Response {
			var got string
			for x := range r.Expect(status).Root().Get("issue").All() {
				for e := range x.Get("expression").All() {
					got += e.Text()
				}
			}
			if got != entry {
				t.Errorf("%s: it names %q, not %s", what, got, entry)
			}
			return r
		}
		for _, second := range []string{hidden, other} {
			same(t, "the first of two", named("absent first", send(fine, change(absent, ""), change(second, "")), http.StatusNotFound, "Bundle.entry[1]"),
				named("hidden first", send(fine, change(hidden, ""), change(absent, "")), http.StatusNotFound, "Bundle.entry[1]"))
		}
		named("twice the same", send(fine, change(w.A.Reading.ID, "")), http.StatusBadRequest, "Bundle.entry[1]")
		named("another version", send(change(w.A.Reading.ID, `,"ifMatch":"W/\"77\""`)), http.StatusPreconditionFailed, "Bundle.entry[0]")
	})
}

// R4 search.html#token: the system of a code is implied by its binding, in a
// scope as in a search.
func TestA_TheSystemOfACodeIsImplied(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		hospital := w.System(w.Hospital)
		ref := w.Create(hospital, reading(w, "", "")).String()
		const final = "http://hl7.org/fhir/observation-status|final"
		for _, tc := range []struct {
			query string
			found bool
		}{
			{"status=final", true}, {"status=|final", true}, {"status=" + final, true}, {"status=http://hl7.org/fhir/observation-status|", true},
			{"status=http://hl7.org/fhir/observation-status|amended", false}, {"status=http://a.example|final", false},
			{"status:not=" + final, false}, {"status:not=http://a.example|final", true},
			{"_filter=status+eq+" + final, true}, {"_filter=status+ne+" + final, false},
			{"status:in=http://hl7.org/fhir/ValueSet/observation-status", true},
		} {
			query := strings.ReplaceAll(tc.query, "|", "%7C")
			got := strings.Contains(strings.Join(w.Get(hospital, "/Observation?code=x&"+query).Expect(http.StatusOK).Refs(), " "), ref)
			if got != tc.found {
				t.Errorf("%s: found %t", tc.query, got)
			}
		}
		w.Get(w.Token("system/Observation.rs?status="+final, systemOf(w)), "/"+ref).Expect(http.StatusOK)
		w.Get(w.Token("system/Observation.rs?status=http://hl7.org/fhir/observation-status|amended", systemOf(w)), "/"+ref).Expect(http.StatusNotFound)
	})
}
