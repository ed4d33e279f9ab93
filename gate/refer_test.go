package gate_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"sluis/conformance/cast"
	"sluis/fhir"
)

const practitionerWith = `{"resourceType":"Practitioner","identifier":[{"system":"urn:n","value":%q}],"active":%t}`

// visitOf is an entry that names its practitioner by number.
func visitOf(w *cast.World, number string) string {
	return fmt.Sprintf(`{"resource":{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":%q},"performer":[{"reference":"Practitioner?identifier=urn:n|%s"}]},"request":{"method":"POST","url":"Observation"}}`, w.A.AtHospital, number)
}

// TestReferral_IsOfTheDataAfterTheTransaction is R4 http.html#trules: conditional
// references are resolved last.
func TestReferral_IsOfTheDataAfterTheTransaction(t *testing.T) {
	w := world(t)
	token := w.System(w.Hospital)
	person := func(number string, active bool) string { return fmt.Sprintf(practitionerWith, number, active) }
	there := func(number string) fhir.Ref { return w.Create(token, person(number, true)) }
	post := func(number, more string) string {
		return fmt.Sprintf(`{"resource":%s,"request":{"method":"POST","url":"Practitioner"%s}}`, person(number, false), more)
	}
	conditional := `,"ifNoneExist":"identifier=urn:n|%s"`
	for name, tt := range map[string]struct {
		before int // how many have the number
		entry  func(number string, old fhir.Ref) string
		status int
		stays  bool // what was there is what is referred to
	}{
		"made here":              {0, func(n string, _ fhir.Ref) string { return post(n, "") }, 200, false},
		"there, and made here":   {1, func(n string, _ fhir.Ref) string { return post(n, "") }, 412, false},
		"made here if not there": {0, func(n string, _ fhir.Ref) string { return post(n, fmt.Sprintf(conditional, n)) }, 200, false},
		"there, so not made":     {1, func(n string, _ fhir.Ref) string { return post(n, fmt.Sprintf(conditional, n)) }, 200, true},
		"there, and updated": {1, func(n string, old fhir.Ref) string {
			return fmt.Sprintf(`{"resource":{"id":%q,%s,"request":{"method":"PUT","url":%q}}`, old.ID, person(n, false)[1:], old)
		}, 200, true},
		"there, and updated by search": {1, func(n string, _ fhir.Ref) string {
			return fmt.Sprintf(`{"resource":%s,"request":{"method":"PUT","url":"Practitioner?identifier=urn:n|%s"}}`, person(n, false), n)
		}, 200, true},
		"there, with the number taken": {1, func(_ string, old fhir.Ref) string {
			return fmt.Sprintf(`{"resource":{"id":%q,%s,"request":{"method":"PUT","url":%q}}`, old.ID, person("none", false)[1:], old)
		}, 412, false},
		"there, and deleted": {1, func(_ string, old fhir.Ref) string {
			return fmt.Sprintf(`{"request":{"method":"DELETE","url":%q}}`, old)
		}, 412, false},
		"deleted by search": {1, func(n string, _ fhir.Ref) string {
			return fmt.Sprintf(`{"request":{"method":"DELETE","url":"Practitioner?identifier=urn:n|%s"}}`, n)
		}, 412, false},
		"patched, so that it has it": {1, func(_ string, old fhir.Ref) string {
			return fmt.Sprintf(`{"resource":{"resourceType":"Parameters","parameter":[{"name":"operation","part":[{"name":"type","valueCode":"replace"},{"name":"path","valueString":"Practitioner.active"},{"name":"value","valueBoolean":false}]}]},"request":{"method":"PATCH","url":%q}}`, old)
		}, 200, true},
		"there twice": {2, func(string, fhir.Ref) string { return `{"request":{"method":"GET","url":"Practitioner?_count=1"}}` }, 412, false},
	} {
		t.Run(name, func(t *testing.T) {
			number := strings.ReplaceAll(strings.ReplaceAll(name, " ", "-"), ",", "")
			var old fhir.Ref
			for range tt.before {
				old = there(number)
			}
			r := w.Do(token, http.MethodPost, "", `{"resourceType":"Bundle","type":"transaction","entry":[`+visitOf(w, number)+","+tt.entry(number, old)+`]}`)
			r.Expect(tt.status)
			if tt.status != http.StatusOK {
				return
			}
			var answer struct {
				Entry []struct{ Response struct{ Location string } }
			}
			if err := json.Unmarshal(r.Body, &answer); err != nil {
				t.Fatal(err)
			}
			visit, _, _ := strings.Cut(answer.Entry[0].Response.Location, "/_history")
			body := w.Get(token, "/"+visit).Expect(http.StatusOK)
			var performer string
			for p := range body.Root().Get("performer").All() {
				performer = p.Get("reference").Text()
			}
			if stays := performer == old.String(); stays != tt.stays {
				t.Errorf("performer is %s, there was %s", performer, old)
			}
			w.Get(token, "/"+performer).Expect(http.StatusOK)
			if refs := w.Get(token, "/Observation?performer="+performer).Refs(); len(refs) != 1 {
				t.Errorf("the search by performer finds %v", refs)
			}
		})
	}
}

