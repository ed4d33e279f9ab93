package noninterference

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"sluis/conformance/cast"
	"sluis/fhir"
	"sluis/smart"
)

// Leaks that the random requests found once. Each is shown by the same request
// for what is hidden and for what was never there.

// inEachWorld runs a test on one World of each backend.
func inEachWorld(t *testing.T, test func(*testing.T, *cast.World)) {
	for _, b := range backends {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			test(t, cast.New(t, b.open(t)))
		})
	}
}

const never = "never-there"

// alike fails unless both requests are answered alike, save for the id.
func alike(t *testing.T, w *cast.World, token, hidden string, ask func(id string) request) {
	t.Helper()
	var answers [2]string
	for i, id := range []string{hidden, never} {
		r := ask(id)
		a := w.Do(token, r.method, r.path, r.body, r.header...)
		answers[i] = strings.ReplaceAll(fmt.Sprintf("%d %s", a.Status, a.Body), id, "ID")
	}
	if answers[0] != answers[1] {
		t.Errorf("%s\nhidden: %s\nabsent: %s", ask(hidden), answers[0], answers[1])
	}
}

func about(patient fhir.Ref, id string) string {
	return withID(cast.Observation(patient, "8867-4", "Heart rate", "60"), id)
}

// A transaction with several reasons to fail gives the one that does not depend
// on what is hidden: a version or a double that comes first must not tell
// whether what comes after is hidden or absent.
func TestNonInterference_ATransactionTellsHiddenAndAbsentAlike(t *testing.T) {
	inEachWorld(t, func(t *testing.T, w *cast.World) {
		app := w.Patient(w.A, "patient/*.cruds")
		mine := w.Create(app, about(w.A.AtPractice, ""))
		of := func(r request) object { return entry(r, "urn:uuid:1") }
		hide := func(id string) request {
			return request{method: "PUT", path: "/Observation/" + id, body: about(w.A.AtPractice, id)}
		}
		old := request{method: "PUT", path: "/" + mine.String(), body: about(w.A.AtPractice, mine.ID), header: []string{"If-Match", `W/"99"`}}
		plain := request{method: "PUT", path: "/" + mine.String(), body: about(w.A.AtPractice, mine.ID)}
		found := request{method: "PUT", path: "/Observation?_id=" + mine.ID, body: about(w.A.AtPractice, "")}
		for _, entries := range []func(id string) list{
			func(id string) list { return list{of(old), entry(hide(id), "urn:uuid:2")} },
			func(id string) list { return list{entry(hide(id), "urn:uuid:2"), of(old)} },
			func(id string) list {
				return list{entry(hide(id), "urn:uuid:2"), of(plain), entry(found, "urn:uuid:3")}
			},
		} {
			alike(t, w, app, w.B.Reading.ID, func(id string) request {
				return request{method: "POST", body: transaction(entries(id))}
			})
		}
	})
}

func transaction(entries list) string {
	return withID(resource("Bundle", "x", object{"type": "transaction", "entry": entries}), "")
}

// A Patient named in a search is the person; but a reference that makes nobody a
// subject must not tell that a record which may not be seen is of that person.
func TestNonInterference_APersonIsJoinedOnlyByWhatMayBeSeen(t *testing.T) {
	inEachWorld(t, func(t *testing.T, w *cast.World) {
		practice, gp := w.System(w.Practice), w.Professional(w.GP, w.Practice, "user/*.rs")
		for _, hidden := range []string{w.A.AtHospital.ID, never} {
			body := strings.Replace(about(w.A.AtPractice, ""), `"status"`, `"focus":[{"reference":"Patient/`+hidden+`"}],"status"`, 1)
			w.Create(practice, body)
		}
		path := "/Observation?focus=" + w.A.AtPractice.ID
		for name, token := range map[string]string{"practitioner": gp, "system": practice} {
			if refs := w.Get(token, path).Refs(); len(refs) != 0 {
				t.Errorf("a %s learns that %s is the same person: %v", name, w.A.AtHospital, refs)
			}
		}
	})
}

