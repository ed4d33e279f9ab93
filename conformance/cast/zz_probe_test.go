package cast_test

import (
	"fmt"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"sluis/conformance/cast"
	"sluis/smart"
)

func only(t *testing.T, name string) bool {
	p := os.Getenv("PROBE")
	return p == "" || strings.Contains(","+p+",", ","+name+",")
}

func show(t *testing.T, name string, f func() cast.Response) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	at := time.Now()
	r := f()
	d := time.Since(at)
	runtime.ReadMemStats(&after)
	t.Logf("%-44s %d %8s alloc %4d MB  %d bytes %.300s", name, r.Status, d.Round(time.Millisecond), (after.TotalAlloc-before.TotalAlloc)>>20, len(r.Body), r.Body)
}

func repeat(s, sep string, n int) string { return strings.TrimSuffix(strings.Repeat(s+sep, n), sep) }

func TestProbeCost(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		if b := os.Getenv("BACKEND"); b != "" && !strings.HasSuffix(t.Name(), b) {
			return
		}
		p, gp, h := w.Patient(w.A, own), w.Professional(w.GP, w.Practice, "user/*.cruds"), w.System(w.Hospital)
		_ = h
		w.Create(w.Patient(w.A, own), cast.Permit(w.A.AtPractice, w.Practice))
		batch := func(token, method, url, body string, n int) cast.Response {
			b := ""
			if body != "" {
				b = `"resource":` + body + ","
			}
			return w.Do(token, http.MethodPost, "", `{"resourceType":"Bundle","type":"batch","entry":[`+repeat(`{`+b+`"request":{"method":"`+method+`","url":"`+url+`"}}`, ",", n)+`]}`)
		}
		if only(t, "metadata") {
			show(t, "batch of metadata", func() cast.Response { return batch(p, "GET", "metadata", "", 300) })
		}
		if only(t, "hops") {
			for _, tok := range []string{p, gp} {
				show(t, "6 hops", func() cast.Response {
					return w.Get(tok, "/Observation?"+escaped("", "subject:Patient._has:Observation:patient:subject:Patient._has:Observation:patient:subject:Patient._has:Observation:patient:code", "x")[1:])
				})
				show(t, "6 hops x 10", func() cast.Response {
					return w.Get(tok, "/Observation?"+repeat("subject:Patient._has:Observation:patient:subject:Patient._has:Observation:patient:subject:Patient._has:Observation:patient:code=8867-4", "&", 10))
				})
				show(t, "untyped hops", func() cast.Response {
					return w.Get(tok, "/Observation?focus.subject.general-practitioner.name=x")
				})
				show(t, "filter or of chains", func() cast.Response {
					return w.Get(tok, escaped("/Observation", "_filter", repeat("subject:Patient[_has:Observation:patient:code eq x].gender eq male", " or ", 20)))
				})
			}
		}
		if only(t, "near") {
			show(t, "near 150", func() cast.Response { return w.Get(p, "/Location?near="+repeat("52.1|5.1|10000|km", ",", 150)) })
			show(t, "near 151", func() cast.Response { return w.Get(p, "/Location?near="+repeat("52.1|5.1|10000|km", ",", 151)) })
			show(t, "composite 150", func() cast.Response {
				return w.Get(gp, "/Observation?code-value-quantity="+repeat("http://loinc.org|8867-4$gt5", ",", 150))
			})
			show(t, "content words", func() cast.Response { return w.Get(gp, "/Observation?_content="+repeat("a%20b%20c%20d%20e%20f%20g%20h", "%20", 8)) })
		}
		if only(t, "include") {
			show(t, "include *", func() cast.Response {
				return w.Get(h, "/Observation?_include=*&_revinclude=*&_include:iterate=*&_revinclude:iterate=*")
			})
			show(t, "include * gp", func() cast.Response {
				return w.Get(gp, "/?_type=Observation,Patient&_include:iterate=*&_revinclude:iterate=*")
			})
			show(t, "32 includes", func() cast.Response {
				q := []string{}
				for _, x := range strings.Split("Observation,Condition,Encounter,Procedure,MedicationRequest,Immunization,DiagnosticReport,CarePlan,CareTeam,Consent,DocumentReference,Composition,Goal,Flag,List,Provenance,Task,AllergyIntolerance,Appointment,Basic,Claim,Communication,Coverage,DeviceRequest,EpisodeOfCare,FamilyMemberHistory,ImagingStudy,Media,ServiceRequest,Specimen,RelatedPerson", ",") {
					q = append(q, "_revinclude:iterate="+x+":*")
				}
				return w.Get(h, "/Patient?"+strings.Join(q, "&"))
			})
		}
		if only(t, "match") {
			ids := []string{}
			for i := range 100000 {
				ids = append(ids, fmt.Sprintf(`{"system":"urn:x","value":"v%d"}`, i))
			}
			show(t, "match many ids one system", func() cast.Response {
				return w.Do(h, "POST", "/Patient/$match", `{"resourceType":"Parameters","parameter":[{"name":"resource","resource":{"resourceType":"Patient","identifier":[`+strings.Join(ids, ",")+`]}}]}`)
			})
			names := []string{}
			for i := range 290 {
				names = append(names, fmt.Sprintf(`"n%d"`, i))
			}
			show(t, "match many names", func() cast.Response {
				return w.Do(h, "POST", "/Patient/$match", `{"resourceType":"Parameters","parameter":[{"name":"resource","resource":{"resourceType":"Patient","birthDate":"1980-02-01","name":[{"family":"Jansen","given":[`+strings.Join(names, ",")+`]}]}}]}`)
			})
			show(t, "match wide birthdate", func() cast.Response {
				return w.Do(h, "POST", "/Patient/$match", `{"resourceType":"Parameters","parameter":[{"name":"resource","resource":{"resourceType":"Patient","birthDate":"1980","name":[{"family":"","given":[""]}]}}]}`)
			})
		}
		if only(t, "validate") {
			contained := []string{}
			for i := range 20000 {
				contained = append(contained, fmt.Sprintf(`{"resourceType":"Basic","id":"c%d","code":{"text":"x"}}`, i))
			}
			body := `{"resourceType":"Observation","status":"final","code":{"text":"x"},"contained":[` + strings.Join(contained, ",") + `]}`
			show(t, "validate many contained", func() cast.Response { return w.Do(p, "POST", "/Observation/$validate", body) })
			show(t, "create many contained", func() cast.Response { return w.Do(h, "POST", "/Observation", body) })
			comps := repeat(`{"code":{"coding":[{"system":"urn:sys","code":"x"},{"system":"http://loinc.org","code":"8867-4"}]},"valueQuantity":{"value":1,"system":"http://unitsofmeasure.org","code":"mg"}}`, ",", 20000)
			body2 := `{"resourceType":"Observation","status":"final","code":{"text":"x"},"component":[` + comps + `]}`
			show(t, "validate many components", func() cast.Response { return w.Do(p, "POST", "/Observation/$validate", body2) })
			show(t, "create many components", func() cast.Response { return w.Do(h, "POST", "/Observation", body2) })
			show(t, "batch validate 25000", func() cast.Response {
				return batch(p, "POST", "Observation/$validate", `{"resourceType":"Observation","status":"final","code":{"text":"x"}}`, 2000)
			})
			sys := []string{}
			for i := range 3000 {
				sys = append(sys, fmt.Sprintf(`{"code":{"coding":[{"system":"urn:sys%d","code":"x"}]},"valueQuantity":{"value":1}}`, i))
			}
			show(t, "validate many systems", func() cast.Response {
				return w.Do(p, "POST", "/Observation/$validate", `{"resourceType":"Observation","status":"final","code":{"text":"x"},"component":[`+strings.Join(sys, ",")+`]}`)
			})
			prof := []string{}
			for i := range 200 {
				prof = append(prof, fmt.Sprintf(`"http://example.org/p%d"`, i))
			}
			show(t, "validate many profiles", func() cast.Response {
				return w.Do(p, "POST", "/Observation/$validate", `{"resourceType":"Observation","meta":{"profile":[`+strings.Join(prof, ",")+`]},"status":"final","code":{"text":"x"}}`)
			})
		}
		if only(t, "expand") {
			show(t, "batch expand 200", func() cast.Response {
				return batch(p, "GET", "ValueSet/$expand?url=http://hl7.org/fhir/ValueSet/resource-types", "", 300)
			})
			show(t, "big expand", func() cast.Response {
				return w.Get(p, "/ValueSet/$expand?url=http://hl7.org/fhir/ValueSet/all-types")
			})
		}
		if only(t, "patch") {
			big := strings.Replace(cast.Observation(w.A.AtPractice, "8867-4", "x", "1"), `"status"`, `"note":[`+repeat(`{"text":"`+strings.Repeat("x", 1_000_000)+`"}`, ",", 8)+`],"status"`, 1)
			ref := w.Create(p, big)
			es := []string{}
			for i := range 40 {
				es = append(es, `{"resource":{"resourceType":"Parameters","parameter":[{"name":"operation","part":[{"name":"type","valueCode":"replace"},{"name":"path","valueString":"Observation.status"},{"name":"value","valueCode":"`+[]string{"final", "amended"}[i%2]+`"}]}]},"request":{"method":"PATCH","url":"Observation?_id=`+ref.ID+`"}}`)
			}
			show(t, "batch cond patch of 8MB", func() cast.Response {
				return w.Do(p, "POST", "", `{"resourceType":"Bundle","type":"batch","entry":[`+strings.Join(es, ",")+`]}`)
			})
			es = nil
			for i := range 100 {
				es = append(es, entry("POST", "Observation", cast.Observation(w.A.AtPractice, "1-8", "x", "1"), fmt.Sprintf(`,"ifNoneExist":"_id=%s,x%d"`, ref.ID, i)))
			}
			show(t, "tx of 100 conditional creates of 8MB", func() cast.Response { return w.Do(p, "POST", "", bundle("transaction", es...)) })
			es = nil
			for range 40 {
				es = append(es, `{"request":{"method":"GET","url":"`+ref.String()+`/$meta"}}`)
			}
			show(t, "batch meta of 8MB", func() cast.Response { return w.Do(p, "POST", "", bundle("batch", es...)) })
			show(t, "lastn", func() cast.Response { return w.Get(p, "/Observation/$lastn?patient="+w.A.AtPractice.ID+"&code=8867-4") })
		}
		if only(t, "async") {
			g0 := runtime.NumGoroutine()
			show(t, "async flood", func() cast.Response {
				var r cast.Response
				for range 200 {
					r = w.Do(p, "POST", "", bundle("batch", entry("POST", "Observation", cast.Observation(w.A.AtPractice, "1-8", "x", "1"), "")), "Prefer", "respond-async")
				}
				return r
			})
			t.Logf("goroutines %d to %d", g0, runtime.NumGoroutine())
			time.Sleep(3 * time.Second)
		}
		_ = smart.Grant{}
	})
}
