package cast_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"sluis/conformance/cast"
	"sluis/fhir"
	"sluis/smart"
)

// parameterOf is an active SearchParameter for a reference or anything else.
func searchParameter(code, base, kind, expression, more string) string {
	return fmt.Sprintf(`{"resourceType":"SearchParameter","url":"http://x.test/sp/%s","name":"X","status":"active","description":"x","code":%q,"base":[%q],"type":%q,"expression":%q%s}`,
		code, code, base, kind, expression, more)
}

// reindexed runs the re-indexer to its end.
func reindexed(t *testing.T, w *cast.World) {
	t.Helper()
	for range 10_000 {
		p, err := w.Gate.Reindex(context.Background(), 50)
		if err != nil {
			t.Fatal(err)
		}
		if p.Ready {
			return
		}
	}
	t.Fatal("the index has no end")
}

// indexStatus is what $index-status says, as text by name.
func indexStatus(t *testing.T, r cast.Response) map[string]string {
	t.Helper()
	out := map[string]string{}
	for p := range r.Expect(http.StatusOK).Root().Get("parameter").All() {
		for m := range p.All() {
			if strings.HasPrefix(m.Key(), "value") {
				out[p.Get("name").Text()] = strings.Trim(string(m.Raw()), `"`)
			}
		}
	}
	return out
}

func TestSearchParameter_IsServedWhenIndexed(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		home := w.System(w.Practice)
		before := w.Get("", "/metadata").Expect(http.StatusOK)
		sp := w.Create(home, searchParameter("family-part", "Patient", "string", "Patient.name.family", ""))
		status := "/" + sp.String() + "/$index-status"
		if got := indexStatus(t, w.Get(home, status)); got["status"] != "indexing" || got["url"] != "http://x.test/sp/family-part" {
			t.Errorf("status %v", got)
		}
		waiting := w.Get(home, "/Patient?family-part=jansen").Expect(http.StatusBadRequest)
		if !strings.Contains(string(waiting.Body), "being indexed: 0 of 0") {
			t.Errorf("%s", waiting.Body)
		}
		w.Do(home, http.MethodGet, "/Patient?family-part=jansen", nil, "Prefer", "handling=lenient").Expect(http.StatusBadRequest)
		w.Get(home, "/Patient?_sort=family-part").Expect(http.StatusBadRequest)
		same(t, "the statement while it is indexed", w.Get("", "/metadata"), before)
		reindexed(t, w)
		if got := indexStatus(t, w.Get(home, status)); got["status"] != "ready" || got["done"] != "4" || got["total"] != "4" || got["failed"] != "0" {
			t.Errorf("status %v", got)
		}
		if found := w.Get(home, "/Patient?family-part=jan").Refs(); len(found) != 2 {
			t.Errorf("found %v", found)
		}
		if found := w.Get(home, "/Patient?family-part=jan&_sort=-family-part&_total=accurate").Refs(); len(found) != 2 {
			t.Errorf("sorted %v", found)
		}
		after := w.Get("", "/metadata").Expect(http.StatusOK)
		if !strings.Contains(string(after.Body), `{"name":"family-part","definition":"http://x.test/sp/family-part","type":"string"`) || after.Header.Get("ETag") == before.Header.Get("ETag") {
			t.Error("the statement does not declare it")
		}
		// What is written from now on is found at once, and a change of the
		// definition takes it away until it is indexed anew.
		w.Create(home, `{"resourceType":"Patient","name":[{"family":"Janszoon"}]}`)
		if found := w.Get(home, "/Patient?family-part=jan").Refs(); len(found) != 3 {
			t.Errorf("found %v", found)
		}
		given := under(sp.ID, searchParameter("family-part", "Patient", "string", "Patient.name.given", ""))
		w.Do(home, http.MethodPut, "/"+sp.String(), given).Expect(http.StatusOK)
		w.Get(home, "/Patient?family-part=jan").Expect(http.StatusBadRequest)
		reindexed(t, w)
		if found := w.Get(home, "/Patient?family-part=jan").Refs(); len(found) != 0 {
			t.Errorf("by the former expression: %v", found)
		}
		if found := w.Get(home, "/Patient?family-part=anna").Refs(); len(found) != 1 {
			t.Errorf("found %v", found)
		}
		// Words about it are no change.
		w.Do(home, http.MethodPut, "/"+sp.String(), strings.Replace(given, `"description":"x"`, `"description":"y"`, 1)).Expect(http.StatusOK)
		w.Get(home, "/Patient?family-part=anna").Expect(http.StatusOK)
		w.Do(home, http.MethodPut, "/"+sp.String(), strings.Replace(given, `"active"`, `"retired"`, 1)).Expect(http.StatusOK)
		w.Get(home, "/Patient?family-part=anna").Expect(http.StatusBadRequest)
		if got := indexStatus(t, w.Get(home, status)); got["status"] != "not-served" || len(got) != 2 {
			t.Errorf("status %v", got)
		}
		same(t, "the statement afterwards", w.Get("", "/metadata"), before)
	})
}

