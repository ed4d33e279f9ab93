package cast_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"sluis/conformance/cast"
	"sluis/fhir"
	"sluis/gate"
	"sluis/smart"
)

// wordy is a consent with n nested provisions about as many codes, each of
// a system of its own, for everybody.
func wordy(patient fhir.Ref, n int) string {
	nested := make([]string, n)
	for i := range nested {
		nested[i] = fmt.Sprintf(`{"type":%q,"code":[{"coding":[{"system":"urn:%d","code":"c"}]}]}`, []string{"deny", "permit"}[i%2], i)
	}
	return strings.Replace(strings.Replace(cast.Permit(patient, "x"), "OPTOUT", "OPTIN", 1), cast.Permit(patient, "x")[strings.Index(cast.Permit(patient, "x"), `"provision":{`):],
		`"provision":{"type":"permit","provision":[`+strings.Join(nested, ",")+`]}}`, 1)
}

// distinct is n times the form, each with its own number.
func distinct(form string, n int) string {
	var out strings.Builder
	for i := range n {
		fmt.Fprintf(&out, form, i)
	}
	return out.String()
}

// Section D, resource exhaustion: what one patient wishes is in the predicate of
// everybody's requests, and must not stop them.
func TestD_HeavyConsentsHarmNobodyElse(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		b, hospital := w.Patient(w.B, own), w.System(w.Hospital)
		gp := w.Professional(w.GP, w.Practice, "user/*.rs")
		w.Create(w.Patient(w.A, own), cast.Permit(w.A.AtPractice, w.Practice))
		w.Treats(w.System(w.Practice), w.GP, w.B.AtPractice)
		expect(t, "one consent that is too much", w.Do(b, http.MethodPost, "/Consent", wordy(w.B.AtPractice, 400)), http.StatusUnprocessableEntity)
		actor := `{"role":{"coding":[{"system":"` + participants + `","code":"IRCP"}]},"reference":{"reference":"Organization/%d"}},`
		crowd := strings.Replace(cast.Permit(w.B.AtPractice, w.Practice), `"actor":[`, `"actor":[`+distinct(actor, 2000), 1)
		expect(t, "one consent for a crowd", w.Do(b, http.MethodPost, "/Consent", crowd), http.StatusUnprocessableEntity)
		w.Create(b, wordy(w.B.AtPractice, 240))
		for _, when := range []string{"one that is nearly", "two that are together"} {
			for _, path := range []string{"/" + w.A.Lab.String(), "/Observation?_include=Observation:subject&_total=accurate", "/_history", "/?_type=Observation,Patient"} {
				expect(t, when+": "+path, w.Get(gp, path), http.StatusOK)
				expect(t, when+": "+path, w.Get(hospital, path), http.StatusOK)
			}
			expect(t, when, w.Do(hospital, http.MethodPost, "/Observation", cast.Observation(w.A.AtHospital, "1-8", "x", "1")), http.StatusCreated)
			w.Create(b, strings.ReplaceAll(wordy(w.B.AtPractice, 240), "urn:", "urn:x:"))
		}
		if refs := w.Get(gp, "/Observation?patient="+w.B.AtPractice.ID).Refs(); len(refs) != 0 {
			t.Errorf("consents that cannot be enforced permit %v", refs)
		}
		if refs := w.Get(b, "/Observation").Refs(); len(refs) != 3 {
			t.Errorf("the patient sees %v", refs)
		}

		// Many are counted; those that are alike weigh nothing.
		entry := `{"resource":` + cast.Permit(w.A.AtPractice, w.Practice) + `,"request":{"method":"POST","url":"Consent"}}`
		many := func(n int) string {
			return `{"resourceType":"Bundle","type":"transaction","entry":[` + strings.TrimSuffix(strings.Repeat(entry+",", n), ",") + `]}`
		}
		w.Do(w.Patient(w.A, own), http.MethodPost, "", many(190)).Expect(http.StatusOK)
		expect(t, "more than anybody needs", w.Do(w.Patient(w.A, own), http.MethodPost, "", many(20)), http.StatusUnprocessableEntity)
		w.Get(gp, "/"+w.A.Lab.String()).Expect(http.StatusOK)
	})
}

