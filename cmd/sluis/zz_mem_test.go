package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"
)

func hwm() string {
	b, _ := os.ReadFile("/proc/self/status")
	return regexp.MustCompile(`VmHWM:\s*(\d+ kB)`).FindStringSubmatch(string(b))[1]
}

func TestZZMem(t *testing.T) {
	test := func(t *testing.T, s site) {
		v := s.visit("home")
		var b bytes.Buffer
		b.WriteString(`{"resourceType":"Bundle","type":"transaction","entry":[{"fullUrl":"urn:uuid:0b1d5f2a-7b1c-4a7e-9a51-000000000001","resource":{"resourceType":"Patient","name":[{"family":"x"}]},"request":{"method":"POST","url":"Patient"}}`)
		for i := 1; i < 25000; i++ {
			fmt.Fprintf(&b, `,{"fullUrl":"urn:uuid:0b1d5f2a-7b1c-4a7e-9a51-1%011d","resource":{"resourceType":"Observation","meta":{"profile":["http://hl7.org/fhir/StructureDefinition/vitalsigns"]},"identifier":[{"system":"urn:x","value":"%d"}],"status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs","display":"vital-signs"}]}],"code":{"coding":[{"system":"http://loinc.org","code":"8302-2","display":"Body Height"}],"text":"Body Height"},"subject":{"reference":"urn:uuid:0b1d5f2a-7b1c-4a7e-9a51-000000000001"},"effectiveDateTime":"2011-07-28T15:02:18-04:00","issued":"2011-07-28T15:02:18.000-04:00","valueQuantity":{"value":172.%d0,"unit":"cm","system":"http://unitsofmeasure.org","code":"cm"},"note":[{"text":"%s"}]},"request":{"method":"POST","url":"Observation"}}`, i, i, i, strings.Repeat("lorem ipsum ", 50))
		}
		b.WriteString(`]}`)
		debug.FreeOSMemory()
		t.Logf("bundle %d MB, before %s", b.Len()>>20, hwm())
		var peak uint64
		stop := make(chan bool)
		go func() {
			for {
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				peak = max(peak, m.HeapAlloc)
				select {
				case <-stop:
					return
				case <-time.After(50 * time.Millisecond):
				}
			}
		}()
		start := time.Now()
		r := httptest.NewRequest(http.MethodPost, v.app.config.BaseURL, bytes.NewReader(b.Bytes()))
		r.Header.Set("Authorization", "Bearer "+v.token)
		r.Header.Set("Content-Type", "application/fhir+json")
		rec := httptest.NewRecorder()
		v.handler.ServeHTTP(rec, r)
		close(stop)
		t.Logf("%d in %v, HWM %s, heap peak %d MB, answer %d KB", rec.Code, time.Since(start), hwm(), peak>>20, rec.Body.Len()>>10)
		if rec.Code != 200 {
			t.Log(rec.Body.String()[:500])
		}
	}
	if os.Getenv("ZZ") == "pg" {
		everywhere(t, home, func(t *testing.T, s site) {
			if strings.HasSuffix(t.Name(), "postgres") {
				test(t, s)
			}
		})
		return
	}
	test(t, newSite(t, home, ""))
}