// Only the operator's own system changes what the server searches by.
func TestA_UploadsOfOthersAreServedByNobody(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		body := searchParameter("leak", "Patient", "string", "Patient.name.family", "")
		for who, token := range map[string]string{
			"a patient": w.Patient(w.A, "patient/*.cruds"), "a professional": w.Professional(w.GP, w.Practice, "user/*.cruds"),
		} {
			expect(t, who, w.Do(token, http.MethodPost, "/SearchParameter", body), http.StatusForbidden)
		}
		hospital := w.System(w.Hospital)
		other := w.Create(hospital, body)
		draft := w.Create(w.System(w.Practice), strings.Replace(body, `"active"`, `"draft"`, 1))
		w.Create(hospital, strings.Replace(body, `"Patient.name.family"`, `"Patient.name.repeat(x)"`, 1)) // as received
		reindexed(t, w)
		for _, ref := range []fhir.Ref{other, draft} {
			if got := indexStatus(t, w.Get(hospital, "/"+ref.String()+"/$index-status")); got["status"] != "not-served" {
				t.Errorf("%s: %v", ref, got)
			}
		}
		for _, token := range []string{hospital, w.System(w.Practice)} {
			w.Get(token, "/Patient?leak=jansen").Expect(http.StatusBadRequest)
		}
		if strings.Contains(string(w.Get("", "/metadata").Body), "leak") {
			t.Error("it is declared")
		}
	})
}

