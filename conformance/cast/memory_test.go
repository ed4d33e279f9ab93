package cast_test

import (
	"fmt"
	"net/http"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"testing"
	"time"

	"sluis/conformance/cast"
	"sluis/storage/postgres"
	"sluis/storage/postgres/pgtest"
	"sluis/storage/sqlite"
)

// liveHeap is the most that the collector finds alive while f runs beyond what was
// alive before, in bytes. It collects so often that no peak stands between.
func liveHeap(f func()) uint64 {
	defer debug.SetGCPercent(debug.SetGCPercent(20))
	runtime.GC()
	before, done, peak := alive(), make(chan struct{}), make(chan uint64)
	go func() {
		most := before
		for {
			select {
			case <-done:
				peak <- max(most, alive()) - before
				return
			case <-time.After(time.Millisecond):
				most = max(most, alive())
			}
		}
	}()
	f()
	close(done)
	return <-peak
}

// alive is what the last collection left.
func alive() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// stay is a transaction of a patient and what was measured and found, n entries
// in all, as systems send them: some 1.3 KB each.
func stay(n int) []byte {
	var b strings.Builder
	b.WriteString(`{"resourceType":"Bundle","type":"transaction","entry":[`)
	b.WriteString(`{"fullUrl":"urn:uuid:00000000-0000-0000-0000-000000000000","resource":{"resourceType":"Patient","active":true,"name":[{"family":"Stay","given":["Long"]}],"birthDate":"1950-01-01"},"request":{"method":"POST","url":"Patient"}}`)
	for i := 1; i < n; i++ {
		fmt.Fprintf(&b, `,{"fullUrl":"urn:uuid:%08d-0000-0000-0000-000000000000","resource":{"resourceType":"Observation","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">Blood pressure %d of the patient, taken sitting, on the left arm</div>"},`+
			`"identifier":[{"system":"https://hospital.example/observations","value":"obs-%d"}],"status":"final",`+
			`"category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs","display":"Vital signs"}]}],`+
			`"code":{"coding":[{"system":"http://loinc.org","code":"85354-9","display":"Blood pressure panel with all children optional"}],"text":"Blood pressure panel with all children optional"},`+
			`"subject":{"reference":"urn:uuid:00000000-0000-0000-0000-000000000000"},"effectiveDateTime":"2024-03-%02dT10:%02d:00+01:00","issued":"2024-03-%02dT10:%02d:00.000+01:00",`+
			`"component":[{"code":{"coding":[{"system":"http://loinc.org","code":"8480-6","display":"Systolic blood pressure"}],"text":"Systolic blood pressure"},"valueQuantity":{"value":%d.%d,"unit":"mm[Hg]","system":"http://unitsofmeasure.org","code":"mm[Hg]"}},`+
			`{"code":{"coding":[{"system":"http://loinc.org","code":"8462-4","display":"Diastolic blood pressure"}],"text":"Diastolic blood pressure"},"valueQuantity":{"value":%d.%d,"unit":"mm[Hg]","system":"http://unitsofmeasure.org","code":"mm[Hg]"}}]},`+
			`"request":{"method":"POST","url":"Observation"}}`,
			i, i, i, 1+i%28, i%60, 1+i%28, i%60, 100+i%60, i%10, 60+i%40, i%10)
	}
	b.WriteString(`]}`)
	return []byte(b.String())
}

// Section D, resource exhaustion: what a transaction holds in memory is a small
// multiple of its body, so that one of 25,000 entries, 33 MB, takes some 250 MB.
// It is about 8 bytes for each; what is left of a smaller one beside it is the
// portion of rows that stands in memory at a time.
func TestD_MemoryOfATransaction(t *testing.T) {
	const entries, most = 3000, 13
	alone(t, func(t *testing.T, w *cast.World) {
		token, body := w.System(w.Hospital), stay(entries)
		w.Do(token, http.MethodPost, "", stay(50)).Expect(http.StatusOK) // compiles what is compiled once
		var r cast.Response
		live := liveHeap(func() { r = w.Do(token, http.MethodPost, "", body) })
		r.Expect(http.StatusOK)
		t.Logf("%d entries, %d bytes: %d alive", entries, len(body), live)
		if live > most*uint64(len(body)) {
			t.Errorf("%d bytes are alive for a body of %d, more than %d times as many", live, len(body), most)
		}
	})
}

// alone is everywhere, one backend after the other.
func alone(t *testing.T, test func(*testing.T, *cast.World)) {
	for name, open := range map[string]func() (cast.Backend, error){
		"sqlite":   func() (cast.Backend, error) { return sqlite.Open(t.Context(), t.TempDir()) },
		"postgres": func() (cast.Backend, error) { return postgres.Open(t.Context(), pgtest.URL(t)) },
	} {
		t.Run(name, func(t *testing.T) {
			store, err := open()
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = store.Close() })
			test(t, cast.New(t, store))
		})
	}
}