// Section D: a search is refused before it is too much for the database, in both
// ways to send one and as a condition.
func TestD_CostlySearchesAreRefused(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		token := w.Patient(w.A, own)
		list := func(form string, n int) string {
			values := make([]string, n)
			for i := range values {
				values[i] = fmt.Sprintf(form, i)
			}
			return strings.Join(values, ",")
		}
		for q, status := range map[string]int{
			"patient=" + list("p%d", 100): 200, "patient=" + list("p%d", 101): 400, "patient=" + list("p%d", 500): 400,
			"code=" + list("a%d", 500): 200, "code=" + list("urn:%d|a", 300): 200, "code=" + list("urn:%d|a", 301): 400,
			"value-string=" + list("v%d", 300): 200, "value-string=" + list("v%d", 301): 400, "subject:Patient.name=" + list("v%d", 300): 200,
			"subject.name=" + list("v%d", 300): 400, "date=" + list("ne2%03d", 300): 200, "_source=" + list("urn:%d", 500): 400, "_id=" + list("i%d", 500): 200,
			"_id=" + list("i%d", 400) + "&_id:not=" + list("j%d", 400):                       400,
			strings.TrimSuffix(strings.Repeat("value-string="+list("v%d", 20)+"&", 16), "&"): 400,
			strings.TrimSuffix(strings.Repeat("code=a&", 65), "&"):                           400,
			"_count=1000000000": 200, "_count=99999999999999999999": 400, "_count=-1": 400, "_count=1e9": 400,
		} {
			expect(t, q[:min(len(q), 40)], w.Do(token, http.MethodPost, "/Observation/_search", q, "Content-Type", "application/x-www-form-urlencoded"), status)
		}
		expect(t, "as a condition", w.Do(token, http.MethodDelete, "/Observation?value-string="+list("v%d", 301), nil), http.StatusBadRequest)
		expect(t, "too long", w.Get(token, "/Observation?code="+strings.Repeat("x", 70_000)), http.StatusRequestURITooLong)
	})
}

