package cast_test

import (
	"net/http"
	"strings"
	"testing"

	"sluis/conformance/cast"
	"sluis/smart"
)

// Section D, "_count=1e9": a page is complete in memory before it is sent, so
// what its resources weigh together is bounded; by smaller pages all are found.
func TestD_PageIsBoundedInBytes(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		hospital := w.System(w.Hospital)
		data := strings.Repeat("AAAA", 3<<20)
		for range 6 {
			w.Do(hospital, http.MethodPost, "/Binary", `{"resourceType":"Binary","contentType":"x/y","data":"`+data+`"}`, "Prefer", "return=minimal").Expect(http.StatusCreated)
		}
		w.Get(hospital, "/Binary").Expect(http.StatusRequestEntityTooLarge)
		w.Get(hospital, "/Binary/_history").Expect(http.StatusRequestEntityTooLarge)
		if refs := w.Get(hospital, "/Binary?_count=2").Expect(http.StatusOK).Refs(); len(refs) != 2 {
			t.Errorf("of a small page: %v", refs)
		}
	})
}

// An officer's or supervisor's patient/ scope opens nobody's log.
func TestA_PatientScopeIsNotEverybodysLog(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		officer := smart.Grant{User: w.Specialist, Organization: w.Hospital, Patient: w.A.AtHospital, Purposes: []string{"TREAT"}, PrivacyOfficer: true}
		w.Get(w.Token("patient/AuditEvent.rs", officer), "/AuditEvent").Expect(http.StatusForbidden)
		w.Get(w.Token("user/AuditEvent.rs", officer), "/AuditEvent").Expect(http.StatusOK)
	})
}