// "Uploading a SearchParameter that leaks; ReDoS and FHIRPath bombs": what cannot
// be served is refused, with the place of each problem.
func TestA_SearchParametersThatCannotBeServed(t *testing.T) {
	bomb := "url.exists()"
	for range 12 {
		bomb = "(extension | extension | extension).where(" + bomb + ").exists()"
	}
	everywhere(t, func(t *testing.T, w *cast.World) {
		home := w.System(w.Practice)
		w.Create(home, searchParameter("mine", "Patient", "string", "Patient.name.family", ""))
		for name, c := range map[string]struct{ body, at string }{
			"special":         {searchParameter("x", "Patient", "special", "Patient.name", ""), "SearchParameter.type"},
			"no expression":   {strings.Replace(searchParameter("x", "Patient", "string", "Patient.name", ""), `,"expression":"Patient.name"`, "", 1), "SearchParameter.expression"},
			"no FHIRPath":     {searchParameter("x", "Patient", "string", "Patient.name.(", ""), "SearchParameter.expression"},
			"a function":      {searchParameter("x", "Patient", "string", "Patient.name.given.matches('(a+)+$')", ""), "SearchParameter.expression"},
			"repeat":          {searchParameter("x", "Patient", "string", "Patient.repeat(extension)", ""), "SearchParameter.expression"},
			"another type":    {searchParameter("x", "Patient", "token", "Observation.code", ""), "SearchParameter.expression"},
			"a bomb":          {searchParameter("x", "Patient", "token", "Patient."+bomb[1:], ""), "SearchParameter.expression"},
			"a heavy one":     {searchParameter("x", "Patient", "token", "("+bomb+")", ""), "SearchParameter.expression"},
			"a long one":      {searchParameter("x", "Patient", "token", strings.Repeat("Patient.active | ", 400)+"Patient.active", ""), "SearchParameter.expression"},
			"many parts":      {searchParameter("x", "Patient", "token", strings.Repeat("Patient.active | ", 70)+"Patient.active", ""), "SearchParameter.expression"},
			"no targets":      {searchParameter("x", "Patient", "reference", "Patient.generalPractitioner", ""), "SearchParameter.target"},
			"the id":          {searchParameter("x", "Patient", "token", "Patient.id", ""), "SearchParameter.expression"},
			"the time":        {searchParameter("x", "Patient", "date", "Resource.meta.lastUpdated", ""), "SearchParameter.expression"},
			"R4's code":       {searchParameter("name", "Patient", "string", "Patient.name", ""), "SearchParameter.code"},
			"a common code":   {searchParameter("_security", "Patient", "token", "Patient.meta.tag", ""), "SearchParameter.code"},
			"a control":       {searchParameter("_count", "Patient", "token", "Patient.active", ""), "SearchParameter.code"},
			"no code":         {searchParameter("a.b", "Patient", "token", "Patient.active", ""), "SearchParameter.code"},
			"R4's url":        {strings.Replace(searchParameter("x", "Patient", "token", "Patient.active", ""), "http://x.test/sp/x", "http://hl7.org/fhir/SearchParameter/individual-gender", 1), "SearchParameter.url"},
			"another's code":  {strings.Replace(searchParameter("mine", "Patient", "token", "Patient.active", ""), "http://x.test/sp/mine", "http://x.test/sp/other", 1), "SearchParameter.code"},
			"another's url":   {strings.Replace(searchParameter("x", "Patient", "token", "Patient.active", ""), "http://x.test/sp/x", "http://x.test/sp/mine", 1), "SearchParameter.url"},
			"the log":         {searchParameter("x", "AuditEvent", "token", "AuditEvent.type", ""), "SearchParameter.base"},
			"no component":    {searchParameter("x", "Observation", "composite", "Observation", ""), "SearchParameter.component"},
			"a bad component": {searchParameter("x", "Observation", "composite", "Observation", `,"component":[{"definition":"http://hl7.org/fhir/SearchParameter/clinical-code","expression":"code"},{"definition":"http://x.test/none","expression":"value"}]`), "SearchParameter.component[1].definition"},
		} {
			r := w.Do(home, http.MethodPost, "/SearchParameter", c.body)
			if r.Status != http.StatusUnprocessableEntity || !strings.Contains(string(r.Body), `"`+c.at+`"`) {
				t.Errorf("%s: %d %s", name, r.Status, r.Body)
			}
		}
		two := bundle("transaction", entry("POST", "SearchParameter", searchParameter("twin", "Patient", "token", "Patient.active", ""), ""),
			entry("POST", "SearchParameter", strings.Replace(searchParameter("twin", "Patient", "token", "Patient.deceased", ""), "sp/twin", "sp/twin2", 1), ""))
		w.Do(home, http.MethodPost, "", two).Expect(http.StatusUnprocessableEntity)
		// What stands for what is there is no second one, and may be replaced, by
		// search as well.
		mine := searchParameter("mine", "Patient", "string", "Patient.name.given", "")
		w.Do(home, http.MethodPost, "/SearchParameter", mine, "If-None-Exist", "url=http://x.test/sp/mine").Expect(http.StatusOK)
		w.Do(home, http.MethodPut, "/SearchParameter?url=http://x.test/sp/mine", mine).Expect(http.StatusOK)
		w.Do(home, http.MethodPatch, "/SearchParameter?url=http://x.test/sp/mine", `[{"op":"replace","path":"/code","value":"yours"}]`, "Content-Type", jsonPatch).Expect(http.StatusOK)
		reindexed(t, w)
		if found := w.Get(home, "/Patient?yours=anna").Refs(); len(found) != 1 {
			t.Errorf("found %v", found)
		}
	})
}