// Section D, JSON bombs: what is small to send is not large to read.
func TestD_BombsAreRefused(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		token := w.Patient(w.A, own)
		of := func(number string) string { return cast.Observation(w.A.AtPractice, "8867-4", "x", number) }
		part := func(more string) string { return strings.Replace(of("1"), `"status"`, more+`,"status"`, 1) }
		for name, c := range map[string]struct {
			body     string
			statuses []int
		}{
			"a million digits":   {of(strings.Repeat("9", 1_000_000)), []int{400}},
			"digits in a place":  {part(`"extension":[{"url":"http://example.org/x","valueDecimal":0.` + strings.Repeat("1", 200) + `}]`), []int{400}},
			"a large exponent":   {of("1e999999999"), []int{201, 422}},
			"a larger exponent":  {of("-1e-99999999999999"), []int{201, 422}},
			"deep arrays":        {`{"resourceType":"Observation","x":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + `}`, []int{400}},
			"deep elements":      {`{"resourceType":"Observation","x":` + strings.Repeat(`[`, 60) + strings.Repeat(`]`, 60) + `}`, []int{422}},
			"deep narrative":     {part(`"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">` + strings.Repeat("<p>", 100_000) + `"}`), []int{422}},
			"many members":       {`{"resourceType":"Observation",` + members(5000) + `}`, []int{400}},
			"many values":        {`{"resourceType":"Observation","x":[` + strings.Repeat("1,", 7<<20) + `1]}`, []int{413}},
			"a NUL":              {strings.Replace(of("1"), "Heart", "\\u0000", 1) + "\x00", []int{400}},
			"an escaped NUL":     {strings.Replace(of("1"), `"x"`, `"\u0000"`, 1), []int{400}},
			"half a character":   {strings.Replace(of("1"), `"x"`, `"\ud800"`, 1), []int{400}},
			"not UTF-8":          {strings.Replace(of("1"), `"x"`, "\"\xff\"", 1), []int{400}},
			"a noncharacter":     {strings.Replace(of("1"), `"x"`, `"\uffff"`, 1), []int{201, 400, 422}},
			"a long code":        {strings.Replace(of("1"), "8867-4", strings.Repeat("c", 100_000), 1), []int{201}},
			"a long string":      {strings.Replace(of("1"), `"valueQuantity":{"value":1,"unit":"x"}`, `"valueString":"`+strings.Repeat("é", 200_000)+`"`, 1), []int{201}},
			"a long id in a ref": {strings.Replace(of("1"), w.A.AtPractice.ID, strings.Repeat("i", 100_000), 1), []int{403, 422}},
		} {
			expect(t, name, w.Do(token, http.MethodPost, "/Observation", c.body), c.statuses...)
		}
		var bomb bytes.Buffer
		z := gzip.NewWriter(&bomb)
		for range 70 {
			_, _ = z.Write(bytes.Repeat([]byte{' '}, 1<<20)) // to memory
		}
		_ = z.Close()
		expect(t, "a gzip bomb", w.Do(token, http.MethodPost, "/Observation", bomb.Bytes(), "Content-Encoding", "gzip"), http.StatusRequestEntityTooLarge)
		expect(t, "half a gzip", w.Do(token, http.MethodPost, "/Observation", bomb.Bytes()[:bomb.Len()/2], "Content-Encoding", "gzip"), http.StatusBadRequest, http.StatusRequestEntityTooLarge)
		expect(t, "no gzip", w.Do(token, http.MethodPost, "/Observation", "{}", "Content-Encoding", "gzip"), http.StatusBadRequest)
		expect(t, "an unknown coding", w.Do(token, http.MethodPost, "/Observation", "{}", "Content-Encoding", "br"), http.StatusUnsupportedMediaType)
	})
}

func members(n int) string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf(`"m%d":1`, i)
	}
	return strings.Join(out, ",")
}

// Section D: a batch of searches cannot ask for more than fits in memory.
func TestD_ABatchHasOneAnswer(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		token := w.Patient(w.A, own)
		note := `{"text":"` + strings.Repeat("x", 1_000_000) + `"},`
		w.Create(token, strings.Replace(cast.Observation(w.A.AtPractice, "8867-4", "x", "1"), `"status"`, `"note":[`+strings.TrimSuffix(strings.Repeat(note, 8), ",")+`],"status"`, 1))
		entry := `{"request":{"method":"GET","url":"Observation?code=8867-4"}}`
		batch := `{"resourceType":"Bundle","type":"batch","entry":[` + strings.TrimSuffix(strings.Repeat(entry+",", 40), ",") + `]}`
		r := w.Do(token, http.MethodPost, "", batch).Expect(http.StatusOK)
		if n := strings.Count(string(r.Body), `"status":"413"`); n < 20 || len(r.Body) > 100<<20 {
			t.Errorf("%d of 40 searches were refused, and the answer has %d bytes", n, len(r.Body))
		}
	})
}

