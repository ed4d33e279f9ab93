package cast_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"sluis/conformance/cast"
	"sluis/smart"
)

// A token of a Patient that was deleted is nobody's, from the next request on,
// and is the Patient's again when it is brought back. The clock stands still:
// nothing but the change itself may make it so.
func TestA_DeletedPatientIsNobodyAtOnce(t *testing.T) {
	everywhere(t, func(t *testing.T, w *cast.World) {
		hospital := w.System(w.Hospital)
		who := w.Create(hospital, `{"resourceType":"Patient","name":[{"family":"Short"}]}`)
		w.Create(hospital, fmt.Sprintf(`{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":%q}}`, who))
		token := w.Token("patient/*.rs", smart.Grant{User: who, Patient: who})
		seen := func() int { return len(w.Get(token, "/Observation").Expect(http.StatusOK).Refs()) }
		if n := seen(); n != 1 {
			t.Fatalf("the patient finds %d", n)
		}
		for _, r := range w.Get(hospital, "/Observation?patient="+who.ID).Refs() {
			w.Get(token, "/"+r).Expect(http.StatusOK)
		}
		w.Do(hospital, http.MethodDelete, "/"+who.String(), nil).Expect(http.StatusNoContent)
		if n := seen(); n != 0 {
			t.Errorf("deleted, the patient still finds %d", n)
		}
		back := fmt.Sprintf(`{"resourceType":"Patient","id":%q,"name":[{"family":"Short"}]}`, who.ID)
		w.Do(hospital, http.MethodPut, "/"+who.String(), back).Expect(http.StatusCreated)
		if n := seen(); n != 1 {
			t.Errorf("brought back, the patient finds %d", n)
		}
	}, cast.Clock(func() time.Time { return time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC) }))
}