// A custom reference parameter makes nobody a subject, is no other name of a
// person, and replaces neither compartment nor labels.
func TestA_CustomReferencesGiveNoAccess(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		home, hospital := w.System(w.Practice), w.System(w.Hospital)
		w.Create(home, searchParameter("looker", "Observation", "reference", "Observation.performer", `,"target":["Patient","Practitioner"]`))
		w.Create(home, searchParameter("whose", "Observation", "reference", "Observation.subject", `,"target":["Patient"]`))
		w.Create(home, searchParameter("marked", "Observation", "token", "Observation.meta.security", ""))
		w.Create(home, searchParameter("held", "Basic", "reference", "Basic.extension.where(url = 'http://x.test/of').value", `,"target":["Patient","Observation"]`))
		reindexed(t, w)
		patient := w.Patient(w.A, own)
		// About B, with A in a place that the parameter reads.
		aboutB := strings.Replace(cast.Observation(w.B.AtPractice, "8867-4", "x", "1"), `"status"`, `"performer":[{"reference":"`+w.A.AtPractice.String()+`"}],"status"`, 1)
		hidden := w.Create(home, aboutB)
		w.Get(patient, "/"+hidden.String()).Expect(http.StatusNotFound)
		for _, search := range []string{"looker=" + w.A.AtPractice.ID, "looker:missing=false", "_include=Observation:looker", "whose=" + w.B.AtPractice.ID, "whose:Patient.name=jansen&looker:missing=false"} {
			if found := w.Get(patient, "/Observation?"+search).Refs(); slices.Contains(found, hidden.String()) || slices.Contains(found, w.B.AtPractice.String()) {
				t.Errorf("%s: %v", search, found)
			}
		}
		// Through it, to and from what is hidden.
		w.Create(home, `{"resourceType":"Basic","code":{"text":"x"},"extension":[{"url":"http://x.test/of","valueReference":{"reference":"`+w.B.Reading.String()+`"}}]}`)
		stranger := w.Professional(w.Stranger, w.Practice, "user/*.rs")
		for who, token := range map[string]string{"the patient": patient, "a stranger": stranger} {
			for _, search := range []string{"/Observation?_has:Basic:held:code:missing=false", "/Observation?_revinclude=Basic:held", "/Basic?held:Observation.code=8867-4", "/Basic?_include=Basic:held", "/Basic?_include=*", "/Patient?_has:Observation:looker:code=8867-4"} {
				r := w.Get(token, search)
				if r.Status == http.StatusForbidden {
					continue
				}
				if body := string(r.Body); r.Status != http.StatusOK || strings.Contains(body, w.B.Reading.String()+`"`) && strings.Contains(body, `"fullUrl":"`+cast.Base+"/"+w.B.Reading.String()) {
					t.Errorf("%s, %s: %s", who, search, r.Body)
				}
			}
		}
		if found := w.Get(hospital, "/Basic?held:Observation.code=8867-4").Refs(); len(found) != 0 {
			t.Errorf("another custodian's: %v", found)
		}
		// The person's other Patient is found by R4's parameter alone.
		if found := w.Get(patient, "/Observation?subject="+w.A.AtPractice.ID).Refs(); len(found) < 3 {
			t.Errorf("the person's: %v", found)
		}
		if found := w.Get(patient, "/Observation?whose="+w.A.AtPractice.ID).Refs(); !slices.Equal(found, []string{w.A.Reading.String()}) {
			t.Errorf("as written: %v", found)
		}
		// A label that the door added is not in the body; access goes by it all the same.
		w.Create(patient, cast.Permit(w.A.AtPractice, w.Practice))
		gp := w.Professional(w.GP, w.Practice, "user/*.rs")
		if found := w.Get(gp, "/Observation?marked=PSY").Refs(); len(found) != 0 {
			t.Errorf("a label is no longer one: %v", found)
		}
		if found := w.Get(gp, "/Observation?marked:missing=true").Refs(); !slices.Contains(found, w.A.Lab.String()) || slices.Contains(found, w.B.Lab.String()) {
			t.Errorf("found %v", found)
		}
	})
}