// Section D: changes of policy make decisions out of date; many at once must not
// keep others from writing.
func TestD_PolicyWritersStarveNobody(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		token, hospital := w.Patient(w.A, own), w.System(w.Hospital)
		consent := strings.Replace(cast.Permit(w.A.AtPractice, w.Practice), `"active"`, `"inactive"`, 1)
		changes := make([]fhir.Ref, 12)
		for i := range changes {
			changes[i] = w.Create(token, consent)
		}
		var work sync.WaitGroup
		var mu sync.Mutex
		statuses := map[string]int{}
		note := func(what string, r cast.Response) {
			mu.Lock()
			defer mu.Unlock()
			statuses[fmt.Sprint(what, " ", r.Status)]++
		}
		for _, ref := range changes {
			work.Go(func() {
				for n := range 8 {
					body := strings.Replace(under(ref.ID, consent), `"inactive"`, []string{`"active"`, `"inactive"`}[n%2], 1)
					note("consent", w.Do(token, http.MethodPut, "/"+ref.String(), body))
				}
			})
		}
		for range 4 {
			work.Go(func() {
				for range 15 {
					note("write", w.Do(hospital, http.MethodPost, "/Observation", cast.Observation(w.A.AtHospital, "1-8", "x", "1")))
					note("read", w.Get(hospital, "/"+w.A.Lab.String()))
				}
			})
		}
		work.Wait()
		for what, n := range statuses {
			if !slices.Contains([]string{"consent 200", "write 201", "read 200"}, what) {
				t.Errorf("%s: %d times; all: %v", what, n, statuses)
			}
		}
	})
}

// Section F, "lose nothing": two feeds with senders of one name do not take each
// other's messages for their own, and write for their own custodian alone.
func TestF_FeedsDoNotShareAnInbox(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		scopes, err := smart.ParseScopes("system/*.cruds")
		if err != nil {
			t.Fatal(err)
		}
		deliver := func(feed, custodian, key string, about fhir.Ref) (bool, error) {
			caller := gate.Caller{Feed: feed, Request: key, Grant: smart.Grant{Client: "feed:" + feed, Organization: custodian, Scopes: scopes, Purposes: []string{"TREAT"}}}
			bundle := `{"resourceType":"Bundle","type":"transaction","entry":[{"resource":` + cast.Observation(about, "1-8", "x", "1") + `,"request":{"method":"POST","url":"Observation"}}]}`
			return w.Gate.Deliver(context.Background(), caller, gate.Delivery{Source: "EPD|MAIN", Key: key, Bundle: []byte(bundle)})
		}
		for i, c := range []struct {
			feed, custodian, key string
			about                fhir.Ref
			seen                 bool
			kind                 fhir.Kind
		}{
			{"lab", w.Hospital, "1", w.A.AtHospital, false, 0},
			{"lab", w.Hospital, "1", w.A.AtHospital, true, 0},
			{"gp", w.Practice, "1", w.A.AtPractice, false, 0},
			{"ward", w.Hospital, "1", w.A.AtHospital, false, 0},
			{"gp", w.Practice, "2", w.A.AtHospital, false, fhir.Unprocessable},
			{"gp", w.Practice, strings.Repeat("k", 10_000), w.A.AtPractice, false, fhir.Invalid},
		} {
			seen, err := deliver(c.feed, c.custodian, c.key, c.about)
			if seen != c.seen || (err != nil) != (c.kind != 0) || err != nil && fhir.KindOf(err) != c.kind {
				t.Errorf("delivery %d: seen %v, %v", i, seen, err)
			}
		}
	})
}

// Section D, huge bundles: the costly kind of entry is counted.
func TestD_ConditionalEntriesAreCounted(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		entries := make([]string, 1001)
		for i := range entries {
			entries[i] = entry("POST", "Observation", cast.Observation(w.A.AtPractice, "1-8", "x", "1"), fmt.Sprintf(`,"ifNoneExist":"code=c%d"`, i))
		}
		r := w.Do(w.Patient(w.A, own), http.MethodPost, "", bundle("transaction", entries...))
		if r.Status != http.StatusBadRequest || !strings.Contains(string(r.Body), "too-costly") {
			t.Errorf("status %d: %.200s", r.Status, r.Body)
		}
		w.Do(w.Patient(w.A, own), http.MethodPost, "", bundle("transaction", entries[:50]...)).Expect(http.StatusOK)
	})
}
