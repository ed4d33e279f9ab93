package cast_test

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"sluis/conformance/cast"
)

// S1, G5, L3, N13: nothing of another custodian without permission; with it
// exactly what it permits, totals included; withdrawn, at once nothing.
func TestS1_G5_ConsentOpensAndWithdrawalClosesAtOnce(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		gp, stranger := w.Professional(w.GP, w.Practice, "user/*.rs"), w.Professional(w.Stranger, w.Practice, "user/*.rs")
		patient := w.Patient(w.A, own)
		seen := func(token string) []string {
			r := w.Get(token, "/Observation?_total=accurate").Expect(http.StatusOK)
			refs := r.Refs()
			if total := r.Root().Get("total").Text(); total != strconv.Itoa(len(refs)) {
				t.Errorf("total %s of %v", total, refs)
			}
			slices.Sort(refs)
			return refs
		}
		expect := func(when, token string, want ...string) {
			t.Helper()
			slices.Sort(want)
			if got := seen(token); !slices.Equal(got, want) {
				t.Errorf("%s: %v, want %v", when, got, want)
			}
		}
		reading, lab, psychiatry := w.A.Reading.String(), w.A.Lab.String(), w.A.Psychiatry.String()
		expect("before", gp, reading)
		expect("before", stranger)
		expect("always", patient, reading, lab, psychiatry)
		given := w.Create(patient, cast.Permit(w.A.AtPractice, w.Practice))
		expect("permitted", gp, reading, lab)
		expect("permitted", stranger)
		expect("permitted", w.Professional(w.Specialist, w.Hospital, "user/*.rs"), lab, psychiatry)
		w.Get(gp, "/"+psychiatry).Expect(http.StatusNotFound)
		w.Get(gp, "/"+lab).Expect(http.StatusOK)
		if refs := w.Get(gp, "/Observation?patient="+w.A.AtPractice.ID+"&_include=Observation:subject").Refs(); !slices.Contains(refs, lab) || !slices.Contains(refs, w.A.AtHospital.String()) {
			t.Errorf("the person's other Patient is not reached: %v", refs)
		}
		body := strings.Replace(string(w.Get(patient, "/"+given.String()).Body), `"status":"active"`, `"status":"inactive"`, 1)
		w.Do(patient, http.MethodPut, "/"+given.String(), body, "If-Match", `W/"1"`).Expect(http.StatusOK)
		expect("withdrawn", gp, reading)
		w.Get(gp, "/"+lab).Expect(http.StatusNotFound)
		expect("withdrawn", patient, reading, lab, psychiatry)
	})
}

// L4: the relation over, access is over, even with consent.
func TestL4_NoRelationNoAccess(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		practice := w.System(w.Practice)
		team := w.Treats(practice, w.Stranger, w.B.AtPractice)
		w.Create(w.Patient(w.B, own), cast.Permit(w.B.AtPractice, w.Practice))
		stranger := w.Professional(w.Stranger, w.Practice, "user/*.rs")
		if refs := w.Get(stranger, "/Observation").Refs(); len(refs) != 2 {
			t.Fatalf("with relation and consent: %v", refs)
		}
		body := strings.Replace(string(w.Get(practice, "/"+team.String()).Body), `"status":"active"`, `"status":"inactive"`, 1)
		w.Do(practice, http.MethodPut, "/"+team.String(), body).Expect(http.StatusOK)
		if refs := w.Get(stranger, "/Observation").Refs(); len(refs) != 0 {
			t.Errorf("without relation: %v", refs)
		}
	})
}

// L6: after N reads exactly N lines for that patient, none for others; denials
// of requests that named the patient are among them.
func TestL6_ExactlyOneLineForEachRead(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		lines := func(p cast.Person) int {
			r := w.Get(w.Patient(p, "patient/AuditEvent.rs"), "/AuditEvent?patient="+p.AtPractice.ID+"&action=R&_count=1000").Expect(http.StatusOK)
			return len(r.Refs())
		}
		a, b := lines(w.A), lines(w.B)
		gp := w.Professional(w.GP, w.Practice, "user/*.rs")
		const n = 7
		for range n {
			w.Get(gp, "/"+w.A.Reading.String()).Expect(http.StatusOK)
		}
		if got := lines(w.A) - a; got != n {
			t.Errorf("%d lines for %d reads", got, n)
		}
		if got := lines(w.B) - b; got != 0 {
			t.Errorf("%d lines for B", got)
		}
		w.Get(w.Professional(w.Stranger, w.Practice, "user/*.rs"), "/"+w.B.Lab.String()).Expect(http.StatusNotFound)
		denied := w.Get(w.Patient(w.B, "patient/AuditEvent.rs"), "/AuditEvent?patient="+w.B.AtPractice.ID+"&outcome=8").Refs()
		if len(denied) != 1 {
			t.Errorf("denials in B's log: %v", denied)
		}
	})
}

// S7: a supervisor reads the log, never clinical data.
func TestS7_SupervisorSeesTheLogOnly(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		token := w.Supervisor()
		if refs := w.Get(token, "/AuditEvent?_count=1000").Refs(); len(refs) == 0 {
			t.Error("an empty log")
		}
		for _, path := range []string{"/Patient", "/" + w.A.Lab.String(), "/Observation"} {
			w.Get(token, path).Expect(http.StatusForbidden)
		}
	})
}

// M1: a patient's own measurement comes in and is the patient's to see.
func TestM1_PatientEntersData(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		token := w.Patient(w.A, own)
		mine := w.Create(token, cast.Observation(w.A.AtPractice, "29463-7", "Body weight", "71.20"))
		body := string(w.Get(token, "/"+mine.String()).Expect(http.StatusOK).Body)
		if !strings.Contains(body, `"value":71.20,`) {
			t.Errorf("digits were lost: %s", body)
		}
	})
}