// A parameter that goes away takes its searches with it: a continuation link, a
// sort, an include and a condition are refused, and never widened.
func TestA_AParameterThatGoesWidensNothing(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		home := w.System(w.Practice)
		sp := w.Create(home, searchParameter("number", "Patient", "token", "Patient.identifier.value", ""))
		for i := range 5 {
			w.Create(home, fmt.Sprintf(`{"resourceType":"Patient","identifier":[{"value":"same"},{"value":"n%d"}]}`, i))
		}
		reindexed(t, w)
		first := w.Get(home, "/Patient?number=same&_count=2")
		next := first.Link("next")
		posted := w.Do(home, http.MethodPost, "/Patient/_search", "number=same&_count=2", "Content-Type", "application/x-www-form-urlencoded").Expect(http.StatusOK).Link("self")
		if len(first.Refs()) != 2 || next == "" || len(w.Get(home, next).Refs()) != 2 || len(w.Get(home, posted).Refs()) != 2 {
			t.Fatalf("%s", first.Body)
		}
		job := w.Do(home, http.MethodGet, "/Patient?number=same", nil, "Prefer", "respond-async, handling=lenient").Expect(http.StatusAccepted)
		status := strings.TrimPrefix(job.Header.Get("Content-Location"), cast.Base)
		w.Do(home, http.MethodDelete, "/"+sp.String(), nil).Expect(http.StatusNoContent)
		lenient := []string{"Prefer", "handling=lenient"}
		for _, link := range []string{next, posted} {
			w.Get(home, link).Expect(http.StatusBadRequest)
			w.Do(home, http.MethodGet, link, nil, lenient...).Expect(http.StatusBadRequest)
		}
		w.Get(home, "/Patient?_sort=number").Expect(http.StatusBadRequest)
		w.Do(home, http.MethodGet, "/Patient?_sort=number", nil, lenient...).Expect(http.StatusBadRequest)
		w.Do(home, http.MethodDelete, "/Patient?number=n1", nil).Expect(http.StatusBadRequest)
		w.Do(home, http.MethodPost, "/Patient", `{"resourceType":"Patient"}`, "If-None-Exist", "number=n1").Expect(http.StatusBadRequest)
		for f := range w.Get(home, status).Expect(http.StatusOK).Root().Get("output").All() {
			file := w.Get(home, strings.TrimPrefix(f.Get("url").Text(), cast.Base))
			if file.Status == http.StatusOK && strings.Contains(string(file.Body), `"resourceType":"Patient"`) {
				t.Errorf("the answer fetched later is of another search: %s", file.Body)
			}
		}
	})
}