// A conditional interaction finds only what a search would.
func TestNonInterference_AConditionFindsWhatASearchWould(t *testing.T) {
	inEachWorld(t, func(t *testing.T, w *cast.World) {
		const category = "http://terminology.hl7.org/CodeSystem/observation-category"
		scopes := "patient/Observation.rs?category=" + category + "|laboratory patient/Observation.c"
		lab := strings.Replace(about(w.A.AtPractice, ""), `"status"`, `"category":[{"coding":[{"system":"`+category+`","code":"laboratory"}]}],"status"`, 1)
		for name, token := range map[string]string{"granular": w.Patient(w.A, scopes), "other patient": w.Patient(w.A, "patient/*.cruds")} {
			hidden := map[string]fhir.Ref{"granular": w.A.Reading, "other patient": w.B.Reading}[name]
			w.Do(token, http.MethodPost, "/Observation", lab, "If-None-Exist", "_id="+hidden.ID).Expect(http.StatusCreated)
		}
		blind := w.Patient(w.A, "patient/Observation.c")
		w.Do(blind, http.MethodPost, "/Observation", lab).Expect(http.StatusCreated)
		w.Do(blind, http.MethodPost, "/Observation", lab, "If-None-Exist", "_id="+w.A.Reading.ID).Expect(http.StatusForbidden)
	})
}

// What a consent keeps from being looked at cannot be found, replaced or deleted.
func TestNonInterference_WhatMayNotBeLookedAtCannotBeChanged(t *testing.T) {
	inEachWorld(t, func(t *testing.T, w *cast.World) {
		hidden := "denied"
		w.Place(w.Practice, resource("Observation", hidden, object{
			"status": "final", "code": concept("http://loinc.org", "44249-1"), "subject": ref(w.A.AtPractice.String()),
			"meta": object{"security": list{object{"system": actCode, "code": "PSY"}}},
		}))
		w.Create(w.Patient(w.A, "patient/*.cruds"), strings.ReplaceAll(noLooking, nora.String(), w.A.AtPractice.String()))
		gp := w.Professional(w.GP, w.Practice, "user/*.cruds")
		w.Get(gp, "/Observation/"+hidden).Expect(http.StatusNotFound)
		for _, ask := range []func(id string) request{
			func(id string) request {
				return request{method: "PUT", path: "/Observation/" + id, body: about(w.A.AtPractice, id)}
			},
			func(id string) request { return request{method: "DELETE", path: "/Observation/" + id} },
			func(id string) request { return request{method: "DELETE", path: "/Observation?_id=" + id} },
		} {
			alike(t, w, gp, hidden, ask)
		}
		w.Do(gp, http.MethodPost, "/Observation", about(w.A.AtPractice, ""), "If-None-Exist", "_id="+hidden).Expect(http.StatusCreated)
	})
}

// A launch for one patient does not tell which other patients there are.
func TestNonInterference_ALaunchKnowsItsPatientOnly(t *testing.T) {
	inEachWorld(t, func(t *testing.T, w *cast.World) {
		w.Treats(w.System(w.Practice), w.GP, w.B.AtPractice)
		launch := w.Token("patient/*.cruds", smart.Grant{User: w.GP, Organization: w.Practice, Patient: w.A.AtPractice, Purposes: []string{"TREAT"}})
		alike(t, w, launch, w.B.AtPractice.ID, func(id string) request {
			return request{method: "POST", path: "/Observation", body: about(fhir.Ref{Type: "Patient", ID: id}, "")}
		})
		w.Create(launch, about(w.A.AtPractice, ""))
		w.Create(w.Professional(w.GP, w.Practice, "user/*.cruds"), about(w.B.AtPractice, ""))
	})
}

// The length of a link into the log does not tell how much others did.
func TestNonInterference_ALinkIntoTheLogHasOneLength(t *testing.T) {
	inEachWorld(t, func(t *testing.T, w *cast.World) {
		link := func() int {
			return len(w.Get(w.Patient(w.A, "patient/AuditEvent.rs"), "/AuditEvent?_count=1&patient="+w.A.AtPractice.ID).Link("next"))
		}
		before := link()
		for range 100 {
			w.Get(w.Patient(w.B, "patient/*.rs"), "/"+w.B.Reading.String()).Expect(http.StatusOK)
		}
		if after := link(); after != before || before == 0 {
			t.Errorf("%d characters, then %d", before, after)
		}
	})
}