// TestPatch_RacesLoseNothing: patches without If-Match are all done, one after
// another; of those with, exactly one.
func TestPatch_RacesLoseNothing(t *testing.T) {
	w := world(t)
	token := w.System(w.Hospital)
	ref := w.Create(token, `{"resourceType":"Basic","code":{"text":"x"},"identifier":[{"value":"first"}]}`)
	race := func(headers ...string) map[int]int {
		var all sync.WaitGroup
		var mu sync.Mutex
		statuses := map[int]int{}
		for i := range 8 {
			all.Go(func() {
				r := w.Do(token, http.MethodPatch, "/"+ref.String(), fmt.Sprintf(`[{"op":"add","path":"/identifier/-","value":{"value":"p%d"}}]`, i),
					append([]string{"Content-Type", "application/json-patch+json"}, headers...)...)
				mu.Lock()
				defer mu.Unlock()
				statuses[r.Status]++
			})
		}
		all.Wait()
		return statuses
	}
	if got := race(); got[http.StatusOK] != 8 {
		t.Errorf("statuses %v, want 8 of 200", got)
	}
	body := w.Get(token, "/"+ref.String()).Root()
	n := 0
	for range body.Get("identifier").All() {
		n++
	}
	if n != 9 || body.At("meta", "versionId").Text() != "9" {
		t.Errorf("%d identifiers in version %s", n, body.At("meta", "versionId").Text())
	}
	if got := race("If-Match", `W/"9"`); got[http.StatusOK] != 1 || got[http.StatusPreconditionFailed] != 7 {
		t.Errorf("statuses %v, want 1 of 200 and 7 of 412", got)
	}
}

// TestBundle_ReadsAreConditional is Bundle.entry.request.ifNoneMatch and
// ifModifiedSince, and HEAD.
func TestBundle_ReadsAreConditional(t *testing.T) {
	w := world(t)
	at := w.A.Lab.String()
	ask := func(method, more string) string {
		return fmt.Sprintf(`{"request":{"method":%q,"url":%q%s}}`, method, at, more)
	}
	r := w.Do(w.System(w.Hospital), http.MethodPost, "", `{"resourceType":"Bundle","type":"batch","entry":[`+strings.Join([]string{
		ask("GET", ``), ask("GET", `,"ifNoneMatch":"W/\"1\""`), ask("GET", `,"ifNoneMatch":"W/\"2\""`), ask("GET", `,"ifNoneMatch":"\"x\"","ifModifiedSince":"2100-01-01T00:00:00Z"`),
		ask("GET", `,"ifModifiedSince":"2100-01-01T00:00:00Z"`), ask("GET", `,"ifModifiedSince":"2001-01-01T00:00:00Z"`), ask("HEAD", ``), ask("BREW", ``),
	}, ",")+`]}`).Expect(http.StatusOK)
	want := []string{"200 with", "304 without", "200 with", "200 with", "304 without", "200 with", "200 without", "405 without"}
	i := 0
	for e := range r.Root().Get("entry").All() {
		got := e.At("response", "status").Text() + map[bool]string{true: " without", false: " with"}[e.Get("resource").IsZero()]
		if got != want[i] {
			t.Errorf("entry %d: %s, want %s", i, got, want[i])
		}
		i++
	}
}

// TestBatch_EntriesAreIndependent: R4 http.html#brules.
func TestBatch_EntriesAreIndependent(t *testing.T) {
	w := world(t)
	const urn = "urn:uuid:0b1d5f2a-7b1c-4a7e-9a51-000000000009"
	at := w.A.Lab.String()
	body := string(w.Get(w.System(w.Hospital), "/"+at).Body)
	r := w.Do(w.System(w.Hospital), http.MethodPost, "", `{"resourceType":"Bundle","type":"batch","entry":[
		{"fullUrl":"`+urn+`","resource":{"resourceType":"Basic","code":{"text":"x"}},"request":{"method":"POST","url":"Basic"}},
		{"resource":{"resourceType":"Basic","code":{"text":"x"},"subject":{"reference":"`+urn+`"}},"request":{"method":"POST","url":"Basic"}},
		{"resource":`+body+`,"request":{"method":"PUT","url":"`+at+`"}},
		{"request":{"method":"DELETE","url":"`+at+`"}}]}`).Expect(http.StatusOK)
	var got []string
	for e := range r.Root().Get("entry").All() {
		got = append(got, e.At("response", "status").Text())
	}
	if strings.Join(got, " ") != "201 400 200 400" {
		t.Errorf("%v: %s", got, r.Body)
	}
}