// What is written while the definition is under way, through a server that has
// not heard of it, is found; and that server answers as the other does.
func TestSearchParameter_IsOneForAllProcesses(t *testing.T) {
	twoProcesses(t, func(t *testing.T, worlds [2]*cast.World) {
		w, other := worlds[0], worlds[1]
		home := w.System(w.Practice)
		other.Get(home, "/Patient?active=true").Expect(http.StatusOK) // its facts are known
		sp := w.Create(home, searchParameter("number", "Patient", "token", "Patient.identifier.value", ""))
		written := other.Create(home, `{"resourceType":"Patient","identifier":[{"value":"first"}]}`)
		other.Get(home, "/Patient?number=first").Expect(http.StatusBadRequest)
		reindexed(t, w)
		for i, one := range worlds {
			if found := one.Get(home, "/Patient?number=first").Refs(); !slices.Equal(found, []string{written.String()}) {
				t.Errorf("server %d found %v", i, found)
			}
			if found := one.Get(home, "/Patient?number=first&nonsense=1").Status; found != http.StatusBadRequest {
				t.Errorf("status %d", found)
			}
		}
		second := other.Create(home, `{"resourceType":"Patient","identifier":[{"value":"second"}]}`)
		if found := w.Get(home, "/Patient?number=second").Refs(); !slices.Equal(found, []string{second.String()}) {
			t.Errorf("found %v", found)
		}
		r := other.Do(home, http.MethodPost, "/Patient", `{"resourceType":"Patient"}`, "If-None-Exist", "number=second").Expect(http.StatusOK)
		if !strings.Contains(r.Header.Get("Location"), second.ID) {
			t.Errorf("%s", r.Header.Get("Location"))
		}
		// Taken back through one, it is gone in the other, also where nobody asked.
		other.Do(home, http.MethodDelete, "/"+sp.String(), nil).Expect(http.StatusNoContent)
		w.Get(home, "/Patient?number=second").Expect(http.StatusBadRequest)
		// A lenient search that one process does not know whole asks the store first.
		w.Create(home, strings.Replace(searchParameter("number", "Patient", "token", "Patient.identifier.value", ""), "sp/number", "sp/number2", 1))
		other.Do(home, http.MethodGet, "/Patient?number=second", nil, "Prefer", "handling=lenient").Expect(http.StatusBadRequest)
		other.Do(home, http.MethodPost, "", bundle("batch", entry("GET", "Patient?number=second", "", ""))).Expect(http.StatusOK)
	})
}

// How many resources there are is of all custodians: whoever is not the operator
// is told no number, by the status as by a search.
func TestB_IndexNumbersAreTheOperators(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		sp := w.Create(w.System(w.Practice), searchParameter("number", "Observation", "token", "Observation.identifier.value", ""))
		if _, err := w.Gate.Reindex(context.Background(), 1); err != nil {
			t.Fatal(err)
		}
		for who, token := range map[string]string{
			"another custodian": w.System(w.Hospital), "the patient": w.Patient(w.A, "patient/*.rs"),
			"a professional": w.Professional(w.GP, w.Practice, "user/*.rs"), "a narrow one": w.Token("system/SearchParameter.r", smart.Grant{Organization: w.Hospital}),
		} {
			if got := indexStatus(t, w.Get(token, "/"+sp.String()+"/$index-status")); got["status"] != "indexing" || len(got) != 2 {
				t.Errorf("%s: %v", who, got)
			}
			if r := w.Get(token, "/Observation?number=1"); r.Status != http.StatusForbidden && (r.Status != http.StatusBadRequest || strings.Contains(string(r.Body), " of 6")) {
				t.Errorf("%s: %d %s", who, r.Status, r.Body)
			}
		}
		if got := indexStatus(t, w.Get(w.System(w.Practice), "/"+sp.String()+"/$index-status")); got["done"] != "1" || got["total"] != "6" {
			t.Errorf("the operator: %v", got)
		}
		w.Get(w.Token("system/Patient.r", smart.Grant{Organization: w.Hospital}), "/"+sp.String()+"/$index-status").Expect(http.StatusForbidden)
		w.Get("", "/"+sp.String()+"/$index-status").Expect(http.StatusUnauthorized)
		w.Get(w.System(w.Practice), "/SearchParameter/"+absent+"/$index-status").Expect(http.StatusNotFound)
		w.Get(w.System(w.Practice), "/"+sp.String()+"/$index-status?x="+url.QueryEscape("y")).Expect(http.StatusBadRequest)
	})
}
